// SPDX-License-Identifier: MIT
// grpc/attempt_context.hpp: prepares the `grpc::ClientContext` of an attempt, and cancels the attempt with its call.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include <grpc/support/time.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/channel_arguments.h>

#include <tenax/cancel.hpp>
#include <tenax/current_attempt.hpp>

namespace tenax::grpc {

/// Turns gRPC's own retries off for a channel: pass the arguments to `grpc::CreateCustomChannel`. Without it, a retry
/// policy in the service config multiplies the attempts of yours, and gRPC removes `grpc-previous-rpc-attempts` from
/// the metadata, so that servers cannot tell a retry from a first attempt.
inline void disable_own_retries(::grpc::ChannelArguments& arguments) { arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0); }

namespace detail {

/// The moment at which the time of an attempt is over, on a clock that cannot be set.
inline gpr_timespec deadline_of(duration left) {
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_nanos(left.count(), GPR_TIMESPAN));
}

inline void add_previous_attempts(::grpc::ClientContext& context, attempt_info const& info) {
  if (info.is_retry()) context.AddMetadata("grpc-previous-rpc-attempts", std::to_string(info.number - 1));
}

/// Cancels a call when its attempt was asked to stop, or when its time is over, on a thread of its own: for tokens that
/// cannot call back, and for time limits that gRPC cannot keep.
class watcher {
 public:
  watcher(::grpc::ClientContext& context, attempt_limits const& limits, time_point ends)
      : thread_([this, &context, limits, ends] { watch(context, limits, ends); }) {}
  watcher(watcher const&) = delete;
  watcher& operator=(watcher const&) = delete;
  ~watcher() { stop(); }

  /// Ends the watch. Returns whether the time was over.
  bool stop() {
    {
      std::lock_guard const lock(mutex_);
      done_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
    return out_of_time_;
  }

 private:
  void watch(::grpc::ClientContext& context, attempt_limits const& limits, time_point ends) {
    std::unique_lock lock(mutex_);
    while (!done_) {
      auto const left = saturating_between(real_time::now(), ends);
      bool const over = left.count() <= 0;
      if (over || limits.stop_requested()) {
        out_of_time_ = over;
        context.TryCancel();
        return;
      }
      duration const look_again = limits.can_stop() ? std::chrono::milliseconds(5) : std::chrono::hours(1);
      changed_.wait_for(lock, left < look_again ? left : look_again);
    }
  }

  std::mutex mutex_{};
  std::condition_variable changed_{};
  bool done_ = false;
  bool out_of_time_ = false;
  std::thread thread_;
};

/// Cancels a call while its attempt runs. A `std::stop_token` cancels at once, any other token within about 5 ms.
/// Destroy it before the context.
class canceller {
 public:
  /// `ends`: when to cancel the attempt without a token; `time_point::max()` for never.
  canceller(::grpc::ClientContext& context, attempt_info const& info, time_point ends = (time_point::max)()) {
    attempt_limits const limits(info);
    bool polls = ends != (time_point::max)() || has_outer_token(info);
#if defined(__cpp_lib_jthread) && !defined(TENAX_WITHOUT_STOP_TOKEN)
    if (auto token = stop_token_of(info); token.stop_possible()) {
      callback_.emplace(std::move(token), cancels{context});
    } else {
      polls = polls || info.token.stop_requested != nullptr;
    }
#else
    polls = polls || info.token.stop_requested != nullptr;
#endif
    if (polls) watcher_.emplace(context, limits, ends);
  }
  canceller(canceller const&) = delete;
  canceller& operator=(canceller const&) = delete;

  /// Whether the attempt was cancelled because its time was over. Ends the watch over the time.
  [[nodiscard]] bool out_of_time() { return watcher_ && watcher_->stop(); }

 private:
  struct cancels {
    ::grpc::ClientContext& context;
    void operator()() const { context.TryCancel(); }
  };

  static bool has_outer_token(attempt_info const& info) {
    for (auto const* f = tenax::detail::innermost_attempt; f != nullptr; f = f->outer) {
      if (f->stop_requested != nullptr && f->token != info.token.token) return true;
    }
    return false;
  }

#if defined(__cpp_lib_jthread) && !defined(TENAX_WITHOUT_STOP_TOKEN)
  std::optional<std::stop_callback<cancels>> callback_{};
#endif
  std::optional<watcher> watcher_{};
};

}  // namespace detail

/// Prepares a new context for an attempt: sets its deadline from the time that is left, unless the context has an
/// earlier one, and adds `grpc-previous-rpc-attempts` to a retry. A context is for one attempt only; gRPC does not
/// allow to use it again. `grpc::unary` and `grpc::server_stream` do this; call it with gRPC's callback API.
inline void prepare_attempt(::grpc::ClientContext& context, attempt_info const& info) {
  attempt_limits const limits(info);
  if (limits.timed()) {
    auto const ends = detail::deadline_of(limits.time_left());
    auto const own = gpr_convert_clock_type(context.raw_deadline(), GPR_CLOCK_MONOTONIC);
    if (gpr_time_cmp(ends, own) < 0) context.set_deadline(ends);
  }
  detail::add_previous_attempts(context, info);
}

}  // namespace tenax::grpc
