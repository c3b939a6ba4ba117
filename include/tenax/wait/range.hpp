// SPDX-License-Identifier: MIT
// wait/range.hpp: asking a wait strategy for its answer, and for the ends of what it may answer.
#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>
#include <utility>

#include <tenax/attempt.hpp>

namespace tenax {

namespace detail {

template <class W, class A>
using wait_answer = std::remove_cvref_t<decltype(std::declval<W const&>()(std::declval<A const&>()))>;

/// Whether a strategy may have no opinion, given that it can be asked about an `A`.
template <class W, class A>
inline constexpr bool is_partial = !std::is_convertible_v<wait_answer<W, A>, any_duration>;

constexpr duration not_negative(duration d) noexcept { return longer(d, duration::zero()); }

/// Asks a strategy: a `duration` from one that always answers, an `optional_duration` from a partial one. Never
/// negative, and saturated where the strategy's own unit is coarser than a nanosecond.
template <class W, class A>
constexpr auto ask_wait(W const& strategy, A const& a) {
  if constexpr (is_partial<W, A>) {
    auto const answer = optional_duration(strategy(a));
    return answer ? optional_duration(not_negative(*answer)) : answer;
  } else {
    return not_negative(any_duration(strategy(a)));
  }
}

template <class W>
concept outcome_independent = std::is_invocable_v<W const&, attempt_info const&>;

/// Whether a strategy is known to have an answer for every outcome.
template <class W>
inline constexpr bool always_answers = false;
template <outcome_independent W>
inline constexpr bool always_answers<W> = !is_partial<W, attempt_info>;

}  // namespace detail

namespace wait {

/// A question about the wait after attempt `number`, when all that is known of the wait before is its ends.
struct range_query {
  std::uint32_t number = 1;
  duration least_previous{};
  duration most_previous{};
  duration most_server_wait = duration::max();  ///< the longest server wait that the policy obeys
};

/// The ends of what a strategy may answer, both inclusive.
struct wait_range {
  duration least{};
  duration most{};

  friend constexpr bool operator==(wait_range const&, wait_range const&) = default;
};

/// The ends of what a strategy may answer, for explaining a policy and for its worst case. A strategy that depends on
/// more than the attempt's numbers says so itself through a member `range(q)`; any other one is asked with the lowest and
/// with the highest random draw. One that can be asked neither way is taken to answer anything.
template <class W>
[[nodiscard]] constexpr wait_range range_of(W const& strategy, range_query const& q) {
  if constexpr (requires {
                  { strategy.range(q) } -> std::same_as<wait_range>;
                }) {
    return strategy.range(q);
  } else if constexpr (detail::outcome_independent<W>) {
    fixed_random low(lowest_draw);
    fixed_random high(highest_draw);
    auto const ask = [&](duration previous, random_source& random) {
      attempt_info const a{.number = q.number, .previous_wait = previous, .random = &random};
      return optional_duration(detail::ask_wait(strategy, a)).value_or(duration::zero());
    };
    return {ask(q.least_previous, low), ask(q.most_previous, high)};
  } else {
    return {duration::zero(), duration::max()};
  }
}

}  // namespace wait
}  // namespace tenax
