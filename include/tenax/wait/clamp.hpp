// SPDX-License-Identifier: MIT
// wait/clamp.hpp: a ceiling or a floor for any wait strategy: `wait::at_most` and `wait::at_least`.
#pragma once

#include <tenax/detail/reject.hpp>
#include <tenax/wait/compose.hpp>

namespace tenax::wait {

/// See `at_most` and `at_least`.
template <bool Ceiling, class W>
struct limited : operators {
  static constexpr bool uses_time = detail::uses_time<W>;

  constexpr limited(duration l, W w) : limit(l), strategy(std::move(w)) {}

  template <class A>
    requires std::is_invocable_v<W const&, A const&>
  constexpr auto operator()(A const& a) const {
    auto const answer = detail::ask_wait(strategy, a);
    if constexpr (detail::is_partial<W, A>) {
      return answer ? optional_duration(hold(*answer)) : answer;
    } else {
      return hold(answer);
    }
  }

  [[nodiscard]] constexpr bounds range(range_query const& q) const {
    auto const r = bounds_of(strategy, q);
    return {hold(r.least), hold(r.most)};
  }
  [[nodiscard]] constexpr std::uint32_t grows_until(std::uint32_t n) const noexcept {
    return detail::grows_until(strategy, n);
  }

  template <class Out>
  constexpr void describe(Out& out) const {
    detail::describe_operand(strategy, out, "a wait of your own", ", else ", ", then ", " plus ", ", at ");
    out.text(Ceiling ? ", at most " : ", at least ");
    out.time(limit);
  }

  duration limit;
  W strategy;

 private:
  constexpr duration hold(duration d) const noexcept {
    return Ceiling ? detail::shorter(d, limit) : detail::longer(d, limit);
  }
};

/// The wait of `strategy`, but never more than `ceiling`. Partial if `strategy` is. Does not shorten a wait that a
/// server asked for; `max_server_wait` does that.
///
/// Throws `std::invalid_argument` for a negative ceiling.
template <class W>
[[nodiscard]] constexpr auto at_most(any_duration ceiling, W strategy) {
  if constexpr (!detail::check_operand<W>()) {
    return detail::refused_strategy();
  } else {
    return limited<true, W>(detail::require_not_negative("wait::at_most: ceiling", ceiling), std::move(strategy));
  }
}

/// The wait of `strategy`, but never less than `floor`. Partial if `strategy` is: where it has no answer, the floor
/// gives none.
///
/// Throws `std::invalid_argument` for a negative floor.
template <class W>
[[nodiscard]] constexpr auto at_least(any_duration floor, W strategy) {
  if constexpr (!detail::check_operand<W>()) {
    return detail::refused_strategy();
  } else {
    return limited<false, W>(detail::require_not_negative("wait::at_least: floor", floor), std::move(strategy));
  }
}

}  // namespace tenax::wait
