# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` writes: headers, one targets file per component, the package config.

include(CMakePackageConfigHelpers)
set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/bitloom")

install(TARGETS bitloom EXPORT bitloom FILE_SET HEADERS)
install(EXPORT bitloom NAMESPACE bitloom:: FILE bitloom-targets.cmake DESTINATION "${package_dir}")
foreach(component IN LISTS bitloom_components)
  install(TARGETS bitloom_${component} EXPORT bitloom-${component} FILE_SET HEADERS)
  install(EXPORT bitloom-${component} NAMESPACE bitloom:: FILE bitloom-${component}-targets.cmake
          DESTINATION "${package_dir}")
endforeach()

configure_package_config_file(cmake/bitloom-config.cmake.in "${PROJECT_BINARY_DIR}/bitloom-config.cmake"
                              INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/bitloom-config-version.cmake"
                                 COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES "${PROJECT_BINARY_DIR}/bitloom-config.cmake" "${PROJECT_BINARY_DIR}/bitloom-config-version.cmake"
              cmake/bitloom-xsimd.cmake
        DESTINATION "${package_dir}")
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")
