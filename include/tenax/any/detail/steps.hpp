// SPDX-License-Identifier: MIT
// any/detail/steps.hpp: the steps of a loop with an erased policy: those of the policy's own type, behind pointers.
#pragma once

#include <type_traits>

#include <tenax/any/detail/limits.hpp>
#include <tenax/any/result.hpp>
#include <tenax/driver/detail/first_look.hpp>
#include <tenax/driver/detail/loop_steps.hpp>
#include <tenax/gate/gate.hpp>
#include <tenax/platform/compiler.hpp>
#include <tenax/policy.hpp>

namespace tenax::detail {

/// The token of a call of any driver, which may have put its own around the policy's. `seen`: what operations see.
struct call_token {
  void const* token;
  bool (*asked)(void const*);  ///< null: no token can stop the call
  bool const* flag;            ///< stops the call as well
  token_view const* seen;

  [[nodiscard]] TENAX_ALWAYS_INLINE bool stop_requested() const { return *flag || (asked != nullptr && asked(token)); }
};
TENAX_ALWAYS_INLINE inline token_view view_token(call_token const& token) noexcept { return *token.seen; }

/// The flag of a call without one.
inline constexpr bool no_flag = false;

/// What a loop lends to a step.
struct erased_step {
  loop_state& loop;
  void* tickets;  ///< null: the policy has no gates
  erased_limits const& limits;
  time_point now;
  call_token token;
};

/// The parts of a policy as a step sees them: those of its own type, but the token and the limits of the call.
template <class P>
struct stepped_policy {
  using when_type = typename P::when_type;
  using wait_type = typename P::wait_type;
  using stop_type = typename P::stop_type;
  using observers_type = typename P::observers_type;
  using gates_type = typename P::gates_type;
  using token_type = call_token;
  using hint_reader_type = typename P::hint_reader_type;
  using limits_type = erased_limits;
  static constexpr bool uses_time = P::uses_time;

  stepped_policy(void const* policy, erased_step const& s)
      : stepped_policy(*static_cast<P const*>(policy), s.token, s.limits) {}
  stepped_policy(P const& p, call_token const& t, erased_limits const& l)
      : predicate(p.predicate),
        strategy(p.strategy),
        condition(p.condition),
        observers(p.observers),
        gates(p.gates),
        token(t),
        hint_reader(p.hint_reader),
        limits(l) {}

  when_type const& predicate;
  wait_type const& strategy;
  stop_type const& condition;
  observers_type const& observers;
  gates_type const& gates;
  call_token const& token;
  hint_reader_type const& hint_reader;
  erased_limits const& limits;
};

/// Whether nothing but the predicate looks at a value that cannot say that it failed.
template <class P, class T>
inline constexpr bool accepts_plainly =
    P::gates_type::empty && std::is_same_v<typename P::hint_reader_type, own_hint_reader> &&
    !P::observers_type::template hears_after_attempt<T> && !expected_like<std::remove_cvref_t<T>>;

/// A decision in two registers. Its parts are copied one by one: processors are slow to read as a whole what was just
/// written in parts.
struct returned_decision {
  duration delay;
  decision::step next;
  stop_reason reason;

  TENAX_ALWAYS_INLINE returned_decision(decision const& d) noexcept : delay(d.delay), next(d.next), reason(d.reason) {}
  TENAX_ALWAYS_INLINE operator decision() const noexcept { return {.next = next, .delay = delay, .reason = reason}; }
};

/// The steps of policies of the type `P`. The loop tells them the time, or always the same one if `P` does not use it.
template <class P>
struct erased_steps {
  using policy_type = stepped_policy<P>;
  using steps = loop_steps<policy_type, true>;
  using tickets = typename P::gates_type::tickets;

  static returned_decision start(void const* p, erased_step const& s, waker const& w) {
    return with_tickets(
        s, [&](tickets& t) { return steps::template start<true>(s.loop, policy_type(p, s), t, s.now, w); });
  }
  template <class T>
  static returned_decision finish(void const* p, erased_step const& s, outcome<T> const& result, bool asked) {
    if constexpr (accepts_plainly<P, T>) {
      // Where this is known, compilers leave out most of the step.
      if (result.has_value() && !may_fail(result)) {
        tickets none;
        return steps::template finish<true, true>(s.loop, policy_type(p, s), none, result, s.now, asked);
      }
    }
    return with_tickets(s, [&](tickets& t) {
      return steps::template finish<true>(s.loop, policy_type(p, s), t, result, s.now, asked);
    });
  }
  template <class T>
  static first_look look(void const* p, first_times const& times, char const* name, outcome<T> const& result) {
    if (may_fail(result)) return first_look::open;
    attempt_info const info{.elapsed = saturating_between(times.started, times.ended),
                            .started = times.started,
                            .random = times.random,
                            .name = name};
    bool const wanted = wants_retry(static_cast<P const*>(p)->predicate, attempt<T>{info, result, hint{}});
    return wanted ? first_look::wanted : first_look::ends;
  }
  template <class T>
  static void conclude(void const* p, erased_step const& s, outcome<T> const& result) {
    steps::conclude(s.loop, policy_type(p, s), result);
  }

 private:
  template <class F>
  TENAX_ALWAYS_INLINE static decision with_tickets(erased_step const& s, F const& f) {
    if constexpr (P::gates_type::empty) {
      tickets none;
      return f(none);
    } else {
      return f(*static_cast<tickets*>(s.tickets));
    }
  }
};

}  // namespace tenax::detail
