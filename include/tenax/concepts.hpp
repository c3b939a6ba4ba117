// SPDX-License-Identifier: MIT
// concepts.hpp: what retry predicates, wait strategies, stop conditions, environments and tokens must be able to do.
#pragma once

#include <concepts>
#include <type_traits>

#include <tenax/attempt.hpp>

namespace tenax {

/// Decides from one finished attempt whether another one is wanted. Satisfied by any copyable callable for which
///   1. `p(a)` is `bool` for a const `p`: a predicate has no memory.
/// A stop condition, not the predicate, decides whether another attempt is *allowed*. `A` is `attempt_info` or an
/// `attempt<T>`.
template <class P, class A>
concept retry_predicate = platform::copyable<P> && requires(P const& p, A const& a) {
  { p(a) } -> std::same_as<bool>;
};

/// Returns how long to wait before the next attempt, or no answer. Satisfied by any copyable callable for which
///   1. `w(a)` is a duration of any unit, or a `std::optional` (or `optional_duration`) of one, for a const `w`.
template <class W, class A>
concept partial_wait_strategy = platform::copyable<W> && requires(W const& w, A const& a) {
  { w(a) } -> std::convertible_to<optional_duration>;
};

/// Returns how long to wait before the next attempt, and always has an answer. Satisfied by any copyable callable for
/// which
///   1. `w(a)` is a duration of any unit for a const `w`.
/// A negative wait counts as zero.
template <class W, class A>
concept wait_strategy = partial_wait_strategy<W, A> && requires(W const& w, A const& a) {
  { w(a) } -> std::convertible_to<any_duration>;
};

/// Decides when to give up; sees `upcoming_wait`. Satisfied by any copyable callable for which
///   1. `s(a)` is `bool` for a const `s`.
template <class S, class A>
concept stop_condition = platform::copyable<S> && requires(S const& s, A const& a) {
  { s(a) } -> std::same_as<bool>;
};

/// The effects of a driver (time, sleep, randomness) in one value. Satisfied by any type, or `std::ref` to one, for
/// which
///   1. `e.now()` is a `time_point` that never goes back;
///   2. `e.sleep(d)` returns when `d` has passed by that clock. If it returns early, the engine reads the clock and
///      sleeps for the rest. A `d` of `duration::max()` has no end.
/// Optional: `e.sleep(d, token)`, which returns earlier if `token.stop_requested()` turns true, and `e.random()`, a
/// `random_source&`. The time need not be real time.
template <class E>
concept environment = requires(E& e, duration d) {
  { e.now() } -> std::convertible_to<time_point>;
  e.sleep(d);
};

/// A token that a caller can ask to stop, as `std::stop_token`. Satisfied by any copyable type for which
///   1. `t.stop_requested()` is convertible to `bool` for a const `t`.
template <class T>
concept cancellation_token = platform::copyable<T> && requires(T const& t) {
  { t.stop_requested() } -> std::convertible_to<bool>;
};

}  // namespace tenax
