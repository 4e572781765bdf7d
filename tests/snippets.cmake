# SPDX-License-Identifier: Apache-2.0
# Every ```cpp block of README.md and docs/*.md compiles; complete programs run, and print what the page says.
# The rules stand in support/snippets.awk.

file(GLOB pages CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/docs/*.md")
if(EXISTS "${PROJECT_SOURCE_DIR}/README.md")
  list(PREPEND pages "${PROJECT_SOURCE_DIR}/README.md")
endif()
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${pages} "${scripts}/snippets.awk")

set(fresh "${CMAKE_CURRENT_BINARY_DIR}/snippets.new")
set(kept "${CMAKE_CURRENT_BINARY_DIR}/snippets")
file(REMOVE_RECURSE "${fresh}")
file(MAKE_DIRECTORY "${fresh}" "${kept}")
add_custom_target(bitloom_snippets)

foreach(page IN LISTS pages)
  cmake_path(GET page STEM stem)
  execute_process(COMMAND awk -v "stem=${stem}" -v "out=${fresh}" -f "${scripts}/snippets.awk" "${page}"
                  OUTPUT_VARIABLE lines ERROR_VARIABLE errors RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${page}: ${errors}")
  endif()
  # A line of the listing: <name> <program|fragment> <output|-> <component>...
  string(REGEX REPLACE "\n$" "" lines "${lines}")
  string(REPLACE "\n" ";" lines "${lines}")
  foreach(line IN LISTS lines)
    separate_arguments(components UNIX_COMMAND "${line}")
    list(POP_FRONT components name kind output)
    set(missing ${components})
    list(REMOVE_ITEM missing ${bitloom_components})
    if(missing)
      message(STATUS "bitloom: snippet ${name} is off, because it needs the component ${missing}")
      continue()
    endif()
    file(COPY_FILE "${fresh}/${name}.cpp" "${kept}/${name}.cpp" ONLY_IF_DIFFERENT)
    if(kind STREQUAL "program")
      add_executable(snippet_${name} "${kept}/${name}.cpp")
      set(command $<TARGET_FILE:snippet_${name}>)
      set(expected "")
      if(output STREQUAL "output")
        file(COPY_FILE "${fresh}/${name}.txt" "${kept}/${name}.txt" ONLY_IF_DIFFERENT)
        set(expected "-DEXPECTED=${kept}/${name}.txt")
      endif()
      add_test(NAME snippet.${name} COMMAND "${CMAKE_COMMAND}" -DPROGRAM=$<TARGET_FILE:snippet_${name}>
               ${expected} -P "${scripts}/run_snippet.cmake")
      set_tests_properties(snippet.${name} PROPERTIES LABELS snippet
                           WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
    else()
      add_library(snippet_${name} OBJECT "${kept}/${name}.cpp")
    endif()
    target_link_libraries(snippet_${name} PRIVATE bitloom_development)
    add_dependencies(bitloom_snippets snippet_${name})
  endforeach()
endforeach()

if(EXISTS "${PROJECT_SOURCE_DIR}/README.md")
  add_test(NAME readme.make_targets COMMAND bash "${scripts}/make_targets.sh"
           "${PROJECT_SOURCE_DIR}/README.md" "${PROJECT_SOURCE_DIR}/Makefile")
endif()
