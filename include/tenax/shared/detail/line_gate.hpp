// SPDX-License-Identifier: MIT
// shared/detail/line_gate.hpp: what the gates on a store have in common: tickets, pauses, the state.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <tenax/environment.hpp>
#include <tenax/gate/detail/ticket.hpp>
#include <tenax/gate/gate.hpp>
#include <tenax/shared/detail/key.hpp>
#include <tenax/shared/detail/line.hpp>

namespace tenax::shared::detail {

/// A gate whose state is kept by a store. Thread safety: safe. Neither copied nor moved.
class line_gate {
 public:
  using ticket = tenax::detail::gate_ticket<line_gate, place>;

  line_gate(line_gate const&) = delete;
  line_gate& operator=(line_gate const&) = delete;

  admission admit(ticket& t, attempt_info const& info, time_point now, waker const& w = {}) {
    return ask(t, now, info.time_left, 1, w);
  }

  /// The caller waits at another gate: it keeps its rank, and others may pass it until it asks again.
  void step_aside(ticket& t) noexcept {
    if (t.gate_ != nullptr) line_->step_aside(t.grant_);
  }

  /// A failure with a `Retry-After` pauses all machines.
  void record(ticket& t, feedback const& f, time_point now) {
    forget(t);
    bool const refused = f.how == feedback::kind::throttled || f.how == feedback::kind::failure;
    if (refused && f.server_wait && f.server_wait->count() > 0) pause_at(*f.server_wait, now);
  }

  /// What this machine knows.
  template <environment Env = real_time>
  [[nodiscard]] shared::state state(Env&& environment = {}) const {
    return line_->state(count(environment.now()));
  }

 protected:
  line_gate(store_ref store, char const* parameter, std::string_view name, rates const& r, options const& o)
      : line_gate(std::make_shared<line>(store, std::string(name), to_key(parameter, name), r, o)) {}
  explicit line_gate(std::shared_ptr<line> l) : line_(std::move(l)) { line_->listen(); }
  ~line_gate() { line_->goodbye(); }

  static std::int64_t count(time_point t) noexcept { return t.time_since_epoch().count(); }

  admission ask(ticket& t, time_point now, duration time_left, std::int64_t weight, waker const& w) {
    bool holds = false;
    auto const answer = line_->ask(t.grant_, count(now), time_left.count(), weight, w, holds);
    t.gate_ = holds ? this : nullptr;
    return answer;
  }
  /// What the ticket holds was used.
  static void forget(ticket& t) noexcept {
    t.gate_ = nullptr;
    t.grant_.is = place::standing::nowhere;
  }
  /// The place of a ticket.
  static place const& place_of(ticket const& t) noexcept { return t.grant_; }
  void pause_at(duration d, time_point now) { line_->pause(microseconds(d), count(now)); }

  std::shared_ptr<line> const line_;

 private:
  friend ticket;
  static constexpr bool moves_grants = true;

  void take_back(place& p) noexcept { line_->leave(p); }
  void moved(place const& from, place& to) noexcept { line_->moved(from, to); }
};

}  // namespace tenax::shared::detail
