// SPDX-License-Identifier: MIT
// reader.hpp: reads the compact text of a policy or a server: numbers, durations, words. The first mistake is kept as a
// sentence.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include <tenax/duration.hpp>

namespace explorer {

/// Reads a text from left to right. After the first mistake, every function fails. Nothing throws.
class reader {
 public:
  explicit reader(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool good() const noexcept { return mistake_.empty(); }
  [[nodiscard]] std::string const& mistake() const noexcept { return mistake_; }
  bool fail(std::string sentence) {
    if (good()) mistake_ = std::move(sentence);
    return false;
  }

  /// Skips blanks; true if something is left.
  bool more() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\n' || rest_.front() == '\t'))
      rest_.remove_prefix(1);
    return good() && !rest_.empty();
  }
  bool take(std::string_view what) {
    if (!good() || rest_.substr(0, what.size()) != what) return false;
    rest_.remove_prefix(what.size());
    return true;
  }
  bool need(std::string_view what) { return take(what) || fail("\"" + std::string(what) + "\" is expected " + here()); }
  std::string word() {
    std::size_t n = 0;
    while (n < rest_.size() && ((rest_[n] >= 'a' && rest_[n] <= 'z') || rest_[n] == '_')) ++n;
    std::string result(rest_.substr(0, n));
    rest_.remove_prefix(n);
    return result;
  }
  /// A name of C++.
  std::string name() {
    std::size_t n = 0;
    auto const belongs = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    };
    while (n < rest_.size() && belongs(rest_[n])) ++n;
    std::string result(rest_.substr(0, n));
    rest_.remove_prefix(n);
    return result;
  }
  void skip() {
    if (!rest_.empty()) rest_.remove_prefix(1);
  }
  [[nodiscard]] std::string here() const {
    if (rest_.empty()) return "at the end";
    auto const end = rest_.find(' ');
    return "before \"" + std::string(rest_.substr(0, end < 20 ? end : 20)) + "\"";
  }
  [[nodiscard]] char next() const noexcept { return rest_.empty() ? '\0' : rest_.front(); }

  /// A decimal number without a sign, from `low` to `high`.
  double number(char const* name, double low, double high) {
    double value = 0, scale = 1;
    bool any = false, point = false;
    while (!rest_.empty()) {
      char const c = rest_.front();
      if (c >= '0' && c <= '9') {
        any = true;
        value = value * 10 + (c - '0');
        if (point) scale *= 10;
        if (value > 1e15) break;
      } else if (c == '.' && !point && rest_.size() > 1 && rest_[1] >= '0' && rest_[1] <= '9') {
        point = true;
      } else {
        break;
      }
      rest_.remove_prefix(1);
    }
    if (!any) return fail(std::string(name) + " needs a number " + here()), 0;
    value /= scale;
    if (!(value >= low && value <= high)) {
      char text[160];
      std::snprintf(text, sizeof text, "%s must be from %g to %g, but is %g", name, low, high, value);
      fail(text);
      return low;
    }
    return value;
  }
  std::int64_t whole(char const* name, std::int64_t low, std::int64_t high) {
    auto const value = number(name, static_cast<double>(low), static_cast<double>(high));
    auto const n = static_cast<std::int64_t>(value);
    if (good() && static_cast<double>(n) != value) fail(std::string(name) + " must be a whole number");
    return n;
  }
  double percent(char const* name) {
    auto const value = number(name, 0, 100);
    need("%");
    return value / 100;
  }
  /// Such as `250ms`, `1.5s`, `2min`, `1h`, `1d`; at most a year. C++ has no unit for days.
  tenax::duration time(char const* name, bool positive = false, bool days = true) {
    auto const value = number(name, 0, 1e12);
    double unit = 0;
    if (take("ns"))
      unit = 1;
    else if (take("us"))
      unit = 1e3;
    else if (take("min"))
      unit = 60e9;
    else if (take("ms"))
      unit = 1e6;
    else if (take("s"))
      unit = 1e9;
    else if (take("h"))
      unit = 3600e9;
    else if (days && take("d"))
      unit = 24 * 3600e9;
    else if (good())
      fail(std::string(name) + " needs a unit: ns, us, ms, s, min" + (days ? ", h or d" : " or h") + ", as in 250ms");
    auto const ns = value * unit + 0.5;
    if (good() && ns > 365.0 * 24 * 3600e9) fail(std::string(name) + " must be at most a year");
    if (good() && positive && ns < 1) fail(std::string(name) + " must be more than zero");
    return good() ? tenax::duration(static_cast<std::int64_t>(ns)) : tenax::duration(1'000'000'000);
  }

 private:
  std::string_view rest_;
  std::string mistake_;
};

/// A duration as C++ writes it.
inline std::string cpp_time(tenax::duration d) {
  struct unit {
    std::int64_t ns;
    char const* name;
  };
  for (auto const u : {unit{3'600'000'000'000, "h"},
                       {60'000'000'000, "min"},
                       {1'000'000'000, "s"},
                       {1'000'000, "ms"},
                       {1'000, "us"}}) {
    if (d.count() % u.ns == 0 && d.count() >= u.ns) return std::to_string(d.count() / u.ns) + u.name;
  }
  return d.count() == 0 ? "0s" : std::to_string(d.count()) + "ns";
}
/// A number without an exponent, so that it can be read back.
inline std::string cpp_number(double x) {
  char text[64];
  std::snprintf(text, sizeof text, "%.12f", x);
  std::string number = text;
  while (number.back() == '0') number.pop_back();
  if (number.back() == '.') number.pop_back();
  return number;
}

}  // namespace explorer
