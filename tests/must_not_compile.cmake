# SPDX-License-Identifier: Apache-2.0
# Each tests/must_not_compile/*.cpp starts with `// expects: <text>`: the compiler has to refuse the file with a
# message that has <text> in it. `// expects: ok` is for a file that has to compile.

file(GLOB sources CONFIGURE_DEPENDS "must_not_compile/*.cpp")
add_library(bitloom_must_not_compile OBJECT EXCLUDE_FROM_ALL must_not_compile/control.cpp)
target_link_libraries(bitloom_must_not_compile PRIVATE bitloom_development)
foreach(source IN LISTS sources)
  cmake_path(GET source STEM name)
  add_test(NAME must_not_compile.${name} COMMAND "${CMAKE_COMMAND}"
    "-DCOMPILER=${CMAKE_CXX_COMPILER}"
    "-DINCLUDE_DIRECTORIES=$<TARGET_PROPERTY:bitloom_must_not_compile,INCLUDE_DIRECTORIES>"
    "-DSOURCE=${source}" -P "${scripts}/must_not_compile.cmake")
  set_tests_properties(must_not_compile.${name} PROPERTIES LABELS must_not_compile)
endforeach()
