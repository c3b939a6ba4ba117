// SPDX-License-Identifier: MIT
// detail/http_reader.hpp: values of header fields: delays, resets and what remains of a quota.
#pragma once

#include <tenax/detail/http_fields.hpp>
#include <tenax/detail/http_number.hpp>
#include <tenax/http/http_date.hpp>

namespace tenax::detail {

/// A delay that was read, or none.
struct delay_reading {
  std::int64_t ms = -1;
  bool by_local_clock = false;

  [[nodiscard]] constexpr bool found() const noexcept { return ms >= 0; }
};

/// How the number in a field is meant.
enum class meaning : std::uint8_t {
  seconds,
  milliseconds,
  whole_milliseconds,
  seconds_or_date,
  reset  // what `X-RateLimit-Reset` may be: told apart by its size and form
};

/// `1*DIGIT *( OWS "," OWS 1*DIGIT )`: with commas, what becomes of repeated lines where a client joins them.
constexpr bool is_list_of_digits(std::string_view value) noexcept {
  for (;;) {
    if (take_digits(value).empty()) return false;
    value = trimmed(value);
    if (value.empty()) return true;
    if (value.front() != ',') return false;
    value = trimmed(value.substr(1));
  }
}

template <class H>
class http_reader {
 public:
  constexpr http_reader(H const& headers, field_set wanted, http::wall_time received, http::profile p) noexcept
      : fields_(headers, p == http::profile::strict ? wanted & strict_fields : wanted),
        received_(received),
        profile_(p) {}

  [[nodiscard]] constexpr found_fields<H> const& fields() const noexcept { return fields_; }
  [[nodiscard]] constexpr bool strict() const noexcept { return profile_ == http::profile::strict; }

  /// The longest of the delays that the lines of `f` say. The strict profile takes no more than one, however often.
  [[nodiscard]] constexpr delay_reading delay(field f, meaning m) noexcept {
    delay_reading longest;
    std::optional<std::string_view> first;
    bool contradiction = false;
    each_value(f, [&](std::optional<std::string_view> value) {
      contradiction = contradiction || !value || (first && *first != *value);
      if (!value || (first && *first == *value)) return;
      if (!first) first = value;
      auto const reading = read(*value, m);
      if (reading.ms > longest.ms) longest = reading;
    });
    return strict() && contradiction ? delay_reading{} : longest;
  }

  /// The least of what the lines of `f` say, rounded down.
  [[nodiscard]] constexpr std::optional<std::uint64_t> remaining(field f) const noexcept {
    std::optional<std::uint64_t> least;
    each_value(f, [&](std::optional<std::string_view> value) {
      auto const number = value ? read_decimal(*value) : std::nullopt;
      if (number && (!least || number->whole < *least)) least = number->whole;
    });
    return least;
  }

  /// The first element of the first line of `f`, rounded down: others describe other windows.
  [[nodiscard]] constexpr std::optional<std::uint64_t> limit(field f) const noexcept {
    std::optional<std::uint64_t> limit;
    bool first = true;
    fields_.each_line(f, [&](std::optional<std::string_view> value) {
      if (first && value) limit = whole_of_first(*value);
      first = false;
    });
    return limit;
  }

 private:
  /// The end of a number, a list or the parameters of its first element.
  static constexpr std::optional<std::uint64_t> whole_of_first(std::string_view value) noexcept {
    auto const number = take_decimal(value);
    value = trimmed(value);
    bool const ends = value.empty() || value.front() == ',' || value.front() == ';';
    return number && ends ? std::optional(number->whole) : std::nullopt;
  }

  template <class F>
  constexpr void each_value(field f, F&& visit) const noexcept {
    fields_.each_line(f, [&](std::optional<std::string_view> line) {
      if (!line || !is_list_of_digits(*line)) return visit(line);
      for (auto rest = *line; !rest.empty();) {
        visit(std::optional(take_digits(rest)));
        while (!rest.empty() && !is_digit(rest.front())) rest.remove_prefix(1);
      }
    });
  }

  [[nodiscard]] constexpr delay_reading read(std::string_view value, meaning m) noexcept {
    if (m == meaning::whole_milliseconds || strict()) {
      if (auto const n = read_digits(value)) return in_units({*n}, m == meaning::whole_milliseconds ? 1 : 1000);
    } else if (auto const number = read_decimal(value)) {
      if (m == meaning::milliseconds) return in_units(*number, 1);
      if (m == meaning::reset && number->whole >= 100'000'000) return until_epoch(*number);
      return in_units(*number, 1000);
    }
    if (m == meaning::reset) {
      if (auto const ms = read_go_duration(value)) return {*ms};
    }
    if (m == meaning::reset || m == meaning::seconds_or_date) return until_date(value);
    return {};
  }

  static constexpr delay_reading in_units(decimal const& number, std::int64_t unit) noexcept {
    return {scaled(number, unit, longest_delay_ms)};
  }

  [[nodiscard]] constexpr delay_reading until_date(std::string_view value) noexcept {
    prepare_reference();
    auto const t = http::parse_http_date(value, reference_, profile_);
    return t ? until(t->time_since_epoch().count()) : delay_reading{};
  }

  /// Since 1970, in milliseconds from 10^11 on (1973), else in seconds (up to the year 5138).
  [[nodiscard]] constexpr delay_reading until_epoch(decimal const& number) noexcept {
    prepare_reference();
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() / 2;
    return until(scaled(number, number.whole >= 100'000'000'000 ? 1 : 1000, most));
  }

  [[nodiscard]] constexpr delay_reading until(std::int64_t ms) const noexcept {
    auto const delay = ms - reference_.time_since_epoch().count();
    return {delay < 0 ? 0 : delay > longest_delay_ms ? longest_delay_ms : delay, by_local_clock_};
  }

  /// The server's idea of now, if it gave one: then both ends of a delay are on one clock.
  constexpr void prepare_reference() noexcept {
    if (reference_known_) return;
    reference_known_ = true;
    reference_ = received_;
    int dates = 0;
    fields_.each_line(field::date, [&](std::optional<std::string_view> value) {
      auto const date = value ? http::parse_http_date(*value, received_, profile_) : std::nullopt;
      if (!date) return;
      ++dates;
      reference_ = *date;
    });
    by_local_clock_ = dates != 1;
    if (by_local_clock_) {
      reference_ = received_;
    } else {
      reference_ += std::chrono::milliseconds(age());
    }
  }

  [[nodiscard]] constexpr std::int64_t age() const noexcept {
    std::int64_t ms = 0;
    if (fields_.is_repeated(field::age)) return ms;
    fields_.each_line(field::age, [&](std::optional<std::string_view> value) {
      if (auto const n = value ? read_digits(*value) : std::nullopt) ms = scaled({*n}, 1000, longest_delay_ms);
    });
    return ms;
  }

  found_fields<H> fields_;
  http::wall_time received_;
  http::wall_time reference_{};
  http::profile profile_;
  bool reference_known_ = false;
  bool by_local_clock_ = false;
};

}  // namespace tenax::detail
