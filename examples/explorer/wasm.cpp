// SPDX-License-Identifier: MIT
// wasm.cpp: the functions that the page of the explorer calls. Texts are UTF-8 in the memory of the module.
#include "answers.hpp"

namespace {
std::string input, output;
}

/// Room for a text of `size` bytes, which the next call reads.
extern "C" [[clang::export_name("room")]] char* room(std::size_t size) {
  input.assign(size, ' ');
  return input.data();
}
extern "C" [[clang::export_name("size")]] std::size_t output_size() { return output.size(); }
extern "C" [[clang::export_name("explain")]] char const* explain() {
  output = explorer::explain(input);
  return output.data();
}
extern "C" [[clang::export_name("waits")]] char const* waits(std::uint32_t seed, std::uint32_t count) {
  output = explorer::list_waits(seed, count, input);
  return output.data();
}
extern "C" [[clang::export_name("headers")]] char const* headers(double now) {
  output = explorer::read_headers(input, static_cast<std::int64_t>(now));
  return output.data();
}
