// SPDX-License-Identifier: MIT
// attempt.hpp: `attempt<T>` and `attempt_info`: number, times and outcome of one attempt, as policies see them.
#pragma once

#include <cstdint>
#include <type_traits>

#include <tenax/duration.hpp>
#include <tenax/outcome.hpp>
#include <tenax/platform/compiler.hpp>
#include <tenax/random.hpp>
#include <tenax/result_traits.hpp>

namespace tenax {

/// Which side set the length of the upcoming wait.
enum class wait_source : unsigned char {
  strategy,  ///< this policy's wait strategy
  server     ///< the other side, by a wait at least as long as the strategy's; see `attempt_info::server_wait`
};

namespace detail {

/// A cancellation token of any type. `type` is the address of a variable that stands for the type.
struct token_view {
  void const* token = nullptr;
  void const* type = nullptr;
  bool (*stop_requested)(void const*) = nullptr;
};

template <class Token>
inline constexpr char token_type{};

template <class Token>
constexpr token_view view_token(Token const& token) noexcept {
  return {&token, &token_type<Token>,
          [](void const* t) { return static_cast<bool>(static_cast<Token const*>(t)->stop_requested()); }};
}

/// The token of a policy without cancellation.
struct no_token {
  constexpr bool stop_requested() const noexcept { return false; }
};

template <class Token>
inline constexpr bool can_stop = !std::is_same_v<Token, no_token>;

/// Whether a call with this token can be asked to stop. The token of any policy knows it only when the program runs.
template <class Token>
constexpr bool may_stop([[maybe_unused]] Token const& token) noexcept {
  if constexpr (requires { token.may_stop(); }) {
    return token.may_stop();
  } else {
    return can_stop<Token>;
  }
}

template <class Token>
TENAX_ALWAYS_INLINE constexpr bool asked_to_stop(Token const& token) {
  return static_cast<bool>(token.stop_requested());
}

}  // namespace detail

/// The numbers of one attempt. They do not depend on the result type, and most policies decide from them alone.
///
/// An aggregate, so that you can call a policy by hand and at compile time:
/// `static_assert(wait::exponential({.base = 100ms})({.number = 3}) == 400ms);`
struct attempt_info {
  /// 1 for the first attempt.
  std::uint32_t number = 1;
  /// The time from the start of the first attempt to the end of this one. Zero if no part of the policy uses time.
  duration elapsed{};
  /// The sum of all waits before this attempt.
  duration waited{};
  /// The wait just before this attempt; zero for the first one.
  duration previous_wait{};
  /// The wait that follows this attempt. It is set when stop conditions and `before_sleep` observers are called.
  duration upcoming_wait{};
  /// Which side set the length of `upcoming_wait`.
  wait_source source = wait_source::strategy;
  /// How long the other side asked the call to wait after this attempt, if it did.
  optional_duration server_wait{};
  /// The time left until the policy's deadline, for an operation that sets its own timeout. At least a millisecond in
  /// an attempt that starts, because most clients take 0 for "no limit". `duration::max()` without a deadline.
  duration time_left = detail::longest_duration;
  /// When the call started, if any part of the policy uses time.
  time_point started{};
  /// The source of random numbers; null means this thread's own source.
  random_source* random = nullptr;
  detail::token_view token{};
  /// The attempt before this one did not fail: the policy repeats it because its result is not the final one.
  bool polls = false;
  /// The name of the call, as `.named()` set it; never null.
  char const* name = "";

  /// Whether this attempt repeats a failure. Retry budgets count such attempts.
  [[nodiscard]] constexpr bool is_retry() const noexcept { return number > 1 && !polls; }

  /// A uniform draw from `[low, high)`, taken from `random`. If that is null: from this thread's own source, and in a
  /// constant expression the middle of the interval.
  [[nodiscard]] constexpr duration draw(duration low, duration high) const {
    if (random != nullptr) return draw_between(*random, low, high);
    if (std::is_constant_evaluated()) {
      fixed_random middle(middle_draw);
      return draw_between(middle, low, high);
    }
    return draw_between(this_thread_random(), low, high);
  }

  /// The point on `Clock` at which the time of an attempt that starts now is used up, for clients that take a point in
  /// time. Saturates: `Clock::time_point::max()` without a deadline. Rounded up to the resolution of the clock.
  template <class Clock = std::chrono::steady_clock>
  [[nodiscard]] typename Clock::time_point deadline() const {
    using point = typename Clock::time_point;
    if (time_left.count() == detail::longest_duration.count()) return (point::max)();
    auto const now = Clock::now();
    auto const left = std::chrono::ceil<typename Clock::duration>(time_left);
    return (point::max)() - left < now ? (point::max)() : now + left;
  }

  /// Whether the call was asked to stop, for operations that can give up half-way. See `.cancel_with()`.
  [[nodiscard]] bool stop_requested() const {
    return token.stop_requested != nullptr && token.stop_requested(token.token);
  }
};

/// A wait at a gate: the numbers of the attempt that starts after it; `upcoming_wait` is the length of the wait.
struct gate_wait : attempt_info {};

/// One finished attempt: its numbers, its outcome, and what the outcome says about trying again. `T` is the return type
/// of the operation, with its reference.
template <class T>
struct attempt : attempt_info {
  using value_type = T;

  outcome<T> const& result;
  /// What the other side, or the failure itself, said about trying again. The policy's hint reader reads it once;
  /// predicates, waits, gates and observers all see this value. An attempt made by hand reads it as a policy without a
  /// hint reader does.
  tenax::hint hint = detail::hint_of(result);
};

template <class T>
attempt(attempt_info, outcome<T> const&) -> attempt<T>;

}  // namespace tenax
