// SPDX-License-Identifier: MIT
// wait/compose.hpp: `+`, `max_of` and `min_of` for wait strategies.
#pragma once

#include <concepts>
#include <type_traits>
#include <utility>

#include <tenax/detail/role.hpp>
#include <tenax/wait/bounds.hpp>

namespace tenax {

namespace detail {

/// Takes the place of an operator between a strategy and a bare operand; its message says what to write.
template <class L, class R>
constexpr policy_of<L, R> refuse_bare_wait(L const& left, R const& right) {
  constexpr bool number = std::is_arithmetic_v<L> || std::is_arithmetic_v<R>;
  static_assert(number, "tenax: a wait strategy was combined with a duration; write wait::constant(...)");
  static_assert(!number,
                "tenax: a wait strategy was combined with a plain number; write wait::constant(5s), with a unit");
  return not_bare(left, right);
}

}  // namespace detail

/// Wait strategies: how long to wait before the next attempt?
///
/// A strategy is any callable that takes a `tenax::attempt_info const&` or a `tenax::attempt<T> const&` and returns a
/// duration. A strategy that returns a `std::optional` of a duration is *partial*: it may have no answer. The
/// strategies here are immutable `constexpr` values, safe to share between threads; they keep no state and read what
/// they need from the attempt. All of them saturate: no attempt number, factor or duration wraps, turns negative or
/// becomes NaN.
///
/// Order inside a strategy: growth first, then the cap (`max`), then jitter inside the cap. The wait after attempt 1 is
/// the initial value, capped like every other.
namespace wait {

template <class W>
concept operand = detail::operand<W, operators, when::operators, stop::operators>;

/// `a + b`: the sum of both waits. Partial if one of them is: no answer unless both have one.
template <class L, class R>
struct sum;

/// The base of the strategies here; it brings `+`. Derive your own strategy from it to get the operator; a strategy
/// that does not derive can still be an operand beside one that does.
struct operators {
  template <class L, class R>
    requires(operand<L> && operand<R> && (std::derived_from<L, operators> || std::derived_from<R, operators>))
  friend constexpr sum<L, R> operator+(L left, R right) {
    return sum<L, R>(std::move(left), std::move(right));
  }

  template <class L, class R>
    requires(detail::of_two_roles<L, R, operators, when::operators> ||
             detail::of_two_roles<L, R, operators, stop::operators>)
  friend constexpr L operator+(L left, R const&) {
    return detail::refuse_two_roles<L, R>(std::move(left));
  }
  template <class L, class R>
    requires detail::with_bare_operand<L, R, operators>
  friend constexpr detail::policy_of<L, R> operator+(L const& left, R const& right) {
    return detail::refuse_bare_wait(left, right);
  }
};

}  // namespace wait

namespace detail {

/// Takes the place of a strategy after a mistake that is explained.
struct refused_strategy : wait::operators {
  static constexpr bool uses_time = false;
  constexpr duration operator()(attempt_info const&) const noexcept { return {}; }
};

/// Checks an argument of `first_of` and the like.
template <class W>
constexpr bool check_operand() {
  if constexpr (platform::derives_from<W, wait::operators>) {
    return true;
  } else {
    constexpr bool role = std::derived_from<W, when::operators> || std::derived_from<W, stop::operators>;
    static_assert(!role,
                  "tenax: a retry predicate or a stop condition was given in place of a wait strategy; predicates "
                  "belong into .when(...), conditions into .stop(...)");
    constexpr bool time = bare_operand<W> && !std::is_arithmetic_v<W>;
    static_assert(!time, "tenax: a wait strategy was combined with a duration; write wait::constant(...)");
    constexpr bool number = std::is_arithmetic_v<W>;
    static_assert(!number,
                  "tenax: a wait strategy was combined with a plain number; write wait::constant(5s), with a unit");
    constexpr bool made = std::derived_from<W, maker>;
    static_assert(!made,
                  "tenax: a wait strategy was combined with a function that makes one; did you forget the parentheses, "
                  "as in wait::exponential()?");
    return !role && !time && !number && !made;
  }
}

}  // namespace detail

namespace wait {

template <class L, class R>
struct sum : operators {
  static constexpr bool uses_time = detail::uses_time<L> || detail::uses_time<R>;

  constexpr sum(L l, R r) : left(std::move(l)), right(std::move(r)) {}

  template <class A>
    requires(std::is_invocable_v<L const&, A const&> && std::is_invocable_v<R const&, A const&>)
  constexpr auto operator()(A const& a) const {
    auto const l = detail::ask_wait(left, a);
    if constexpr (detail::is_partial<L, A> || detail::is_partial<R, A>) {
      using answer = optional_duration;
      if (!answer(l)) return answer();
      auto const r = detail::ask_wait(right, a);
      return answer(r) ? answer(saturating_add(*answer(l), *answer(r))) : answer();
    } else {
      return saturating_add(l, detail::ask_wait(right, a));
    }
  }

  [[nodiscard]] constexpr bounds range(range_query const& q) const {
    auto const l = bounds_of(left, q);
    auto const r = bounds_of(right, q);
    return {saturating_add(l.least, r.least), saturating_add(l.most, r.most)};
  }
  [[nodiscard]] constexpr std::uint32_t grows_until(std::uint32_t n) const noexcept {
    return detail::both_grow_until(left, right, n);
  }

  template <class Out>
  constexpr void describe(Out& out) const {
    detail::describe_operand(left, out, "a wait of your own", ", else ", ", then ", ", at ");
    out.text(" plus ");
    detail::describe_operand(right, out, "a wait of your own", ", else ", ", then ", ", at ");
  }

  L left;
  R right;
};

/// See `max_of` and `min_of`.
template <bool Longest, class L, class R>
struct extreme : operators {
  static constexpr bool uses_time = detail::uses_time<L> || detail::uses_time<R>;

  constexpr extreme(L l, R r) : left(std::move(l)), right(std::move(r)) {}

  template <class A>
    requires(std::is_invocable_v<L const&, A const&> && std::is_invocable_v<R const&, A const&>)
  constexpr auto operator()(A const& a) const {
    auto const l = detail::ask_wait(left, a);
    auto const r = detail::ask_wait(right, a);
    if constexpr (!detail::is_partial<L, A> && !detail::is_partial<R, A>) {
      return choose(l, r);
    } else if constexpr (!detail::is_partial<L, A>) {
      return r ? choose(l, *r) : l;
    } else if constexpr (!detail::is_partial<R, A>) {
      return l ? choose(*l, r) : r;
    } else {
      return l && r ? optional_duration(choose(*l, *r)) : (l ? l : r);
    }
  }

  [[nodiscard]] constexpr bounds range(range_query const& q) const {
    auto const l = bounds_of(left, q);
    auto const r = bounds_of(right, q);
    if constexpr (detail::always_answers<L> && detail::always_answers<R>)
      return {choose(l.least, r.least), choose(l.most, r.most)};
    // If one operand has no answer, the other one's counts. So either end may come from either operand.
    return {detail::shorter(l.least, r.least), detail::longer(l.most, r.most)};
  }
  [[nodiscard]] constexpr std::uint32_t grows_until(std::uint32_t n) const noexcept {
    return detail::both_grow_until(left, right, n);
  }

  template <class Out>
  constexpr void describe(Out& out) const {
    out.text(Longest ? "the longer of (" : "the shorter of (");
    detail::describe(left, out, "a wait of your own");
    out.text(") and (");
    detail::describe(right, out, "a wait of your own");
    out.text(")");
  }

  L left;
  R right;

 private:
  static constexpr duration choose(duration a, duration b) noexcept {
    return Longest ? detail::longer(a, b) : detail::shorter(a, b);
  }
};

/// The longest of the waits. Strategies without an answer do not count; partial only if all of them are.
template <class W, class... More>
[[nodiscard]] constexpr auto max_of(W first, More... more) {
  if constexpr (!(detail::check_operand<W>() && ... && detail::check_operand<More>())) {
    return detail::refused_strategy();
  } else if constexpr (sizeof...(More) == 0) {
    return first;
  } else {
    auto rest = max_of(std::move(more)...);
    return extreme<true, W, decltype(rest)>(std::move(first), std::move(rest));
  }
}

/// The shortest of the waits. Strategies without an answer do not count; partial only if all of them are.
template <class W, class... More>
[[nodiscard]] constexpr auto min_of(W first, More... more) {
  if constexpr (!(detail::check_operand<W>() && ... && detail::check_operand<More>())) {
    return detail::refused_strategy();
  } else if constexpr (sizeof...(More) == 0) {
    return first;
  } else {
    auto rest = min_of(std::move(more)...);
    return extreme<false, W, decltype(rest)>(std::move(first), std::move(rest));
  }
}

}  // namespace wait
}  // namespace tenax
