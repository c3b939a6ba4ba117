// SPDX-License-Identifier: MIT
// gate/call.hpp: one call through a gate, without a retry policy: `call_through(gate, f)`.
#pragma once

#include <type_traits>
#include <utility>

#include <tenax/capture.hpp>
#include <tenax/environment.hpp>
#include <tenax/gate/detail/feedback.hpp>
#include <tenax/gate/detail/gate_waits.hpp>
#include <tenax/gate/gate.hpp>

namespace tenax {

/// The feedback for a gate about an attempt that ended with `result`. The same as from a `retry_loop` whose policy
/// has `when::never`: every failure counts except `std::logic_error`, which is a mistake of the caller. For code that
/// calls `admit` and `record` itself.
template <class T>
[[nodiscard]] constexpr feedback feedback_of(outcome<T> const& result) {
  return detail::make_feedback(result, detail::hint_of(result));
}

/// Calls `f()` once, when the gate admits it, and reports to the gate how it ended. Waits as long as the gate asks for,
/// in `environment`. Returns what `f` returns and throws what `f` throws. For every gate: the library's, your own,
/// and `keyed<...>[key]`.
///
/// Throws `tenax::refused` if the gate refuses; `f` is not called then. An exception of the gate passes, but not one of
/// `record` if `f` has returned: the value stays.
template <class G, class F, class Environment>
  requires gate<std::remove_reference_t<G>>
auto call_through(G&& g, F&& f, Environment& environment) -> decltype(std::forward<F>(f)()) {
  attempt_info info{.started = time_point(environment.now())};
  if constexpr (requires { environment.random(); }) info.random = &environment.random();
  using gate_type = std::remove_reference_t<G>;
  detail::waiter_for<waking_gate<gate_type>, Environment, detail::no_token> waiter;  // outlives the ticket
  typename gate_type::ticket ticket{};
  auto now = info.started;
  for (;;) {
    admission answer;
    if constexpr (waking_gate<gate_type>) {
      answer = g.admit(ticket, info, now, waiter.lend());
    } else {
      answer = g.admit(ticket, info, now);
    }
    if (answer.admitted()) break;
    if (answer.refused()) detail::raise(refused(answer.reason, answer.retry_after));
    waiter.sleep(environment, answer.sleep(), detail::no_token());
    now = time_point(environment.now());
    info.elapsed = info.waited = saturating_between(info.started, now);
  }
  if constexpr (requires { g.started(ticket, now); }) g.started(ticket, now);
  auto result = capture(std::forward<F>(f));
  detail::tell_gates(result.has_value(), [&] { g.record(ticket, feedback_of(result), time_point(environment.now())); });
  return std::move(result).get();
}

/// The same, in real time.
template <class G, class F>
  requires gate<std::remove_reference_t<G>>
auto call_through(G&& g, F&& f) -> decltype(std::forward<F>(f)()) {
  real_time const world{};
  return call_through(g, std::forward<F>(f), world);
}

}  // namespace tenax
