# Run by cpack on what it has gathered, before it packs it.
set(prefix ${CPACK_TEMPORARY_INSTALL_DIRECTORY}${CPACK_PACKAGING_INSTALL_PREFIX})

# Folders that cpack made follow the user's umask.
file(CHMOD_RECURSE ${prefix} DIRECTORY_PERMISSIONS
     OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

# Debian's manual pages are compressed; without a time stamp the same page gives the same bytes.
execute_process(COMMAND gzip --best --no-name ${prefix}/share/man/man1/segment.1
                COMMAND_ERROR_IS_FATAL ANY)
