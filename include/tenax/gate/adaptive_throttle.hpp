// SPDX-License-Identifier: MIT
// gate/adaptive_throttle.hpp: client-side throttling: refuses locally what an overloaded server would refuse anyway.
#pragma once

#include <mutex>
#include <utility>

#include <tenax/detail/reject.hpp>
#include <tenax/environment.hpp>
#include <tenax/gate/detail/forward_clock.hpp>
#include <tenax/gate/detail/sliding_window.hpp>
#include <tenax/gate/gate.hpp>
#include <tenax/platform/threads.hpp>

namespace tenax {

/// The options of an adaptive throttle.
struct adaptive_throttle_options {
  double k = 2;  ///< requests per accepted one that are sent before any is refused here; from 1 to 1000
  any_duration window = std::chrono::minutes(2);  ///< more than zero; counted in ten parts
  bool count_failures = false;  ///< whether a failure counts as not accepted, like a throttled request
};

/// Client-side throttling: refuses attempts with the probability `max(0, (requests - k * accepts) / (requests + 1))`,
/// counted in the last `window`. An overloaded server would otherwise spend its time on refusals. With `k = 2`, it gets
/// about twice the requests that it accepts, so the client notices soon when it accepts more. Beyer et al., "Site
/// Reliability Engineering", chapter 21, "Client-Side Throttling".
///
/// A request is an attempt that was reported, or refused here. It counts as accepted unless it was throttled (see
/// `count_failures`); cancelled and abandoned attempts do not count. Unlike a circuit breaker, the throttle always lets
/// a share of the attempts through. Not for clients that make few calls: after the first refusal by the server, half of
/// the next attempts are refused here.
///
/// Draws random numbers from `attempt_info::random`.
///
/// Thread safety: safe. Neither copied nor moved; must outlive the calls that go through it.
class adaptive_throttle {
 public:
  struct ticket {
   private:
    friend adaptive_throttle;
    bool admitted = false;
  };

  /// Throws `std::invalid_argument` for an option outside of its range.
  explicit adaptive_throttle(adaptive_throttle_options o = {})
      : k_(detail::require_between("adaptive_throttle: k", "must be from 1 to 1000", o.k, 1, 1000)),
        count_failures_(o.count_failures),
        counts_(detail::require_positive("adaptive_throttle: window", o.window)) {}

  /// Overloads for wrong calls: their message shows how to make an adaptive throttle.
  template <detail::bare_value First, class... More>
  explicit adaptive_throttle(First, More...) : adaptive_throttle() {
    static_assert(detail::always_false<First>,
                  "tenax: adaptive_throttle takes options by name; write adaptive_throttle({.k = 2, .window = 2min})");
  }

  adaptive_throttle(adaptive_throttle const&) = delete;
  adaptive_throttle& operator=(adaptive_throttle const&) = delete;

  admission admit(ticket& t, attempt_info const& info, time_point now) {
    // The gate is asked again after a wait at another gate. A second draw would refuse more than the formula says.
    if (t.admitted) return admission::go();
    std::lock_guard const lock(mutex_);
    now = clock_.at(now);
    auto const p = probability(now);
    // A double divides the interval from 0 to 1 into 2^53 parts.
    constexpr duration whole(std::int64_t{1} << 53);
    if (p > 0 && info.draw(duration::zero(), whole) < saturating_scale(whole, p)) {
      counts_.add(now, 1, 0);
      return admission::refuse("throttled: the server refuses too much");
    }
    t.admitted = true;
    return admission::go();
  }

  void record(ticket& t, feedback const& f, time_point now) {
    if (!std::exchange(t.admitted, false)) return;
    if (f.how == feedback::kind::cancelled || f.how == feedback::kind::unknown) return;
    bool const refused = f.how == feedback::kind::throttled || (count_failures_ && f.how == feedback::kind::failure);
    std::lock_guard const lock(mutex_);
    counts_.add(clock_.at(now), 1, refused ? 0 : 1);
  }

  /// The probability that an attempt would be refused now.
  [[nodiscard]] double refusal_probability(time_point now = real_time::now()) {
    std::lock_guard const lock(mutex_);
    return probability(clock_.at(now));
  }

  /// Until when `keyed` must keep this throttle: until the refusals that it counts have left the window. `now`: there
  /// are none.
  [[nodiscard]] time_point keep_until(time_point now) const {
    std::lock_guard const lock(mutex_);
    auto const [requests, accepts] = counts_.counted();
    return requests == accepts ? now : clock_.told(counts_.empty_at());
  }

  /// An attempt never waits here; see `gate`.
  [[nodiscard]] static constexpr duration longest_wait() noexcept { return duration::zero(); }

  template <class Out>
  void describe(Out& out) const {
    out.text("an adaptive throttle");
  }

 private:
  double probability(time_point now) {
    auto const [requests, accepts] = counts_.total(now);
    auto const p =
        (static_cast<double>(requests) - k_ * static_cast<double>(accepts)) / (static_cast<double>(requests) + 1);
    return p > 0 ? p : 0;
  }

  double const k_;
  bool const count_failures_;
  std::mutex mutable mutex_;
  detail::forward_clock clock_;
  detail::sliding_window counts_;
};

}  // namespace tenax
