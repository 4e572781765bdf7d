# SPDX-License-Identifier: Apache-2.0
# cmake -DPROGRAM=… [-DEXPECTED=file] -P run_snippet.cmake

execute_process(COMMAND "${PROGRAM}" RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE errors)
if(NOT result EQUAL 0)
  message(NOTICE "${output}${errors}")
  message(FATAL_ERROR "it ended with ${result}")
endif()
if(EXPECTED)
  file(READ "${EXPECTED}" expected)
  if(NOT "${output}" STREQUAL "${expected}")
    message(NOTICE "It printed\n${output}but the page says\n${expected}")
    message(FATAL_ERROR "the output differs from the page's")
  endif()
endif()
