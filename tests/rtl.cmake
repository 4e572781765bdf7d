# SPDX-License-Identifier: Apache-2.0
# The tests in tests/rtl run Verilator and Yosys where they find them.

find_program(BITLOOM_VERILATOR verilator)
find_program(BITLOOM_YOSYS yosys)
mark_as_advanced(BITLOOM_VERILATOR BITLOOM_YOSYS)

# bitloom_needs(<program> <test>...)
# The tests are off without the program. They take turns: the first compiles simulations that all others use.
function(bitloom_needs program)
  string(TOUPPER "BITLOOM_${program}" variable)
  set(tests "")
  foreach(name IN LISTS ARGN)
    if(TEST ${name})
      list(APPEND tests ${name})
    endif()
  endforeach()
  if(NOT tests)
    return()
  endif()
  if(${variable})
    set_tests_properties(${tests} PROPERTIES RESOURCE_LOCK "bitloom_${program}" COST 100)
  else()
    list(JOIN tests ", " names)
    message(STATUS "bitloom: off, because ${program} was not found: ${names}")
    set_tests_properties(${tests} PROPERTIES DISABLED TRUE)
  endif()
endfunction()

if(TARGET bitloom_test_rtl)
  target_compile_definitions(bitloom_test_rtl PRIVATE "BITLOOM_RTL_FOLDER=\"${CMAKE_CURRENT_BINARY_DIR}/rtl\"")
  bitloom_needs(verilator rtl.agreement rtl.cosimulate rtl.m4bram_reference rtl.reference_json rtl.testbench)
  bitloom_needs(yosys rtl.synthesis)
endif()
