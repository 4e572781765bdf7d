# SPDX-License-Identifier: Apache-2.0
# cmake -DWAY=installed|subdirectory|fetch … -P package.cmake

set(here "${BUILD}/package/${WAY}")
file(REMOVE_RECURSE "${here}")

function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    string(REPLACE ";" " " command "${ARGV}")
    message(NOTICE "${output}")
    message(FATAL_ERROR "${command}: ${result}")
  endif()
endfunction()

if(WAY STREQUAL "installed")
  run("${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${here}/prefix")
  list(PREPEND PREFIX_PATH "${here}/prefix")
endif()
string(REPLACE ";" "\\;" prefix_path "${PREFIX_PATH}")
string(REPLACE ";" "\\;" components "${COMPONENTS}")
run("${CMAKE_COMMAND}" -S "${CHECKOUT}/tests/package" -B "${here}/build" -G "${GENERATOR}"
    "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DCMAKE_PREFIX_PATH=${prefix_path}"
    "-DWAY=${WAY}" "-DCHECKOUT=${CHECKOUT}" "-DCOMPONENTS=${components}")
run("${CMAKE_COMMAND}" --build "${here}/build")
file(GLOB programs "${here}/build/outside*")
list(FILTER programs EXCLUDE REGEX "\\.[a-z]+$")
if(NOT programs)
  message(FATAL_ERROR "nothing was built in ${here}/build")
endif()
foreach(program IN LISTS programs)
  run("${program}")
endforeach()
