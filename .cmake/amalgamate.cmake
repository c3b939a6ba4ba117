# SPDX-License-Identifier: MIT
# amalgamate.cmake: writes one header that contains HEADER and every <tenax/...> header it includes, each one once.
#   cmake -P .cmake/amalgamate.cmake                                       writes the core to ./tenax_single.hpp
#   cmake -DHEADER=tenax/http.hpp -DOUTPUT=http.hpp -P .cmake/amalgamate.cmake   writes that one, elsewhere
cmake_minimum_required(VERSION 3.25)

include("${CMAKE_CURRENT_LIST_DIR}/version.cmake")
cmake_path(SET INCLUDE_DIR NORMALIZE "${CMAKE_CURRENT_LIST_DIR}/../include")
if(NOT DEFINED HEADER)
  set(HEADER tenax/tenax.hpp)
endif()
if(NOT DEFINED OUTPUT)
  set(OUTPUT tenax_single.hpp)
endif()

# A CMake list would split or join lines at these characters; they travel as control characters instead.
string(ASCII 1 semicolon)
string(ASCII 2 left_bracket)
string(ASCII 3 right_bracket)
string(ASCII 4 backslash)

set(text)
set(seen)          # what is included unconditionally so far

function(read_lines path result)
  file(READ "${path}" content)
  string(REPLACE "\\" "${backslash}" content "${content}")
  string(REPLACE ";" "${semicolon}" content "${content}")
  string(REPLACE "[" "${left_bracket}" content "${content}")
  string(REPLACE "]" "${right_bracket}" content "${content}")
  string(REGEX REPLACE "\n$" "" content "${content}")
  string(REPLACE "\n" ";" content "${content}")
  set(${result} "${content}" PARENT_SCOPE)
endfunction()

function(inline header)
  if(NOT EXISTS "${INCLUDE_DIR}/${header}")
    message(FATAL_ERROR "${header} is included but is not in ${INCLUDE_DIR}")
  endif()
  read_lines("${INCLUDE_DIR}/${header}" lines)
  set(depth 0)     # of #if: what is included under a condition is not there for everybody
  foreach(line IN LISTS lines)
    if(line MATCHES "^[ \t]*#[ \t]*pragma[ \t]+once" OR line MATCHES "^// SPDX-License-Identifier:")
      continue()
    elseif(line MATCHES "^[ \t]*#[ \t]*if")
      math(EXPR depth "${depth} + 1")
    elseif(line MATCHES "^[ \t]*#[ \t]*endif")
      math(EXPR depth "${depth} - 1")
    elseif(line MATCHES "^[ \t]*#[ \t]*include[ \t]*\"")
      message(FATAL_ERROR "${header}: write #include <...>, so that one file can be made of all: ${line}")
    elseif(line MATCHES "^[ \t]*#[ \t]*include[ \t]*<([^>]+)>")
      set(included "${CMAKE_MATCH_1}")
      if(included MATCHES "^tenax/")
        if(depth GREATER 0)
          message(FATAL_ERROR "${header}: #include <${included}> depends on an #if, which one file cannot follow")
        elseif(NOT included IN_LIST seen)
          list(APPEND seen "${included}")
          inline("${included}")
        endif()
        continue()
      elseif(depth EQUAL 0)
        if(included IN_LIST seen)
          continue()
        endif()
        list(APPEND seen "${included}")
      endif()
    endif()
    string(APPEND text "${line}\n")
  endforeach()
  string(APPEND text "\n")
  set(text "${text}" PARENT_SCOPE)
  set(seen "${seen}" PARENT_SCOPE)
endfunction()

list(APPEND seen "${HEADER}")
inline("${HEADER}")

string(REPLACE "${semicolon}" ";" text "${text}")
string(REPLACE "${left_bracket}" "[" text "${text}")
string(REPLACE "${right_bracket}" "]" text "${text}")
string(REPLACE "${backslash}" "\\" text "${text}")
string(REGEX REPLACE "\n\n\n+" "\n\n" text "${text}")
string(REGEX REPLACE "\n+$" "\n" text "${text}")
file(WRITE "${OUTPUT}" "// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the tenax authors
// tenax ${tenax_version} in one file, made from <${HEADER}>. Do not edit: change the headers it was made from.
#pragma once

${text}")
