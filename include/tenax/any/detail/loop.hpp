// SPDX-License-Identifier: MIT
// any/detail/loop.hpp: a loop with an erased policy: each step is one call through a pointer.
#pragma once

#include <type_traits>

#include <tenax/any/detail/environment.hpp>
#include <tenax/any/detail/gates.hpp>
#include <tenax/any/detail/parts.hpp>
#include <tenax/any/detail/steps.hpp>
#include <tenax/driver/detail/loop_steps.hpp>
#include <tenax/platform/compiler.hpp>

namespace tenax::detail {

/// The token of a call. `seen`: room for what operations see of it.
template <class Token>
TENAX_ALWAYS_INLINE inline call_token token_of_call(Token const& token, token_view& seen) noexcept {
  if constexpr (!can_stop<Token>) {
    return {nullptr, nullptr, &no_flag, &seen};
  } else {
    seen = detail::view_token(token);
    return {&token, [](void const* t) { return asked_to_stop(*static_cast<Token const*>(t)); }, &no_flag, &seen};
  }
}
TENAX_ALWAYS_INLINE inline call_token token_of_call(erased_token const& token, token_view&) noexcept {
  auto const& own = token.block->token;
  return {own.token, own.stop_requested, &no_flag, &own};
}
/// The same for one that a driver made of the policy's own and of a flag.
template <class Token>
  requires requires(Token const& t) { t.flag(); }
TENAX_ALWAYS_INLINE inline call_token token_of_call(Token const& token, token_view& seen) noexcept {
  auto own = token_of_call(token.own, seen);
  own.flag = token.flag();
  return own;
}

template <class Limits>
TENAX_ALWAYS_INLINE inline erased_limits limits_of_call(Limits const& l) noexcept {
  return limits_erased(l);
}
TENAX_ALWAYS_INLINE inline erased_limits const& limits_of_call(erased_limits const& l) noexcept {
  return l;  // NOLINT(bugprone-return-const-ref-from-parameter): a part of a policy, never a temporary object
}
TENAX_ALWAYS_INLINE inline erased_limits const& limits_of_call(untimed_erased_limits const& l) noexcept { return l; }

/// The parts of an erased policy that look at the beginning of attempts, if only a token does.
template <class Token, class Limits>
struct plain_start {
  using wait_type = nothing;
  using stop_type = nothing;
  using observers_type = no_observers;
  using gates_type = no_gates;
  using token_type = Token;
  using limits_type = Limits;
  static constexpr bool uses_time = true;
  Token const& token;
  Limits const& limits;
};

template <class Block, class Gates>
concept erased_gates_or_none = std::is_same_v<Gates, erased_gates<Block>> || std::is_same_v<Gates, no_gates>;

/// For a policy whose parts are those of one erased policy. The token and the limits may be others: drivers and some
/// setters change them.
template <class Block, class Gates, class Token, class Limits, bool ReadsClock>
  requires erased_gates_or_none<Block, Gates>
struct loop_steps<policy<erased_when<Block>, erased_wait<Block>, erased_stop<Block>, erased_observers<Block>, Gates,
                         Token, erased_hint_reader<Block>, Limits>,
                  ReadsClock> {
  using policy_type = policy<erased_when<Block>, erased_wait<Block>, erased_stop<Block>, erased_observers<Block>, Gates,
                             Token, erased_hint_reader<Block>, Limits>;
  using tickets_type = typename Gates::tickets;

  TENAX_ALWAYS_INLINE static bool uses_time(policy_type const& p) noexcept { return block_of(p).uses_time; }

  /// Whether nothing looks at the beginning of an attempt.
  TENAX_ALWAYS_INLINE static bool starts_plainly(policy_type const& p) noexcept {
    constexpr bool own_token = std::is_same_v<Token, erased_token> || !can_stop<Token>;
    return own_token && block_of(p).starts_plainly && !may_stop(p.token) && !times_attempts(p.limits);
  }

  /// Looks at a first attempt that returned a value.
  template <class T>
  TENAX_ALWAYS_INLINE static first_look look(policy_type const& p, first_times const& times, outcome<T> const& result) {
    auto const& b = block_of(p);
    auto const f = functions<T>(b).look;
    if (f == nullptr) return first_look::open;
    return f(b.policy, times, p.limits.name, outcome_as<seen_type<T>>(result));
  }

  template <bool Told>
  TENAX_ALWAYS_INLINE static decision start(loop_state& loop, policy_type const& p, tickets_type& t, time_point now,
                                            waker w) {
    auto const& b = block_of(p);
    if (b.starts_plainly) {
      no_gates::tickets none;
      return loop_steps<plain_start<Token, Limits>, true>::template start<Told>(loop, {p.token, p.limits}, none, now,
                                                                                w);
    }
    return start_erased(loop, p, t, now, w);
  }

  template <bool Told, class T>
  TENAX_ALWAYS_INLINE static decision finish(loop_state& loop, policy_type const& p, tickets_type& t,
                                             outcome<T> const& result, time_point now, bool asked) {
    auto const& b = block_of(p);
    auto const& limits = limits_of_call(p.limits);
    token_view seen;
    return functions<T>(b).finish(b.policy, {loop, held(b, t), limits, now, token_of_call(p.token, seen)},
                                  outcome_as<seen_type<T>>(result), asked);
  }

  template <class T>
  TENAX_ALWAYS_INLINE static void conclude(loop_state& loop, policy_type const& p, outcome<T> const& result) {
    if constexpr (results::template lists<T>) {
      if (functions<T>(block_of(p)).conclude != nullptr) conclude_erased(loop, p, result);
    }
  }

 private:
  static returned_decision start_erased(loop_state& loop, policy_type const& p, tickets_type& t, time_point now,
                                        waker const& w) {
    auto const& b = block_of(p);
    auto const& limits = limits_of_call(p.limits);
    token_view seen;
    return b.call->start(b.policy, {loop, held(b, t), limits, now, token_of_call(p.token, seen)}, w);
  }

  template <class T>
  static void conclude_erased(loop_state& loop, policy_type const& p, outcome<T> const& result) {
    auto const& b = block_of(p);
    auto const& limits = limits_of_call(p.limits);
    token_view seen;
    functions<T>(b).conclude(b.policy, {loop, nullptr, limits, {}, token_of_call(p.token, seen)},
                             outcome_as<seen_type<T>>(result));
  }

  using results = results_of<Block>;
  template <class T>
  using seen_type = typename results::template seen<T>;

  TENAX_ALWAYS_INLINE static Block const& block_of(policy_type const& p) noexcept { return *p.observers.block; }
  TENAX_ALWAYS_INLINE static void* held(Block const& b, [[maybe_unused]] tickets_type& t) {
    if constexpr (!Gates::empty) {
      if (b.has_gates) return t.get(*b.call);
    }
    return nullptr;
  }
  template <class T>
  static erased_attempt_functions<seen_type<T>> const& functions(Block const& b) noexcept {
    return b;
  }
};

/// Whether something may end an attempt of an erased policy.
template <class... Parts>
bool may_interrupt(policy<Parts...> const& p) noexcept {
  return may_stop(p.token) || times_attempts(p.limits);
}

/// The same policy with a type that says that it does not hold what it does not hold, for drivers that do less then.
template <class Gates, class When, class Wait, class Stop, class Observers, class Own, class HintReader>
auto without_interruption(policy<When, Wait, Stop, Observers, Own, erased_token, HintReader, erased_limits> const& p,
                          Gates const& gates) {
  return policy<When, Wait, Stop, Observers, Gates, no_token, HintReader, untimed_erased_limits>{
      p.predicate, p.strategy, p.condition, p.observers, gates, {}, p.hint_reader, {p.limits}};
}

/// Calls `f` with a policy of the type that says most about it.
template <class Block, class When, class Wait, class Stop, class Observers, class HintReader, class F>
auto call_with_best_type(
    policy<When, Wait, Stop, Observers, erased_gates<Block>, erased_token, HintReader, erased_limits> const& p,
    F const& f) {
  if (may_interrupt(p)) return f(p);
  if (holds_gates(p.gates)) return f(without_interruption(p, p.gates));
  return f(without_interruption(p, no_gates()));
}

}  // namespace tenax::detail
