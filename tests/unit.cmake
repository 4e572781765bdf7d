# SPDX-License-Identifier: Apache-2.0

find_package(doctest CONFIG QUIET)
if(NOT TARGET doctest::doctest)
  message(STATUS "bitloom: the unit tests are off, because doctest was not found")
  return()
endif()

file(GLOB sources CONFIGURE_DEPENDS RELATIVE "${CMAKE_CURRENT_SOURCE_DIR}" "*/*.cpp")
list(FILTER sources EXCLUDE REGEX "^(fuzz|must_not_compile|package|support)/")
if(NOT TARGET bitloom::threads)
  list(FILTER sources EXCLUDE REGEX "/threads\\.cpp$")
endif()
if(NOT TARGET bitloom::json)
  list(FILTER sources EXCLUDE REGEX "_json\\.cpp$")
endif()

add_library(bitloom_doctest_main OBJECT support/doctest_main.cpp)
target_link_libraries(bitloom_doctest_main PRIVATE doctest::doctest)
target_compile_features(bitloom_doctest_main PRIVATE cxx_std_20)

foreach(source IN LISTS sources)
  cmake_path(GET source PARENT_PATH folder)
  cmake_path(GET source STEM name)
  set(program bitloom_test_${folder})
  if(NOT TARGET ${program})
    add_executable(${program})
    target_link_libraries(${program} PRIVATE bitloom_development bitloom_doctest_main doctest::doctest)
    target_include_directories(${program} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}")
    if(NOT folder MATCHES "^(kernel|quant)$") # whose loops compilers make vectors of
      target_compile_options(${program} PRIVATE $<$<CONFIG:Release>:-O1>)
    endif()
    # What all tests parse; that a header includes what it needs is checked for each on its own.
    target_precompile_headers(${program} PRIVATE <doctest/doctest.h> <algorithm> <array> <cmath> <memory> <span>
                                                 <string> <vector>)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
      # out of a precompiled header, g++ 12 does not know the standard library's from ours (GCC bug 105651 again)
      target_compile_options(${program} PRIVATE -Wno-array-bounds -Wno-stringop-overflow)
    endif()
    if(folder MATCHES "^(accel|net|op|search|train)$")
      target_precompile_headers(${program} PRIVATE <Eigen/Core>)
    endif()
    target_compile_definitions(${program} PRIVATE
      "BITLOOM_SOURCE_DIR=\"${PROJECT_SOURCE_DIR}\""
      "BITLOOM_REFERENCE_DIR=\"${PROJECT_SOURCE_DIR}/../shared/reference\"")
  endif()
  target_sources(${program} PRIVATE "${source}")
  add_test(NAME ${folder}.${name} COMMAND ${program} "--source-file=*tests/${source}")
  set_tests_properties(${folder}.${name} PROPERTIES
    LABELS unit FAIL_REGULAR_EXPRESSION "test cases: +0 ") # a file without a test is a mistake
endforeach()
