// SPDX-License-Identifier: MIT
// settings/to_text.hpp: `to_text`: settings as the text that `settings_from_text` reads.
#pragma once

#include <cstdint>
#include <string>

#include <tenax/detail/reject.hpp>
#include <tenax/settings/detail/read_settings.hpp>
#include <tenax/settings/retry_settings.hpp>

namespace tenax {
namespace detail {

/// A time in the largest unit that makes it a whole number: exact.
inline std::string exact_time(duration d) {
  struct unit {
    duration::rep ns;
    char const* name;
  };
  constexpr unit units[] = {{86'400'000'000'000, "d"}, {3'600'000'000'000, "h"}, {60'000'000'000, "min"},
                            {1'000'000'000, "s"},      {1'000'000, "ms"},        {1'000, "us"}};
  if (d.count() == 0) return "0s";
  for (auto const u : units) {
    if (d.count() % u.ns == 0) return std::to_string(d.count() / u.ns) + u.name;
  }
  return std::to_string(d.count()) + "ns";
}

/// The shortest decimal that reads as `x`, of at most 15 digits. `shift` moves the point to the right: 2 for percent.
inline std::string exact_number(double x, unsigned shift = 0) {
  decimal d;
  for (unsigned decimals = 0; decimals <= 14; ++decimals) {
    auto const scaled = x * static_cast<double>(power_of_ten(decimals));
    if (scaled >= 1e15) break;
    d = {static_cast<std::uint64_t>(scaled + 0.5), decimals};
    if (value_of(d) == x) break;
  }
  for (; shift != 0; --shift) {
    if (d.decimals != 0)
      --d.decimals;
    else
      d.digits *= 10;
  }
  auto const scale = power_of_ten(d.decimals);
  auto text = std::to_string(d.digits / scale);
  if (d.decimals == 0) return text;
  auto const rest = std::to_string(d.digits % scale);
  text += ".";
  text.append(d.decimals - rest.size(), '0');
  return text + rest;
}

inline std::string wait_text(wait_settings const& w) {
  constexpr char const* kinds[] = {"none",       "constant", "linear",  "exponential", "fibonacci",
                                   "polynomial", "sequence", "uniform", "decorrelated"};
  std::string text = kinds[static_cast<unsigned>(w.kind)];
  if (w.kind == wait_kind::none) return text;
  text += "(";
  if (w.kind == wait_kind::sequence) {
    for (std::uint32_t i = 0; i < w.size; ++i) {
      if (i != 0) text += ',';
      text += exact_time(w.waits[i]);
    }
  } else {
    text += exact_time(w.first);
    if (w.has_max() && w.max != retry_settings::no_limit) text += ".." + exact_time(w.max);
  }
  if (w.kind == wait_kind::exponential && w.factor != 2) text += ",factor=" + exact_number(w.factor);
  if (w.kind == wait_kind::linear && w.step != w.first) text += ",step=" + exact_time(w.step);
  if (w.kind == wait_kind::polynomial && w.exponent != 2) text += ",exponent=" + std::to_string(w.exponent);
  text += ")";
  if (!w.has_jitter()) return text;
  switch (w.jitter) {
    case jitter_kind::none: break;
    case jitter_kind::full: text += ".full"; break;
    case jitter_kind::equal: text += ".equal"; break;
    case jitter_kind::proportional: text += ".proportional(" + exact_number(w.share, 2) + "%)"; break;
    case jitter_kind::additive: text += ".additive(" + exact_time(w.most) + ")"; break;
  }
  return text;
}

/// The value of the setting with this index, as text.
inline std::string value_text(retry_settings const& s, std::size_t index) {
  auto const limit = [](duration d, char const* none) {
    return d == retry_settings::no_limit ? std::string(none) : exact_time(d);
  };
  switch (index) {
    case 0: return s.attempts == retry_settings::unlimited ? "unlimited" : std::to_string(s.attempts);
    case 1: return wait_text(s.wait);
    case 2: return limit(s.deadline, "none");
    case 3: return limit(s.elapsed, "none");
    case 4: {
      constexpr char const* actions[] = {"", ".clamp", ".ignore", ".lengthen"};
      return limit(s.server_wait.max, "unlimited") + actions[static_cast<unsigned>(s.server_wait.action)];
    }
    default: return limit(s.attempt_timeout, "none");
  }
}

/// Rejects what no text can say.
inline void check_settings(retry_settings const& s) {
  static_cast<void>(s.timed_policy());
  auto const& w = s.wait;
  if (w.kind == wait_kind::exponential) {
    static_cast<void>(require_between("retry_settings: factor", "must be from 1 to 1000000", w.factor, 1, 1'000'000));
  }
  if (w.kind == wait_kind::polynomial && w.exponent > 63) {
    invalid_parameter("retry_settings: exponent", "must be at most 63", static_cast<double>(w.exponent));
  }
  if ((w.kind == wait_kind::uniform || w.kind == wait_kind::decorrelated) && w.max == retry_settings::no_limit) {
    invalid_parameter("retry_settings: max", "must be finite for this wait", w.max);
  }
}

}  // namespace detail

/// Settings as the text that `settings_from_text` reads: `attempts=5 wait=exponential(100ms..5s).full deadline=30s`.
/// Attempts and waits are always written, and the other settings if they differ from `retry_settings{}`. Reading the
/// text gives equal settings; of a `factor` or `share`, 15 digits are written.
///
/// Throws `std::invalid_argument` for settings that make no policy.
[[nodiscard]] inline std::string to_text(retry_settings const& settings) {
  detail::check_settings(settings);
  retry_settings const defaults;
  std::string text;
  for (std::size_t i = 0; i < detail::settings_count; ++i) {
    auto const value = detail::value_text(settings, i);
    if (i > 1 && value == detail::value_text(defaults, i)) continue;
    if (i != 0) text += ' ';
    text.append(detail::setting_names[i]).append("=").append(value);
  }
  return text;
}

}  // namespace tenax
