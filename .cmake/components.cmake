# SPDX-License-Identifier: MIT
# components.cmake: the targets that users link: tenax::tenax, and one component for each optional dependency.

list(APPEND CMAKE_MODULE_PATH "${CMAKE_CURRENT_LIST_DIR}")

set(tenax_include_dir "${PROJECT_SOURCE_DIR}/include")
set(tenax_glob_again)                  # a new header is noticed by the next build; a user's builds need not look for one
if(PROJECT_IS_TOP_LEVEL)
  set(tenax_glob_again CONFIGURE_DEPENDS)
endif()
set(tenax_components)                  # names, in the order of their declaration
set(tenax_component_headers)           # absolute paths, of all components
set(tenax_component_declarations)      # what the installed package has to know about them

# tenax_component(<name> HEADERS <path under include/>... FIND <arguments of find_package>... LINK <target>)
#
# The headers are installed in any case, because whether the dependency is there is the user's machine's business;
# tenax::<name> exists where it was found. TENAX_<NAME>_TARGET chooses another target of the same dependency, for
# example fmt::fmt-header-only.
macro(tenax_component name)
  cmake_parse_arguments(tenax_${name} "" "LINK" "HEADERS;FIND" ${ARGN})
  list(APPEND tenax_components ${name})
  list(TRANSFORM tenax_${name}_HEADERS PREPEND "${tenax_include_dir}/")
  list(APPEND tenax_component_headers ${tenax_${name}_HEADERS})

  string(TOUPPER ${name} tenax_upper_name)
  set(TENAX_${tenax_upper_name}_TARGET ${tenax_${name}_LINK} CACHE STRING "The target that tenax::${name} links.")
  mark_as_advanced(TENAX_${tenax_upper_name}_TARGET)
  set(tenax_${name}_LINK ${TENAX_${tenax_upper_name}_TARGET})

  list(JOIN tenax_${name}_FIND " " tenax_find_text)
  string(APPEND tenax_component_declarations
    "_tenax_component(${name} ${TENAX_${tenax_upper_name}_TARGET} ${tenax_find_text})\n")

  if(NOT TARGET ${tenax_${name}_LINK})
    # GLOBAL: a parent project that links tenax::<name> must be able to see the dependency's target.
    find_package(${tenax_${name}_FIND} QUIET GLOBAL)
  endif()
  if(NOT TARGET ${tenax_${name}_LINK} AND (TENAX_BUILD_TESTS OR TENAX_BUILD_EXAMPLES))
    tenax_fetch(${name})
  endif()
  if(TARGET ${tenax_${name}_LINK})
    add_library(tenax_${name} INTERFACE)
    add_library(tenax::${name} ALIAS tenax_${name})
    target_sources(tenax_${name} INTERFACE
      FILE_SET HEADERS BASE_DIRS "${tenax_include_dir}" FILES ${tenax_${name}_HEADERS})
    target_link_libraries(tenax_${name} INTERFACE tenax::tenax ${tenax_${name}_LINK})
    set_target_properties(tenax_${name} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ${PROJECT_IS_TOP_LEVEL})
  elseif(PROJECT_IS_TOP_LEVEL)
    message(STATUS "tenax::${name} is left out: ${tenax_find_text} was not found")
  endif()
endmacro()

# Makes tenax::tenax of all headers that no component has claimed. Call it after the components.
macro(tenax_core)
  file(GLOB_RECURSE tenax_core_headers ${tenax_glob_again} "${tenax_include_dir}/tenax/*.hpp")
  list(REMOVE_ITEM tenax_core_headers ${tenax_component_headers})

  add_library(tenax INTERFACE)
  add_library(tenax::tenax ALIAS tenax)
  target_sources(tenax INTERFACE
    FILE_SET HEADERS BASE_DIRS "${tenax_include_dir}" FILES ${tenax_core_headers})
  target_compile_features(tenax INTERFACE cxx_std_20)
  set_target_properties(tenax PROPERTIES VERIFY_INTERFACE_HEADER_SETS ${PROJECT_IS_TOP_LEVEL})
endmacro()
