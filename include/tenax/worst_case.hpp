// SPDX-License-Identifier: MIT
// worst_case.hpp: the most attempts and the longest waiting that a policy allows, computed before it runs.
#pragma once

#include <cstdint>
#include <limits>

#include <tenax/policy.hpp>
#include <tenax/wait/bounds.hpp>

namespace tenax {

/// The result of `worst_case`.
struct worst_case_bounds {
  std::uint32_t attempts = 0;  ///< the most attempts; meaningful if `attempts_bounded`
  bool attempts_bounded = false;
  duration total_wait{};  ///< the longest waiting of one call if a server may ask for waits; `max()`: unbounded
  duration own_wait{};    ///< the longest waiting of one call if no server asks for waits; `max()`: unbounded

  /// Whether there is a limit on the waiting.
  [[nodiscard]] constexpr bool bounded() const noexcept { return total_wait.count() != (duration::max)().count(); }
};

namespace detail {

/// Adds up the longest waits between `attempts` attempts. If a server may ask for waits, none of them is shorter than
/// `server.max`.
template <class Wait>
constexpr duration longest_waiting(Wait const& strategy, std::uint32_t attempts, duration limit,
                                   server_wait_limit server, bool asked) {
  constexpr std::uint32_t looked_at = 1'000;  // for each of these attempts, the strategy is called
  constexpr std::uint32_t parts = 64;         // growing parts that a strategy may have after them

  constexpr auto no_limit = (std::numeric_limits<std::uint32_t>::max)();
  duration total{};
  bool const adds = server.action == too_long::lengthen;
  wait::range_query q{.most_server_wait = asked ? server.max : duration::zero()};
  std::uint32_t part = 0;
  for (std::uint32_t n = 1; n < attempts && total.count() < limit.count();) {
    auto const part_end = n > looked_at || attempts == no_limit ? grows_until(strategy, n) : n;
    q.number = n;
    if (n > looked_at) {
      // For every attempt up to where the strategy may shrink, adds the longest wait. A strategy that is not known to
      // grow is not known to end.
      if (++part > parts) return limit;
      q.number = part_end < attempts ? part_end : attempts - 1;
      if (q.number > n) q.most_previous = longer(q.most_previous, longest_asked);
    }
    auto const times = q.number - n + 1;
    auto range = wait::bounds_of(strategy, q);
    if (asked) range.most = adds ? saturating_add(range.most, server.max) : longer(range.most, server.max);
    if (attempts == no_limit && part_end == no_limit && range.most.count() != 0) return limit;
    total = saturating_add(total, times == 1 ? range.most : saturating_multiply(range.most, times));
    n = q.number + 1;
    q = q.next(range, times);
  }
  return shorter(total, limit);
}

/// The bounds of a policy, from its parts.
template <class Policy>
constexpr worst_case_bounds worst_case_of(Policy const& p) {
  constexpr auto no_limit = (std::numeric_limits<std::uint32_t>::max)();
  auto const limits = detail::bounds_of(p.condition);
  auto const obeyed = p.limits.server;
  // After progress, attempts and waits begin again. The attempt that made it is number 1, so a limit of one is kept.
  bool const again = limits.attempts != 1 && restarts(p.limits);
  auto const attempts = again ? no_limit : limits.attempts;

  worst_case_bounds result{.attempts = attempts, .attempts_bounded = attempts != no_limit};
  auto const each = detail::longest_gate_wait(p.gates);
  auto const at_gates = saturating_multiply(each, attempts);
  if (at_gates == (duration::max)() || (each.count() != 0 && attempts == no_limit)) {
    result.total_wait = result.own_wait = limits.waiting;
    return result;
  }
  auto const longest = [&](bool asked) {
    // Without a limit on attempts, the waiting is bounded only if the strategy never waits.
    auto const between = detail::longest_waiting(p.strategy, limits.attempts, limits.waiting, obeyed, asked);
    if (again && between.count() != 0) return limits.waiting;
    return detail::shorter(saturating_add(between, at_gates), limits.waiting);
  };
  result.own_wait = longest(false);
  result.total_wait = obeyed.max.count() == 0 ? result.own_wait : longest(true);
  return result;
}

}  // namespace detail

/// Returns the most attempts and the longest waiting that one call can take under this policy. A constant for policies
/// that are constants: `static_assert(tenax::worst_case(policy).total_wait <= 30s);`
///
/// An operation can pass on a server's wait. So for `total_wait`, every wait is at least `max_server_wait` (5 minutes,
/// unless set); a deadline or a lower `max_server_wait` brings it down. Waits at gates are part of both sums. Without a
/// deadline or `max_gate_wait`, they are bounded only if every gate knows its longest wait (`longest_wait` at `gate`),
/// as those that never make attempts wait. With `.reset_on_progress()`, attempts are unbounded, and only a deadline
/// bounds waits, because every attempt may make progress. The time spent in the attempts is not included: for a
/// strategy that looks at `elapsed`, attempts take no time. Strategies of your own are called for each of the first
/// thousand attempts, as `wait::bounds_of` says. With more attempts, the waiting is unbounded unless the strategy
/// declares `static constexpr bool never_shrinks = true`, as the library's own do. Complexity: linear in the number of
/// attempts, up to a thousand.
template <class... Parts>
[[nodiscard]] constexpr worst_case_bounds worst_case(policy<Parts...> const& p) {
  return detail::worst_case_of(p);
}

}  // namespace tenax
