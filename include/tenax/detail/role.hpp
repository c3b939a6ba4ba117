// SPDX-License-Identifier: MIT
// detail/role.hpp: what retry predicates, wait strategies and stop conditions have in common.
#pragma once

#include <concepts>
#include <type_traits>

#include <tenax/duration.hpp>
#include <tenax/platform/cplusplus.hpp>

namespace tenax {

// The base classes that bring the operators of each role; defined in <role>/compose.hpp.
namespace when {
struct operators;
}
namespace wait {
struct operators;
}
namespace stop {
struct operators;
}

namespace detail {

/// The base of function objects that make a policy, such as `wait::exponential`. They are objects so that overloads can
/// explain a wrong call, and so that a setter can recognize `wait::exponential` without parentheses.
struct maker {};

/// A time or a number in place of a policy: it says how long or how many, and not of what.
template <class P>
concept bare_operand = std::is_arithmetic_v<P> || chrono_duration<P> || std::is_same_v<P, any_duration>;

/// Whether `P` may be an operand beside a policy of role `Own`: a class that belongs to no other role, or a function.
template <class P, class Own, class Other1, class Other2>
concept operand =
    (std::is_class_v<P> && !std::derived_from<P, Other1> && !std::derived_from<P, Other2> && !bare_operand<P>) ||
    std::is_function_v<std::remove_pointer_t<P>>;

/// Whether one operand is a policy of role `Own`, and the other one bare.
template <class L, class R, class Own>
concept with_bare_operand =
    (std::derived_from<L, Own> && bare_operand<R>) || (bare_operand<L> && std::derived_from<R, Own>);

/// The one of two operands that is not bare.
template <class L, class R>
using policy_of = std::conditional_t<bare_operand<L>, R, L>;
template <class L, class R>
constexpr policy_of<L, R> not_bare(L const& left, R const& right) {
  if constexpr (bare_operand<L>) {
    return right;
  } else {
    return left;
  }
}

/// Takes the place of an operator between policies of two roles; its message says where each belongs.
template <class L, class R>
constexpr L refuse_two_roles(L left) {
  static_assert(std::is_void_v<L>,
                "tenax: an operator was given policies of two roles; it combines those of one: give predicates to "
                ".when(...), waits to .wait(...) and conditions to .stop(...)");
  return left;
}

/// Whether one operand is of role `A` and the other of role `B`.
template <class L, class R, class A, class B>
concept of_two_roles =
    (std::derived_from<L, A> && std::derived_from<R, B>) || (std::derived_from<L, B> && std::derived_from<R, A>);

/// Whether a predicate is known to accept every value of type `T`, so that values need not be checked.
template <class P, class T>
inline constexpr bool accepts_every_value = false;
template <class P, class T>
  requires requires { P::template accepts_every_value<T>; }
inline constexpr bool accepts_every_value<P, T> = P::template accepts_every_value<T>;

/// Whether a predicate has two functions: `wants(a)` says whether the outcome is worth another attempt, and
/// `permits(a)` whether the request may be repeated at all. A denied permission overrides even a hint to retry.
template <class P>
inline constexpr bool has_veto = false;
template <class P>
  requires requires { requires P::has_veto; }
inline constexpr bool has_veto<P> = true;

template <class P, class A>
constexpr bool wants_retry(P const& predicate, A const& a) {
  if constexpr (has_veto<P>) {
    return predicate.wants(a);
  } else {
    return predicate(a);
  }
}

template <class P, class A>
constexpr bool permits_retry([[maybe_unused]] P const& predicate, [[maybe_unused]] A const& a) {
  if constexpr (has_veto<P>) {
    return predicate.permits(a);
  } else {
    return true;
  }
}

/// Why a predicate denies its permission, for logs; empty if it does not say. A text that lives as long as the program.
template <class P, class A>
constexpr char const* why_denied([[maybe_unused]] P const& predicate, [[maybe_unused]] A const& a) {
  if constexpr (requires { predicate.why_denied(a); }) return predicate.why_denied(a);
  return "";
}

/// Whether a predicate leaves it open which outcomes are failures: then gates hear what they hear without a policy.
template <class P>
constexpr bool has_no_opinion([[maybe_unused]] P const& predicate) noexcept {
  if constexpr (requires { predicate.has_no_opinion(); }) return predicate.has_no_opinion();
  return false;
}

/// Whether the predicate knows that the next attempt makes another request than the last one. Then it does not matter
/// that the last request cannot be repeated.
template <class P, class A>
constexpr bool goes_on([[maybe_unused]] P const& predicate, [[maybe_unused]] A const& a) {
  if constexpr (requires { predicate.goes_on(a); }) return predicate.goes_on(a);
  return false;
}

/// Whether a policy uses time. A policy that does not declare it is assumed to.
template <class P>
inline constexpr bool uses_time = true;
template <class P>
  requires requires { P::uses_time; }
inline constexpr bool uses_time<P> = P::uses_time;

/// Calls the `describe` of a policy, or writes the given name.
template <class P, class Out>
constexpr void describe(P const& policy, Out& out, char const* otherwise) {
  if constexpr (requires { policy.describe(out); }) {
    policy.describe(out);
  } else {
    out.text(otherwise);
  }
}

/// As `describe`, for an operand: puts its text in brackets if it contains one of `joints` ("or" inside of "and"),
/// which could be read as part of the text around it.
template <class P, class Out, class... Joints>
constexpr void describe_operand(P const& policy, Out& out, char const* otherwise, Joints... joints) {
  if constexpr (requires { out.bracket(out.size(), joints...); }) {
    auto const start = out.size();
    describe(policy, out, otherwise);
    out.bracket(start, joints...);
  } else {
    describe(policy, out, otherwise);
  }
}

}  // namespace detail
}  // namespace tenax
