# cmake -D BUILD_DIR=… -D WORK_DIR=… -D SOURCE_DIR=… -D GENERATOR=… -D COMPILER=… -P install_and_use.cmake
# Installs BUILD_DIR into a fresh prefix, builds the consumer against it and runs it, and the program.
set(prefix ${WORK_DIR}/prefix)
file(REMOVE_RECURSE ${WORK_DIR})

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

run(${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${prefix})
run(${CMAKE_COMMAND} -S ${SOURCE_DIR}/tests/consumer -B ${WORK_DIR}/build -G ${GENERATOR}
    -D CMAKE_CXX_COMPILER=${COMPILER} -D CMAKE_PREFIX_PATH=${prefix} -D SAMPLES_DIR=${SOURCE_DIR}/samples)
run(${CMAKE_COMMAND} --build ${WORK_DIR}/build)
run(${prefix}/bin/segment --version)
run(${WORK_DIR}/build/consumer)
