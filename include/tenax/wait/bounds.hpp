// SPDX-License-Identifier: MIT
// wait/bounds.hpp: `wait::bounds_of`: the shortest and the longest wait that a strategy may answer.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

#include <tenax/attempt.hpp>

namespace tenax {

namespace detail {

template <class W, class A>
using wait_answer = std::remove_cvref_t<decltype(std::declval<W const&>()(std::declval<A const&>()))>;

/// Whether a strategy may have no answer, given that it can be called with an `A`.
template <class W, class A>
inline constexpr bool is_partial = !std::is_convertible_v<wait_answer<W, A>, any_duration>;

constexpr duration not_negative(duration d) noexcept { return longer(d, duration::zero()); }

/// Calls a strategy. Returns a `duration` if the strategy always answers, an `optional_duration` if it is partial.
/// Never negative; saturates where the strategy's own unit is coarser than a nanosecond.
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

/// The shortest and the longest answer of a strategy, both inclusive.
struct bounds {
  duration least{};
  duration most{};

  friend constexpr bool operator==(bounds const&, bounds const&) = default;
};

/// The question about the wait after attempt `number`, when only the ends of the earlier waits are known.
struct range_query {
  std::uint32_t number = 1;
  duration least_previous{};
  duration most_previous{};
  duration most_server_wait = (duration::max)();  ///< the longest server wait that the policy obeys
  duration least_waited{};                        ///< the sum of the waits before this one, each at its shortest
  duration most_waited{};                         ///< the sum of the waits before this one, each at its longest

  /// The question about the next attempt, if each of the `times` waits before it is within `answer`.
  [[nodiscard]] constexpr range_query next(bounds const& answer, std::uint32_t times = 1) const noexcept {
    return {
        .number = number + 1,
        .least_previous = answer.least,
        .most_previous = answer.most,
        .most_server_wait = most_server_wait,
        .least_waited =
            saturating_add(least_waited, times == 1 ? answer.least : saturating_multiply(answer.least, times)),
        .most_waited = saturating_add(most_waited, times == 1 ? answer.most : saturating_multiply(answer.most, times))};
  }
};

}  // namespace wait

namespace detail {

/// Whether a strategy declares `static constexpr bool never_shrinks = true`. It promises two things: it looks only at
/// the attempt's number, the previous wait and random draws, and its longest answer never gets shorter from one attempt
/// to the next.
template <class W>
inline constexpr bool never_shrinks = false;
template <class W>
  requires requires { W::never_shrinks; }
inline constexpr bool never_shrinks<W> = W::never_shrinks;

template <class W>
concept grows_in_parts = requires(W const& w, std::uint32_t n) { w.grows_until(n); };

/// The last attempt up to which, from attempt `n` on, the longest answer of a strategy never gets shorter; `n` if
/// unknown.
template <class W>
constexpr std::uint32_t grows_until(W const& strategy, std::uint32_t n) noexcept {
  if constexpr (grows_in_parts<W>) {
    return strategy.grows_until(n);
  } else {
    return never_shrinks<W> ? (std::numeric_limits<std::uint32_t>::max)() : n;
  }
}

template <class L, class R>
constexpr std::uint32_t both_grow_until(L const& left, R const& right, std::uint32_t n) noexcept {
  auto const l = grows_until(left, n);
  auto const r = grows_until(right, n);
  return l < r ? l : r;
}

/// Returns for draw number i the lowest value if bit i of `choice` is 0, else the highest, and counts the draws.
class extreme_random final : public random_source {
 public:
  constexpr explicit extreme_random(std::uint32_t choice) noexcept : choice_(choice) {}
  constexpr result_type operator()() override {
    bool const high = drawn_ < 32 && ((choice_ >> drawn_) & 1) != 0;
    ++drawn_;
    return high ? highest_draw : lowest_draw;
  }
  [[nodiscard]] constexpr std::uint32_t drawn() const noexcept { return drawn_; }

 private:
  std::uint32_t choice_;
  std::uint32_t drawn_ = 0;
};

inline constexpr wait::bounds any_wait{duration::zero(), (duration::max)()};

/// Ten years. Strategies of a user's own are not called with longer waits, because their sums might overflow.
inline constexpr duration longest_asked = duration(duration::rep{3653 * 24} * 3'600'000'000'000);

/// Calls a strategy that declares nothing: with both ends of everything that it may look at, and of every draw.
template <class W>
constexpr wait::bounds ask_all_ends(W const& strategy, wait::range_query const& q) {
  constexpr std::uint32_t most_draws = 4;
  if (q.most_waited.count() > longest_asked.count()) return any_wait;
  wait::bounds ends{(duration::max)(), duration::zero()};
  // The server asks for: nothing, no time, or the longest wait that the policy obeys.
  optional_duration const server[] = {std::nullopt, duration::zero(), shorter(q.most_server_wait, longest_asked)};
  for (unsigned corner = 0; corner < 12; ++corner) {
    bool const late = (corner & 1) != 0;
    bool const slow = (corner & 2) != 0;
    auto const asked = corner >> 2;
    if (late && q.least_previous.count() == q.most_previous.count()) continue;
    if (slow && q.least_waited.count() == q.most_waited.count()) continue;
    if (asked != 0 && q.most_server_wait.count() == 0) continue;
    auto const most_so_far = ends.most;
    auto const waited = slow ? q.most_waited : q.least_waited;
    attempt_info a{.number = q.number,
                   .elapsed = waited,
                   .waited = waited,
                   .previous_wait = late ? q.most_previous : q.least_previous,
                   .server_wait = server[asked]};
    std::uint32_t choices = 1;
    for (std::uint32_t choice = 0; choice < choices; ++choice) {
      extreme_random random(choice);
      a.random = &random;
      auto const d = optional_duration(ask_wait(strategy, a)).value_or(duration::zero());
      if (random.drawn() > most_draws) return any_wait;
      if (choices < std::uint32_t{1} << random.drawn()) choices = std::uint32_t{1} << random.drawn();
      ends.least = shorter(ends.least, d);
      ends.most = longer(ends.most, d);
    }
    // The strategy follows a server's wait beyond the longest one that was tried.
    bool const followed = ends.most.count() > most_so_far.count();
    if (asked == 2 && q.most_server_wait.count() > longest_asked.count() && followed) ends.most = (duration::max)();
  }
  return ends;
}

}  // namespace detail

namespace wait {

/// Returns the shortest and the longest answer of a strategy, for the explanation and the worst case of a policy.
/// - A strategy with a member `range(q)` answers itself.
/// - A strategy with `static constexpr bool never_shrinks = true` is called with the lowest and the highest random
///   draw.
/// - Any other strategy is called with both ends of the earlier waits, of server waits and of each of its draws; its
///   `elapsed` is its `waited`.
///
/// A strategy that cannot be called without the operation's result, that draws more than four times, or that is called
/// after ten years of waiting, is assumed to answer anything.
template <class W>
[[nodiscard]] constexpr bounds bounds_of(W const& strategy, range_query const& q) {
  if constexpr (requires {
                  { strategy.range(q) } -> std::same_as<bounds>;
                }) {
    return strategy.range(q);
  } else if constexpr (!detail::outcome_independent<W>) {
    return detail::any_wait;
  } else if constexpr (detail::never_shrinks<W> || detail::grows_in_parts<W>) {
    fixed_random low(lowest_draw);
    fixed_random high(highest_draw);
    auto const ask = [&](duration previous, random_source& random) {
      attempt_info const a{.number = q.number, .previous_wait = previous, .random = &random};
      return optional_duration(detail::ask_wait(strategy, a)).value_or(duration::zero());
    };
    return {ask(q.least_previous, low), ask(q.most_previous, high)};
  } else {
    return detail::ask_all_ends(strategy, q);
  }
}

}  // namespace wait
}  // namespace tenax
