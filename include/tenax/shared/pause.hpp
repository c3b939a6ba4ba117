// SPDX-License-Identifier: MIT
// shared/pause.hpp: a pause that holds the calls of all machines: one machine's Retry-After, or its open circuit.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <tenax/environment.hpp>
#include <tenax/gate/detail/ticket.hpp>
#include <tenax/gate/gate.hpp>
#include <tenax/gate/waking.hpp>
#include <tenax/shared/detail/key.hpp>
#include <tenax/shared/detail/line.hpp>

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
class pause {
  using place = detail::place;

 public:
  using ticket = tenax::detail::gate_ticket<pause, place>;

  pause(store_ref store, std::string_view name, options const& o = {})
      : line_(std::make_shared<detail::line>(store, std::string(name), detail::to_key("shared::pause: name", name),
                                             detail::rates{}, o)) {
    line_->listen();
  }
  ~pause() { line_->goodbye(); }
  pause(pause const&) = delete;
  pause& operator=(pause const&) = delete;

  admission admit(ticket& t, attempt_info const& info, time_point now, waker const& w = {}) {
    bool holds = false;
    auto const answer = line_->ask(t.grant_, count(now), info.time_left.count(), 1, w, holds);
    t.gate_ = holds ? this : nullptr;
    return answer;
  }
  void step_aside(ticket& t) noexcept {
    if (t.gate_ != nullptr) line_->step_aside(t.grant_);
  }
  /// A failure with a `Retry-After` pauses all machines.
  void record(ticket& t, feedback const& f, time_point now) {
    t.gate_ = nullptr;
    t.grant_.is = place::standing::nowhere;
    bool const refused = f.how == feedback::kind::throttled || f.how == feedback::kind::failure;
    if (refused && f.server_wait && f.server_wait->count() > 0) begin_at(*f.server_wait, now);
  }

  /// Holds the calls of all machines for `d`, at most `max_pause`. Throws `std::invalid_argument` unless `d` is more
  /// than zero.
  template <environment Env = real_time>
  void begin(any_duration d, Env&& environment = {}) {
    begin_at(tenax::detail::require_positive("shared::pause::begin: d", d), time_point(environment.now()));
  }
  /// Ends the pause on all machines.
  template <environment Env = real_time>
  void end(Env&& environment = {}) {
    line_->resume(count(time_point(environment.now())));
  }

  /// What this machine knows.
  template <environment Env = real_time>
  [[nodiscard]] shared::state state(Env&& environment = {}) const {
    return line_->state(count(time_point(environment.now())));
  }

  template <class Out>
  void describe(Out& out) const {
    out.text("a pause of all machines");
  }

 private:
  friend ticket;
  static constexpr bool moves_grants = true;

  static std::int64_t count(time_point t) noexcept { return t.time_since_epoch().count(); }
  void begin_at(duration d, time_point now) { line_->pause((d.count() + 999) / 1000, count(now)); }
  void take_back(place& p) noexcept { line_->leave(p); }
  void moved(place const& from, place& to) noexcept { line_->moved(from, to); }

  std::shared_ptr<detail::line> line_;
};

}  // namespace tenax::shared
