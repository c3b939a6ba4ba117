// SPDX-License-Identifier: MIT
// async/detail/hedge_coroutine.hpp: a hedged call in coroutines of any library.
#pragma once

#include <chrono>
#include <memory>
#include <type_traits>
#include <utility>

#include <tenax/async/detail/coroutine_attempt.hpp>
#include <tenax/async/detail/hedge_loop.hpp>

namespace tenax::detail {

/// The attempts of a hedged call. All functions are called by the coroutine that waits for the result.
template <class T, class Hedging, class F>
class coroutine_hedge {
  using kind = hedge_step::kind;

 public:
  coroutine_hedge(Hedging& hedging, F&& operation, inherited_limits&& limits, waker w)
      : wake_(w),
        outer_(limits.token, w),
        given_(limits.token),
        loop_(hedging, std::move(limits)),
        operation_(std::move(operation)),
        attempts_(std::make_unique<running_attempt<T>[]>(hedging.at_most())) {}

  /// Makes all steps that are possible now. Returns how long to wait then, or nothing if the call is over.
  optional_duration go_on(time_point now, waker const& w, bool fired) {
#if defined(__cpp_exceptions)
    try {
      return step(now, w, fired);
    } catch (...) {
      loop_.fail(std::current_exception());
      stop_losers();
      // Attempts that ended meanwhile are noticed at once.
      return loop_.over() ? optional_duration() : optional_duration(duration::zero());
    }
#else
    return step(now, w, fired);
#endif
  }

  [[nodiscard]] outcome<T> take_result() { return loop_.take_result(); }

 private:
  optional_duration step(time_point now, waker const& w, bool fired) {
    for (;;) {
      if (outer_.stop_requested() && loop_.cancel(now)) stop_losers();
      bool found = true;
      while (found) {
        found = false;
        for (std::size_t i = 0; i < loop_.started(); ++i) {
          auto& a = attempts_[i];
          if (a.taken || !a.has_ended()) continue;
          a.taken = found = true;
          if (loop_.ended(i, std::move(*a.result), now)) stop_losers();
        }
      }
      auto const next = loop_.next(now, w, std::exchange(fired, false));
      if (next.what == kind::end) return {};
      if (next.what != kind::start) return next.delay;
      auto& a = attempts_[next.number];
      auto& info = loop_.info(next.number);
      a.wake = wake_;
      a.token.follow(given_);
      info.token = a.token.view();
#if defined(__cpp_exceptions)
      try {
        a.coroutine = run_attempt<T>(operation_, std::as_const(info), a);
      } catch (...) {
        loop_.did_not_start(next.number);  // no memory for the coroutine
        throw;
      }
#else
      a.coroutine = run_attempt<T>(operation_, std::as_const(info), a);
#endif
    }
  }

  void stop_losers() {
    for (std::size_t i = 0; i < loop_.started(); ++i) {
      if (loop_.under_way(i)) attempts_[i].token.stop();
    }
  }

  waker wake_;
  outer_token outer_;
  token_view given_;
  hedge_loop<T, Hedging> loop_;
  F operation_;  ///< destroyed while the call uses its hedging
  std::unique_ptr<running_attempt<T>[]> attempts_;
};

/// The driver of a hedged call.
template <class T, class Task, class Hedging, class World, class F>
Task drive_hedged(Hedging& hedging, World world, F operation, inherited_limits limits) {
  coroutine_hedge<T, Hedging, F> call(hedging, std::move(operation), std::move(limits), world.lend());
  bool fired = false;
  for (;;) {
    auto const now = world.now();
    auto const wait = call.go_on(now, world.lend(), fired);
    if (!wait) break;
    fired = false;
    if (wait->count() <= 0) continue;
    world.set_pause(shorter(*wait, std::chrono::hours(24)));  // the sleep can add a day to the present time
    co_await world.pause(no_token());
    // A clock that stands still is not a reason to wait again.
    fired = !world.woken() && world.now() <= now;
  }
  if constexpr (std::is_void_v<T>) {
    call.take_result().get();
  } else {
    co_return call.take_result().get();
  }
}

}  // namespace tenax::detail
