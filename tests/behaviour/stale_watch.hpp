// SPDX-License-Identifier: MIT
// stale_watch.hpp: counts requests that are sent by a schedule older than a refusal.
#pragma once

#include <cstdint>
#include <mutex>

#include <tenax/gate/adaptive_rate_limiter.hpp>

namespace tests {

/// Stands before a limiter and checks each request that the limiter admits. A request is stale if a refusal that is
/// known at that time forbids it: it comes before the wait that the server asked for, or that the limiter itself set,
/// is over; or it follows the last request sooner than the present rate allows. It does not check the rate of requests
/// that follow the remaining quota that the server reports.
class stale_watch {
 public:
  using ticket = tenax::adaptive_rate_limiter::ticket;

  explicit stale_watch(tenax::adaptive_rate_limiter& watched) : limiter_(watched) {}

  tenax::admission admit(ticket& t, tenax::attempt_info const& info, tenax::time_point now) {
    std::lock_guard const lock(mutex_);
    auto const before = limiter_.state();
    auto const answer = limiter_.admit(t, info, now);
    if (!answer.admitted()) return answer;
    auto const since_last = std::chrono::duration<double>(now - last_).count();
    bool const too_soon = any_ && !told_what_is_left_ && since_last < 1 / before.rate;
    if (now < before.paused_until || now < asked_until_ || too_soon) ++stale_;
    any_ = true;
    last_ = now;
    return answer;
  }

  void record(ticket& t, tenax::feedback const& f, tenax::time_point now) {
    std::lock_guard const lock(mutex_);
    if (f.left.known()) told_what_is_left_ = true;
    if (f.how == tenax::feedback::kind::throttled && f.server_wait && now + *f.server_wait > asked_until_) {
      asked_until_ = now + *f.server_wait;
    }
    limiter_.record(t, f, now);
  }

  [[nodiscard]] std::uint64_t stale() const {
    std::lock_guard const lock(mutex_);
    return stale_;
  }

 private:
  mutable std::mutex mutex_;
  tenax::adaptive_rate_limiter& limiter_;
  tenax::time_point last_{};
  tenax::time_point asked_until_{};
  std::uint64_t stale_ = 0;
  bool any_ = false;
  bool told_what_is_left_ = false;
};

}  // namespace tests
