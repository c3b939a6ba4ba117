# SPDX-License-Identifier: MIT
# i686.cmake: Linux, 32 bits.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR i686)
set(CMAKE_CXX_COMPILER g++-12)
# The kernel's headers are where those of 64 bits are: a symbolic link to them would be in the way of cross compilers.
# Not in CMAKE_CXX_FLAGS_INIT: the presets set CMAKE_CXX_FLAGS.
add_compile_options(-m32 -idirafter /usr/include/x86_64-linux-gnu)
add_link_options(-m32)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
add_compile_definitions(TENAX_TEST_POINTER_SIZE=4)
