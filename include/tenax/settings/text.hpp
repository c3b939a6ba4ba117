// SPDX-License-Identifier: MIT
// settings/text.hpp: `retry_settings` from text, such as `attempts=5 wait=exponential(100ms..5s).full deadline=30s`.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <tenax/detail/reject.hpp>
#include <tenax/settings/detail/read_settings.hpp>
#include <tenax/settings/error.hpp>
#include <tenax/settings/retry_settings.hpp>

namespace tenax {

/// Settings, or the first mistake in their text. See `try_settings_from_text`.
struct parsed_settings {
  retry_settings value{};  ///< if there is a mistake: the defaults, unchanged
  std::string mistake{};   ///< one line for people, or empty
  std::string place{};     ///< as `settings_error::place()`

  [[nodiscard]] explicit operator bool() const noexcept { return mistake.empty(); }
};

namespace detail {

/// `character 12`, or `line 2, character 5` in a text of several lines. Counts from 1, in bytes.
inline std::string place_in(std::string_view text, std::size_t at) {
  std::size_t line = 1, start = 0;
  for (std::size_t i = 0; i < at; ++i) {
    if (text[i] == '\n') {
      ++line;
      start = i + 1;
    }
  }
  auto const character = "character " + std::to_string(at - start + 1);
  return text.find('\n') == std::string_view::npos ? character : "line " + std::to_string(line) + ", " + character;
}

}  // namespace detail

/// Reads settings from text: `NAME=VALUE` after `NAME=VALUE`, separated by blanks, in any order. What is not named
/// stays as in `defaults`.
///
/// | name | value |
/// |---|---|
/// | `attempts` | a number from 1, which counts the first call as well, or `unlimited` |
/// | `wait` | a strategy and its jitter: `exponential(100ms..5s).full`, `constant(1s)`, `none` |
/// | `deadline`, `elapsed`, `attempt_timeout` | a time of more than zero, or `none` |
/// | `server_wait` | a time or `unlimited`, and what happens above it: `.give_up`, `.clamp`, `.ignore`, `.lengthen` |
///
/// A time has a unit: ns, us, ms, s, min, h or d. A setting that is unknown, wrong or named twice is a mistake.
/// Throws nothing but `std::bad_alloc`. Complexity: linear in the size of the text.
[[nodiscard]] inline parsed_settings try_settings_from_text(std::string_view text,
                                                            retry_settings const& defaults = {}) {
  detail::settings_reader r(text);
  auto settings = defaults;
  detail::read_settings(r, settings);
  if (r.good()) return {settings, {}, {}};
  auto place = detail::place_in(text, r.mistake_at());
  return {defaults, "tenax: settings: " + place + ": " + r.mistake(), place};
}

/// As `try_settings_from_text`, but throws `settings_error` for the first mistake.
[[nodiscard]] inline retry_settings settings_from_text(std::string_view text, retry_settings const& defaults = {}) {
  auto parsed = try_settings_from_text(text, defaults);
  if (!parsed) detail::raise(settings_error(parsed.mistake, std::move(parsed.place)));
  return parsed.value;
}

}  // namespace tenax
