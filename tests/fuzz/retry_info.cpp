// SPDX-License-Identifier: MIT
// retry_info.cpp: fuzzes the error details of a gRPC status. An input is a `google.rpc.Status`.
#include <tenax/grpc/retry_info.hpp>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include <tenax/grpc/status_code.hpp>

namespace {

void require(bool holds, char const* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(unsigned char const* data, std::size_t size) {
  std::string_view const bytes(reinterpret_cast<char const*>(data), size);
  for (auto const& info : {tenax::grpc::read_retry_info(bytes), tenax::grpc::read_retry_info_message(bytes)}) {
    require(!info.delay || info.delay->count() >= 0, "no delay is negative");
    require(!info.malformed || !info.delay, "malformed details have no delay");
  }
  auto const pushed = tenax::grpc::read_pushback(bytes);
  require(pushed.forbids != static_cast<bool>(pushed.wait), "pushback asks for a wait, or forbids");
  require(!pushed.wait || pushed.wait->count() >= 0, "no pushback is negative");
  return 0;
}
