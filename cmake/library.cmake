# SPDX-License-Identifier: Apache-2.0
# The library: `bitloom::bitloom`, and one target for each optional dependency that was found.

find_package(Eigen3 3.4 REQUIRED CONFIG)
find_package(Boost 1.70 REQUIRED CONFIG)
find_package(xsimd REQUIRED CONFIG)
include(cmake/bitloom-xsimd.cmake)

file(GLOB_RECURSE headers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/include/bitloom/*.hpp")

# bitloom_headers(<target> <header>...)
# The headers that <target> owns: installed with it, and each compiled on its own by the target
# all_verify_interface_header_sets.
function(bitloom_headers target)
  target_sources(${target} INTERFACE FILE_SET HEADERS
                 BASE_DIRS "${PROJECT_SOURCE_DIR}/include" FILES ${ARGN})
  set_target_properties(${target} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ${PROJECT_IS_TOP_LEVEL})
endfunction()

# bitloom_component(<name> <package> <dependency> <header-regex>)
# Target bitloom::<name> for the headers that need <dependency>, a target of <package>. Without the package there
# is no target. The headers leave the list of `bitloom` either way.
set(bitloom_components "")
macro(bitloom_component name package dependency regex)
  set(component_headers ${headers})
  list(FILTER component_headers INCLUDE REGEX "${regex}")
  list(FILTER headers EXCLUDE REGEX "${regex}")
  find_package(${package} CONFIG QUIET)
  if(TARGET ${dependency})
    add_library(bitloom_${name} INTERFACE)
    add_library(bitloom::${name} ALIAS bitloom_${name})
    set_target_properties(bitloom_${name} PROPERTIES EXPORT_NAME ${name})
    bitloom_headers(bitloom_${name} ${component_headers})
    target_link_libraries(bitloom_${name} INTERFACE bitloom ${dependency})
    list(APPEND bitloom_components ${name})
    message(STATUS "bitloom: component ${name} is on (${package} ${${package}_VERSION})")
  else()
    message(STATUS "bitloom: component ${name} is off, because ${package} was not found")
  endif()
endmacro()

add_library(bitloom INTERFACE)
add_library(bitloom::bitloom ALIAS bitloom)
bitloom_component(threads TBB TBB::tbb "/core/threads\\.hpp$")
bitloom_component(json nlohmann_json nlohmann_json::nlohmann_json "_json\\.hpp$")
bitloom_headers(bitloom ${headers})
target_compile_features(bitloom INTERFACE cxx_std_20)
target_link_libraries(bitloom INTERFACE Eigen3::Eigen Boost::headers xsimd)
# A fused multiply-add rounds once where the source rounds twice: the same program would give other bits.
target_compile_options(bitloom INTERFACE $<$<CXX_COMPILER_ID:GNU,Clang,AppleClang>:-ffp-contract=off>)
