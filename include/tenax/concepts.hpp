// SPDX-License-Identifier: MIT
// concepts.hpp: what a policy of each role must be able to do. There is nothing to derive from.
#pragma once

#include <concepts>
#include <type_traits>

#include <tenax/attempt.hpp>

namespace tenax {

/// Decides from one finished attempt whether another one is wanted. Satisfied by any copyable callable for which
///   1. `p(a)` is `bool` for a const `p`: a predicate remembers nothing.
/// It is not asked whether another attempt is *allowed*; that is a stop condition's business.
/// `A` is `attempt_info` or an `attempt<T>`.
template <class P, class A>
concept retry_predicate = std::is_copy_constructible_v<P> && requires(P const& p, A const& a) {
  { p(a) } -> std::same_as<bool>;
};

/// Says how long to wait before the next attempt, or has no opinion. Satisfied by any copyable callable for which
///   1. `w(a)` is a duration of any unit, or a `std::optional` (or `optional_duration`) of one, for a const `w`.
template <class W, class A>
concept partial_wait_strategy = std::is_copy_constructible_v<W> && requires(W const& w, A const& a) {
  { w(a) } -> std::convertible_to<optional_duration>;
};

/// Says how long to wait before the next attempt, always. Satisfied by any copyable callable for which
///   1. `w(a)` is a duration of any unit for a const `w`.
/// A negative answer counts as zero.
template <class W, class A>
concept wait_strategy = partial_wait_strategy<W, A> && requires(W const& w, A const& a) {
  { w(a) } -> std::convertible_to<any_duration>;
};

/// Says when to give up; sees `upcoming_wait`. Satisfied by any copyable callable for which
///   1. `s(a)` is `bool` for a const `s`.
template <class S, class A>
concept stop_condition = std::is_copy_constructible_v<S> && requires(S const& s, A const& a) {
  { s(a) } -> std::same_as<bool>;
};

/// The effects of a driver in one value. Satisfied by any type, or `std::ref` to one, for which
///   1. `e.now()` is a `time_point` that never goes back;
///   2. `e.sleep(d)` returns when `d` has passed by that clock. A sleep that is early is continued: the engine asks the
///      clock after it, and waits for the rest. A `d` of `duration::max()` has no end.
/// Optional: `e.sleep(d, token)`, which also returns when `token.stop_requested()` turns true, and `e.random()`, a
/// `random_source&`. Not required: that time is real.
template <class E>
concept environment = requires(E& e, duration d) {
  { e.now() } -> std::convertible_to<time_point>;
  e.sleep(d);
};

/// Anything that can be asked to stop, as `std::stop_token` can. Satisfied by any copyable type for which
///   1. `t.stop_requested()` is convertible to `bool` for a const `t`.
template <class T>
concept cancellation_token = std::is_copy_constructible_v<T> && requires(T const& t) {
  { t.stop_requested() } -> std::convertible_to<bool>;
};

}  // namespace tenax
