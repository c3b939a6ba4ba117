// SPDX-License-Identifier: MIT
// driver/detail/attempt_scope.hpp: registers the attempt that this thread is making, for `current_attempt()`.
#pragma once

#include <tenax/attempt.hpp>
#include <tenax/environment.hpp>

namespace tenax::detail {

/// An attempt that a blocking call is making on this thread. Lives on the stack of that call.
struct attempt_frame {
  time_point ends = (time_point::max)();  ///< on the real clock
  token_view token{};
  attempt_frame const* outer = nullptr;
};

/// The innermost attempt; null outside of attempts, and in attempts of policies without a time limit and a token.
inline constinit thread_local attempt_frame const* innermost_attempt = nullptr;

/// Makes an attempt the current one of this thread during its lifetime.
class attempt_scope {
 public:
  /// `real`: the call reads the real clock, so `info` contains the real time at which the attempt began.
  attempt_scope(attempt_info const& info, bool real) {
    frame_.token = info.token;
    if (info.time_left.count() != (duration::max)().count()) {
      auto const begun = real && info.started != time_point{}
                             ? saturating_add(info.started.time_since_epoch(), info.elapsed)
                             : real_time::now().time_since_epoch();
      frame_.ends = time_point(saturating_add(begun, info.time_left));
    }
    frame_.outer = innermost_attempt;
    innermost_attempt = &frame_;
  }
  ~attempt_scope() { innermost_attempt = frame_.outer; }
  attempt_scope(attempt_scope const&) = delete;
  attempt_scope& operator=(attempt_scope const&) = delete;

 private:
  attempt_frame frame_{};
};

}  // namespace tenax::detail
