# SPDX-License-Identifier: MIT
# git_origin.cmake: makes the repository ORIGIN, whose branch main has what a project needs of the folder SOURCE, as it
# is now, committed or not. Removes the folder BUILD, in which an earlier state may have been fetched.
cmake_minimum_required(VERSION 3.25)

file(REMOVE_RECURSE "${ORIGIN}" "${BUILD}")
file(MAKE_DIRECTORY "${ORIGIN}")
set(git git "--git-dir=${ORIGIN}" "--work-tree=${SOURCE}" -c user.name=tenax -c user.email=tests@example.org)
foreach(step IN ITEMS
    "init --quiet --initial-branch=main"
    "add -- CMakeLists.txt CMakePresets.json LICENSE .cmake include"
    "commit --quiet --no-verify --message=main")
  separate_arguments(step UNIX_COMMAND "${step}")
  execute_process(COMMAND ${git} ${step} WORKING_DIRECTORY "${SOURCE}" COMMAND_ERROR_IS_FATAL ANY)
endforeach()
