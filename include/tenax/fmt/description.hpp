// SPDX-License-Identifier: MIT
// fmt/description.hpp: durations for {fmt}, and the text that policies describe themselves in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include <tenax/detail/duration_text.hpp>
#include <tenax/detail/foreign_text.hpp>
#include <tenax/duration.hpp>

#include <fmt/format.h>

namespace tenax {

/// A duration that is formatted for people: `fmt::print("{}", tenax::human(1500ms))` prints `1.5s`. Takes width and
/// alignment as a string does.
struct human {
  constexpr explicit human(any_duration d) noexcept : value(d) {}

  duration value;
};

namespace detail {

/// `text` without an incomplete character at its end, where it was cut.
constexpr std::string_view without_torn_end(std::string_view text) noexcept {
  for (std::size_t back = 1; back <= 3 && back <= text.size(); ++back) {
    auto const byte = static_cast<unsigned char>(text[text.size() - back]);
    if ((byte & 0xc0U) == 0x80) continue;
    std::size_t const size = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return size > back ? text.substr(0, text.size() - back) : text;
  }
  return text;
}

/// A text that is being written. A policy of your own explains itself with a member template `describe(out)` that calls
/// `text`, `time`, `number`, `percent` and `cap` of this class.
class description {
 public:
  void text(std::string_view words) { buffer_.append(words.data(), words.data() + words.size()); }

  void time(duration d) { text(duration_text(d).c_str()); }

  // {fmt}'s formatting functions are templates that cost the compiler half as much as the core. Whole numbers do not
  // need them, and fractions are templates here, so that only files that write a fraction pay.

  template <class N>
    requires std::is_arithmetic_v<N>
  void number(N n) {
    if constexpr (std::is_integral_v<N> && sizeof(N) > 1) {
      fmt::format_int const digits(n);
      text({digits.data(), digits.size()});
    } else {
      fmt::format_to(fmt::appender(buffer_), "{}", n);
    }
  }

  template <class N>
    requires std::is_arithmetic_v<N>
  void percent(N share) {
    fmt::format_to(fmt::appender(buffer_), "{:g}%", static_cast<double>(share) * 100);
  }

  /// Writes the longest possible wait, unless there is no limit.
  void cap(duration max) {
    if (max == (duration::max)()) return;
    text(", at most ");
    time(max);
  }

  void count(std::uint64_t n, std::string_view one, std::string_view many) {
    number(n);
    text(n == 1 ? one : many);
  }

  /// Writes text that came from outside: control characters become spaces, so that they cannot forge lines, and bytes
  /// that are not UTF-8 become question marks.
  void foreign(std::string_view words) {
    while (!words.empty()) text(take_safe(words));
  }

  /// Writes anything that {fmt} can format, cut after 60 bytes, but not inside a character.
  template <class T>
  void value(T const& v, std::string_view otherwise) {
    if constexpr (fmt::is_formattable<T>::value) {
      constexpr std::size_t most = 60;
      char start[most];
      auto const written = fmt::format_to_n(start, most, "{}", v);
      if (written.size <= most) return foreign({start, written.size});
      foreign(without_torn_end({start, most}));
      text("...");
    } else {
      text(otherwise);
    }
  }

  [[nodiscard]] std::size_t size() const noexcept { return buffer_.size(); }

  /// Puts the text from `start` on into brackets if it contains one of `joints` outside of brackets.
  template <class... Joints>
  void bracket(std::size_t start, Joints... joints) {
    std::string_view const words(buffer_.data() + start, buffer_.size() - start);
    if (!(holds(words, joints) || ...)) return;
    std::string const inside(words);
    buffer_.resize(start);
    text("(");
    text(inside);
    text(")");
  }

  [[nodiscard]] fmt::string_view view() const { return {buffer_.data(), buffer_.size()}; }

 private:
  static bool holds(std::string_view words, std::string_view joint) noexcept {
    int depth = 0;
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (words[i] == '(') ++depth;
      if (words[i] == ')') --depth;
      if (depth == 0 && words.substr(i, joint.size()) == joint) return true;
    }
    return false;
  }

  fmt::memory_buffer buffer_;
};

/// Formats a `T` with `write(description&, T const&)`, and takes the format specification of a string.
template <class T>
struct written : fmt::formatter<fmt::string_view> {
  template <class Context>
  auto format(T const& value, Context& context) const {
    description out;
    write(out, value);
    return fmt::formatter<fmt::string_view>::format(out.view(), context);
  }
};

inline void write(description& out, human d) { out.time(d.value); }

inline void write(description& out, optional_duration d) { d ? out.time(*d) : out.text("none"); }

}  // namespace detail
}  // namespace tenax

template <>
struct fmt::formatter<tenax::human> : tenax::detail::written<tenax::human> {};

template <>
struct fmt::formatter<tenax::optional_duration> : tenax::detail::written<tenax::optional_duration> {};
