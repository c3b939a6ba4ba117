# SPDX-License-Identifier: MIT
# install_and_move.cmake: installs BUILD_DIR and moves the result to PREFIX, as a package or an image would.
cmake_minimum_required(VERSION 3.25)

file(REMOVE_RECURSE "${PREFIX}" "${PREFIX}.before")
execute_process(COMMAND "${CMAKE_COMMAND}" --install "${BUILD_DIR}" --prefix "${PREFIX}.before"
  COMMAND_ERROR_IS_FATAL ANY)
file(RENAME "${PREFIX}.before" "${PREFIX}")

# Whatever still names the place it was built or installed in would break on another machine.
file(GLOB_RECURSE files "${PREFIX}/*")
foreach(file IN LISTS files)
  file(READ "${file}" content)
  foreach(place IN ITEMS "${BUILD_DIR}" "${PREFIX}.before")
    string(FIND "${content}" "${place}" position)
    if(NOT position EQUAL -1)
      message(FATAL_ERROR "${file} mentions ${place}")
    endif()
  endforeach()
endforeach()
