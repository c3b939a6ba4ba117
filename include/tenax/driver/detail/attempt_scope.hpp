// SPDX-License-Identifier: MIT
// driver/detail/attempt_scope.hpp: registers the attempt that this thread is making, for `current_attempt()`.
#pragma once

#include <cstdint>

#include <tenax/attempt.hpp>
#include <tenax/environment.hpp>
#include <tenax/platform/compiler.hpp>

namespace tenax::detail {

/// An attempt that a blocking call is making on this thread. Lives on the stack of that call. It has no initializers,
/// because every successful call would pay for them: `attempt_scope` sets what is needed.
struct attempt_frame {
  duration begun;                       ///< on the real clock; set if the call knows it, or there is a limit
  std::int64_t limit;                   ///< in units of 1024 ns, so that most limits fit in 32 bits; zero: no limit
  bool (*stop_requested)(void const*);  ///< null: no token
  void const* token;                    ///< set if `stop_requested` is
  attempt_frame const* outer;

  [[nodiscard]] constexpr time_point ends() const noexcept {
    if (limit == 0) return (time_point::max)();
    return time_point(saturating_add(begun, duration(limit * 1024)));
  }
  [[nodiscard]] bool is_asked() const { return stop_requested != nullptr && stop_requested(token); }
};

/// The innermost attempt; null outside of attempts, and in attempts of policies without a time limit and a token.
inline constinit thread_local attempt_frame const* innermost_attempt = nullptr;

/// Makes an attempt with the numbers `info` the current one of this thread during its lifetime. `Knows`: `info` has the
/// real time at which the attempt begins.
template <bool Knows>
class attempt_scope {
 public:
  TENAX_ALWAYS_INLINE attempt_scope(attempt_frame& frame, attempt_info const& info) noexcept : frame_(frame) {
    if constexpr (Knows) frame_.begun = saturating_add(info.started.time_since_epoch(), info.elapsed);
    if (info.time_left.count() == (duration::max)().count()) {
      frame_.limit = 0;
    } else {
      if constexpr (!Knows) frame_.begun = real_time::now().time_since_epoch();
      frame_.limit = info.time_left.count() < 2048 ? 1 : info.time_left.count() / 1024;
    }
    frame_.stop_requested = info.token.stop_requested;
    if (info.token.stop_requested != nullptr) frame_.token = info.token.token;
    frame_.outer = innermost_attempt;
    innermost_attempt = &frame_;
  }
  TENAX_ALWAYS_INLINE ~attempt_scope() { innermost_attempt = frame_.outer; }
  attempt_scope(attempt_scope const&) = delete;
  attempt_scope& operator=(attempt_scope const&) = delete;

 private:
  attempt_frame& frame_;
};

}  // namespace tenax::detail
