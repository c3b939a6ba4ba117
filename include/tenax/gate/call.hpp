// SPDX-License-Identifier: MIT
// gate/call.hpp: one call through a gate, without a retry policy: `gate.call(f)`.
#pragma once

#include <utility>

#include <tenax/capture.hpp>
#include <tenax/environment.hpp>
#include <tenax/gate/detail/feedback.hpp>
#include <tenax/gate/gate.hpp>

namespace tenax {

/// The feedback for a gate about an attempt that ended with `result`. The same as from a `retry_loop` whose policy
/// retries every failure except `std::logic_error`, which is a mistake of the caller. For code that calls `admit` and
/// `record` itself.
template <class T>
[[nodiscard]] constexpr feedback feedback_of(outcome<T> const& result) {
  return detail::make_feedback(result, detail::hint_of(result));
}

/// Calls `f()` once, when the gate admits it, and reports to the gate how it ended. Waits as long as the gate asks for,
/// in `environment`. Returns what `f` returns and throws what `f` throws.
///
/// Throws `tenax::refused` if the gate refuses; `f` is not called then.
template <gate G, class F, class Environment>
auto call_through(G& g, F&& f, Environment& environment) -> decltype(std::forward<F>(f)()) {
  attempt_info info{.started = time_point(environment.now())};
  if constexpr (requires { environment.random(); }) info.random = &environment.random();
  typename G::ticket ticket{};
  auto now = info.started;
  for (;;) {
    admission const answer = g.admit(ticket, info, now);
    if (answer.admitted()) break;
    if (answer.refused()) detail::raise(refused(answer.reason, answer.retry_after));
    environment.sleep(answer.sleep());
    now = time_point(environment.now());
    info.elapsed = info.waited = saturating_between(info.started, now);
  }
  if constexpr (requires { g.started(ticket, now); }) g.started(ticket, now);
  auto result = capture(std::forward<F>(f));
  g.record(ticket, feedback_of(result), time_point(environment.now()));
  return std::move(result).get();
}

/// The same, in real time.
template <gate G, class F>
auto call_through(G& g, F&& f) -> decltype(std::forward<F>(f)()) {
  real_time const world{};
  return call_through(g, std::forward<F>(f), world);
}

}  // namespace tenax
