# SPDX-License-Identifier: MIT
# compile_fail.cmake: compiles FILE with COMPILER and checks that its mistake is answered as its first line demands.
#   cmake -DCOMPILER=g++ -DINCLUDE_DIR=include -DFILE=tests/compile_fail/x.cpp -P compile_fail.cmake
# PRECOMPILED: `x.hpp`, which is precompiled as `x.hpp.gch`, or `x.pch`, which clang made of `x.hpp`; so that it is
# parsed once and not 500 times. Without FILE, it is made.
cmake_minimum_required(VERSION 3.25)

function(refuse reason)
  message("${reason}")     # message(FATAL_ERROR) would wrap a long sentence
  message(FATAL_ERROR "${FILE} with ${COMPILER}")
endfunction()

# A policy that nobody calls is all that most of these files need.
set(flags -std=c++20 -fsyntax-only -Wall -Wextra -Wno-unused-variable -Wno-unused-const-variable
  -fdiagnostics-color=never "-I${INCLUDE_DIR}")

if(NOT DEFINED FILE)
  list(REMOVE_ITEM flags -fsyntax-only)
  if(PRECOMPILED MATCHES "\\.hpp$")
    set(made "${PRECOMPILED}.gch")
  else()
    set(made "${PRECOMPILED}")
    # What the headers themselves instantiate is then in the precompiled header, too.
    list(APPEND flags -fpch-instantiate-templates)
  endif()
  cmake_path(REPLACE_EXTENSION PRECOMPILED LAST_ONLY hpp OUTPUT_VARIABLE header)
  execute_process(COMMAND "${COMPILER}" ${flags} -x c++-header "${header}" -o "${made}" COMMAND_ERROR_IS_FATAL ANY)
  return()
endif()

file(READ "${FILE}" text)     # file(STRINGS) would escape semicolons
if(NOT text MATCHES "^// expect( in output)?: ([^\n]+)\n")
  refuse("the first line must be `// expect: <what the error says>`")
endif()
set(anywhere "${CMAKE_MATCH_1}")
set(sentence "${CMAKE_MATCH_2}")

if(PRECOMPILED MATCHES "\\.hpp$")
  list(APPEND flags -include "${PRECOMPILED}" -Winvalid-pch)
elseif(DEFINED PRECOMPILED)
  list(APPEND flags -include-pch "${PRECOMPILED}")
endif()

execute_process(COMMAND "${COMPILER}" ${flags} "${FILE}"
  OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE result)
message("${output}")
if(result EQUAL 0)
  refuse("it compiles, but must not")
endif()

# A list is no place for a compiler's lines: they contain semicolons and single brackets.
string(REGEX MATCHALL "\n" newlines "${output}")
list(LENGTH newlines lines)
string(REGEX MATCHALL ":[0-9]+: (fatal )?error: " errors "${output}")
list(LENGTH errors count)
string(REGEX MATCH ":[0-9]+: (fatal )?error: [^\n]*" first_error "${output}")

set(where "${first_error}")
set(who "the first error")
if(anywhere)
  set(where "${output}")
  set(who "the output")
endif()
string(FIND "${where}" "${sentence}" position)
if(position EQUAL -1)
  refuse("${who} does not say: ${sentence}")
endif()
if(NOT count EQUAL 1)
  refuse("${count} errors instead of one")
endif()
if(lines GREATER 20)
  refuse("${lines} lines of output; at most 20 are allowed")
endif()

execute_process(COMMAND "${COMPILER}" ${flags} -DCORRECTED "${FILE}"
  OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE result)
message("${output}")
if(NOT result EQUAL 0)
  refuse("the corrected file does not compile")
endif()
if(NOT output STREQUAL "")
  refuse("the corrected file compiles with a warning")
endif()
