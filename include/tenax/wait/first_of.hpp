// SPDX-License-Identifier: MIT
// wait/first_of.hpp: a wait for some outcomes only (`only_if`), and the first strategy that answers (`first_of`).
#pragma once

#include <tenax/wait/compose.hpp>

namespace tenax::wait {

/// See `wait::only_if`.
template <class P, class W>
struct only_if_strategy : operators {
  static constexpr bool uses_time = detail::uses_time<P> || detail::uses_time<W>;

  constexpr only_if_strategy(P p, W w) : predicate(std::move(p)), strategy(std::move(w)) {}

  template <class A>
    requires(std::is_invocable_v<P const&, A const&> && std::is_invocable_v<W const&, A const&>)
  constexpr optional_duration operator()(A const& a) const {
    if (!predicate(a)) return {};
    return detail::ask_wait(strategy, a);
  }

  [[nodiscard]] constexpr bounds range(range_query const& q) const { return bounds_of(strategy, q); }
  [[nodiscard]] constexpr std::uint32_t grows_until(std::uint32_t n) const noexcept {
    return detail::grows_until(strategy, n);
  }

  template <class Out>
  constexpr void describe(Out& out) const {
    out.text("after ");
    detail::describe(predicate, out, "outcomes that you choose");
    out.text(", ");
    detail::describe_operand(strategy, out, "a wait of your own", ", else ", ", then ");
  }

  P predicate;
  W strategy;
};

/// The wait of `strategy` if `predicate` is true for the outcome, else no answer:
/// `wait::only_if(when::exception<network_error>, wait::none)`. Partial.
template <class P, class W>
[[nodiscard]] constexpr auto only_if(P predicate, W strategy) {
  if constexpr (!detail::check_operand<W>()) {
    return detail::refused_strategy();
  } else {
    return only_if_strategy<P, W>(std::move(predicate), std::move(strategy));
  }
}

/// See `wait::first_of`.
template <class L, class R>
struct first_of_strategy : operators {
  static constexpr bool uses_time = detail::uses_time<L> || detail::uses_time<R>;

  constexpr first_of_strategy(L l, R r) : left(std::move(l)), right(std::move(r)) {}

  template <class A>
    requires(std::is_invocable_v<L const&, A const&> && std::is_invocable_v<R const&, A const&>)
  constexpr auto operator()(A const& a) const {
    if constexpr (!detail::is_partial<L, A>) {
      return detail::ask_wait(left, a);
    } else {
      using answer = decltype(detail::ask_wait(right, a));
      if (auto const l = detail::ask_wait(left, a)) return answer(*l);
      return detail::ask_wait(right, a);
    }
  }

  [[nodiscard]] constexpr bounds range(range_query const& q) const {
    auto const l = bounds_of(left, q);
    if constexpr (detail::always_answers<L>) return l;
    auto const r = bounds_of(right, q);
    return {detail::shorter(l.least, r.least), detail::longer(l.most, r.most)};
  }
  [[nodiscard]] constexpr std::uint32_t grows_until(std::uint32_t n) const noexcept {
    return detail::always_answers<L> ? detail::grows_until(left, n) : detail::both_grow_until(left, right, n);
  }

  template <class Out>
  constexpr void describe(Out& out) const {
    detail::describe_operand(left, out, "a wait of your own", ", else ", ", then ");
    out.text(", else ");
    detail::describe_operand(right, out, "a wait of your own", ", then ");
  }

  L left;
  R right;
};

/// The answer of the first strategy that has one; later strategies are not called. Always has an answer as soon as one
/// of them does, so end it with such a strategy: `wait::first_of(wait::retry_after, wait::exponential())`.
template <class W, class... More>
[[nodiscard]] constexpr auto first_of(W first, More... more) {
  if constexpr (!(detail::check_operand<W>() && ... && detail::check_operand<More>())) {
    return detail::refused_strategy();
  } else if constexpr (sizeof...(More) == 0) {
    return first;
  } else {
    auto rest = first_of(std::move(more)...);
    return first_of_strategy<W, decltype(rest)>(std::move(first), std::move(rest));
  }
}

}  // namespace tenax::wait
