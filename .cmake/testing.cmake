# SPDX-License-Identifier: MIT
# testing.cmake: what the tests, the examples and the benchmarks share.
set(TENAX_CONFIGURATION "" CACHE STRING "A name for this build: a prefix and a label of its tests.")
set(tenax_test_prefix)
if(TENAX_CONFIGURATION)
  set(tenax_test_prefix "${TENAX_CONFIGURATION}.")
endif()

if(TENAX_BUILD_TESTS OR TENAX_BUILD_BENCHMARKS)
  enable_testing()
endif()

# tenax_add_test(<label> <name> <arguments of add_test>...): the test ${tenax_test_prefix}<name>
function(tenax_add_test label name)
  add_test(NAME ${tenax_test_prefix}${name} ${ARGN})
  set_tests_properties(${tenax_test_prefix}${name} PROPERTIES LABELS "${label};${TENAX_CONFIGURATION}")
endfunction()

# tenax_link_what_it_includes(<program> <missing>): links the components and cpp-httplib if a source of the program
# includes them. What is included but not there is listed in <missing>.
function(tenax_link_what_it_includes program missing)
  get_target_property(sources ${program} SOURCES)
  set(included)
  foreach(source IN LISTS sources)
    file(STRINGS "${source}" lines REGEX "^#include <")
    list(APPEND included ${lines})
  endforeach()
  set(absent)
  foreach(component IN LISTS tenax_components)
    foreach(header IN LISTS tenax_${component}_HEADERS)
      cmake_path(RELATIVE_PATH header BASE_DIRECTORY "${tenax_include_dir}")
      if(NOT "#include <${header}>" IN_LIST included)
        continue()
      elseif(TARGET tenax::${component})
        target_link_libraries(${program} PRIVATE tenax::${component})
      else()
        list(APPEND absent tenax::${component})
      endif()
    endforeach()
  endforeach()
  if("#include <httplib.h>" IN_LIST included)
    if(NOT TARGET httplib::httplib)
      find_package(httplib QUIET)
    endif()
    if(NOT TARGET httplib::httplib)
      tenax_fetch(httplib)
    endif()
    if(TARGET httplib::httplib)
      target_link_libraries(${program} PRIVATE httplib::httplib)
    else()
      list(APPEND absent cpp-httplib)
    endif()
  endif()
  list(JOIN absent ", " absent)
  set(${missing} "${absent}" PARENT_SCOPE)
endfunction()

# tenax_script_tests(<label> <file.sh>...): each script is the test <label>.<stem>. It finds the example programs in
# $EXAMPLES, the benchmark programs in $BENCHMARKS, the headers in $INCLUDE and the compiler in $CXX, starts in an
# empty folder, and ends with 0 if all is well, or with 77 if a program is missing that it needs.
function(tenax_script_tests label)
  foreach(script IN LISTS ARGN)
    cmake_path(GET script STEM LAST_ONLY stem)
    set(folder "${PROJECT_BINARY_DIR}/${label}/${stem}")
    file(MAKE_DIRECTORY "${folder}")
    tenax_add_test(${label} ${label}.${stem} COMMAND bash "${script}" WORKING_DIRECTORY "${folder}")
    set_tests_properties(${tenax_test_prefix}${label}.${stem} PROPERTIES ENVIRONMENT
      "EXAMPLES=${PROJECT_BINARY_DIR}/examples;BENCHMARKS=${PROJECT_BINARY_DIR}/benchmarks;INCLUDE=${tenax_include_dir};CXX=${CMAKE_CXX_COMPILER}")
    if(NOT DEFINED ENV{CI})
      # A user's machine may lack nginx; the one that checks everything may not.
      set_tests_properties(${tenax_test_prefix}${label}.${stem} PROPERTIES SKIP_RETURN_CODE 77)
    endif()
  endforeach()
endfunction()
