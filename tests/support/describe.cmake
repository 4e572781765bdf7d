# SPDX-License-Identifier: Apache-2.0
# cmake -DPROGRAM=… -DVARIANT=… -DSTORED=… -DFOLDER=… -P describe.cmake
# `describe` gives the stored inventory, but for the version, and a diagram that refers to nothing outside.

file(MAKE_DIRECTORY "${FOLDER}")
set(output "${FOLDER}/describe_${VARIANT}.json")
set(diagram "${FOLDER}/describe_${VARIANT}.svg")
execute_process(COMMAND "${PROGRAM}" describe --variant ${VARIANT} --json "${output}" --svg "${diagram}"
  RESULT_VARIABLE code OUTPUT_QUIET)
if(NOT code EQUAL 0)
  message(FATAL_ERROR "exit code ${code}")
endif()
foreach(file output STORED)
  file(READ "${${file}}" text_${file})
  string(REGEX REPLACE "\n  \"version\": [^\n]*" "" text_${file} "${text_${file}}")
endforeach()
if(NOT text_output STREQUAL text_STORED)
  message(FATAL_ERROR "${output} differs from ${STORED}")
endif()

file(READ "${diagram}" svg)
string(REPLACE "xmlns=\"http://www.w3.org/2000/svg\"" "" rest "${svg}")
if(NOT svg MATCHES "^<svg .*</svg>\n$" OR rest MATCHES "http|href|@import|@font-face")
  message(FATAL_ERROR "${diagram} is no drawing on its own")
endif()
string(JSON states LENGTH "${text_output}" efsm states)
math(EXPR last "${states} - 1")
foreach(i RANGE ${last})
  string(JSON name GET "${text_output}" efsm states ${i} name)
  string(FIND "${svg}" ">${i} ${name}</text>" place)
  if(place EQUAL -1)
    message(FATAL_ERROR "${diagram} lacks the state ${name}")
  endif()
endforeach()
