// SPDX-License-Identifier: MIT
// http/detail/dialects.hpp: the one table of what servers say about time and quotas. A new dialect is a new line in it.
#pragma once

#include <cstdint>

#include <tenax/http/headers.hpp>

namespace tenax::http::detail {

/// How a value that tells a time is meant.
enum class meaning : std::uint8_t {
  seconds,             // a delay
  milliseconds,        // a delay
  whole_milliseconds,  // a delay without a fraction
  seconds_or_date,     // as `Retry-After`
  seconds_or_epoch,    // a delay by its name, a Unix time if it is far too large for one
  reset,               // a delay or a point in time, told apart by size and form
  per_second           // a rate: its inverse is the time until one more is granted
};

/// When a time is believed.
enum class when_told : std::uint8_t {
  always,     // with any status
  refused,    // with the status of a quota
  not_left,   // with the status of a quota, unless some are left
  exhausted,  // with the status of a quota, if the field `remaining` says that none is left
  window      // the same, and the longest of all windows of which none is left counts
};

/// One way to say how long to wait, and of which quota. `*` stands for the name of a window: for any characters at the end
/// of a field's name, else for letters.
struct dialect {
  std::string_view wait;  // the field that tells the time
  meaning as;             // how its value is meant
  when_told when;         // when it is believed
  std::string_view
      remaining{};           // the field that says how many are left; lines with the same one tell of the same quota
  std::string_view limit{};  // the field that says how many are granted
  bool standard = false;     // `profile::strict` knows it
};

/// The first that has a meaning decides, except that a zero leaves the decision to the next.
inline constexpr dialect dialects[] = {
    {"retry-after-ms", meaning::milliseconds, when_told::always},
    {"x-ms-retry-after-ms", meaning::milliseconds, when_told::always},
    {"x-amz-retry-after", meaning::whole_milliseconds, when_told::always},
    {"Retry-After", meaning::seconds_or_date, when_told::always, {}, {}, true},
    {"Retry-After-*", meaning::seconds_or_date, when_told::refused},
    {"RateLimit-Reset", meaning::reset, when_told::not_left, "RateLimit-Remaining", "RateLimit-Limit", true},
    {"X-RateLimit-Reset-After", meaning::seconds_or_epoch, when_told::not_left, "X-RateLimit-Remaining",
     "X-RateLimit-Limit"},
    {"X-RateLimit-Retry-After", meaning::seconds, when_told::refused, "X-RateLimit-Remaining", "X-RateLimit-Limit"},
    {"X-RateLimit-Reset", meaning::reset, when_told::not_left, "X-RateLimit-Remaining", "X-RateLimit-Limit"},
    {"X-RateLimit-Rate", meaning::per_second, when_told::exhausted, "X-RateLimit-Remaining", "X-RateLimit-Limit"},
    {"X-Rate-Limit-Reset", meaning::reset, when_told::not_left, "X-Rate-Limit-Remaining", "X-Rate-Limit-Limit"},
    {"x-ratelimit-reset-requests", meaning::reset, when_told::window, "x-ratelimit-remaining-requests",
     "x-ratelimit-limit-requests"},
    {"x-ratelimit-reset-tokens", meaning::reset, when_told::window, "x-ratelimit-remaining-tokens",
     "x-ratelimit-limit-tokens"},
    {"anthropic-ratelimit-requests-reset", meaning::reset, when_told::window, "anthropic-ratelimit-requests-remaining",
     "anthropic-ratelimit-requests-limit"},
    {"anthropic-ratelimit-tokens-reset", meaning::reset, when_told::window, "anthropic-ratelimit-tokens-remaining",
     "anthropic-ratelimit-tokens-limit"},
    {"anthropic-ratelimit-input-tokens-reset", meaning::reset, when_told::window,
     "anthropic-ratelimit-input-tokens-remaining", "anthropic-ratelimit-input-tokens-limit"},
    {"anthropic-ratelimit-output-tokens-reset", meaning::reset, when_told::window,
     "anthropic-ratelimit-output-tokens-remaining", "anthropic-ratelimit-output-tokens-limit"},
    {"X-RateLimit-Reset-*", meaning::reset, when_told::window, "X-RateLimit-Remaining-*", "X-RateLimit-Limit-*"},
    {"X-RateLimit-*Reset", meaning::reset, when_told::window, "X-RateLimit-*Remaining", "X-RateLimit-*Limit"},
};

constexpr bool is_pattern(std::string_view name) noexcept { return name.find('*') != std::string_view::npos; }

/// The characters that `*` stands for in `name`; none if the name does not match.
constexpr std::string_view window_name(std::string_view pattern, std::string_view name) noexcept {
  auto const star = pattern.find('*');
  auto const before = pattern.substr(0, star);
  auto const after = pattern.substr(star + 1);
  if (name.size() < pattern.size()) return {};
  if (!http::same_name(name.substr(0, before.size()), before)) return {};
  if (!http::same_name(name.substr(name.size() - after.size()), after)) return {};
  auto const window = name.substr(before.size(), name.size() - before.size() - after.size());
  if (after.empty()) return window;
  for (char const c : window) {
    if (lower_case(c) < 'a' || lower_case(c) > 'z') return {};
  }
  return window;
}

}  // namespace tenax::http::detail
