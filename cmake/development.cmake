# SPDX-License-Identifier: Apache-2.0
# What the project's own programs are compiled and linked with: `bitloom_development` has the library, every
# component that was found, and the warnings.

add_library(bitloom_development INTERFACE)
target_link_libraries(bitloom_development INTERFACE bitloom::bitloom)
foreach(component IN LISTS bitloom_components)
  target_link_libraries(bitloom_development INTERFACE bitloom::${component})
endforeach()

target_compile_options(bitloom_development INTERFACE
  $<$<CXX_COMPILER_ID:GNU,Clang,AppleClang>:-Wall -Wextra -Wpedantic -Wconversion -Wshadow>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # g++ 12 sees overlapping copies in plain concatenations of std::string (GCC bug 105651).
  target_compile_options(bitloom_development INTERFACE -Wno-restrict)
endif()
if(BITLOOM_NATIVE)
  target_compile_options(bitloom_development INTERFACE -march=native)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # g++ 12 takes the undefined vectors inside its own AVX-512 intrinsics for a mistake (GCC bug 105593).
    target_compile_options(bitloom_development INTERFACE -Wno-maybe-uninitialized -Wno-uninitialized)
  endif()
endif()
