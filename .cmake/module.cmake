# SPDX-License-Identifier: MIT
# module.cmake: tenax::module, for `import tenax;` and `import tenax.http;`. It is compiled in the project that imports
# it, by its compiler and with its options, because compiled modules fit no other ones.
if(CMAKE_VERSION VERSION_LESS 3.28)
  set(tenax_module_needs "CMake 3.28")
elseif(NOT TARGET tenax::module)
  get_target_property(tenax_module_dir tenax::tenax HEADER_DIRS)
  add_library(tenax_module STATIC EXCLUDE_FROM_ALL)
  add_library(tenax::module ALIAS tenax_module)
  target_sources(tenax_module PUBLIC FILE_SET CXX_MODULES BASE_DIRS "${tenax_module_dir}" FILES
    "${tenax_module_dir}/tenax/tenax.cppm" "${tenax_module_dir}/tenax/http/http.cppm")
  target_link_libraries(tenax_module PUBLIC tenax::tenax)
  set_target_properties(tenax_module PROPERTIES CXX_SCAN_FOR_MODULES ON)
endif()
