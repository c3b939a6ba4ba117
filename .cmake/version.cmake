# SPDX-License-Identifier: MIT
# version.cmake: tenax_version, the three numbers of include/tenax/version.hpp.
file(STRINGS "${CMAKE_CURRENT_LIST_DIR}/../include/tenax/version.hpp" tenax_version_lines
  REGEX "^inline constexpr int version_(major|minor|patch) = [0-9]+;$")
list(TRANSFORM tenax_version_lines REPLACE "^.* = ([0-9]+);$" "\\1")
list(JOIN tenax_version_lines "." tenax_version)
if(NOT tenax_version MATCHES "^[0-9]+\\.[0-9]+\\.[0-9]+$")
  message(FATAL_ERROR "include/tenax/version.hpp does not define version_major, version_minor and version_patch")
endif()
