// SPDX-License-Identifier: MIT
// wasm.cpp: the functions that the page of the explorer calls. Texts are UTF-8 in the memory of the module.
#include "answers.hpp"
#include "cpp_reader.hpp"
#include "presets.hpp"

namespace {
std::string input, output, picture;
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
/// See `draw_waits` and `draw_crowds`. The picture of the crowds is the next answer of `crowd_picture`.
extern "C" [[clang::export_name("picture")]] char const* waits_picture() {
  output = explorer::draw_waits(input);
  return output.data();
}
extern "C" [[clang::export_name("crowds")]] char const* crowds() {
  output = explorer::draw_crowds(input, picture);
  return output.data();
}
extern "C" [[clang::export_name("crowds_picture")]] char const* crowds_picture() {
  output = picture;
  return output.data();
}
extern "C" [[clang::export_name("presets")]] char const* presets() {
  output = explorer::list_presets();
  return output.data();
}
/// The sentence about the first mistake in a policy, or in a world; or nothing.
extern "C" [[clang::export_name("check_policy")]] char const* check_policy() {
  explorer::settings s;
  output = explorer::read_policy(input, s);
  return output.data();
}
extern "C" [[clang::export_name("check_world")]] char const* check_world() {
  explorer::world w;
  output = explorer::read_world(input, w);
  return output.data();
}
/// The compact text of a policy that is given as C++.
extern "C" [[clang::export_name("from_cpp")]] char const* from_cpp() {
  output = explorer::text_of_cpp(input);
  return output.data();
}
