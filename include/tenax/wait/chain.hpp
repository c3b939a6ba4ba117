// SPDX-License-Identifier: MIT
// wait/chain.hpp: one wait strategy after another: `wait::chain` and `wait::repeat`.
#pragma once

#include <tenax/wait/compose.hpp>

namespace tenax::wait {

/// See `wait::repeat`.
template <class W>
struct repeated : operators {
  static constexpr bool uses_time = detail::uses_time<W>;

  constexpr repeated(std::uint32_t n, W w) : times(n), strategy(std::move(w)) {}

  template <class A>
    requires std::is_invocable_v<W const&, A const&>
  constexpr auto operator()(A const& a) const {
    return detail::ask_wait(strategy, a);
  }

  [[nodiscard]] constexpr bounds range(range_query const& q) const { return bounds_of(strategy, q); }
  [[nodiscard]] constexpr std::uint32_t grows_until(std::uint32_t n) const noexcept {
    return detail::grows_until(strategy, n);
  }

  template <class Out>
  constexpr void describe(Out& out) const {
    detail::describe_operand(strategy, out, "a wait of your own", ", else ", ", then ", " plus ");
    out.text(" (");
    out.number(times);
    out.text(times == 1 ? " time)" : " times)");
  }

  std::uint32_t times;
  W strategy;
};

template <class>
inline constexpr bool is_repeated = false;
template <class W>
inline constexpr bool is_repeated<repeated<W>> = true;

/// A link of a chain that answers `times` waits. Outside of a chain, it is the same as `strategy`.
///
/// Throws `std::invalid_argument` for `times` below 1 or above 4294967295.
template <class W>
[[nodiscard]] constexpr auto repeat(std::int64_t times, W strategy) {
  constexpr std::int64_t most = (std::numeric_limits<std::uint32_t>::max)();
  if (times < 1 || times > most) {
    invalid_parameter("wait::repeat: times", "must be from 1 to 4294967295", static_cast<double>(times));
  }
  if constexpr (!detail::check_operand<W>()) {
    return detail::refused_strategy();
  } else {
    return repeated<W>(static_cast<std::uint32_t>(times), std::move(strategy));
  }
}

/// Overloads for wrong calls of `repeat`: their message shows the right one.
template <class N, class W>
  requires(std::is_floating_point_v<N> || detail::chrono_duration<N>)
[[nodiscard]] constexpr repeated<W> repeat(N, W strategy) {
  static_assert(detail::always_false<N>,
                "tenax: wait::repeat() counts waits; write a whole number first, as in wait::repeat(3, wait::none)");
  return {1, std::move(strategy)};
}

/// See `wait::chain`.
template <class L, class R>
struct chain_strategy : operators {
  static constexpr bool uses_time = detail::uses_time<L> || detail::uses_time<R>;

  constexpr chain_strategy(L l, R r) : left(std::move(l)), right(std::move(r)) {}

  template <class A>
    requires(std::is_invocable_v<L const&, A const&> && std::is_invocable_v<R const&, A const&>)
  constexpr auto operator()(A const& a) const {
    using answer =
        std::conditional_t<detail::is_partial<L, A> || detail::is_partial<R, A>, optional_duration, duration>;
    if (a.number <= length()) return answer(detail::ask_wait(left, a));
    A later = a;
    later.number = a.number - length();
    return answer(detail::ask_wait(right, later));
  }

  [[nodiscard]] constexpr bounds range(range_query q) const {
    if (q.number <= length()) return bounds_of(left, q);
    q.number -= length();
    return bounds_of(right, q);
  }
  [[nodiscard]] constexpr std::uint32_t grows_until(std::uint32_t n) const noexcept {
    auto const turn = length();
    if (n <= turn) {
      auto const end = detail::grows_until(left, n);
      return end < turn ? end : turn;
    }
    auto const end = detail::grows_until(right, n - turn);
    constexpr auto last = (std::numeric_limits<std::uint32_t>::max)();
    return end < last - turn ? end + turn : last;
  }

  template <class Out>
  constexpr void describe(Out& out) const {
    detail::describe_operand(left, out, "a wait of your own", ", else ", ", then ");
    out.text(", then ");
    detail::describe_operand(right, out, "a wait of your own", ", else ");
  }

  L left;
  R right;

 private:
  constexpr std::uint32_t length() const noexcept {
    if constexpr (is_repeated<L>) {
      return left.times;
    } else {
      return 1;
    }
  }
};

/// Uses one strategy after another: each answers one wait, or as many as `wait::repeat` says; the last one answers all
/// others. Every link counts attempts from its own start:
/// `wait::chain(wait::repeat(3, wait::none), wait::exponential())` retries three times immediately and then waits from
/// the exponential's base on. Partial if one of the links is.
template <class W, class... More>
[[nodiscard]] constexpr auto chain(W first, More... more) {
  if constexpr (!(detail::check_operand<W>() && ... && detail::check_operand<More>())) {
    return detail::refused_strategy();
  } else if constexpr (sizeof...(More) == 0) {
    return first;
  } else {
    auto rest = chain(std::move(more)...);
    return chain_strategy<W, decltype(rest)>(std::move(first), std::move(rest));
  }
}

}  // namespace tenax::wait
