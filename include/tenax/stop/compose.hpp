// SPDX-License-Identifier: MIT
// stop/compose.hpp: `||` and `&&` for stop conditions, and what the engine reads from a condition besides yes or no.
#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>
#include <utility>

#include <tenax/attempt.hpp>
#include <tenax/detail/role.hpp>
#include <tenax/platform/compiler.hpp>
#include <tenax/report.hpp>

namespace tenax {

/// Stop conditions: is it time to give up?
///
/// A condition is any callable that takes a `tenax::attempt_info const&` or a `tenax::attempt<T> const&` and returns
/// `bool`; it sees `upcoming_wait`. The conditions here combine with `||` and `&&`, own their operands, and call the
/// right operand only if the left one leaves the answer open. All are immutable values: safe to share between threads.
namespace stop {

template <class S>
concept operand = detail::operand<S, operators, when::operators, wait::operators>;

/// How far a condition lets a call go at most: for the explanation and the worst case of a policy.
struct bounds {
  std::uint32_t attempts = (std::numeric_limits<std::uint32_t>::max)();  ///< the greatest number means: no limit
  duration waiting = (duration::max)();  ///< all waits together; `max()` means: no limit
};

/// The answer of a condition with its reason.
struct answer {
  bool stop = false;
  stop_reason reason = stop_reason::attempts;
};

}  // namespace stop

namespace detail {

/// Calls a condition once. A condition without a reason ends the call with `stop_reason::attempts`.
template <class S, class A>
constexpr stop::answer ask_stop(S const& condition, A const& a) {
  if constexpr (requires {
                  { condition.ask(a) } -> std::same_as<stop::answer>;
                }) {
    return condition.ask(a);
  } else {
    return {static_cast<bool>(condition(a))};
  }
}

template <class S>
inline constexpr bool clips = requires(S const& s, attempt_info const& a) { s.clip(a); };

/// Whether a condition shortens waits. A condition of any type knows it only when the program runs.
template <class S>
constexpr bool may_clip([[maybe_unused]] S const& condition) {
  if constexpr (requires { condition.may_clip(); }) {
    return condition.may_clip();
  } else {
    return clips<S>;
  }
}

/// The upcoming wait, shortened if the condition prefers that to giving up.
template <class S>
constexpr duration clip_wait(S const& condition, attempt_info const& a) {
  if constexpr (clips<S>) {
    return condition.clip(a);
  } else {
    return a.upcoming_wait;
  }
}

template <class S>
inline constexpr bool has_time_left = requires(S const& s, attempt_info const& a) { s.time_left(a); };

/// The time left until a deadline: zero if it has passed, `duration::max()` if the condition has none.
template <class S>
constexpr duration time_left(S const& condition, attempt_info const& a) {
  if constexpr (has_time_left<S>) {
    return condition.time_left(a);
  } else {
    return (duration::max)();
  }
}

/// The same, from `numbers()`, which makes an attempt's numbers if the condition has a deadline. A condition of any
/// type knows that only when the program runs.
template <class S, class Numbers>
TENAX_ALWAYS_INLINE constexpr duration time_left_of(S const& condition, Numbers const& numbers) {
  if constexpr (requires { condition.has_deadline(); }) {
    if (!condition.has_deadline()) return (duration::max)();
  }
  return time_left(condition, numbers());
}

template <class S>
constexpr stop::bounds bounds_of(S const& condition) {
  if constexpr (requires { condition.bounds(); }) {
    return condition.bounds();
  } else {
    return {};
  }
}

/// Takes the place of an operator between a condition and a bare operand; its message says what to write.
template <class L, class R>
constexpr policy_of<L, R> refuse_bare_stop(L const& left, R const& right) {
  constexpr bool number = std::is_arithmetic_v<L> || std::is_arithmetic_v<R>;
  static_assert(number,
                "tenax: a stop condition was combined with a duration; write stop::deadline(...) for a limit on time");
  static_assert(
      !number,
      "tenax: a stop condition was combined with a number; write stop::after_attempts(...) for a limit on attempts");
  return not_bare(left, right);
}

}  // namespace detail

namespace stop {

/// `a || b`: stop as soon as either condition is true. The reason is that of the first true one.
template <class L, class R>
struct any_of;
/// `a && b`: stop once both conditions are true. The reason is that of the right one.
template <class L, class R>
struct all_of;

/// The base of the conditions here; it brings the operators. Derive your own condition from it to get them; a condition
/// that does not derive can still be an operand beside one that does.
struct operators {
  template <class L, class R>
    requires(operand<L> && operand<R> && (std::derived_from<L, operators> || std::derived_from<R, operators>))
  friend constexpr any_of<L, R> operator||(L left, R right) {
    return any_of<L, R>(std::move(left), std::move(right));
  }

  template <class L, class R>
    requires(operand<L> && operand<R> && (std::derived_from<L, operators> || std::derived_from<R, operators>))
  friend constexpr all_of<L, R> operator&&(L left, R right) {
    return all_of<L, R>(std::move(left), std::move(right));
  }

  template <class L, class R>
    requires(detail::of_two_roles<L, R, operators, when::operators> ||
             detail::of_two_roles<L, R, operators, wait::operators>)
  friend constexpr L operator||(L left, R const&) {
    return detail::refuse_two_roles<L, R>(std::move(left));
  }

  template <class L, class R>
    requires(detail::of_two_roles<L, R, operators, when::operators> ||
             detail::of_two_roles<L, R, operators, wait::operators>)
  friend constexpr L operator&&(L left, R const&) {
    return detail::refuse_two_roles<L, R>(std::move(left));
  }
  template <class L, class R>
    requires detail::with_bare_operand<L, R, operators>
  friend constexpr detail::policy_of<L, R> operator||(L const& left, R const& right) {
    return detail::refuse_bare_stop(left, right);
  }

  template <class L, class R>
    requires detail::with_bare_operand<L, R, operators>
  friend constexpr detail::policy_of<L, R> operator&&(L const& left, R const& right) {
    return detail::refuse_bare_stop(left, right);
  }
};

template <class L, class R>
struct any_of : operators {
  static constexpr bool uses_time = detail::uses_time<L> || detail::uses_time<R>;

  constexpr any_of(L l, R r) : left(std::move(l)), right(std::move(r)) {}

  template <class A>
    requires(std::is_invocable_v<L const&, A const&> && std::is_invocable_v<R const&, A const&>)
  constexpr bool operator()(A const& a) const {
    return ask(a).stop;
  }

  template <class A>
  constexpr answer ask(A const& a) const {
    auto const l = detail::ask_stop(left, a);
    return l.stop ? l : detail::ask_stop(right, a);
  }

  constexpr duration clip(attempt_info const& a) const
    requires(detail::clips<L> || detail::clips<R>)
  {
    auto const l = detail::clip_wait(left, a);
    auto const r = detail::clip_wait(right, a);
    return detail::shorter(l, r);
  }

  constexpr duration time_left(attempt_info const& a) const
    requires(detail::has_time_left<L> || detail::has_time_left<R>)
  {
    auto const l = detail::time_left(left, a);
    auto const r = detail::time_left(right, a);
    return detail::shorter(l, r);
  }

  [[nodiscard]] constexpr stop::bounds bounds() const {
    auto const l = detail::bounds_of(left);
    auto const r = detail::bounds_of(right);
    return {l.attempts < r.attempts ? l.attempts : r.attempts, detail::shorter(l.waiting, r.waiting)};
  }

  template <class Out>
  constexpr void describe(Out& out) const {
    detail::describe_operand(left, out, "when your condition says so", " and ");
    out.text(" or ");
    detail::describe_operand(right, out, "when your condition says so", " and ");
  }

  L left;
  R right;
};

template <class L, class R>
struct all_of : operators {
  static constexpr bool uses_time = detail::uses_time<L> || detail::uses_time<R>;

  constexpr all_of(L l, R r) : left(std::move(l)), right(std::move(r)) {}

  template <class A>
    requires(std::is_invocable_v<L const&, A const&> && std::is_invocable_v<R const&, A const&>)
  constexpr bool operator()(A const& a) const {
    return ask(a).stop;
  }

  template <class A>
  constexpr answer ask(A const& a) const {
    auto const l = detail::ask_stop(left, a);
    return l.stop ? detail::ask_stop(right, a) : l;
  }

  constexpr duration clip(attempt_info const& a) const
    requires(detail::clips<L> && detail::clips<R>)
  {
    auto const l = detail::clip_wait(left, a);
    auto const r = detail::clip_wait(right, a);
    return detail::longer(l, r);
  }

  constexpr duration time_left(attempt_info const& a) const
    requires(detail::has_time_left<L> && detail::has_time_left<R>)
  {
    auto const l = detail::time_left(left, a);
    auto const r = detail::time_left(right, a);
    return detail::longer(l, r);
  }

  [[nodiscard]] constexpr stop::bounds bounds() const {
    auto const l = detail::bounds_of(left);
    auto const r = detail::bounds_of(right);
    return {l.attempts < r.attempts ? r.attempts : l.attempts, detail::longer(l.waiting, r.waiting)};
  }

  template <class Out>
  constexpr void describe(Out& out) const {
    out.text("once both hold: (");
    detail::describe(left, out, "your condition says so");
    out.text(") and (");
    detail::describe(right, out, "your condition says so");
    out.text(")");
  }

  L left;
  R right;
};

}  // namespace stop
}  // namespace tenax
