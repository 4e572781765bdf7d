# SPDX-License-Identifier: Apache-2.0
# cmake -DPROGRAM=… -DFOLDER=… -P mixed_precision.cmake
# A short study: its figures fit together, all views of the chosen network agree, it gives the same report with other
# threads and from its checkpoint, and what it exports can be trained again.

file(REMOVE_RECURSE "${FOLDER}")
file(MAKE_DIRECTORY "${FOLDER}")
set(study --epochs 4 --targets 0.25,0.75 --random 2 --sample 1)

function(run name)
  execute_process(COMMAND "${PROGRAM}" ${ARGN} --json "${FOLDER}/${name}.json"
    RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE error)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "${name}: exit code ${code}: ${out}${error}")
  endif()
  file(READ "${FOLDER}/${name}.json" json)
  set(json "${json}" PARENT_SCOPE)
  set(out "${out}" PARENT_SCOPE)
endfunction()

# expect(VALUE path...): the element of the report
function(expect value)
  string(JSON found GET "${json}" ${ARGN})
  if(NOT found STREQUAL value)
    message(FATAL_ERROR "${ARGN}: ${found} instead of ${value}")
  endif()
endfunction()

run(one ${study} --threads 1 --html "${FOLDER}/page.html" --trace "${FOLDER}/trace.csv"
  --assignment "${FOLDER}/assignment.json" --checkpoint "${FOLDER}/checkpoint.safetensors")
set(first "${json}")
string(JSON count LENGTH "${json}" points)
if(NOT count EQUAL 8)  # 2 uniform, 2 random, 2 searches, 2 greedy
  message(FATAL_ERROR "${count} points")
endif()
expect("uniform int4" points 0 method)
expect("uniform int8" points 1 method)
expect(378880.0 points 0 cost)  # 23680 multiply-accumulates
expect(1515520.0 points 1 cost)
expect(0.25 points 0 cost_share)
expect(0.25 points 4 target_share)
string(JSON count LENGTH "${json}" points 4 runs 0 layers)
if(NOT count EQUAL 3)
  message(FATAL_ERROR "${count} layers")
endif()
expect(ON deployment agrees)
expect(360 deployment value_view_images_equal)
expect(360 deployment integer_images_equal)
expect(1 deployment cycle_view_images_equal)
expect("0.conv2d" deployment layers 0 name)
string(JSON accuracy GET "${json}" float_accuracies 0)
if(NOT accuracy MATCHES "^0\\.[6-9]")
  message(FATAL_ERROR "float accuracy ${accuracy}")
endif()

include("${CMAKE_CURRENT_LIST_DIR}/html_page.cmake")
page_has("${FOLDER}/page.html" "<svg" "uniform int8" "8.dense" "</html>")
file(STRINGS "${FOLDER}/trace.csv" lines)
list(LENGTH lines count)
if(NOT count EQUAL 361)  # two searches of 4 epochs of 45 batches
  message(FATAL_ERROR "the trace has ${count} lines")
endif()
list(GET lines 360 last)
if(NOT last MATCHES "^0\\.75,1,179,")
  message(FATAL_ERROR "the trace ends with ${last}")
endif()

run(several ${study} --threads 3)
if(NOT json STREQUAL first)
  message(FATAL_ERROR "with other threads the report is another")
endif()
run(resumed ${study} --checkpoint "${FOLDER}/checkpoint.safetensors")
if(NOT json STREQUAL first)
  message(FATAL_ERROR "from a checkpoint the report is another")
endif()
execute_process(COMMAND "${PROGRAM}" ${study} --seed 2 --checkpoint "${FOLDER}/checkpoint.safetensors"
  RESULT_VARIABLE code ERROR_VARIABLE error)
if(NOT code EQUAL 2 OR NOT error MATCHES "^mixed_precision: [^\n]*other options\n$")
  message(FATAL_ERROR "the checkpoint of another study: exit code ${code}: ${error}")
endif()

string(JSON chosen GET "${first}" chosen)
string(JSON layers GET "${first}" points ${chosen} runs 0 layers)
run(again ${study} --from "${FOLDER}/assignment.json")
string(JSON again GET "${json}" points 0 runs 0 layers)
if(NOT again STREQUAL layers)
  message(FATAL_ERROR "other formats from the assignment: ${again} instead of ${layers}")
endif()
expect(ON deployment agrees)

run(floats --epochs 2 --targets 0.5 --random 0 --network mlp --space fliqs-l-float --operands free --reward soft
  --controller tunas --quality held-out)
expect("" deployment block)
expect(360 deployment code_images_equal)
if(NOT out MATCHES "no block of the library computes with")
  message(FATAL_ERROR "minifloats: ${out}")
endif()
