# SPDX-License-Identifier: Apache-2.0
# `check` of a reference file fails with exit code 1 when one digit was changed or the end is missing.

file(MAKE_DIRECTORY "${FOLDER}")
file(COPY_FILE "${REFERENCE}/trace_operands.jsonl" "${FOLDER}/trace_operands.jsonl")

function(expect_failure file text)
  file(WRITE "${FOLDER}/${file}" "${text}")
  execute_process(COMMAND "${PROGRAM}" check "${FOLDER}/${file}" RESULT_VARIABLE code OUTPUT_VARIABLE out)
  if(NOT code EQUAL 1 OR NOT out MATCHES "passed, [1-9][0-9]* failed\n$")
    message(FATAL_ERROR "${file}: exit code ${code}, but one case is wrong: ${out}")
  endif()
endfunction()

foreach(file trace_2sa_n4_signed.csv trace_1da_n8_unsigned.csv mac2_dot_vectors.jsonl mac2_cycles.csv
             accumulator_limits.csv cim_instruction_vectors.csv)
  file(READ "${REFERENCE}/${file}" text)
  string(REPLACE ";" "," text "${text}")
  string(LENGTH "${text}" length)
  foreach(percent 15 40 65 90)  # the first digit behind that place becomes another one
    math(EXPR place "${length} * ${percent} / 100")
    string(SUBSTRING "${text}" 0 ${place} before)
    string(SUBSTRING "${text}" ${place} -1 behind)
    string(REGEX MATCH "[0-8]" digit "${behind}")
    string(FIND "${behind}" "${digit}" at)
    math(EXPR other "${digit} + 1")
    math(EXPR next "${at} + 1")
    string(SUBSTRING "${behind}" 0 ${at} between)
    string(SUBSTRING "${behind}" ${next} -1 rest)
    expect_failure("${file}" "${before}${between}${other}${rest}")
  endforeach()
  math(EXPR most "${length} * 3 / 5")
  string(SUBSTRING "${text}" 0 ${most} truncated)
  expect_failure("${file}" "${truncated}")
endforeach()
