// SPDX-License-Identifier: MIT
// fmt/format.h: as much of {fmt} as the descriptions of policies need, in a twentieth of its size. Only the explorer's
// WebAssembly is compiled with it; its test compares the texts with those of the real {fmt}.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>
#include <type_traits>

namespace fmt {

using string_view = std::string_view;

class memory_buffer {
 public:
  void append(char const* begin, char const* end) { text_.append(begin, end); }
  void resize(std::size_t n) { text_.resize(n); }
  [[nodiscard]] std::size_t size() const { return text_.size(); }
  [[nodiscard]] char const* data() const { return text_.data(); }

 private:
  std::string text_;
};

struct appender {
  explicit appender(memory_buffer& b) : to(&b) {}
  memory_buffer* to;
};

/// The digits of a whole number.
class format_int {
 public:
  template <class N>
  explicit format_int(N n) : text_(std::to_string(n)) {}
  [[nodiscard]] char const* data() const { return text_.data(); }
  [[nodiscard]] std::size_t size() const { return text_.size(); }

 private:
  std::string text_;
};

/// `form` is `{}`, or `{:g}%` for a double.
template <class T>
void format_to(appender out, string_view form, T value) {
  char text[48];
  int n = 0;
  if constexpr (std::is_floating_point_v<T>) {
    n = std::snprintf(text, sizeof text, form == "{}" ? "%.15g" : "%g%%", static_cast<double>(value));
  } else if constexpr (std::is_signed_v<T>) {
    n = std::snprintf(text, sizeof text, "%lld", static_cast<long long>(value));
  } else {
    n = std::snprintf(text, sizeof text, "%llu", static_cast<unsigned long long>(value));
  }
  out.to->append(text, text + n);
}

template <class T>
struct is_formattable : std::false_type {};

// The library names these in templates that the explorer does not use.
struct format_to_n_result {
  std::size_t size = 0;
};
template <class T>
format_to_n_result format_to_n(char*, std::size_t, string_view, T const&) {
  return {};
}
template <class T, class = char>
struct formatter {
  template <class Context>
  static auto format(string_view, Context& context) {
    return context.out();
  }
};

}  // namespace fmt
