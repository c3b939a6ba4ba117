// SPDX-License-Identifier: MIT
// http/headers.hpp: the types that tenax accepts as HTTP header fields of a response.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <type_traits>

#include <tenax/platform/cplusplus.hpp>

namespace tenax::http {

/// One line of a header: the name of a field, and its value.
struct header {
  std::string_view name;
  std::string_view value;
};

}  // namespace tenax::http

namespace tenax::http::detail {

template <class T>
concept text = std::is_convertible_v<T const&, std::string_view> || requires(T const& t) {
  requires std::is_convertible_v<decltype(t.data()), char const*>;
  requires std::is_convertible_v<decltype(t.size()), std::size_t>;
};

/// A string: convertible to `std::string_view`, or like a string view of another library.
template <text T>
constexpr std::string_view view_of(T const& t) noexcept {
  if constexpr (std::is_convertible_v<T const&, std::string_view>) {
    return t;
  } else {
    return {t.data(), t.size()};
  }
}

/// Whether the characters of `T` outlive the iterator. `E` is the type of `*iterator`, `T` that of name or value.
template <class E, class T>
concept lasting_text =
    text<std::remove_cvref_t<T>> &&
    ((std::is_lvalue_reference_v<E> && std::is_lvalue_reference_v<T>) ||
     (std::is_trivially_destructible_v<std::remove_cvref_t<T>> && !std::is_array_v<std::remove_cvref_t<T>>));

template <class E>
concept line_with_functions = requires(std::remove_reference_t<E> const& line) {
  requires lasting_text<E, decltype(line.name_string())>;
  requires lasting_text<E, decltype(line.value())>;
};
template <class E>
concept line_with_members = requires(std::remove_reference_t<E> const& line) {
  requires lasting_text<E, decltype((line.name))>;
  requires lasting_text<E, decltype((line.value))>;
};
template <class E>
concept line_as_pair = requires(std::remove_reference_t<E> const& line) {
  requires lasting_text<E, decltype((line.first))>;
  requires lasting_text<E, decltype((line.second))>;
};

template <class E>
constexpr http::header header_of(E const& line) noexcept {
  if constexpr (line_with_functions<E const&>) {
    return {view_of(line.name_string()), view_of(line.value())};
  } else if constexpr (line_with_members<E const&>) {
    return {view_of(line.name), view_of(line.value)};
  } else {
    return {view_of(line.first), view_of(line.second)};
  }
}

constexpr char lower_case(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

constexpr std::string_view trimmed(std::string_view value) noexcept {
  while (!value.empty() && is_blank(value.front())) value.remove_prefix(1);
  while (!value.empty() && is_blank(value.back())) value.remove_suffix(1);
  return value;
}

/// Whether eight characters are printable ASCII, without a tab. Not for constant expressions.
inline bool eight_are_printable(char const* text) noexcept {
  std::uint64_t chars = 0;
  std::memcpy(&chars, text, sizeof chars);
  constexpr std::uint64_t ones = 0x0101'0101'0101'0101;
  constexpr std::uint64_t signs = ones * 0x80;
  auto const above = chars | (chars + ones);          // the sign of a character from 0x7f on
  auto const below = (chars - ones * 0x20) & ~chars;  // the sign of a character below 0x20
  return ((above | below) & signs) == 0;
}

/// Whether all characters are printable ASCII or tabs.
constexpr bool is_printable(std::string_view text) noexcept {
  std::size_t at = 0;
  if (!std::is_constant_evaluated()) {
    for (; text.size() - at >= 8 && eight_are_printable(text.data() + at); at += 8) {
    }
  }
  for (char const c : text.substr(at)) {
    if ((c < ' ' || c > '~') && c != '\t') return false;
  }
  return true;
}

}  // namespace tenax::http::detail

namespace tenax::http {

/// A header line, in any of the shapes that HTTP clients use. `E` is the type of a dereferenced iterator:
///
/// 1. it has data members `name` and `value`, as `http::header` has; or `first` and `second`, as a `std::pair`; or
///    member functions `name_string()` and `value()`, as the fields of Boost.Beast;
/// 2. these are strings: convertible to `std::string_view`, or with `data()` and `size()`;
/// 3. their characters outlive the iterator: a line that is returned by value must not own them.
template <class E>
concept header_line = detail::line_with_functions<E> || detail::line_with_members<E> || detail::line_as_pair<E>;

/// The header of a response: a range that can be iterated over more than once, whose elements are header lines.
/// Examples: `std::vector<http::header>`, `std::multimap<std::string, std::string>`, an array. A repeated field is a
/// repeated line. tenax copies nothing from it, and does not need it to be sorted.
template <class H>
concept header_list = requires(H const& headers) {
  std::begin(headers) != std::end(headers);
  requires header_line<decltype(*std::begin(headers))>;
};

/// Whether two field names are equal, ignoring the case of ASCII letters (RFC 9110, section 5.1).
[[nodiscard]] constexpr bool same_name(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i != a.size(); ++i) {
    if (a[i] != b[i] && detail::lower_case(a[i]) != detail::lower_case(b[i])) return false;
  }
  return true;
}

/// Returns a field's value without the spaces and tabs around it. Returns none if it has a byte that is neither a tab
/// nor printable ASCII, because the fields that this library reads cannot contain one (RFC 9110, section 5.5).
[[nodiscard]] constexpr std::optional<std::string_view> usable_value(std::string_view value) noexcept {
  value = detail::trimmed(value);
  return detail::is_printable(value) ? std::optional(value) : std::nullopt;
}

/// Calls `visit` with the unchanged value of every line of the field `name`, in order.
template <header_list H, class F>
constexpr void for_each_line(H const& headers, std::string_view name, F&& visit) {
  for (auto const& line : headers) {
    auto const [line_name, value] = detail::header_of(line);
    if (same_name(line_name, name)) visit(value);
  }
}

}  // namespace tenax::http
