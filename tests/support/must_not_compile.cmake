# SPDX-License-Identifier: Apache-2.0
# cmake -DCOMPILER=… -DINCLUDE_DIRECTORIES=… -DSOURCE=… -P must_not_compile.cmake

file(STRINGS "${SOURCE}" expects LIMIT_COUNT 1 REGEX "^// expects: ")
if(NOT expects)
  message(FATAL_ERROR "${SOURCE} has no line '// expects: <text>'")
endif()
string(REGEX REPLACE "^// expects: *" "" expects "${expects}")
list(TRANSFORM INCLUDE_DIRECTORIES PREPEND "-I")

execute_process(COMMAND "${CMAKE_COMMAND}" -E env LC_ALL=C
                        "${COMPILER}" -std=c++20 -fsyntax-only ${INCLUDE_DIRECTORIES} "${SOURCE}"
                RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(expects STREQUAL "ok")
  if(NOT result EQUAL 0)
    message(NOTICE "${output}")
    message(FATAL_ERROR "it has to compile")
  endif()
  return()
endif()
if(result EQUAL 0)
  message(FATAL_ERROR "it compiles, but has to fail with: ${expects}")
endif()
string(FIND "${output}" "${expects}" position)
if(position EQUAL -1)
  message(NOTICE "${output}")
  message(FATAL_ERROR "it fails, but not with: ${expects}")
endif()
