// SPDX-License-Identifier: MIT
// async/detail/timed_coroutine.hpp: attempts in coroutines of any library, with a time limit.
#pragma once

#include <chrono>
#include <type_traits>
#include <utility>

#include <tenax/async/detail/coroutine_attempt.hpp>
#include <tenax/duration.hpp>
#include <tenax/errors.hpp>

namespace tenax::detail {

/// Makes an attempt. When its time is over, triggers its token, and then waits for its end.
template <class T, class Task, class World, class F>
Task drive_timed(World world, F& operation, attempt_info info) {
  running_attempt<T> attempt;
  attempt.wake = world.lend();
  outer_token const outer(info.token, attempt.wake);
  attempt.token.follow(info.token);
  info.token = attempt.token.view();
  auto const ends = time_point(saturating_add(world.now().time_since_epoch(), info.time_left));
  attempt.coroutine = run_attempt<T>(operation, info, attempt);
  bool told = false, late = false;
  while (!attempt.has_ended()) {
    // Lent again, so that earlier wakes are forgotten; what has changed before that is seen below.
    static_cast<void>(world.lend());
    if (!told && outer.stop_requested()) {
      told = true;
      attempt.token.stop();
    }
    auto const now = world.now();
    if (!told && now >= ends) {
      told = late = true;
      attempt.token.stop();
    }
    if (attempt.has_ended()) break;
    // At most a day, so that the sleep can add it to the present time.
    world.set_pause(told ? std::chrono::hours(24) : shorter(saturating_between(now, ends), std::chrono::hours(24)));
    co_await world.pause(no_token());
    // A clock that stands still is not a reason to wait again.
    if (!told && !world.woken() && world.now() <= now) {
      told = late = true;
      attempt.token.stop();
    }
  }
#if defined(__cpp_exceptions)
  if (late && !attempt.result->has_value()) throw attempt_timed_out(info.time_left);
#endif
  if constexpr (std::is_void_v<T>) {
    std::move(*attempt.result).get();
  } else {
    co_return std::move(*attempt.result).get();
  }
}

/// The operation of a call with `.attempt_timeout()` whose sleep can be ended.
template <template <class> class Task, class World, class F>
class timed_operation {
  using result = awaited_result<F>;

 public:
  timed_operation(World world, F operation) : world_(std::move(world)), operation_(std::move(operation)) {}

  Task<result> operator()(attempt_info const& info) {
    return drive_timed<result, Task<result>>(World(world_.environment, world_.source), operation_, info);
  }

 private:
  World world_;
  F operation_;
};

}  // namespace tenax::detail
