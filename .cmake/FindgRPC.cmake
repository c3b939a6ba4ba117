# SPDX-License-Identifier: MIT
# FindgRPC.cmake: gRPC by its own package for CMake. That of Debian ends the whole configuration if the programs of
# another package are not there, even for a project that does not use gRPC.
set(gRPC_debian_targets "/usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/cmake/grpc/gRPCTargets-none.cmake")
find_program(gRPC_cpp_plugin grpc_cpp_plugin)
mark_as_advanced(gRPC_cpp_plugin)
if(EXISTS "${gRPC_debian_targets}" AND NOT gRPC_cpp_plugin)
  message(STATUS "gRPC is not used: Debian's libgrpc++-dev needs protobuf-compiler-grpc, too")
  set(gRPC_FOUND FALSE)
else()
  find_package(gRPC ${gRPC_FIND_VERSION} QUIET CONFIG)
endif()
