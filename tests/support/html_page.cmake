# SPDX-License-Identifier: Apache-2.0
# page_has(PAGE TEXT...): fails unless the file holds every text.
function(page_has page)
  file(READ "${page}" html)
  foreach(text IN LISTS ARGN)
    string(FIND "${html}" "${text}" place)
    if(place EQUAL -1)
      message(FATAL_ERROR "the page lacks ${text}")
    endif()
  endforeach()
endfunction()
