# SPDX-License-Identifier: MIT
# vcpkg.cmake: runs the port as vcpkg would, with stand-ins for vcpkg's functions that take the sources from here, and
# checks what vcpkg checks afterwards. A project then finds the result.
#   cmake -DSOURCE_DIR=... -DWORK=... -DCXX=... -P vcpkg.cmake
cmake_minimum_required(VERSION 3.25)

set(port_dir "${SOURCE_DIR}/docs/packaging/vcpkg/ports/tenax")
file(REMOVE_RECURSE "${WORK}")
file(READ "${port_dir}/vcpkg.json" manifest)
string(JSON PORT GET "${manifest}" name)
string(JSON VERSION GET "${manifest}" version)
string(JSON license GET "${manifest}" license)
set(CURRENT_PACKAGES_DIR "${WORK}/packages/tenax")
set(built "${WORK}/build")

function(expect_equal is wanted)
  if(NOT "${is}" STREQUAL "${wanted}")
    message(FATAL_ERROR "the port: '${is}' instead of '${wanted}'")
  endif()
endfunction()
function(expect_match is pattern)
  if(NOT "${is}" MATCHES "${pattern}")
    message(FATAL_ERROR "the port: '${is}' does not match '${pattern}'")
  endif()
endfunction()
function(expect_there)
  foreach(path IN LISTS ARGN)
    if(NOT EXISTS "${path}")
      message(FATAL_ERROR "the port: ${path} is missing")
    endif()
  endforeach()
endfunction()

include("${SOURCE_DIR}/.cmake/version.cmake")
expect_equal("${VERSION}" "${tenax_version}")
expect_equal("${license}" "MIT")

# --- stand-ins --------------------------------------------------------------------------------------------------------
function(vcpkg_download_distfile result)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "FILENAME;SHA512" "URLS")
  expect_match("${arg_SHA512}" "^[0-9a-f]+$")
  expect_match("${arg_URLS}" "^https://.*${VERSION}")
  expect_match("${arg_FILENAME}" "${VERSION}")
  set(${result} "${WORK}/${arg_FILENAME}" PARENT_SCOPE)
endfunction()

function(vcpkg_extract_source_archive result)
  set(${result} "${SOURCE_DIR}" PARENT_SCOPE)
endfunction()

function(vcpkg_cmake_configure)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "SOURCE_PATH" "OPTIONS")
  expect_equal("${arg_UNPARSED_ARGUMENTS}" "")
  execute_process(COMMAND "${CMAKE_COMMAND}" -G Ninja -S "${arg_SOURCE_PATH}" -B "${built}" ${arg_OPTIONS}
      "-DCMAKE_INSTALL_PREFIX=${CURRENT_PACKAGES_DIR}" "-DCMAKE_CXX_COMPILER=${CXX}" -DCMAKE_BUILD_TYPE=Release
      -DFETCHCONTENT_FULLY_DISCONNECTED=ON -DCMAKE_INSTALL_LIBDIR:STRING=lib
    OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(vcpkg_cmake_install)
  execute_process(COMMAND "${CMAKE_COMMAND}" --build "${built}" --target install
    OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# Moves the package files to share/<port>, and tells them how far they are from the prefix now.
function(vcpkg_cmake_config_fixup)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "CONFIG_PATH;PACKAGE_NAME" "")
  expect_there("${CURRENT_PACKAGES_DIR}/${arg_CONFIG_PATH}")
  file(RENAME "${CURRENT_PACKAGES_DIR}/${arg_CONFIG_PATH}" "${CURRENT_PACKAGES_DIR}/share/${PORT}")
  file(GLOB left "${CURRENT_PACKAGES_DIR}/share/cmake/*")
  expect_equal("${left}" "")
  file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/share/cmake")
  file(READ "${CURRENT_PACKAGES_DIR}/share/${PORT}/tenax-targets.cmake" targets)
  string(REGEX REPLACE "get_filename_component\\(_IMPORT_PREFIX \"\\\${CMAKE_CURRENT_LIST_FILE}\" PATH\\)(\nget_filename_component\\(_IMPORT_PREFIX \"\\\${_IMPORT_PREFIX}\" PATH\\))+"
    "get_filename_component(_IMPORT_PREFIX \"\${CMAKE_CURRENT_LIST_DIR}/../..\" ABSOLUTE)" targets "${targets}")
  file(WRITE "${CURRENT_PACKAGES_DIR}/share/${PORT}/tenax-targets.cmake" "${targets}")
endfunction()

function(vcpkg_fixup_pkgconfig)
  expect_there("${CURRENT_PACKAGES_DIR}/share/pkgconfig/tenax.pc")
endfunction()

function(vcpkg_install_copyright)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "" "FILE_LIST")
  expect_there("${arg_FILE_LIST}")
  file(COPY_FILE "${arg_FILE_LIST}" "${CURRENT_PACKAGES_DIR}/share/${PORT}/copyright")
endfunction()

include("${port_dir}/portfile.cmake")

# --- what vcpkg checks after a build ----------------------------------------------------------------------------------
foreach(file IN ITEMS include/tenax/tenax.hpp share/tenax/copyright share/tenax/usage share/tenax/tenax-config.cmake
    share/tenax/tenax-config-version.cmake)
  expect_there("${CURRENT_PACKAGES_DIR}/${file}")
endforeach()
foreach(folder IN ITEMS lib bin debug share/cmake share/licenses)
  if(EXISTS "${CURRENT_PACKAGES_DIR}/${folder}")
    message(FATAL_ERROR "the port: ${folder} is left in the package")
  endif()
endforeach()
file(GLOB_RECURSE files "${CURRENT_PACKAGES_DIR}/share/*")
foreach(file IN LISTS files)
  file(READ "${file}" text)
  string(FIND "${text}" "${WORK}" position)
  expect_equal("${position}" -1)
endforeach()

# A feature is a component, and each component is a feature.
file(STRINGS "${SOURCE_DIR}/CMakeLists.txt" components REGEX "^tenax_component\\(")
list(TRANSFORM components REPLACE "^tenax_component\\(([a-z_]+).*" "\\1")
list(TRANSFORM components REPLACE "_" "-")
list(SORT components)
string(JSON count LENGTH "${manifest}" features)
math(EXPR last "${count} - 1")
set(features)
foreach(i RANGE ${last})
  string(JSON feature MEMBER "${manifest}" features ${i})
  list(APPEND features ${feature})
endforeach()
list(SORT features)
expect_equal("${features}" "${components}")

# --- a project -------------------------------------------------------------------------------------------------------
execute_process(COMMAND "${CMAKE_COMMAND}" -G Ninja -S "${SOURCE_DIR}/tests/docs/cmake/find_package" -B "${WORK}/project"
    "-DCMAKE_PREFIX_PATH=${CURRENT_PACKAGES_DIR}" "-DCMAKE_CXX_COMPILER=${CXX}"
    "-DPROGRAM=${SOURCE_DIR}/tests/docs/program/readme.cpp"
  OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${CMAKE_COMMAND}" --build "${WORK}/project" COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${WORK}/project/my_program" COMMAND_ERROR_IS_FATAL ANY)
