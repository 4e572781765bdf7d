# SPDX-License-Identifier: Apache-2.0
# The example programs on real input, on bad input, and on reference files where they are at hand.

if(NOT TARGET codesign)
  return()
endif()
set(example_data "${PROJECT_SOURCE_DIR}/tests/data")
set(reference "${PROJECT_SOURCE_DIR}/../shared/reference")

# Same figures as the stored report: counts exactly, accuracies within what compilers may change.
add_test(NAME examples.codesign COMMAND "${CMAKE_COMMAND}"
  -DPROGRAM=$<TARGET_FILE:codesign> "-DSTORED=${example_data}/codesign.json"
  -P "${PROJECT_SOURCE_DIR}/tests/support/codesign.cmake")
add_test(NAME examples.codesign.help COMMAND codesign --help)
add_test(NAME examples.compute_in_bram.help COMMAND compute_in_bram check --help)
add_test(NAME examples.compute_in_bram.verify COMMAND compute_in_bram verify --products 3)
add_test(NAME examples.compute_in_bram.cost COMMAND compute_in_bram cost --network resnet34 --layers)

# name, program, expected exit code, text that the one line on standard error has, arguments
function(bitloom_bad_input name program text)
  add_test(NAME examples.bad_input.${name} COMMAND "${CMAKE_COMMAND}"
    -DPROGRAM=$<TARGET_FILE:${program}> "-DARGUMENTS=${ARGN}" "-DTEXT=${text}"
    -P "${PROJECT_SOURCE_DIR}/tests/support/bad_input.cmake")
endfunction()
bitloom_bad_input(unknown_option codesign "--bogus" --bogus)
bitloom_bad_input(format_of_nothing codesign "'int9'" --formats int9)
bitloom_bad_input(format_twice codesign "twice" --formats int8,int8)
bitloom_bad_input(widths_twice codesign "twice" --formats int8,w8a8)
bitloom_bad_input(widths_of_nothing codesign "'w3a4'" --formats w3a4)
bitloom_bad_input(negative_seed codesign "-1" --seed -1)
bitloom_bad_input(no_place_for_json codesign "nowhere/x" --json "${CMAKE_CURRENT_BINARY_DIR}/nowhere/x")
bitloom_bad_input(missing_folder codesign "train-images" --data "${CMAKE_CURRENT_BINARY_DIR}/nowhere")
bitloom_bad_input(truncated_digits codesign "line 1, column" --digits "${example_data}/truncated_digits.csv")
bitloom_bad_input(block_without_width compute_in_bram "int3 x uint3" cost --bits 3)
bitloom_bad_input(impossible_layer compute_in_bram "layers[0][1][2]: -1" cost --network
                  "${example_data}/impossible_layer.json")
bitloom_bad_input(infeasible compute_in_bram "480 block RAMs" explore --network alexnet --dsp 880 --bram 480)
bitloom_bad_input(no_feature_maps compute_in_bram "iofmap" explore --network "${example_data}/no_feature_maps.json")
add_test(NAME examples.compute_in_bram.explore COMMAND "${CMAKE_COMMAND}"
  -DPROGRAM=$<TARGET_FILE:compute_in_bram> "-DARGUMENTS=explore;--network;resnet18;--bits;4;--variant;2sa"
  "-DSTORED=${example_data}/explore.json" "-DOUTPUT=${CMAKE_CURRENT_BINARY_DIR}/explore.json" -P "${PROJECT_SOURCE_DIR}/tests/support/report.cmake")
add_test(NAME examples.compute_in_bram.trace COMMAND "${CMAKE_COMMAND}" -DPROGRAM=$<TARGET_FILE:compute_in_bram>
  "-DFOLDER=${CMAKE_CURRENT_BINARY_DIR}/traces" -P "${PROJECT_SOURCE_DIR}/tests/support/trace.cmake")
foreach(variant 2sa 1da)
  add_test(NAME examples.compute_in_bram.describe_${variant} COMMAND "${CMAKE_COMMAND}"
    -DPROGRAM=$<TARGET_FILE:compute_in_bram> -DVARIANT=${variant}
    "-DSTORED=${example_data}/describe_${variant}.json" "-DFOLDER=${CMAKE_CURRENT_BINARY_DIR}/describe"
    -P "${PROJECT_SOURCE_DIR}/tests/support/describe.cmake")
endforeach()
bitloom_bad_input(trace_weight compute_in_bram "weight: 9 is outside -8..7" trace --weights 9 --activations 1)
add_test(NAME examples.compute_in_bram.compare COMMAND compute_in_bram compare --shape 160 512)
add_test(NAME examples.compute_in_bram.rtl COMMAND compute_in_bram rtl --variant 1DA)
add_test(NAME examples.compute_in_bram.reproduce COMMAND compute_in_bram reproduce "${CMAKE_CURRENT_BINARY_DIR}/bramac.md")
add_test(NAME examples.compute_in_bram.reproduced_page COMMAND "${CMAKE_COMMAND}" -E compare_files
  "${CMAKE_CURRENT_BINARY_DIR}/bramac.md" "${PROJECT_SOURCE_DIR}/docs/reproduction/bramac.md")
set_tests_properties(examples.compute_in_bram.reproduce PROPERTIES FIXTURES_SETUP reproduced_bramac)
set_tests_properties(examples.compute_in_bram.reproduced_page PROPERTIES FIXTURES_REQUIRED reproduced_bramac)
add_test(NAME examples.compute_in_bram.m4bram_verify COMMAND compute_in_bram m4bram verify --products 1)
add_test(NAME examples.compute_in_bram.m4bram_gemm COMMAND "${CMAKE_COMMAND}" -DPROGRAM=$<TARGET_FILE:compute_in_bram>
  "-DARGUMENTS=m4bram;gemm;--weights;${example_data}/m4bram_weights.csv;--activations;${example_data}/m4bram_activations.csv;--weight-bits;2;--activation-bits;5;--size;l;--clock;dp;--duplication;2;--blocks;3;--output;${CMAKE_CURRENT_BINARY_DIR}/m4bram_sums.csv"
  "-DSTORED=${example_data}/m4bram_gemm.json" "-DOUTPUT=${CMAKE_CURRENT_BINARY_DIR}/m4bram_gemm.json"
  "-DFILES=${CMAKE_CURRENT_BINARY_DIR}/m4bram_sums.csv;${example_data}/m4bram_sums.csv"
  -P "${PROJECT_SOURCE_DIR}/tests/support/report.cmake")
add_test(NAME examples.compute_in_bram.m4bram_gemm_wrap COMMAND "${CMAKE_COMMAND}" -DPROGRAM=$<TARGET_FILE:compute_in_bram>
  "-DARGUMENTS=m4bram;gemm;--shape;24;100;6;--weight-bits;2;--activation-bits;7;--overflow;wrap;--blocks;4;--clock-mhz;500"
  "-DSTORED=${example_data}/m4bram_wrap.json" "-DOUTPUT=${CMAKE_CURRENT_BINARY_DIR}/m4bram_wrap.json"
  -P "${PROJECT_SOURCE_DIR}/tests/support/report.cmake")
add_test(NAME examples.compute_in_bram.m4bram_conv COMMAND "${CMAKE_COMMAND}" -DPROGRAM=$<TARGET_FILE:compute_in_bram>
  "-DARGUMENTS=m4bram;conv;--input;3;5;7;--filters;6;--stride;2;--weights;${example_data}/m4bram_filters.csv;--image;${example_data}/m4bram_image.csv;--weight-bits;4;--activation-bits;5;--signed;--duplication;4;--tile-rows;2;--output;${CMAKE_CURRENT_BINARY_DIR}/m4bram_feature_maps.csv"
  "-DSTORED=${example_data}/m4bram_conv.json" "-DOUTPUT=${CMAKE_CURRENT_BINARY_DIR}/m4bram_conv.json"
  "-DFILES=${CMAKE_CURRENT_BINARY_DIR}/m4bram_feature_maps.csv;${example_data}/m4bram_feature_maps.csv"
  -P "${PROJECT_SOURCE_DIR}/tests/support/report.cmake")
add_test(NAME examples.compute_in_bram.m4bram_trace COMMAND "${CMAKE_COMMAND}" -DPROGRAM=$<TARGET_FILE:compute_in_bram>
  "-DFOLDER=${CMAKE_CURRENT_BINARY_DIR}/m4bram_traces" -P "${PROJECT_SOURCE_DIR}/tests/support/m4bram_trace.cmake")
bitloom_bad_input(m4bram_broken compute_in_bram "line 2, column 2: 'x'" m4bram gemm --weights
                  "${example_data}/m4bram_broken.csv" --activations "${example_data}/m4bram_activations.csv")
bitloom_bad_input(m4bram_weight compute_in_bram "line 1, column 1: 13 is outside 0..7" m4bram gemm --activation-bits 3
                  --weight-bits 2 --weights "${example_data}/m4bram_weights.csv"
                  --activations "${example_data}/m4bram_activations.csv")
bitloom_bad_input(m4bram_wraps compute_in_bram "-147 after terms 0..7 does not fit 8 bits" m4bram gemm --weight-bits 2
                  --overflow check)
bitloom_bad_input(m4bram_flush compute_in_bram "does not compute int2 x uint6" m4bram gemm --weight-bits 2
                  --overflow flush)
bitloom_bad_input(m4bram_clock compute_in_bram "nan is outside" m4bram gemm --clock-mhz nan)
bitloom_bad_input(m4bram_tile compute_in_bram "does not divide the duplication" m4bram conv --tile-rows 2)
bitloom_bad_input(m4bram_trace_weight compute_in_bram "weight: 9 is outside -8..7" m4bram trace --weights 9 --activations 1)
bitloom_bad_input(m4bram_size compute_in_bram "m not in" m4bram verify --size m)
add_test(NAME examples.compute_in_bram.m4bram_explore COMMAND compute_in_bram m4bram explore --network alexnet --size s
  --clock dp --weight-bits 4 --activation-bits 4 --dsp 645 --bram 1537 --bramac)
set_tests_properties(examples.compute_in_bram.m4bram_explore PROPERTIES PASS_REGULAR_EXPRESSION
  "speed-up 2.70.*M4BRAM over BRAMAC-1DA, which is chosen by qf: 1.43")
add_test(NAME examples.compute_in_bram.m4bram_mixed COMMAND compute_in_bram m4bram explore --network resnet34 --clock sync
  --high-share 0.05 --low-bits 4 --dsp 645 --bram 1537)
set_tests_properties(examples.compute_in_bram.m4bram_mixed PROPERTIES PASS_REGULAR_EXPRESSION "speed-up 2.3269, area ratio 1.4285")
bitloom_bad_input(m4bram_infeasible compute_in_bram "block RAMs" m4bram explore --dsp 10 --bram 10)
bitloom_bad_input(m4bram_share compute_in_bram "nan" m4bram explore --high-share nan)
bitloom_bad_input(m4bram_bramac_widths compute_in_bram "one width, not 8 and 6" m4bram explore --bramac)
add_test(NAME examples.compute_in_bram.m4bram_reproduce
  COMMAND compute_in_bram m4bram reproduce "${CMAKE_CURRENT_BINARY_DIR}/m4bram.md")
add_test(NAME examples.compute_in_bram.m4bram_reproduced_page COMMAND "${CMAKE_COMMAND}" -E compare_files
  "${CMAKE_CURRENT_BINARY_DIR}/m4bram.md" "${PROJECT_SOURCE_DIR}/docs/reproduction/m4bram.md")
set_tests_properties(examples.compute_in_bram.m4bram_reproduce PROPERTIES FIXTURES_SETUP reproduced_m4bram)
set_tests_properties(examples.compute_in_bram.m4bram_reproduced_page PROPERTIES FIXTURES_REQUIRED reproduced_m4bram)
bitloom_bad_input(no_subcommand compute_in_bram "subcommand")
bitloom_bad_input(missing_file compute_in_bram "nowhere" check "${CMAKE_CURRENT_BINARY_DIR}/nowhere")

add_test(NAME examples.formats.table COMMAND formats table e4m3fn)
set_tests_properties(examples.formats.table PROPERTIES PASS_REGULAR_EXPRESSION "0x7e +01111110 +448 +normal")
add_test(NAME examples.formats.quantize COMMAND formats quantize int4 "${example_data}/numbers.csv" --scale max --per row)
set_tests_properties(examples.formats.quantize PROPERTIES PASS_REGULAR_EXPRESSION
  "14.667 bits a number with scales; 7 of 16 codes used\n7 exact, 0 beyond the range, 1 became zero")
add_test(NAME examples.formats.quantize_image COMMAND formats quantize e2m1fn "${example_data}/gradient.png"
  --scale pow2 --output "${CMAKE_CURRENT_BINARY_DIR}/gradient.png")
set_tests_properties(examples.formats.quantize_image PROPERTIES PASS_REGULAR_EXPRESSION "256 numbers from 0 to 1\n")
add_test(NAME examples.formats.diff COMMAND formats diff e4m3fn:ml_dtypes e4m3fn:ocp_sat)
set_tests_properties(examples.formats.diff PROPERTIES PASS_REGULAR_EXPRESSION
  "1999634432 float32 numbers in 2 ranges become different codes.*464.00003 +inf +999817216 +0x7f nan +0x7e 448")
add_test(NAME examples.formats.diff_scales COMMAND formats diff mxfp4_e2m1/floor mxfp4_e2m1/ceil)
set_tests_properties(examples.formats.diff_scales PROPERTIES PASS_REGULAR_EXPRESSION "2122317571 float32 numbers in 253")
add_test(NAME examples.formats.verify COMMAND formats verify --step 100003)
bitloom_bad_input(unknown_rule formats "'bogus'" diff e4m3fn:bogus e4m3fn)
bitloom_bad_input(wide_format formats "32 bits" diff f32 e4m3fn)
bitloom_bad_input(broken_numbers formats "line 3, column 2: 'x'" quantize e4m3fn "${example_data}/broken_numbers.csv")
bitloom_bad_input(truncated_image formats "truncated.png" quantize e4m3fn "${example_data}/truncated.png")
bitloom_bad_input(scale_of_blocks formats "scales of its own" quantize nvfp4 "${example_data}/numbers.csv" --scale max)
bitloom_bad_input(unknown_format formats "e9m9" table e9m9_fin)

# Searches on real digits, short.
add_test(NAME examples.mixed_precision COMMAND "${CMAKE_COMMAND}" -DPROGRAM=$<TARGET_FILE:mixed_precision>
  "-DFOLDER=${CMAKE_CURRENT_BINARY_DIR}/mixed_precision" -P "${PROJECT_SOURCE_DIR}/tests/support/mixed_precision.cmake")
add_test(NAME examples.mixed_precision.help COMMAND mixed_precision --help)
bitloom_bad_input(unknown_space mixed_precision "fliqs" --space fliqs)
bitloom_bad_input(reward_of_loss mixed_precision "--reward soft" --reward soft --quality loss)
bitloom_bad_input(positive_beta mixed_precision "--beta" --reward hard --beta 1)
bitloom_bad_input(no_such_target mixed_precision "--choose" --choose 0.4)
bitloom_bad_input(minifloats_on_a_block mixed_precision "not with e2m1fn" --space fliqs-s-float --cost m4bram)
bitloom_bad_input(assignment_of_another mixed_precision "no_feature_maps.json: assignment" --from
                  "${example_data}/no_feature_maps.json")
bitloom_bad_input(broken_checkpoint mixed_precision "truncated.png" --checkpoint "${example_data}/truncated.png")
bitloom_bad_input(no_images mixed_precision "train-images" --data "${CMAKE_CURRENT_BINARY_DIR}/nowhere")

# Headers of the examples; a page with their charts, and how a browser shows it.
if(TARGET bitloom_test_examples)
  file(GLOB tests CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}/tests/examples/support"
    "${PROJECT_SOURCE_DIR}/tests/examples/support/*.cpp")
  foreach(source IN LISTS tests)
    cmake_path(GET source STEM name)
    add_test(NAME examples.support.${name} COMMAND bitloom_test_examples "--source-file=*tests/examples/support/${source}")
    set_tests_properties(examples.support.${name} PROPERTIES LABELS unit FAIL_REGULAR_EXPRESSION "test cases: +0 ")
  endforeach()
endif()
find_program(BITLOOM_BROWSER NAMES chromium chromium-browser google-chrome)
if(NOT BITLOOM_BROWSER)
  message(STATUS "bitloom: the tests of how pages look are off, because chromium was not found")
endif()
# name, page, height, name of the test that writes the page
function(bitloom_screenshot name page height writer)
  if(NOT BITLOOM_BROWSER OR NOT TEST ${writer})
    return()
  endif()
  add_test(NAME examples.screenshot.${name} COMMAND "${CMAKE_COMMAND}" "-DBROWSER=${BITLOOM_BROWSER}" "-DPAGE=${page}"
    -DWIDTH=1000 -DHEIGHT=${height} -DPROGRAM=$<TARGET_FILE:formats> "-DFOLDER=${CMAKE_CURRENT_BINARY_DIR}/screenshots"
    -P "${PROJECT_SOURCE_DIR}/tests/support/screenshot.cmake")
  set_tests_properties(${writer} PROPERTIES FIXTURES_SETUP page_${name})
  set_tests_properties(examples.screenshot.${name} PROPERTIES FIXTURES_REQUIRED page_${name} RESOURCE_LOCK browser)
endfunction()
bitloom_screenshot(charts "${CMAKE_CURRENT_BINARY_DIR}/charts.html" 2200 examples.support.html_report)
bitloom_screenshot(mixed_precision "${CMAKE_CURRENT_BINARY_DIR}/mixed_precision/page.html" 2000 examples.mixed_precision)

if(EXISTS "${reference}/fliqs")
  # with as many seeds as the comparison asks for: 140 trainings
  add_test(NAME examples.mixed_precision.check COMMAND mixed_precision check "${reference}/fliqs/qat_digits.json"
    "${reference}/fliqs/policy_trajectory.json" "${reference}/fliqs/mixed_cost.json")
  set_tests_properties(examples.mixed_precision.check PROPERTIES PASS_REGULAR_EXPRESSION " passed, 0 failed\n$"
    FAIL_REGULAR_EXPRESSION "qat_digits.json: [^\n]* failed" PROCESSORS 2)
  add_test(NAME examples.mixed_precision.check_corrupted COMMAND "${CMAKE_COMMAND}"
    -DPROGRAM=$<TARGET_FILE:mixed_precision> "-DREFERENCE=${reference}/fliqs"
    "-DFOLDER=${CMAKE_CURRENT_BINARY_DIR}/corrupted_qat" -P "${PROJECT_SOURCE_DIR}/tests/support/corrupted_qat.cmake")
  file(GLOB format_files "${reference}/fliqs/formats/*.csv")
  add_test(NAME examples.formats.check COMMAND formats check ${format_files} "${reference}/fliqs/int_quant.csv"
    "${reference}/fliqs/requant.csv" "${reference}/fliqs/fixed_point.csv" "${reference}/fliqs/aqt_downcast.csv"
    "${reference}/fliqs/mx_blocks.json" "${reference}/fliqs/nvfp4.json" "${reference}/fliqs/dot.json"
    "${reference}/fliqs/authors_symmetric_quant.json" "${reference}/fliqs/int_scales.json")
  set_tests_properties(examples.formats.check PROPERTIES PASS_REGULAR_EXPRESSION "\n130367 passed, 0 failed\n$")
  file(GLOB search_files "${reference}/fliqs/layers/*.csv")
  add_test(NAME examples.formats.check_search COMMAND formats check ${search_files} "${reference}/fliqs/mixed_cost.json"
    "${reference}/fliqs/policy_trajectory.json" "${reference}/fliqs/published_pareto.csv" "${reference}/fliqs/qat_digits.json")
  set_tests_properties(examples.formats.check_search PROPERTIES PASS_REGULAR_EXPRESSION "\n579 passed, 0 failed\n$")
  add_test(NAME examples.formats.check_corrupted COMMAND "${CMAKE_COMMAND}"
    -DPROGRAM=$<TARGET_FILE:formats> "-DREFERENCE=${reference}/fliqs/formats"
    "-DFOLDER=${CMAKE_CURRENT_BINARY_DIR}/corrupted" "-DFILES=table_e4m3fn.csv;table_e2m1fn.csv;table_e8m0fnu.csv"
    -P "${PROJECT_SOURCE_DIR}/tests/support/corrupted.cmake")
  add_test(NAME examples.formats.check_corrupted_search COMMAND "${CMAKE_COMMAND}"
    -DPROGRAM=$<TARGET_FILE:formats> "-DREFERENCE=${reference}/fliqs"
    "-DFOLDER=${CMAKE_CURRENT_BINARY_DIR}/corrupted" "-DFILES=mixed_cost.json;policy_trajectory.json;published_pareto.csv"
    -P "${PROJECT_SOURCE_DIR}/tests/support/corrupted.cmake")
endif()
if(EXISTS "${reference}/bramac")
  file(GLOB bramac_files "${reference}/bramac/*.csv" "${reference}/bramac/*.json" "${reference}/bramac/*.jsonl")
  add_test(NAME examples.compute_in_bram.check COMMAND compute_in_bram check ${bramac_files})
  set_tests_properties(examples.compute_in_bram.check PROPERTIES PASS_REGULAR_EXPRESSION "\n862 passed, 0 failed\n$")
  add_test(NAME examples.compute_in_bram.check_corrupted COMMAND "${CMAKE_COMMAND}"
    -DPROGRAM=$<TARGET_FILE:compute_in_bram> "-DREFERENCE=${reference}/bramac"
    "-DFOLDER=${CMAKE_CURRENT_BINARY_DIR}/corrupted" -DCOMPANION=trace_operands.jsonl
    "-DFILES=trace_2sa_n4_signed.csv;trace_1da_n8_unsigned.csv;mac2_dot_vectors.jsonl;mac2_cycles.csv;accumulator_limits.csv;cim_instruction_vectors.csv"
    -P "${PROJECT_SOURCE_DIR}/tests/support/corrupted.cmake")
else()
  message(STATUS "bitloom: the checks of reference data are off, because ../shared/reference/bramac is not there")
endif()
if(EXISTS "${reference}/m4bram")
  file(GLOB m4bram_files "${reference}/m4bram/*.csv" "${reference}/m4bram/*.json")
  add_test(NAME examples.compute_in_bram.check_m4bram COMMAND compute_in_bram check ${m4bram_files})
  set_tests_properties(examples.compute_in_bram.check_m4bram PROPERTIES PASS_REGULAR_EXPRESSION " passed, 0 failed\n$")
  add_test(NAME examples.compute_in_bram.check_m4bram_corrupted COMMAND "${CMAKE_COMMAND}"
    -DPROGRAM=$<TARGET_FILE:compute_in_bram> "-DREFERENCE=${reference}/m4bram"
    "-DFOLDER=${CMAKE_CURRENT_BINARY_DIR}/corrupted_m4bram" -DCOMPANION=networks.json
    "-DFILES=precision_table.csv;coffe_dummy_array.csv;dse_mixed_weight.csv"
    -P "${PROJECT_SOURCE_DIR}/tests/support/corrupted.cmake")
endif()
