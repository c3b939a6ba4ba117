# SPDX-License-Identifier: MIT
# install.cmake: the headers, find_package(tenax) and tenax.pc, all of which may be moved after the installation.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(tenax_install_cmake_dir "${CMAKE_INSTALL_DATADIR}/cmake/tenax")
set(tenax_install_pkgconfig_dir "${CMAKE_INSTALL_DATADIR}/pkgconfig")

install(TARGETS tenax EXPORT tenax-targets FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(EXPORT tenax-targets NAMESPACE tenax:: DESTINATION "${tenax_install_cmake_dir}")

foreach(header IN LISTS tenax_component_headers)
  cmake_path(RELATIVE_PATH header BASE_DIRECTORY "${tenax_include_dir}" OUTPUT_VARIABLE relative)
  cmake_path(GET relative PARENT_PATH folder)
  install(FILES "${header}" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/${folder}")
endforeach()
# The modules are sources: find_package(tenax COMPONENTS module) compiles them in the project that imports them.
install(FILES "${tenax_include_dir}/tenax/tenax.cppm" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/tenax")
install(FILES "${tenax_include_dir}/tenax/http/http.cppm" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/tenax/http")
install(FILES "${CMAKE_CURRENT_LIST_DIR}/module.cmake" DESTINATION "${tenax_install_cmake_dir}" RENAME tenax-module.cmake)

configure_file("${CMAKE_CURRENT_LIST_DIR}/tenax-config.cmake.in" "${PROJECT_BINARY_DIR}/tenax-config.cmake" @ONLY)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/tenax-config-version.cmake"
  COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
file(GLOB tenax_find_modules ${tenax_glob_again} "${CMAKE_CURRENT_LIST_DIR}/Find*.cmake")
install(FILES
  "${PROJECT_BINARY_DIR}/tenax-config.cmake" "${PROJECT_BINARY_DIR}/tenax-config-version.cmake"
  ${tenax_find_modules}
  DESTINATION "${tenax_install_cmake_dir}")

file(RELATIVE_PATH tenax_pc_to_prefix "/prefix/${tenax_install_pkgconfig_dir}" "/prefix")
if(IS_ABSOLUTE "${CMAKE_INSTALL_INCLUDEDIR}")
  set(tenax_pc_includedir "${CMAKE_INSTALL_INCLUDEDIR}")
else()
  set(tenax_pc_includedir "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")
endif()
configure_file("${CMAKE_CURRENT_LIST_DIR}/tenax.pc.in" "${PROJECT_BINARY_DIR}/tenax.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/tenax.pc" DESTINATION "${tenax_install_pkgconfig_dir}")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DATADIR}/licenses/tenax")
