# SPDX-License-Identifier: MIT
# run_example.cmake: runs PROGRAM, which must end with 0, print exactly what the file EXPECTED says, if there is one,
# and print something for each line of the file PATTERNS, a regular expression, if there is one.
cmake_minimum_required(VERSION 3.25)

execute_process(COMMAND "${PROGRAM}" OUTPUT_VARIABLE output ERROR_VARIABLE errors RESULT_VARIABLE result)
message("${output}${errors}")
if(NOT result EQUAL 0)
  message(FATAL_ERROR "${PROGRAM} ended with ${result}")
endif()
if(EXISTS "${EXPECTED}")
  file(READ "${EXPECTED}" expected)
  if(NOT output STREQUAL expected)
    message(FATAL_ERROR "the output is not what ${EXPECTED} says:\n${expected}")
  endif()
endif()
if(EXISTS "${PATTERNS}")
  file(STRINGS "${PATTERNS}" patterns)
  foreach(pattern IN LISTS patterns)
    if(NOT output MATCHES "${pattern}")
      message(FATAL_ERROR "the output has nothing that matches: ${pattern}")
    endif()
  endforeach()
endif()
