// SPDX-License-Identifier: MIT
// gate/acquire.hpp: waiting at a gate without a retrying call.
#pragma once

#include <tenax/concepts.hpp>
#include <tenax/environment.hpp>
#include <tenax/gate/gate.hpp>

namespace tenax {

/// How an `acquire` ended.
enum class acquired : unsigned char {
  yes,        ///< admitted
  timed_out,  ///< not within the timeout; known, and said, before it has passed
  cancelled,  ///< the token was asked to stop
  refused     ///< the gate does not admit anybody now: none of the library's limiters says so
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

/// Waits until `ask(now)` says `go`, or refuses, or would take until after `deadline`. Asks again after every wait.
template <class Ask, class Token, class Env>
acquired wait_at(Ask const& ask, duration timeout, Token const& token, Env& environment) {
  auto now = time_point(environment.now());
  auto const deadline = time_point(saturating_add(now.time_since_epoch(), timeout));
  for (;;) {
    if (asked_to_stop(token)) return acquired::cancelled;
    admission const answer = ask(now);
    if (answer.admitted()) return acquired::yes;
    if (answer.refused()) return acquired::refused;
    if (answer.delay > saturating_between(now, deadline)) return acquired::timed_out;
    if constexpr (can_stop<Token> && requires { environment.sleep(answer.sleep(), token); }) {
      environment.sleep(answer.sleep(), token);
    } else {
      environment.sleep(answer.sleep());
    }
    now = time_point(environment.now());
  }
}

}  // namespace detail

/// What `acquire` of a gate gives that wants to know how it went: tell it, once. A permit that is destroyed untold gives back
/// what it holds. Not to be used after its gate.
template <class Gate>
class permit {
 public:
  permit(Gate& gate, typename Gate::ticket&& ticket, acquired result) noexcept
      : gate_(&gate), ticket_(std::move(ticket)), result_(result) {}

  /// Whether the caller may go.
  [[nodiscard]] explicit operator bool() const noexcept { return result_ == acquired::yes; }
  /// If not, why.
  [[nodiscard]] acquired result() const noexcept { return result_; }

  /// The request succeeded, failed, or was refused because of a rate limit: like `record` with that kind.
  void report_success() { record({.how = feedback::kind::success}); }
  /// The other side is well and rejected the request: a permanent error.
  void report_answered() { record({.how = feedback::kind::answered}); }
  void report_failure() { record({.how = feedback::kind::failure}); }
  /// `wait`: how long the other side asked us to wait, if it did.
  void report_throttled(optional_duration wait = {}) {
    record({.how = feedback::kind::throttled, .server_wait = wait});
  }

  /// Ignored if the caller was not admitted, or has told already.
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
