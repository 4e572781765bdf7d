# SPDX-License-Identifier: Apache-2.0
# PROGRAM with ARGUMENTS ends with exit code 2 and one line on standard error that starts with its name and has TEXT.

execute_process(COMMAND "${PROGRAM}" ${ARGUMENTS} RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE error)
cmake_path(GET PROGRAM FILENAME name)
if(NOT code EQUAL 2)
  message(FATAL_ERROR "exit code ${code} instead of 2: ${out}${error}")
endif()
string(FIND "${error}" "${TEXT}" place)
if(place EQUAL -1 OR NOT error MATCHES "^${name}: [^\n]+\n$")
  message(FATAL_ERROR "expected one line '${name}: … ${TEXT} …', but got: ${error}")
endif()
