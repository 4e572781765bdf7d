# SPDX-License-Identifier: Apache-2.0
# cmake -DPROGRAM=… -DARGUMENTS=… -DSTORED=… -DOUTPUT=… -P explore.cmake
# `explore` gives the stored report, but for the version.

execute_process(COMMAND "${PROGRAM}" explore ${ARGUMENTS} --json "${OUTPUT}" RESULT_VARIABLE code OUTPUT_QUIET)
if(NOT code EQUAL 0)
  message(FATAL_ERROR "exit code ${code}")
endif()
foreach(file OUTPUT STORED)
  file(READ "${${file}}" text_${file})
  string(REGEX REPLACE "\n  \"version\": [^\n]*" "" text_${file} "${text_${file}}")
endforeach()
if(NOT text_OUTPUT STREQUAL text_STORED)
  message(FATAL_ERROR "${OUTPUT} differs from ${STORED}")
endif()
