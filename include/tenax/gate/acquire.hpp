// SPDX-License-Identifier: MIT
// gate/acquire.hpp: the results of `acquire`: waiting at a rate limiter without a retrying call.
#pragma once

#include <tenax/concepts.hpp>
#include <tenax/environment.hpp>
#include <tenax/gate/detail/gate_waits.hpp>
#include <tenax/gate/gate.hpp>

namespace tenax {

/// How an `acquire` ended.
enum class acquired : unsigned char {
  yes,        ///< admitted
  timed_out,  ///< the wait would exceed the timeout; returned as soon as this is known
  cancelled,  ///< the token was asked to stop
  refused     ///< the gate refuses all callers now; the library's limiters never return this
};

[[nodiscard]] constexpr char const* to_string(acquired a) noexcept {
  switch (a) {
    case acquired::yes: return "acquired";
    case acquired::timed_out: return "timed out";
    case acquired::cancelled: return "cancelled";
    case acquired::refused: return "refused";
  }
  return "?";
}

namespace detail {

/// Waits until `ask(now, waker)` admits or refuses, or until its wait would end after the timeout. Asks again after
/// every wait. `waiter` outlives the ticket.
template <class Ask, class Token, class Env, class Waiter>
acquired wait_at(Ask const& ask, duration timeout, Token const& token, Env& environment, Waiter& waiter) {
  auto now = time_point(environment.now());
  auto const deadline = time_point(saturating_add(now.time_since_epoch(), timeout));
  for (;;) {
    if (asked_to_stop(token)) return acquired::cancelled;
    admission const answer = ask(now, waiter.lend());
    if (answer.admitted()) return acquired::yes;
    if (answer.refused()) return acquired::refused;
    auto const left = saturating_between(now, deadline);
    if (answer.at_most ? left <= duration::zero() : answer.delay > left) return acquired::timed_out;
    waiter.sleep(environment, shorter(answer.sleep(), longer(left, duration::zero())), token);
    now = time_point(environment.now());
  }
}

}  // namespace detail

/// The result of `acquire` for a gate that needs to know how the request ended: report it, once. A permit that is
/// destroyed without a report gives back what it holds. Must not be used after its gate was destroyed.
template <class Gate>
class permit {
 public:
  permit(Gate& gate, typename Gate::ticket&& ticket, acquired result) noexcept
      : gate_(&gate), ticket_(std::move(ticket)), result_(result) {}

  /// Whether the caller was admitted.
  [[nodiscard]] explicit operator bool() const noexcept { return result_ == acquired::yes; }
  /// How `acquire` ended.
  [[nodiscard]] acquired result() const noexcept { return result_; }

  /// Reports how the request ended: it succeeded, failed, or was refused because of a rate limit. As `record` with that
  /// kind.
  void report_success() { record({.how = feedback::kind::success}); }
  /// Reports that the other side is well and rejected the request: a permanent error.
  void report_answered() { record({.how = feedback::kind::answered}); }
  void report_failure() { record({.how = feedback::kind::failure}); }
  /// `wait`: how long the other side asked the caller to wait, if it did.
  void report_throttled(optional_duration wait = {}) {
    record({.how = feedback::kind::throttled, .server_wait = wait});
  }

  /// Ignored if the caller was not admitted, or has already reported.
  template <environment Env = real_time>
  void record(feedback const& f, Env&& environment = {}) {
    gate_->record(ticket_, f, time_point(environment.now()));
    ticket_ = {};
  }

 private:
  Gate* gate_;
  typename Gate::ticket ticket_;
  acquired result_;
};

}  // namespace tenax
