// SPDX-License-Identifier: MIT
// telemetry/gate_metrics.hpp: the metrics of gates: states of circuits, places taken, callers that wait, rates, tokens.
#pragma once

#include <concepts>
#include <cstdint>

#include <tenax/duration.hpp>
#include <tenax/environment.hpp>
#include <tenax/gate/circuit_options.hpp>
#include <tenax/telemetry/metrics.hpp>

namespace tenax {

namespace detail {

/// Passes on the numbers of the state that a gate has as a structure.
template <class State, class Visitor>
void visit_gate_state(State const& s, Visitor& v, time_point now) {
  auto const seconds = [](duration d) { return d > duration::zero() ? static_cast<double>(d.count()) / 1e9 : 0.0; };
  if constexpr (requires { s.store_up; }) v.gauge(metrics::gate_store_up, s.store_up ? 1.0 : 0.0);
  if constexpr (requires { s.limit; }) v.gauge(metrics::gate_limit, static_cast<double>(s.limit));
  if constexpr (requires { s.in_flight; }) v.gauge(metrics::gate_in_flight, static_cast<double>(s.in_flight));
  if constexpr (requires { s.waiting; }) v.gauge(metrics::gate_queue, static_cast<double>(s.waiting));
  if constexpr (requires { s.rate; }) v.gauge(metrics::gate_rate, s.rate);
  if constexpr (requires { s.share; }) v.gauge(metrics::gate_rate, s.share);
  if constexpr (requires { s.paused_until; }) v.gauge(metrics::gate_wait, seconds(s.paused_until - now));
  if constexpr (requires { s.paused; }) v.gauge(metrics::gate_wait, seconds(s.paused));
  if constexpr (requires { s.admitted; }) v.counter(metrics::gate_admitted, s.admitted);
  if constexpr (requires { s.refused; }) v.counter(metrics::gate_refused, s.refused);
  if constexpr (requires { s.throttled; }) v.counter(metrics::gate_throttled, s.throttled);
}

template <class Gate>
concept tells_state = requires(Gate& g) { g.state(); };
template <class Gate>
concept tells_circuit = requires(Gate& g) {
  { g.state() } -> std::same_as<circuit_state>;
};
template <class Gate>
concept tells_tokens = requires(Gate& g) {
  { g.tokens() } -> std::convertible_to<double>;
};
template <class Gate>
concept tells_balance = requires(Gate& g, time_point now) {
  { g.balance(now) } -> std::integral;
};
template <class Gate>
concept tells_refusals = requires(Gate& g, time_point now) {
  { g.refusal_probability(now) } -> std::convertible_to<double>;
};
template <class Gate>
concept tells_places = requires(Gate& g) {
  { g.running() } -> std::integral;
  { g.waiting() } -> std::integral;
};
template <class Gate>
concept tells_retries = requires(Gate& g) {
  { g.in_flight() } -> std::integral;
  { g.retries() } -> std::integral;
};
template <class Gate>
concept tells_wait = requires(Gate& g) {
  { g.wait_hint() } -> std::same_as<duration>;
};

}  // namespace detail

/// A gate with numbers that `visit_gate_metrics` passes on: all gates of this library but `keyed`, whose gates are
/// reached by its `for_each`.
template <class Gate>
concept measured_gate = detail::tells_state<Gate> || detail::tells_tokens<Gate> || detail::tells_balance<Gate> ||
                        detail::tells_refusals<Gate> || detail::tells_places<Gate> || detail::tells_retries<Gate> ||
                        detail::tells_wait<Gate>;

/// Passes the present numbers of a gate on to an exporter: calls `v.gauge(metric, double)`, `v.counter(metric, value)`
/// and, for each state of a circuit, `v.gauge(metric, 1 or 0, circuit_state)`.
///
/// `environment`: that of the calls which pass the gate. Thread safety: safe while calls pass the gate, whose lock it
/// takes for each group of numbers; groups that are read together may come from different moments.
template <measured_gate Gate, class Visitor, environment Env = real_time>
void visit_gate_metrics(Gate& gate, Visitor&& v, Env&& environment = {}) {
  auto const now = time_point(environment.now());
  if constexpr (detail::tells_circuit<Gate>) {
    auto const present = gate.state();
    using enum circuit_state;
    for (auto const s : {closed, open, half_open, isolated})
      v.gauge(metrics::gate_circuit, s == present ? 1.0 : 0.0, s);
  } else if constexpr (detail::tells_state<Gate>) {
    if constexpr (requires { gate.state(environment); }) {
      detail::visit_gate_state(gate.state(environment), v, now);
    } else {
      detail::visit_gate_state(gate.state(), v, now);
    }
  }
  if constexpr (detail::tells_places<Gate>) {
    v.gauge(metrics::gate_in_flight, static_cast<double>(gate.running()));
    v.gauge(metrics::gate_queue, static_cast<double>(gate.waiting()));
  }
  if constexpr (detail::tells_retries<Gate>) {
    v.gauge(metrics::gate_in_flight, static_cast<double>(gate.in_flight()));
    v.gauge(metrics::gate_retries, static_cast<double>(gate.retries()));
  }
  if constexpr (detail::tells_tokens<Gate>) v.gauge(metrics::gate_tokens, gate.tokens());
  if constexpr (detail::tells_balance<Gate>) v.gauge(metrics::gate_tokens, static_cast<double>(gate.balance(now)));
  if constexpr (detail::tells_refusals<Gate>) v.gauge(metrics::gate_refusal_probability, gate.refusal_probability(now));
  if constexpr (detail::tells_wait<Gate>) {
    v.gauge(metrics::gate_wait, static_cast<double>(gate.wait_hint(1, environment).count()) / 1e9);
  }
}

}  // namespace tenax
