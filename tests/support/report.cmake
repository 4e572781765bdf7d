# SPDX-License-Identifier: Apache-2.0
# cmake -DPROGRAM=… -DARGUMENTS=… -DSTORED=… -DOUTPUT=… [-DFILES=written;stored;…] -P report.cmake
# PROGRAM with ARGUMENTS and --json gives the stored report, but for the version, and files like the stored ones.

execute_process(COMMAND "${PROGRAM}" ${ARGUMENTS} --json "${OUTPUT}" RESULT_VARIABLE code OUTPUT_QUIET)
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
while(FILES)
  list(POP_FRONT FILES written stored)
  execute_process(COMMAND "${CMAKE_COMMAND}" -E compare_files "${written}" "${stored}" RESULT_VARIABLE code)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "${written} differs from ${stored}")
  endif()
endwhile()
