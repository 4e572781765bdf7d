# SPDX-License-Identifier: Apache-2.0
# Each tests/fuzz/*.cpp is a libFuzzer program, fuzz_<name>; its test feeds it a fixed number of inputs.

if(NOT BITLOOM_FUZZ)
  return()
elseif(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  message(FATAL_ERROR "BITLOOM_FUZZ needs clang")
endif()

file(GLOB sources CONFIGURE_DEPENDS "fuzz/*.cpp")
add_custom_target(bitloom_fuzz)
foreach(source IN LISTS sources)
  cmake_path(GET source STEM name)
  if(name MATCHES "_json$" AND NOT TARGET bitloom::json)
    continue()
  endif()
  add_executable(fuzz_${name} "${source}")
  target_link_libraries(fuzz_${name} PRIVATE bitloom_development)
  target_compile_options(fuzz_${name} PRIVATE -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all)
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer,address,undefined)
  add_dependencies(bitloom_fuzz fuzz_${name})
  add_test(NAME fuzz.${name} COMMAND fuzz_${name} -runs=100000 -max_total_time=120 -seed=1)
  set_tests_properties(fuzz.${name} PROPERTIES LABELS fuzz)
endforeach()
