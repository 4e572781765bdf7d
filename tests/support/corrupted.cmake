# SPDX-License-Identifier: Apache-2.0
# cmake -DPROGRAM=… -DREFERENCE=… -DFOLDER=… -DFILES=… [-DCOMPANION=…] -P corrupted.cmake
# `check` of a reference file fails with exit code 1 when one digit was changed or the end is missing. COMPANION is a file
# that the others need beside them.

file(MAKE_DIRECTORY "${FOLDER}")
if(COMPANION)
  file(COPY_FILE "${REFERENCE}/${COMPANION}" "${FOLDER}/${COMPANION}")
endif()

function(expect_failure file text)
  file(WRITE "${FOLDER}/${file}" "${text}")
  execute_process(COMMAND "${PROGRAM}" check "${FOLDER}/${file}" RESULT_VARIABLE code OUTPUT_VARIABLE out)
  if(NOT code EQUAL 1 OR NOT out MATCHES "passed, [1-9][0-9]* failed\n$")
    message(FATAL_ERROR "${file}: exit code ${code}, but one case is wrong: ${out}")
  endif()
endfunction()

foreach(file IN LISTS FILES)
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
