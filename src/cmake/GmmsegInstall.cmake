# `cmake --install`: the program, the library, its headers, what find_package(gmmseg) reads,
# the manual page, bash's completion and the licence.
include(CMakePackageConfigHelpers)

set(gmmseg_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/gmmseg)

# The program finds a shared gmmseg beside it under any prefix.
file(RELATIVE_PATH gmmseg_bin_to_lib ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
set(gmmseg_programs segment)
if(gmmseg_has_mpi)
  list(APPEND gmmseg_programs segment-mpi)
endif()
set_target_properties(${gmmseg_programs} PROPERTIES INSTALL_RPATH "$ORIGIN/${gmmseg_bin_to_lib}")

install(TARGETS ${gmmseg_programs})
install(TARGETS gmmseg EXPORT gmmsegTargets)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/gmmseg DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT gmmsegTargets NAMESPACE gmmseg:: DESTINATION ${gmmseg_package_dir})

install(FILES ${gmmseg_docs_dir}/segment.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${gmmseg_docs_dir}/segment.bash RENAME segment
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE RENAME copyright DESTINATION ${CMAKE_INSTALL_DOCDIR})

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/gmmsegConfig.cmake.in
                              ${PROJECT_BINARY_DIR}/gmmsegConfig.cmake
                              INSTALL_DESTINATION ${gmmseg_package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/gmmsegConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/gmmsegConfig.cmake ${PROJECT_BINARY_DIR}/gmmsegConfigVersion.cmake
        DESTINATION ${gmmseg_package_dir})
