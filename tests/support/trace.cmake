# SPDX-License-Identifier: Apache-2.0
# cmake -DPROGRAM=… -DFOLDER=… -P trace.cmake
# `check` accepts the traces and the operands that `trace` writes, and refuses a trace with another digit.

file(REMOVE_RECURSE "${FOLDER}")
file(MAKE_DIRECTORY "${FOLDER}")
set(traces "")

function(run_trace name)
  execute_process(COMMAND "${PROGRAM}" trace ${ARGN} --csv "${FOLDER}/${name}.csv"
    --operands "${FOLDER}/trace_operands.jsonl" RESULT_VARIABLE code OUTPUT_VARIABLE out)
  if(NOT code EQUAL 0 OR NOT out MATCHES "\naccumulators at the readout in cycle ([0-9]+), by the formula ([0-9]+)\n"
     OR NOT CMAKE_MATCH_1 EQUAL CMAKE_MATCH_2)
    message(FATAL_ERROR "${name}: exit code ${code}: ${out}")
  endif()
  set(traces ${traces} "${FOLDER}/${name}.csv" PARENT_SCOPE)
  set(out "${out}" PARENT_SCOPE)
endfunction()

foreach(variant 2sa 1da)
  foreach(bits 2 4 8)
    run_trace(${variant}_${bits} --variant ${variant} --bits ${bits} --mac2 5 --rows hex)
    run_trace(${variant}_${bits}_signed --variant ${variant} --bits ${bits} --signed --mac2 3 --seed 9)
  endforeach()
endforeach()

run_trace(given --signed --weights=-7,3,1/1,2,3 --activations=5,-2,4/1,1,1)
if(NOT out MATCHES "\narray 1: -37 13 0 0 0 0 0 0 0 0  .the exact sums.\narray 2: -3 6 0 0 0 0 0 0 0 0  .the exact sums.\n$")
  message(FATAL_ERROR "other accumulators: ${out}")
endif()
set(ones "3")
set(twos "-2")
foreach(i RANGE 1 21)
  string(APPEND ones ",3")
  string(APPEND twos ",-2")
endforeach()
run_trace(wrapped --bits 2 --weights=${twos} --activations=${ones} --rows none)
if(NOT out MATCHES "\narray 1: 124 .* .wrapped; exact: lane 0: -132.\n")
  message(FATAL_ERROR "a lane that wraps is not named: ${out}")
endif()

function(check expected)
  execute_process(COMMAND "${PROGRAM}" check ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE err)
  if(NOT code EQUAL 0 AND expected STREQUAL "passes" OR NOT code EQUAL 1 AND expected STREQUAL "fails")
    message(FATAL_ERROR "check: exit code ${code}: ${out}${err}")
  endif()
endfunction()

check(passes ${traces} "${FOLDER}/trace_operands.jsonl")
file(READ "${FOLDER}/2sa_4_signed.csv" text)
string(REGEX REPLACE "\n([0-9]+),ADD,([0-9]+),0," "\n\\1,ADD,\\2,1," broken "${text}")
file(WRITE "${FOLDER}/broken.csv" "${broken}")
check(fails "${FOLDER}/broken.csv")
