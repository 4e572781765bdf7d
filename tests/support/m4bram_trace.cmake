# SPDX-License-Identifier: Apache-2.0
# cmake -DPROGRAM=… -DFOLDER=… -P m4bram_trace.cmake
# `m4bram trace` counts what the formulas say, gives the exact sums or names the lanes that wrap, and its traces of the
# released controllers pass `check`; one with another digit does not, nor does one of the controllers as they are here.

file(REMOVE_RECURSE "${FOLDER}")
file(MAKE_DIRECTORY "${FOLDER}")

function(run_trace name)
  execute_process(COMMAND "${PROGRAM}" m4bram trace ${ARGN} --csv "${FOLDER}/${name}.csv"
    RESULT_VARIABLE code OUTPUT_VARIABLE out)
  if(NOT code EQUAL 0 OR NOT out MATCHES "\naccumulators at the readout in cycle ([0-9]+), by the formula ([0-9]+)\n"
     OR NOT CMAKE_MATCH_1 EQUAL CMAKE_MATCH_2)
    message(FATAL_ERROR "${name}: exit code ${code}: ${out}")
  endif()
  if(out MATCHES "\n([0-9]+) main cycles from the start to the end of the last readout, by the formula ([0-9]+)\n"
     AND NOT CMAKE_MATCH_1 EQUAL CMAKE_MATCH_2)
    message(FATAL_ERROR "${name}: other cycles: ${out}")
  endif()
  set(out "${out}" PARENT_SCOPE)
endfunction()

set(traces "")
foreach(clock sync dp)
  foreach(bits 2 5 8)
    foreach(sign "" --signed)
      set(name ${clock}_${bits}${sign})
      run_trace(${name} --clock ${clock} --activation-bits ${bits} ${sign} --weight-bits 8 --duplication 2 --rows hex)
      if(NOT out MATCHES "\nthe exact sums\n" OR out MATCHES "wrapped|other than")
        message(FATAL_ERROR "${name}: not the exact sums: ${out}")
      endif()
      run_trace(${name}_released --clock ${clock} --activation-bits ${bits} ${sign} --released --size l
                --shape 9 5 3 --rows none)
      list(APPEND traces "${FOLDER}/${name}_released.csv")
    endforeach()
  endforeach()
endforeach()

run_trace(given --signed --activation-bits 4 --duplication 2 --weights=-7,3,1/1,2,3 --activations=5,-2,4/1,1,1)
if(NOT out MATCHES "\n +element 0 ACC  -37 13\n +element 1 ACC  0 0\n +element 2 ACC  -3 6\n +element 3 ACC  0 0\nthe exact sums\n")
  message(FATAL_ERROR "other accumulators: ${out}")
endif()
run_trace(wrapped --weight-bits 2 --activation-bits 8 --weights=-2,1 --activations=255,255 --rows none)
if(NOT out MATCHES "\nwrapped; exact: output 0 of vector 0 .element 0, lane 0.: -255\n")
  message(FATAL_ERROR "a lane that wraps is not named: ${out}")
endif()

function(check expected)
  execute_process(COMMAND "${PROGRAM}" check ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE err)
  if(NOT code EQUAL 0 AND expected STREQUAL "passes" OR NOT code EQUAL 1 AND expected STREQUAL "fails")
    message(FATAL_ERROR "check: exit code ${code}: ${out}${err}")
  endif()
endfunction()

check(passes ${traces})
check(fails "${FOLDER}/dp_5.csv")
file(READ "${FOLDER}/sync_5_released.csv" text)
string(REGEX REPLACE ",0,1,1,1,0,5,5,5,5,6,6,0," ",1,1,1,1,0,5,5,5,5,6,6,0," broken "${text}")
if(broken STREQUAL text)
  message(FATAL_ERROR "no digit to change: ${text}")
endif()
file(WRITE "${FOLDER}/broken.csv" "${broken}")
check(fails "${FOLDER}/broken.csv")
