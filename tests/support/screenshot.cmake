# SPDX-License-Identifier: Apache-2.0
# cmake -DBROWSER=… -DPAGE=… -DWIDTH=… -DHEIGHT=… -DPROGRAM=… -DFOLDER=… -P screenshot.cmake
# BROWSER shows PAGE in a window of this size, and the picture of it, read by PROGRAM (formats), is not blank.

cmake_path(GET PAGE STEM name)
set(picture "${FOLDER}/${name}.png")
file(MAKE_DIRECTORY "${FOLDER}")
file(REMOVE "${picture}")
if(NOT EXISTS "${PAGE}")
  message(FATAL_ERROR "there is no ${PAGE}")
endif()
execute_process(COMMAND "${BROWSER}" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --hide-scrollbars
  "--user-data-dir=${FOLDER}/browser" "--window-size=${WIDTH},${HEIGHT}" "--screenshot=${picture}" "file://${PAGE}"
  TIMEOUT 100 RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE out)
if(NOT code EQUAL 0 OR NOT EXISTS "${picture}")
  message(FATAL_ERROR "no picture, ${code}: ${out}")
endif()
execute_process(COMMAND "${PROGRAM}" quantize uint8 "${picture}" --scale max RESULT_VARIABLE code OUTPUT_VARIABLE out
  ERROR_VARIABLE out)
math(EXPR numbers "${WIDTH} * ${HEIGHT} * 3")
if(NOT code EQUAL 0 OR NOT out MATCHES ": ${numbers} numbers from .* ([0-9]+) of 256 codes used\n")
  message(FATAL_ERROR "${picture} is no colour picture of ${WIDTH} x ${HEIGHT}: ${out}")
endif()
if(CMAKE_MATCH_1 LESS 16)  # text and charts have their colours, and at their edges shades of them
  message(FATAL_ERROR "${picture} has only ${CMAKE_MATCH_1} shades")
endif()
