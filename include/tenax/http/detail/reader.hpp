// SPDX-License-Identifier: MIT
// http/detail/reader.hpp: reads delays, resets and remaining quotas from the values of header fields.
#pragma once

#include <tenax/http/detail/found_fields.hpp>
#include <tenax/http/detail/line_elements.hpp>
#include <tenax/http/detail/number.hpp>
#include <tenax/http/http_date.hpp>

namespace tenax::http::detail {

/// 365 days. A longer delay is taken for a misread unit.
inline constexpr std::int64_t plausible_delay_ms = std::int64_t{365} * 24 * 3600 * 1000;

/// A delay that was read, or none.
struct delay_reading {
  std::int64_t ms = -1;
  bool by_local_clock = false;
  bool implausible = false;  // more than a year, and therefore ignored

  [[nodiscard]] constexpr bool found() const noexcept { return ms >= 0; }

  /// Keeps the longer of two delays; of equal delays, the one that needs a second of slack.
  constexpr void take_longer(delay_reading const& other) noexcept {
    implausible = implausible || other.implausible;
    if (other.ms < ms || (other.ms == ms && by_local_clock)) return;
    ms = other.ms;
    by_local_clock = other.by_local_clock;
  }
};

constexpr delay_reading plausible(std::int64_t ms, bool by_local_clock = false) noexcept {
  if (ms > plausible_delay_ms) return {.implausible = true};
  return {ms, by_local_clock};
}

template <class H>
class http_reader {
 public:
  /// `first`: what `first_relevant` returns.
  template <class Iterator>
  constexpr http_reader(H const& headers, Iterator first, field_set wanted, http::profile p) noexcept
      : fields_(headers, first), profile_(p) {
    names_quota_ = fields_.has_windows() || (fields_.found() & known_dialects.quotas) != 0;
    fields_.keep(strict() ? wanted & known_dialects.standard : wanted);
  }

  /// Sets the time when the response arrived. It is needed only if a field is found.
  constexpr void received(http::wall_time now) noexcept { received_ = now.time_since_epoch().count(); }
  /// Whether a field of either profile names a quota.
  [[nodiscard]] constexpr bool names_quota() const noexcept { return names_quota_; }

  [[nodiscard]] constexpr found_fields<H> const& fields() const noexcept { return fields_; }
  [[nodiscard]] constexpr bool strict() const noexcept { return profile_ == http::profile::strict; }

  /// Returns the longest delay in the lines of `f`. The strict profile accepts several lines only if they are equal.
  [[nodiscard]] constexpr delay_reading delay(field f, meaning m) noexcept {
    delay_reading longest;
    field_value first;
    bool contradiction = false;
    for (field_lines<H> lines(fields_, f); lines.next();) {
      for (line_elements all(lines.value); all.next();) {
        auto const& value = all.value;
        bool const same = first.usable && first.text == value.text;
        contradiction = contradiction || !value.usable || (first.usable && !same);
        if (!value.usable || same) continue;
        if (!first.usable) first = value;
        longest.take_longer(read(value.text, m));
      }
    }
    return strict() && contradiction ? delay_reading{.implausible = longest.implausible} : longest;
  }

  /// Returns the longest of the delays in one line.
  [[nodiscard]] constexpr delay_reading delay_in(field_value const& line, meaning m) noexcept {
    delay_reading longest;
    for (line_elements all(line); all.next();) {
      if (all.value.usable) longest.take_longer(read(all.value.text, m));
    }
    return longest;
  }

  /// Returns the delay that a number stands for.
  [[nodiscard]] constexpr delay_reading delay_of(decimal const& number, meaning m) noexcept {
    switch (m) {
      case meaning::milliseconds:
      case meaning::whole_milliseconds: return plausible(scaled(number, 1, longest_delay_ms));
      case meaning::seconds:
      case meaning::seconds_or_date: break;
      case meaning::seconds_or_epoch:
      case meaning::reset:
        if (number.whole >= first_epoch) return until_epoch(number, m);
        break;
      case meaning::per_second: return time_for(1, number);
    }
    return plausible(scaled(number, 1000, longest_delay_ms));
  }

  /// Returns the time in which a rate grants `count`: the longest of the field's lines.
  [[nodiscard]] constexpr delay_reading time_for(std::uint64_t count, field rate) const noexcept {
    delay_reading longest;
    for (field_lines<H> lines(fields_, rate); lines.next();) {
      decimal number;
      if (lines.value.usable && read_decimal(lines.value.text, number)) longest.take_longer(time_for(count, number));
    }
    return longest;
  }

  /// Returns the least number in the lines of `f`, rounded down; 0 if one is negative.
  [[nodiscard]] constexpr count_reading remaining(field f) const noexcept {
    count_reading least;
    for (field_lines<H> lines(fields_, f); lines.next();) least = least_of(lines.value, least);
    return least;
  }

  /// The same, for the lines of a window's field.
  [[nodiscard]] constexpr count_reading remaining(std::string_view pattern, std::string_view window) const noexcept {
    count_reading least;
    each_window_line(pattern, window, [&](field_value const& line) { least = least_of(line, least); });
    return least;
  }

  /// Returns the longest delay in the lines of a window's field.
  [[nodiscard]] constexpr delay_reading delay(std::string_view pattern, std::string_view window, meaning m) noexcept {
    delay_reading longest;
    each_window_line(pattern, window, [&](field_value const& line) { longest.take_longer(delay_in(line, m)); });
    return longest;
  }

  /// Returns the first element of the first line of a window's field.
  [[nodiscard]] constexpr count_reading limit(std::string_view pattern, std::string_view window) const noexcept {
    count_reading limit;
    bool first = true;
    each_window_line(pattern, window, [&](field_value const& line) {
      if (first && line.usable) limit = whole_of_first(line.text);
      first = false;
    });
    return limit;
  }

  /// Returns the first element of the first line of `f`, rounded down. Other elements describe other windows.
  [[nodiscard]] constexpr count_reading limit(field f) const noexcept {
    field_lines<H> lines(fields_, f);
    return lines.next() && lines.value.usable ? whole_of_first(lines.value.text) : count_reading{};
  }

 private:
  /// Returns the whole part of the first element, if the text ends with it or goes on as a list or with parameters.
  static constexpr count_reading whole_of_first(std::string_view value) noexcept {
    decimal number;
    bool const found = take_decimal(value, number);
    value = trimmed(value);
    bool const ends = value.empty() || value.front() == ',' || value.front() == ';';
    return found && ends ? count_reading{number.whole, true} : count_reading{};
  }

  template <class F>
  constexpr void each_window_line(std::string_view pattern, std::string_view window, F&& visit) const noexcept {
    for (auto const& line : fields_.headers()) {
      auto const [name, value] = header_of(line);
      if (name.size() + 1 != pattern.size() + window.size()) continue;
      if (http::same_name(window_name(pattern, name), window) && !is_exact_field(name)) visit(readable_value(value));
    }
  }

  /// From this number on, a number is a Unix time (1973 or later): as a delay, it would be more than 3 years.
  static constexpr std::uint64_t first_epoch = 100'000'000;

  [[nodiscard]] constexpr delay_reading read(std::string_view value, meaning m) noexcept {
    if (m == meaning::whole_milliseconds || strict()) {
      if (std::uint64_t n = 0; read_digits(value, n)) return delay_of({n}, m);
    } else if (decimal number; read_decimal(value, number)) {
      return delay_of(number, m);
    }
    if (m == meaning::reset && !strict()) {
      if (std::int64_t ms = 0; read_go_duration(value, ms)) return plausible(ms);
    }
    if (m == meaning::seconds_or_date || (m == meaning::reset && !strict())) return until_date(value);
    return {};
  }

  /// Returns the time in which `count` are granted, rounded up. None for a rate of 0 or a limit that is too large.
  static constexpr delay_reading time_for(std::uint64_t count, decimal const& per_second) noexcept {
    constexpr std::uint64_t billion = 1'000'000'000;
    if (count > 9'000'000) return {};
    auto rate = per_second.whole < billion ? per_second.whole * billion : billion * billion;
    auto digit_value = billion / 10;
    for (char const c : per_second.fraction) {
      rate += static_cast<std::uint64_t>(c - '0') * digit_value;
      digit_value /= 10;
    }
    if (rate == 0) return {};
    auto const scaled_count = count * 1000 * billion;
    return plausible(static_cast<std::int64_t>(scaled_count / rate + (scaled_count % rate != 0 ? 1 : 0)));
  }

  [[nodiscard]] constexpr delay_reading until_date(std::string_view value) noexcept {
    prepare_reference();
    std::int64_t date = 0;
    return match_date(value, reference_, profile_, date) ? until(date) : delay_reading{};
  }

  /// Reads a Unix time: from 10^14 on in microseconds (1973), from 10^11 on in milliseconds (1973), else in seconds.
  [[nodiscard]] constexpr delay_reading until_epoch(decimal const& number, meaning m) noexcept {
    prepare_reference();
    constexpr std::int64_t most = (std::numeric_limits<std::int64_t>::max)() / 2;
    auto ms = scaled(number, number.whole >= 100'000'000'000 ? 1 : 1000, most);
    if (number.whole >= 100'000'000'000'000) {
      bool const cut = number.whole % 1000 != 0 || scaled({0, number.fraction}, 1, 1) != 0;
      ms = static_cast<std::int64_t>(number.whole / 1000) + (cut ? 1 : 0);
    }
    // The value of a field that should contain a delay may be cut off or wrong: a time long ago is ignored then.
    bool const long_ago = ms < reference_ - plausible_delay_ms;
    if (m == meaning::seconds_or_epoch && long_ago) return {.implausible = true};
    return until(ms);
  }

  [[nodiscard]] constexpr delay_reading until(std::int64_t ms) const noexcept {
    auto const delay = ms - reference_;
    return plausible(delay < 0 ? 0 : delay, by_local_clock_);
  }

  /// Sets the reference to the server's time if the response has one: then both ends of a delay are on one clock.
  constexpr void prepare_reference() noexcept {
    if (reference_known_) return;
    reference_known_ = true;
    reference_ = received_;
    int dates = 0;
    int ages = 0;
    std::int64_t age = 0;
    for (auto const& line : fields_.headers()) {
      auto const [name, value] = header_of(line);
      if (http::same_name(name, name_of(field::date))) {
        auto const found = readable_value(value);
        if (found.usable && match_date(found.text, received_, profile_, reference_)) ++dates;
      } else if (http::same_name(name, name_of(field::age))) {
        auto const found = readable_value(value);
        std::uint64_t n = 0;
        bool const valid = found.usable && read_digits(found.text, n);
        age = ++ages == 1 && valid ? scaled({n}, 1000, longest_delay_ms) : 0;
      }
    }
    by_local_clock_ = dates != 1;
    reference_ = by_local_clock_ ? received_ : reference_ + age;
  }

  found_fields<H> fields_;
  std::int64_t received_ = 0;  // these two in milliseconds since 1970
  std::int64_t reference_ = 0;
  http::profile profile_;
  bool names_quota_ = false;
  bool reference_known_ = false;
  bool by_local_clock_ = false;
};

}  // namespace tenax::http::detail
