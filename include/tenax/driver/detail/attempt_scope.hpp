// SPDX-License-Identifier: MIT
// driver/detail/attempt_scope.hpp: the attempts that this thread is making in blocking calls.
#pragma once

#include <tenax/attempt.hpp>
#include <tenax/environment.hpp>

namespace tenax::detail {

/// The attempt that a blocking call of a policy is making on this thread. Lives on its stack.
struct attempt_frame {
  time_point ends = (time_point::max)();  ///< on the real clock
  token_view token{};
  attempt_frame const* outer = nullptr;
};

/// The innermost one; null outside of attempts, and in attempts of policies without a time limit and a token.
inline constinit thread_local attempt_frame const* innermost_attempt = nullptr;

/// Makes an attempt the current one while it lives.
class attempt_scope {
 public:
  /// `real`: the call reads the real clock, so that its numbers say when the attempt began.
  attempt_scope(attempt_info const& info, bool real) {
    frame_.token = info.token;
    if (info.time_left != (duration::max)()) {
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
