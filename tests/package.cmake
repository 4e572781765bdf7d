# SPDX-License-Identifier: Apache-2.0
# A project of its own, tests/package, uses the library in the three ways that a user can choose.

foreach(way installed subdirectory fetch)
  add_test(NAME package.${way} COMMAND "${CMAKE_COMMAND}"
    -DWAY=${way} "-DCHECKOUT=${PROJECT_SOURCE_DIR}" "-DBUILD=${PROJECT_BINARY_DIR}"
    "-DCOMPONENTS=${bitloom_components}" "-DCOMPILER=${CMAKE_CXX_COMPILER}" "-DGENERATOR=${CMAKE_GENERATOR}"
    "-DPREFIX_PATH=${CMAKE_PREFIX_PATH}" -P "${scripts}/package.cmake")
  set_tests_properties(package.${way} PROPERTIES LABELS package TIMEOUT 300)
endforeach()
