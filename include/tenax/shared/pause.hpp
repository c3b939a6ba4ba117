// SPDX-License-Identifier: MIT
// shared/pause.hpp: a pause that holds the calls of all machines: one machine's Retry-After, or its open circuit.
#pragma once

#include <string_view>

#include <tenax/environment.hpp>
#include <tenax/gate/waking.hpp>
#include <tenax/shared/detail/line_gate.hpp>

namespace tenax::shared {

/// A gate that holds all machines while one of them was told to wait: `shared::pause held(store, "catalogue");`, then
/// `.through(std::ref(held))`. A failure that carries a `Retry-After`, or `begin(d)`, begins a pause; a longer one
/// wins. Other machines hear of it within milliseconds if the store has `listen`, else at most 50 ms later. After it,
/// all waiting calls go: a `shared::rate_limiter`, which has such a pause of its own, lets them go one by one.
///
/// With `options::refuse_while_paused`, calls are refused instead: for a circuit that one machine has opened. A store
/// that is away pauses no call, whatever `while_away` says, except `without_store::closed`.
///
/// Throws `std::invalid_argument` for an empty name and options outside of their range. Thread safety: safe. Never does
/// I/O and never blocks. The store outlives it, and it outlives the calls that go through it.
class pause : public detail::line_gate {
 public:
  pause(store_ref store, std::string_view name, options const& o = {})
      : line_gate(store, "shared::pause: name", name, detail::rates{}, o) {}

  /// Holds the calls of all machines for `d`, at most `max_pause`. Throws `std::invalid_argument` unless `d` is more
  /// than zero.
  template <environment Env = real_time>
  void begin(any_duration d, Env&& environment = {}) {
    pause_at(tenax::detail::require_positive("shared::pause::begin: d", d), time_point(environment.now()));
  }
  /// Ends the pause on all machines.
  template <environment Env = real_time>
  void end(Env&& environment = {}) {
    line_->resume(count(time_point(environment.now())));
  }

  template <class Out>
  void describe(Out& out) const {
    out.text("a pause of all machines");
  }
};

}  // namespace tenax::shared
