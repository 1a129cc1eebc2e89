# Run by cpack on what it has gathered, before it packs it.

# Folders that cpack made follow the user's umask.
file(GLOB folders ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/*)
file(CHMOD_RECURSE ${folders} DIRECTORY_PERMISSIONS
     OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

# Debian's manual pages are compressed; without a time stamp the same page gives the same bytes.
file(GLOB_RECURSE man_pages ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/*.1)
list(FILTER man_pages INCLUDE REGEX "/man/man1/")
if(man_pages)
  execute_process(COMMAND gzip --best --no-name ${man_pages} COMMAND_ERROR_IS_FATAL ANY)
endif()
