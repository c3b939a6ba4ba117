// SPDX-License-Identifier: MIT
// when/compose.hpp: `||`, `&&` and `!` for retry predicates.
#pragma once

#include <concepts>
#include <type_traits>
#include <utility>

#include <tenax/attempt.hpp>
#include <tenax/detail/role.hpp>

namespace tenax {

namespace detail {

/// Takes the place of an operator between a predicate and a bare operand; its message says what to write.
template <class L, class R>
constexpr policy_of<L, R> refuse_bare_when(L const& left, R const& right) {
  constexpr bool number = std::is_arithmetic_v<L> || std::is_arithmetic_v<R>;
  static_assert(number,
                "tenax: a retry predicate was combined with a duration; limits on time are conditions: "
                ".stop(stop::deadline(...))");
  static_assert(
      !number,
      "tenax: a retry predicate was combined with a value; to compare results with it write when::result_is(...)");
  return not_bare(left, right);
}

}  // namespace detail

/// Retry predicates: is this outcome worth another attempt?
///
/// A predicate is any callable that takes a `tenax::attempt_info const&` or a `tenax::attempt<T> const&` and returns
/// `bool`. The predicates here combine with `||`, `&&` and `!`, own their operands, and call the right operand only if
/// the left one leaves the answer open. All are immutable values: safe to share between threads.
namespace when {

template <class P>
concept operand = detail::operand<P, operators, wait::operators, stop::operators>;

/// `a || b`: retry if either predicate is true.
template <class L, class R>
struct any_of;
/// `a && b`: retry if both predicates are true.
template <class L, class R>
struct all_of;
/// `!a`: retry if the predicate is false.
template <class P>
struct negation;

/// The base of the predicates here; it brings the operators. Derive your own predicate from it to get them; a predicate
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

  template <std::derived_from<operators> P>
  friend constexpr negation<P> operator!(P predicate) {
    return negation<P>(std::move(predicate));
  }

  template <class L, class R>
    requires(detail::of_two_roles<L, R, operators, wait::operators>)
  friend constexpr L operator||(L left, R const&) {
    return detail::refuse_two_roles<L, R>(std::move(left));
  }

  template <class L, class R>
    requires(detail::of_two_roles<L, R, operators, wait::operators>)
  friend constexpr L operator&&(L left, R const&) {
    return detail::refuse_two_roles<L, R>(std::move(left));
  }
  template <class L, class R>
    requires detail::with_bare_operand<L, R, operators>
  friend constexpr detail::policy_of<L, R> operator||(L const& left, R const& right) {
    return detail::refuse_bare_when(left, right);
  }

  template <class L, class R>
    requires detail::with_bare_operand<L, R, operators>
  friend constexpr detail::policy_of<L, R> operator&&(L const& left, R const& right) {
    return detail::refuse_bare_when(left, right);
  }
};

template <class L, class R>
struct any_of : operators {
  static constexpr bool uses_time = detail::uses_time<L> || detail::uses_time<R>;
  template <class T>
  static constexpr bool accepts_every_value = detail::accepts_every_value<L, T> && detail::accepts_every_value<R, T>;

  constexpr any_of(L l, R r) : left(std::move(l)), right(std::move(r)) {}

  template <class A>
  constexpr auto operator()(A const& a) const
      -> decltype(bool(std::declval<L const&>()(a) || std::declval<R const&>()(a))) {
    return left(a) || right(a);
  }

  static constexpr bool has_veto = detail::has_veto<L> || detail::has_veto<R>;
  template <class A>
    requires has_veto
  constexpr bool wants(A const& a) const {
    return detail::wants_retry(left, a) || detail::wants_retry(right, a);
  }
  /// If a side wants the attempt, its permission is enough; if neither does, a hint to retry needs the permission of
  /// both.
  template <class A>
    requires has_veto
  constexpr bool permits(A const& a) const {
    bool const by_left = detail::permits_retry(left, a);
    bool const by_right = detail::permits_retry(right, a);
    return (by_left && by_right) || (by_left && detail::wants_retry(left, a)) ||
           (by_right && detail::wants_retry(right, a));
  }
  template <class A>
    requires has_veto
  constexpr char const* why_denied(A const& a) const {
    return detail::permits_retry(left, a) ? detail::why_denied(right, a) : detail::why_denied(left, a);
  }

  template <class Out>
  constexpr void describe(Out& out) const {
    detail::describe_operand(left, out, "a predicate of your own", " and ");
    out.text(" or ");
    detail::describe_operand(right, out, "a predicate of your own", " and ");
  }

  L left;
  R right;
};

template <class L, class R>
struct all_of : operators {
  static constexpr bool uses_time = detail::uses_time<L> || detail::uses_time<R>;
  template <class T>
  static constexpr bool accepts_every_value = detail::accepts_every_value<L, T> || detail::accepts_every_value<R, T>;

  constexpr all_of(L l, R r) : left(std::move(l)), right(std::move(r)) {}

  template <class A>
  constexpr auto operator()(A const& a) const
      -> decltype(bool(std::declval<L const&>()(a) && std::declval<R const&>()(a))) {
    return left(a) && right(a);
  }

  static constexpr bool has_veto = detail::has_veto<L> || detail::has_veto<R>;
  template <class A>
    requires has_veto
  constexpr bool wants(A const& a) const {
    return detail::wants_retry(left, a) && detail::wants_retry(right, a);
  }
  template <class A>
    requires has_veto
  constexpr bool permits(A const& a) const {
    return detail::permits_retry(left, a) && detail::permits_retry(right, a);
  }
  template <class A>
    requires has_veto
  constexpr char const* why_denied(A const& a) const {
    return detail::permits_retry(left, a) ? detail::why_denied(right, a) : detail::why_denied(left, a);
  }

  template <class Out>
  constexpr void describe(Out& out) const {
    out.text("(");
    detail::describe_operand(left, out, "a predicate of your own", " or ");
    out.text(" and ");
    detail::describe_operand(right, out, "a predicate of your own", " or ");
    out.text(")");
  }

  L left;
  R right;
};

template <class P>
struct negation : operators {
  static constexpr bool uses_time = detail::uses_time<P>;

  constexpr explicit negation(P p) : predicate(std::move(p)) {}

  template <class A>
  constexpr auto operator()(A const& a) const -> decltype(bool(!std::declval<P const&>()(a))) {
    return !predicate(a);
  }

  template <class Out>
  constexpr void describe(Out& out) const {
    out.text("anything but (");
    detail::describe(predicate, out, "a predicate of your own");
    out.text(")");
  }

  P predicate;
};

}  // namespace when
}  // namespace tenax
