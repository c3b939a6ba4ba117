// SPDX-License-Identifier: MIT
// gate/detail/limits_apply.hpp: rejects a rate limit that never applies beside another.
#pragma once

#include <cstddef>
#include <cstdio>
#include <stdexcept>

#include <tenax/detail/reject.hpp>
#include <tenax/gate/detail/gcra.hpp>

namespace tenax::detail {

/// Whether `b` never applies beside `a`. Of two equal limits, the second one is reported.
inline bool is_stricter(gcra const& a, gcra const& b, bool a_is_first) noexcept {
  return a.pace() >= b.pace() && a.burst <= b.burst && (a_is_first || a.pace() > b.pace() || a.burst != b.burst);
}

template <std::size_t N>
[[noreturn, gnu::cold]] void never_applies(gcra const (&limits)[N], std::size_t idle, std::size_t stricter) {
  char text[192];
  int const n = std::snprintf(text, sizeof text, "tenax: rate_limiter: limit %zu never applies beside limit %zu; ",
                              idle + 1, stricter + 1);
  auto const room = sizeof text - static_cast<std::size_t>(n);
  if (limits[stricter].pace() > limits[idle].pace()) {
    std::snprintf(text + n, room, "give limit %zu, the slower one, a burst with .with_burst(n), or leave limit %zu out",
                  stricter + 1, idle + 1);
  } else {
    std::snprintf(text + n, room, "leave limit %zu out", idle + 1);
  }
  raise(std::invalid_argument(text));
}

/// Throws `std::invalid_argument` if one of the limits never applies beside another.
template <std::size_t N>
void require_all_apply(gcra const (&limits)[N]) {
  for (std::size_t i = 0; i < N; ++i) {
    for (std::size_t j = 0; j < N; ++j) {
      if (i != j && is_stricter(limits[i], limits[j], i < j)) never_applies(limits, j, i);
    }
  }
}

}  // namespace tenax::detail
