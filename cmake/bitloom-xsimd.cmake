# SPDX-License-Identifier: Apache-2.0
# Debian's target for xsimd 8 links xtl, which its package does not depend on and only xsimd's optional complex
# numbers of xtl need. To be included after find_package(xsimd).

if(NOT TARGET xtl)
  get_target_property(bitloom_xsimd_links xsimd INTERFACE_LINK_LIBRARIES)
  if(bitloom_xsimd_links)
    list(REMOVE_ITEM bitloom_xsimd_links xtl)
    set_target_properties(xsimd PROPERTIES INTERFACE_LINK_LIBRARIES "${bitloom_xsimd_links}")
  endif()
endif()
