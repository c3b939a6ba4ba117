// SPDX-License-Identifier: MIT
// gate/adaptive/detail/queue_wait.hpp: how long a caller in the queue of the adaptive rate limiter waits.
#pragma once

#include <tenax/gate/adaptive/detail/search.hpp>

namespace tenax::detail {

/// The wait of a caller with `before` others before it, if the first of them may go at `next`. A caller without a
/// waker asks soon enough to notice in time that the rate has risen, or that the request that asks again was
/// answered.
[[nodiscard]] constexpr std::int64_t delay_of(rate_search const& search, std::int64_t before, std::int64_t next,
                                              std::int64_t now, bool wakes) noexcept {
  constexpr std::int64_t soon = 100'000'000;
  auto first = saturating_subtract(duration(next), duration(now)).count();
  if (first < 0) first = 0;
  if (search.pause().asking_until() > now && !wakes) return first < soon ? first + 1 : soon;
  auto const interval = duration(search.interval());
  auto const few = saturating_multiply(interval, static_cast<std::uint64_t>(before < 2 ? before : 2)).count();
  auto const all = saturating_multiply(interval, static_cast<std::uint64_t>(before)).count();
  auto const own = all < soon || wakes ? all : few < soon ? soon : few;
  auto delay = saturating_add(duration(first), duration(own)).count();
  // A wait that the server asked for is at most the longest pause, so a `max_server_wait` of that length is enough.
  if (search.pause().asked_by_server(now) && delay > search.pause().longest() && first <= search.pause().longest())
    delay = search.pause().longest();
  return delay > 0 ? delay : 1;
}

}  // namespace tenax::detail
