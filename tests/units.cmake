# SPDX-License-Identifier: MIT
# units.cmake: the tests that run the library in one process: unit tests, static_assert and builds without exceptions.

# --- unit tests -----------------------------------------------------------------------------------------------------
# The tests of the two Asios are in a header, where g++ frowns on coroutines that are given lambdas.
set_source_files_properties(async/asio.cpp async/boost_asio.cpp PROPERTIES
  tenax_has_tag ON
  COMPILE_OPTIONS "$<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>")

file(GLOB folders CONFIGURE_DEPENDS LIST_DIRECTORIES true RELATIVE "${CMAKE_CURRENT_SOURCE_DIR}" *)
set(elsewhere static no_exceptions compile_fail module consumer end_to_end benchmarks fuzz data docs pictures simulation
  platforms)
foreach(folder IN LISTS folders ITEMS "")
  if(folder IN_LIST elsewhere OR (folder AND folder IN_LIST TENAX_TEST_WITHOUT)
      OR (folder AND NOT IS_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}/${folder}"))
    continue()
  endif()
  if(folder STREQUAL "")
    file(GLOB files CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
    set(name core)
  else()
    file(GLOB_RECURSE files CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cpp")
    set(name ${folder})
  endif()
  foreach(pattern IN LISTS TENAX_TEST_WITHOUT)
    if(pattern MATCHES "\\.cpp$")
      file(GLOB without CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${pattern}")
      list(REMOVE_ITEM files ${without})
    endif()
  endforeach()
  foreach(component IN LISTS tenax_components)
    if(NOT TARGET tenax::${component})
      # The test of a component's header is a test of that component.
      foreach(header IN LISTS tenax_${component}_HEADERS)
        cmake_path(RELATIVE_PATH header BASE_DIRECTORY "${tenax_include_dir}/tenax")
        cmake_path(REPLACE_EXTENSION header LAST_ONLY cpp)
        list(REMOVE_ITEM files "${CMAKE_CURRENT_SOURCE_DIR}/${header}")
      endforeach()
    endif()
  endforeach()
  if(folder STREQUAL "shared")
    # The script that searches for a rate runs in the Lua that servers have. Debian: liblua5.1-0-dev
    find_path(tenax_lua_include lua5.1/lua.hpp)
    find_library(tenax_lua_library lua5.1)
    mark_as_advanced(tenax_lua_include tenax_lua_library)
    if(NOT tenax_lua_include OR NOT tenax_lua_library)
      message(STATUS "tests/shared/adaptive_rate_limiter.cpp is left out: it needs Lua 5.1")
      list(REMOVE_ITEM files "${CMAKE_CURRENT_SOURCE_DIR}/shared/adaptive_rate_limiter.cpp")
    endif()
  endif()
  if(files AND folder STREQUAL "")
    tenax_catch_program(tenax_test_core unit unit ${files})
  elseif(files)
    tenax_catch_program(tenax_test_${folder} unit unit.${folder} ${files})
    if(folder IN_LIST tenax_linked_where_used AND TARGET tenax::${folder})
      target_link_libraries(tenax_test_${folder} PRIVATE tenax::${folder})
    endif()
    if(folder STREQUAL "shared" AND tenax_lua_include AND tenax_lua_library)
      target_include_directories(tenax_test_${folder} SYSTEM PRIVATE "${tenax_lua_include}")
      target_link_libraries(tenax_test_${folder} PRIVATE "${tenax_lua_library}")
    endif()
  endif()
endforeach()
tenax_link_what_it_includes(tenax_test_core missing)
if(TARGET tenax_test_behaviour)
  target_link_libraries(tenax_test_behaviour PRIVATE nlohmann_json::nlohmann_json)
endif()
find_package(OpenSSL QUIET)
if(TARGET OpenSSL::SSL AND TARGET tenax_test_http)
  # TLS is tested where it can be; the library does not need it.
  target_link_libraries(tenax_test_http PRIVATE OpenSSL::SSL OpenSSL::Crypto)
  target_compile_definitions(tenax_test_http PRIVATE TENAX_TEST_TLS)
endif()

# --- static ---------------------------------------------------------------------------------------------------------
file(GLOB files CONFIGURE_DEPENDS static/*.cpp)
add_library(tenax_static_tests OBJECT ${files})
target_link_libraries(tenax_static_tests PRIVATE tenax_catch)
tenax_add_test(static static
  COMMAND "${CMAKE_COMMAND}" --build "${PROJECT_BINARY_DIR}" --target tenax_static_tests)
# Two builds in one folder would disturb each other.
set_tests_properties(${tenax_test_prefix}static PROPERTIES RESOURCE_LOCK tenax_build_folder)

# --- without exceptions ---------------------------------------------------------------------------------------------
file(GLOB files CONFIGURE_DEPENDS no_exceptions/*.cpp)
foreach(file IN LISTS files)
  cmake_path(GET file STEM LAST_ONLY stem)
  add_executable(tenax_no_exceptions_${stem} "${file}")
  target_link_libraries(tenax_no_exceptions_${stem} PRIVATE tenax::tenax)
  target_compile_options(tenax_no_exceptions_${stem} PRIVATE -fno-exceptions -fno-rtti)
  tenax_add_test(no_exceptions no_exceptions.${stem} COMMAND tenax_no_exceptions_${stem})
endforeach()
