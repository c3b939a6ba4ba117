// SPDX-License-Identifier: MIT
// http/detail/dialects.hpp: the table of header fields with delays and quotas. A new dialect is a new line in it.
#pragma once

#include <cstdint>

#include <tenax/http/headers.hpp>

namespace tenax::http::detail {

/// How a value that contains a time is interpreted.
enum class meaning : std::uint8_t {
  seconds,             // a delay
  milliseconds,        // a delay
  whole_milliseconds,  // a delay without a fraction
  seconds_or_date,     // as `Retry-After`
  seconds_or_epoch,    // a delay, or a Unix time if the number is far too large for a delay
  reset,               // a delay or a point in time, distinguished by size and form
  per_second           // a rate: its inverse is the time until one more is granted
};

/// With which statuses, and under which condition, a time is used.
enum class when_told : std::uint8_t {
  always,     // with any status
  refused,    // with the status of a refusal
  not_left,   // with the status of a refusal, unless the field `remaining` says that some are left
  exhausted,  // with the status of a refusal, if the field `remaining` says that none is left
  window      // as `exhausted`; of all exhausted windows, the longest time counts
};

/// The names of the fields by which servers state a delay and a quota. `*` stands for the name of a window: for any
/// characters at the end of a field's name, else for letters.
struct dialect {
  std::string_view wait;  // the field that contains the time
  meaning as;             // how its value is interpreted
  when_told when;         // when it is used
  std::string_view
      remaining{};           // the field with the remaining number; lines with the same field describe the same quota
  std::string_view limit{};  // the field with the granted number
  bool standard = false;     // whether `profile::strict` reads it
};

/// The first line that yields a delay decides; a delay of zero leaves the decision to the next line.
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

/// Returns the characters that `*` stands for in `name`; empty if the name does not match.
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
