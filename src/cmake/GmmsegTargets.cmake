# All programs of a build stand in one folder.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
# The manual page and the completion, which are made at build time.
set(gmmseg_docs_dir ${PROJECT_BINARY_DIR}/docs)

# Flags that every target of ours gets; nothing here reaches a consumer.
add_library(gmmseg_flags INTERFACE)
target_compile_options(gmmseg_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
                                              -Wno-sign-conversion)
# GCC 12 takes "text" + std::string for a copy without bounds (its bugs 105329 and 105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(gmmseg_flags INTERFACE -Wno-restrict -Wno-stringop-overflow -Wno-array-bounds)
endif()
if(GMMSEG_SANITIZE)
  target_compile_options(gmmseg_flags INTERFACE -fsanitize=${GMMSEG_SANITIZE}
                                                -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(gmmseg_flags INTERFACE -fsanitize=${GMMSEG_SANITIZE})
  # Such a build runs little more than once: only what its tests wait for is worth optimising.
  set(gmmseg_hot_options -O2)
  set(gmmseg_cold_options -O1)
endif()
