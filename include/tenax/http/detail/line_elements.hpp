// SPDX-License-Identifier: MIT
// http/detail/line_elements.hpp: the numbers in one line of a header field.
#pragma once

#include <cstdint>
#include <string_view>

#include <tenax/http/detail/fields.hpp>
#include <tenax/http/detail/number.hpp>

namespace tenax::http::detail {

/// `1*DIGIT *( OWS "," OWS 1*DIGIT )`. Lists with commas occur where a client joins repeated lines.
constexpr bool is_list_of_digits(std::string_view value) noexcept {
  if (value.empty() || !is_digit(value.front())) return false;
  for (;;) {
    if (take_digits(value).empty()) return false;
    value = trimmed(value);
    if (value.empty()) return true;
    if (value.front() != ',') return false;
    value = trimmed(value.substr(1));
  }
}

/// A number that was read, or none.
struct count_reading {
  std::uint64_t n = 0;
  bool found = false;

  [[nodiscard]] constexpr bool is_zero() const noexcept { return found && n == 0; }
};

/// The numbers of a list of digits, one after the other, or the one value of another line.
class line_elements {
 public:
  constexpr explicit line_elements(field_value const& line) noexcept
      : rest_(line), list_(line.usable && is_list_of_digits(line.text)) {}

  /// Goes on to the next element, the first time to the first one. Returns false after the last.
  constexpr bool next() noexcept {
    if (done_) return false;
    if (!list_) {
      value = rest_;
      done_ = true;
      return true;
    }
    auto& rest = rest_.text;
    value = {take_digits(rest), true};
    while (!rest.empty() && !is_digit(rest.front())) rest.remove_prefix(1);
    done_ = rest.empty();
    return true;
  }

  field_value value{};

 private:
  field_value rest_;
  bool list_;
  bool done_ = false;
};

/// Returns the least number in a line and `least`, rounded down; 0 if one is negative.
constexpr count_reading least_of(field_value const& line, count_reading least) noexcept {
  for (line_elements all(line); all.next();) {
    if (!all.value.usable) continue;
    auto const text = all.value.text;
    bool const negative = !text.empty() && text.front() == '-';
    decimal number;
    if (!read_decimal(negative ? text.substr(1) : text, number)) continue;
    auto const whole = negative ? 0 : number.whole;
    if (!least.found || whole < least.n) least = {whole, true};
  }
  return least;
}

}  // namespace tenax::http::detail
