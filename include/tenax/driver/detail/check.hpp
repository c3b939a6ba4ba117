// SPDX-License-Identifier: MIT
// driver/detail/check.hpp: mistakes in setting up a policy, each explained by one sentence.
#pragma once

#include <concepts>
#include <type_traits>

#include <tenax/concepts.hpp>
#include <tenax/detail/callable.hpp>
#include <tenax/detail/role.hpp>
#include <tenax/driver/detail/flag_token.hpp>
#include <tenax/platform/compiler.hpp>

namespace tenax::detail {

/// Checks the argument of `.when(p)`; anything but a retry predicate ends in one sentence.
template <class P>
constexpr bool check_when() {
  if constexpr (!std::is_copy_constructible_v<P>) {
    static_assert(always_false<P>,
                  "tenax: .when() was given a callable that cannot be copied, and policies are; capture a "
                  "std::shared_ptr or a reference");
  } else if constexpr (std::derived_from<P, when::operators>) {
    return true;
  } else if constexpr (std::derived_from<P, wait::operators>) {
    static_assert(always_false<P>, "tenax: .when() was given a wait strategy; did you mean .wait(...)?");
  } else if constexpr (std::derived_from<P, stop::operators>) {
    static_assert(always_false<P>, "tenax: .when() was given a stop condition; did you mean .stop(...)?");
  } else if constexpr (may_take_attempt<P>()) {
    return true;
  } else if constexpr (changes_when_called<P>) {
    static_assert(always_false<P>,
                  "tenax: the callable given to .when() must be callable when const: policies are shared; keep what "
                  "changes outside, behind a reference");
  } else if constexpr (is_function<P>) {
    static_assert(always_false<P>,
                  "tenax: .when() was given a function that takes no attempt; did you forget the parentheses, as in "
                  "when::result(f)?");
  } else {
    static_assert(always_false<P>,
                  "tenax: .when() needs a predicate that takes `tenax::attempt<T> const&` and returns bool; to look at "
                  "the returned value write when::result(f), to look at an exception write "
                  "when::exception<E>.where(f)");
  }
  return false;
}

/// Whether a wait strategy can be called without the operation's result. Does not try a generic lambda, because one
/// that looks at the result would not compile.
template <class W>
constexpr bool asked_without_result() {
  if constexpr (std::derived_from<W, wait::operators> || !std::is_class_v<W> || requires { &W::operator(); }) {
    return std::is_invocable_v<W const&, attempt_info const&>;
  } else {
    return false;
  }
}

/// Checks the argument of `.wait(w)`.
template <class W>
constexpr bool check_wait() {
  if constexpr (!std::is_copy_constructible_v<W>) {
    static_assert(always_false<W>,
                  "tenax: .wait() was given a callable that cannot be copied, and policies are; capture a "
                  "std::shared_ptr or a reference");
  } else if constexpr (std::derived_from<W, when::operators>) {
    static_assert(always_false<W>, "tenax: .wait() was given a retry predicate; did you mean .when(...)?");
  } else if constexpr (std::derived_from<W, stop::operators>) {
    static_assert(always_false<W>, "tenax: .wait() was given a stop condition; did you mean .stop(...)?");
  } else if constexpr (chrono_duration<W>) {
    static_assert(always_false<W>, "tenax: .wait() was given a duration; write .wait(wait::constant(...))");
  } else if constexpr (std::is_arithmetic_v<W>) {
    static_assert(always_false<W>,
                  "tenax: .wait() was given a plain number; write .wait(wait::constant(5s)), with a unit");
  } else if constexpr (std::derived_from<W, maker> || (is_function<W> && !may_take_attempt<W>())) {
    static_assert(always_false<W>,
                  "tenax: .wait() was given a function that takes no attempt; did you forget the parentheses, as in "
                  "wait::exponential()?");
  } else if constexpr (asked_without_result<W>()) {
    if constexpr (std::is_arithmetic_v<std::invoke_result_t<W const&, attempt_info const&>>) {
      static_assert(always_false<W>,
                    "tenax: .wait() needs a strategy that returns a duration, such as std::chrono::milliseconds");
    } else if constexpr (wait_strategy<W, attempt_info>) {
      return true;
    } else if constexpr (partial_wait_strategy<W, attempt_info>) {
      static_assert(always_false<W>,
                    "tenax: .wait() needs a strategy that always has an answer; end it with "
                    "wait::first_of(..., wait::exponential())");
    } else {
      static_assert(always_false<W>,
                    "tenax: .wait() needs a strategy that returns a duration, such as std::chrono::milliseconds");
    }
  } else if constexpr (std::derived_from<W, wait::operators> || may_take_attempt<W>()) {
    return true;
  } else if constexpr (changes_when_called<W>) {
    static_assert(always_false<W>,
                  "tenax: the strategy given to .wait() must be callable when const: policies are shared; keep what "
                  "changes outside, behind a reference");
  } else {
    static_assert(always_false<W>,
                  "tenax: .wait() needs a strategy that takes `tenax::attempt_info const&` and returns a duration");
  }
  return false;
}

/// Checks the argument of `.read_hints_with(f)`.
template <class F>
constexpr bool check_hint_reader() {
  constexpr bool copied = std::is_copy_constructible_v<F>;
  static_assert(copied,
                "tenax: .read_hints_with() was given a callable that cannot be copied, and policies are; capture a "
                "std::shared_ptr or a reference");
  constexpr bool steady = !copied || !changes_when_called<F>;
  static_assert(
      steady,
      "tenax: the function given to .read_hints_with() must be callable when const: policies are shared; keep "
      "what changes outside, behind a reference");
  constexpr bool callable = !copied || !steady || may_take_attempt<F>();
  static_assert(
      callable,
      "tenax: .read_hints_with() needs a function that takes `tenax::attempt<T> const&` and returns a tenax::hint");
  return copied && steady && callable;
}

/// Checks the argument of `.stop(s)`.
template <class S>
constexpr bool check_stop() {
  if constexpr (!std::is_copy_constructible_v<S>) {
    static_assert(always_false<S>,
                  "tenax: .stop() was given a callable that cannot be copied, and policies are; capture a "
                  "std::shared_ptr or a reference");
  } else if constexpr (std::derived_from<S, stop::operators>) {
    return true;
  } else if constexpr (std::derived_from<S, when::operators>) {
    static_assert(always_false<S>, "tenax: .stop() was given a retry predicate; did you mean .when(...)?");
  } else if constexpr (std::derived_from<S, wait::operators>) {
    static_assert(always_false<S>, "tenax: .stop() was given a wait strategy; did you mean .wait(...)?");
  } else if constexpr (chrono_duration<S>) {
    static_assert(always_false<S>, "tenax: .stop() was given a duration; write .stop(stop::deadline(...))");
  } else if constexpr (std::is_arithmetic_v<S>) {
    static_assert(always_false<S>, "tenax: .stop() was given a number; write .stop(stop::after_attempts(...))");
  } else if constexpr (may_take_attempt<S>()) {
    return true;
  } else if constexpr (changes_when_called<S>) {
    static_assert(always_false<S>,
                  "tenax: the condition given to .stop() must be callable when const: policies are shared; keep what "
                  "changes outside, behind a reference");
  } else if constexpr (is_function<S>) {
    static_assert(always_false<S>,
                  "tenax: .stop() was given a function that takes no attempt; did you forget the parentheses, as in "
                  "stop::after_attempts(3)?");
  } else {
    static_assert(always_false<S>,
                  "tenax: .stop() needs a condition that takes `tenax::attempt_info const&` and returns bool");
  }
  return false;
}

/// Stands for the events that come after an attempt, whose functions may take its outcome.
struct after_outcome : attempt_info {};

/// A function that takes any type of attempt is accepted unchecked: checking whether it can be called would compile it.
template <class F, class Event>
constexpr bool may_take_event() {
  if constexpr (may_take_attempt<F>()) {
    return true;
  } else {
    return std::is_invocable_v<F const&, Event const&>;
  }
}

/// Whether a function with one signature needs an outcome, which some events do not have yet.
template <class F, class Event>
constexpr bool wants_outcome() {
  if constexpr (std::is_same_v<Event, after_outcome>) {
    return false;
  } else if constexpr (!std::is_class_v<F> || requires { &F::operator(); }) {
    return may_take_attempt<F>() && !std::is_invocable_v<F const&, Event const&>;
  } else {
    return false;
  }
}

/// Checks the argument of a setter for one kind of event.
template <class F, class Event>
constexpr bool check_observer() {
  constexpr bool copied = std::is_copy_constructible_v<F>;
  static_assert(copied,
                "tenax: an observer is copied with its policy, and this callable cannot be copied; capture a "
                "std::shared_ptr or a reference, or pass std::ref(object) to .observe()");
  constexpr bool callable = !copied || may_take_event<F, Event>();
  static_assert(
      callable,
      "tenax: an observer takes `tenax::attempt_info const&` or `tenax::attempt<T> const&` and does not change "
      "itself; to observe by an object of yours, pass std::ref(object) to .observe()");
  constexpr bool early = copied && callable && wants_outcome<F, Event>();
  static_assert(
      !early,
      "tenax: .before_attempt() and .before_gate_wait() are called before there is an outcome; let the function "
      "take a `tenax::attempt_info const&`");
  return copied && callable && !early;
}

/// Checks the argument of `.cancel_with(t)`.
template <class Token>
constexpr bool check_token() {
  // A std::stop_source has stop_requested() as well, but it cannot wake a sleep.
  constexpr bool usable =
      shared_flag<Token> || (cancellation_token<Token> && !requires(Token const& t) { t.get_token(); });
  constexpr bool flag = !usable && flag_like<Token>;
  static_assert(
      !flag, "tenax: .cancel_with() was given a flag, which cannot be copied; share it: .cancel_with(std::ref(flag))");
  static_assert(
      usable || flag,
      "tenax: .cancel_with() needs a token with stop_requested(), such as a std::stop_token, or std::ref of a "
      "std::atomic<bool>; from a std::stop_source pass source.get_token()");
  return usable;
}

/// Whether a setter was given a policy of its role; if not, the compiler prints the mistake. The policies of the
/// library are known to be right, unless they hold something that cannot be copied.
template <class P>
inline constexpr bool when_fits = check_when<P>();
template <platform::derives_from<when::operators> P>
  requires(platform::copyable<P>)
inline constexpr bool when_fits<P> = true;

template <class W>
inline constexpr bool wait_fits = check_wait<W>();

template <class S>
inline constexpr bool stop_fits = check_stop<S>();
template <platform::derives_from<stop::operators> S>
  requires(platform::copyable<S>)
inline constexpr bool stop_fits<S> = true;

}  // namespace tenax::detail
