# SPDX-License-Identifier: MIT
# single_header.cmake: tenax_single.hpp, the standard-library part of tenax in one file, for people who copy one file.

set(tenax_single_header "${PROJECT_BINARY_DIR}/single/tenax_single.hpp")
add_custom_command(
  OUTPUT "${tenax_single_header}"
  COMMAND "${CMAKE_COMMAND}" "-DOUTPUT=${tenax_single_header}" -P "${CMAKE_CURRENT_LIST_DIR}/amalgamate.cmake"
  DEPENDS ${tenax_core_headers} "${CMAKE_CURRENT_LIST_DIR}/amalgamate.cmake" "${CMAKE_CURRENT_LIST_DIR}/version.cmake"
  COMMENT "Writing tenax_single.hpp"
  VERBATIM)
if(TENAX_BUILD_TESTS)
  set(tenax_in_all ALL)
endif()
add_custom_target(tenax_single ${tenax_in_all} DEPENDS "${tenax_single_header}")
