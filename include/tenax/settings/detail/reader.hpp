// SPDX-License-Identifier: MIT
// settings/detail/reader.hpp: reads numbers, times and words from left to right, and keeps the first mistake.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <tenax/detail/duration_text.hpp>
#include <tenax/duration.hpp>
#include <tenax/platform/arithmetic.hpp>
#include <tenax/settings/detail/nearest.hpp>

namespace tenax::detail {

/// `digits / 10^decimals`.
struct decimal {
  std::uint64_t digits = 0;
  unsigned decimals = 0;
};

constexpr std::uint64_t power_of_ten(unsigned n) noexcept {
  std::uint64_t p = 1;
  for (; n != 0; --n) p *= 10;
  return p;
}

/// The nearest `double`. Divides two exact numbers, because there are at most 15 digits. Stores the quotient, so that
/// processors with wider registers round it.
inline double value_of(decimal d) noexcept {
  double volatile const quotient = static_cast<double>(d.digits) / static_cast<double>(power_of_ten(d.decimals));
  return quotient;
}

/// Reads a text from left to right. After the first mistake, every function fails. Nothing throws but `std::bad_alloc`.
class settings_reader {
 public:
  explicit settings_reader(std::string_view text) : text_(text) {}

  [[nodiscard]] bool good() const noexcept { return mistake_.empty(); }
  [[nodiscard]] std::string const& mistake() const noexcept { return mistake_; }
  /// Where the first mistake is.
  [[nodiscard]] std::size_t mistake_at() const noexcept { return mistake_at_; }
  [[nodiscard]] std::size_t at() const noexcept { return at_; }

  bool fail(std::string sentence, std::size_t at) {
    if (good()) {
      mistake_ = std::move(sentence);
      mistake_at_ = at;
    }
    return false;
  }
  bool fail(std::string sentence) { return fail(std::move(sentence), at_); }

  [[nodiscard]] bool ended() const noexcept { return at_ == text_.size(); }
  [[nodiscard]] bool at_blank() const noexcept { return !ended() && is_blank(text_[at_]); }
  void skip_blanks() noexcept {
    while (at_blank()) ++at_;
  }
  [[nodiscard]] bool sees(std::string_view what) const noexcept { return text_.substr(at_, what.size()) == what; }
  bool take(std::string_view what) noexcept {
    if (!good() || !sees(what)) return false;
    at_ += what.size();
    return true;
  }
  bool need(std::string_view what) { return take(what) || fail(quoted(what) + " is expected " + here()); }

  /// Letters, digits, `_` and `-`: what could be a name, right or wrong.
  std::string_view word() noexcept {
    auto const start = at_;
    while (!ended() && is_name(text_[at_])) ++at_;
    return text_.substr(start, at_ - start);
  }
  /// What stands here, for a sentence: `before ")"`, or `at the end`.
  [[nodiscard]] std::string here() const {
    if (ended()) return "at the end";
    if (at_blank()) return "before the blank";
    auto n = at_;
    while (n < text_.size() && !is_blank(text_[n])) ++n;
    return "before " + quoted(text_.substr(at_, n - at_));
  }

  /// A number without a sign and with at most `most` digits.
  decimal number(std::string_view name, unsigned most = 15) {
    auto const start = at_;
    decimal d;
    unsigned count = 0;
    bool point = false;
    for (; !ended(); ++at_) {
      char const c = text_[at_];
      if (c == '.' && !point && count != 0 && at_ + 1 < text_.size() && is_digit(text_[at_ + 1])) {
        point = true;
        continue;
      }
      if (!is_digit(c)) break;
      if (count == most) {
        fail(std::string(name) + ": a number has at most " + std::to_string(most) + " digits here", start);
        return {};
      }
      d.digits = d.digits * 10 + static_cast<std::uint64_t>(c - '0');
      // Leading zeros are not digits, but one of them is the number.
      if (d.digits != 0 || point)
        ++count;
      else if (at_ + 1 == text_.size() || !is_digit(text_[at_ + 1]))
        ++count;
      if (point) ++d.decimals;
    }
    if (count == 0) fail(std::string(name) + " needs a number " + here(), start);
    return d;
  }

  std::uint32_t whole(std::string_view name, std::uint32_t least, std::uint32_t most) {
    auto const start = at_;
    auto const d = number(name);
    if (!good()) return least;
    if (d.decimals != 0) return fail(std::string(name) + " must be a whole number", start), least;
    if (d.digits < least || d.digits > most) {
      fail(std::string(name) + " must be from " + std::to_string(least) + " to " + std::to_string(most) + ", but is " +
               std::to_string(d.digits),
           start);
      return least;
    }
    return static_cast<std::uint32_t>(d.digits);
  }

  double number_between(std::string_view name, unsigned least, unsigned most) {
    auto const start = at_;
    auto const d = number(name);
    auto const value = value_of(d);
    if (good() && !(value >= least && value <= most)) {
      fail(std::string(name) + " must be from " + std::to_string(least) + " to " + std::to_string(most), start);
    }
    return good() ? value : least;
  }

  /// A share from 0 to 1, written as `20%`.
  double percent(std::string_view name) {
    auto const start = at_;
    auto d = number(name);
    if (good() && !take("%")) fail(std::string(name) + " needs a percentage, as in 20%, " + here());
    if (!good()) return 0;
    d.decimals += 2;
    auto const value = value_of(d);
    if (value > 1) return fail(std::string(name) + " must be at most 100%", start), 0;
    return value;
  }

  /// A time with a unit, such as `250ms`, `1.5s`, `2min`; rounded to the nearest nanosecond.
  duration time(std::string_view name, bool positive = false) {
    auto const start = at_;
    if (sees("-")) return fail(std::string(name) + " must not be negative"), duration(1);
    auto const d = number(name, 19);
    if (!good()) return duration(1);
    auto const unit_at = at_;
    auto const text = word();
    std::uint64_t const unit = unit_of(text);
    if (unit == 0) return fail_unit(name, d, text, unit_at), duration(1);
    auto const scale = power_of_ten(d.decimals);
    auto const ns = platform::scale(d.digits, 1, scale, unit);
    constexpr auto longest = static_cast<std::uint64_t>((duration::max)().count());
    if (ns.quotient >= longest) return fail(std::string(name) + " must be less than 292 years", start), duration(1);
    auto const rounded = ns.rest >= scale - ns.rest ? ns.quotient + 1 : ns.quotient;
    if (positive && rounded == 0) return fail(std::string(name) + " must be more than zero", start), duration(1);
    if (rounded >= longest) return fail(std::string(name) + " must be less than 292 years", start), duration(1);
    return duration(static_cast<duration::rep>(rounded));
  }

 private:
  static constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
  static constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
  static constexpr bool is_name(char c) noexcept {
    return (lower(c) >= 'a' && lower(c) <= 'z') || is_digit(c) || c == '_' || c == '-';
  }

  static constexpr std::uint64_t unit_of(std::string_view text) noexcept {
    constexpr std::uint64_t s = 1'000'000'000;
    if (text == "ns") return 1;
    if (text == "us") return 1'000;
    if (text == "ms") return 1'000'000;
    if (text == "s") return s;
    if (text == "min") return 60 * s;
    if (text == "h") return 3'600 * s;
    if (text == "d") return 86'400 * s;
    return 0;
  }

  void fail_unit(std::string_view name, decimal d, std::string_view unit, std::size_t at) {
    if (unit.empty()) {
      auto const n = std::to_string(d.digits / power_of_ten(d.decimals));
      fail(std::string(name) + " needs a unit: ns, us, ms, s, min, h or d, as in " + n + "s");
    } else if (unit == "m" || unit == "M") {
      fail(std::string(name) + ": " + quoted(unit) +
               " is not a unit; write \"min\" for minutes or \"ms\" for milliseconds",
           at);
    } else {
      fail(std::string(name) + ": " +
               unknown_word(unit, "a unit", {"ns", "us", "ms", "s", "min", "h", "d"},
                            {{"nanoseconds", "ns"},
                             {"nsec", "ns"},
                             {"usec", "us"},
                             {"microseconds", "us"},
                             {"msec", "ms"},
                             {"millis", "ms"},
                             {"milliseconds", "ms"},
                             {"sec", "s"},
                             {"secs", "s"},
                             {"seconds", "s"},
                             {"second", "s"},
                             {"mins", "min"},
                             {"minutes", "min"},
                             {"minute", "min"},
                             {"hr", "h"},
                             {"hours", "h"},
                             {"hour", "h"},
                             {"day", "d"},
                             {"days", "d"}}),
           at);
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string mistake_;
  std::size_t mistake_at_ = 0;
};

}  // namespace tenax::detail
