// SPDX-License-Identifier: MIT
// async/hedged.hpp: `hedged`: a hedged call of a function that blocks its thread.
#pragma once

#include <memory>
#include <new>
#include <optional>
#include <system_error>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>

#include <tenax/async/detail/check_hedged.hpp>
#include <tenax/async/detail/hedge_race.hpp>
#include <tenax/async/hedging.hpp>
#include <tenax/cancel.hpp>
#include <tenax/current_attempt.hpp>
#include <tenax/driver/detail/operation.hpp>
#include <tenax/retrying.hpp>

namespace tenax {

namespace detail {

/// Starts a thread. Returns none if the machine has no more of them, or no memory for one.
struct start_thread {
  template <class F>
  std::optional<std::thread> operator()(F f) const {
#if defined(__cpp_exceptions)
    try {
      return std::thread(std::move(f));
    } catch (std::system_error const&) {
      return std::nullopt;
    } catch (std::bad_alloc const&) {
      return std::nullopt;
    }
#else
    return std::thread(std::move(f));
#endif
  }
};

/// A thread that is waited for.
struct joined_thread {
  explicit joined_thread(std::optional<std::thread> t) : thread(std::move(t)) {}
  joined_thread(joined_thread const&) = delete;
  joined_thread& operator=(joined_thread const&) = delete;
  ~joined_thread() {
    if (thread) thread->join();
  }

  std::optional<std::thread> thread;
};

/// Waits for the next attempt and makes it. Another thread waits for the attempt after that meanwhile. Returns when all
/// of them have ended. `start(f)` starts a thread.
template <class Race, class Start = start_thread>
void run_joined(Race& race, attempt_frame const* outer, Start const& start = {}) {
  auto const number = race.next_attempt();
  if (!number) return;
  joined_thread next(start([&race, outer, &start] { run_joined(race, outer, start); }));
  if (!next.thread) race.rest();
  race.make(*number, outer);
}

/// The same for a call that does not wait for its losers.
template <class Race>
void run_detached(std::shared_ptr<Race> const& race) {
  auto const number = race->next_attempt();
  if (!number) return;
  if (auto next = start_thread()([race] { run_detached(race); })) {
    next->detach();
  } else {
    race->rest();
  }
  race->make(*number, nullptr);
}

/// Ends a hedged call when the token of the policy around it is triggered.
template <class Race>
class cancels_race {
 public:
  cancels_race(Race& race, [[maybe_unused]] token_view outer) : race_(race) {
#if defined(__cpp_lib_jthread) && !defined(TENAX_WITHOUT_STOP_TOKEN)
    if constexpr (platform::stop_callbacks_are_sound) {
      if (calls_back(outer)) {
        callback_.emplace(*static_cast<std::stop_token const*>(outer.token), cancel{race_});
      }
    }
#endif
  }

 private:
  struct cancel {
    Race& race;
    void operator()() const { race.cancel(); }
  };

  Race& race_;
#if defined(__cpp_lib_jthread) && !defined(TENAX_WITHOUT_STOP_TOKEN)
  std::optional<std::stop_callback<cancel>> callback_{};
#endif
};

/// Attempts that may outlive the call own what they use.
template <class F, class... Args>
inline constexpr bool can_be_abandoned = (std::is_copy_constructible_v<std::decay_t<F const&>> && ... &&
                                          std::is_copy_constructible_v<std::decay_t<Args const&>>);

template <class F, class... Args, class Hedging>
void require_copies([[maybe_unused]] Hedging const& hedging) {
  if constexpr (!can_be_abandoned<F, Args...>) {
    if (hedging.abandons_losers()) {
      invalid_parameter("hedging: abandon_losers", "needs an operation and arguments that can be copied",
                        "set for others");
    }
  }
}

template <class T, class Hedging, class F, class... Args>
outcome<T> run_hedged(Hedging& hedging, inherited_limits&& limits, F const& f, Args const&... args) {
  auto const outer = limits.token;
  require_copies<F, Args...>(hedging);
  if constexpr (can_be_abandoned<F, Args...>) {
    if (hedging.abandons_losers()) {
      auto call = [own = std::tuple<std::decay_t<F const&>, std::decay_t<Args const&>...>(f, args...)](
                      attempt_info const& info) -> T {
        return std::apply([&](auto const& g, auto const&... a) -> T { return call_operation(info, g, a...); }, own);
      };
      using race = hedge_race<T, Hedging, decltype(call)>;
      auto const shared = std::make_shared<race>(hedging, std::move(limits), std::move(call));
      cancels_race const listener(*shared, outer);
      if (auto first = start_thread()([shared] { run_detached(shared); })) {
        first->detach();
      } else {
        run_detached(shared);
      }
      shared->wait_until_over(outer);
      return shared->take_result();
    }
  }
  auto const call = [&](attempt_info const& info) -> T { return call_operation(info, f, args...); };
  hedge_race<T, Hedging, decltype(call)> race(hedging, std::move(limits), call);
  {
    cancels_race const listener(race, outer);
    run_joined(race, innermost_attempt);
  }
  return race.take_result();
}

/// The limits of the attempts that this thread is making. Their gates are not known here.
inline inherited_limits limits_here() {
  auto const now = current_attempt();
  inherited_limits limits{.time_left = now.time_left()};
  if (now.can_stop()) {
    limits.token = {innermost_attempt, nullptr, [](void const* frame) {
                      auto const* f = static_cast<attempt_frame const*>(frame);
                      while (f != nullptr && !f->is_asked()) f = f->outer;
                      return f != nullptr;
                    }};
  }
  return limits;
}

}  // namespace detail

/// Makes a hedged call of a function that blocks its thread: calls `f(args...)`, or `f(info, args...)` if it takes the
/// attempt's numbers, and calls it in a second thread as well if the first attempt takes too long, as `hedging` says.
/// Returns the first successful result, and cancels the other attempts. If all fail, throws what the last one threw.
/// ```
/// tenax::windowed_retry_budget budget;
/// tenax::hedging reads(budget, {.after = 5ms, .percentile = 0.95});
/// page const p = tenax::hedged(reads, fetch, url);
/// ```
/// Only for an operation that may be made twice. `f` and its arguments are used by several threads at the same time, so
/// they are passed as const lvalues: `f` has to be safe to call in several threads.
///
/// **Losers.** An attempt is cancelled through its token: `f` takes a `tenax::attempt_info const&`, and looks at
/// `info.stop_requested()` or passes `tenax::stop_token_of(info)` on. Clients that obey `tenax::current_attempt()` see
/// it as well. The call returns when all attempts have ended, so that none outlives the objects that it refers to. An
/// attempt that does not obey its token delays the result. With `.abandon_losers`, the call returns with the first
/// result: `f` and the arguments are copied, attempts run in detached threads, and what they refer to has to outlive
/// them, until `hedging.under_way()` is 0.
///
/// **Threads.** The first attempt runs in the calling thread, except with `.abandon_losers`. Each further attempt has a
/// thread of its own, which starts one attempt earlier and waits. If the machine has no more threads, the call goes on
/// without hedges.
///
/// Within an attempt of a blocking call, the attempts have the limits of that attempt: time left and token. To let
/// hedges pass the gates of a policy, pass it: `hedged(policy, hedging, f, args...)`. If the budget or a gate refuses
/// the first attempt, throws `tenax::refused`. `hedging` must outlive the call and its attempts.
///
/// Thread safety: safe.
template <detail::any_hedging Hedging, class F, class... Args>
auto hedged(Hedging&& hedging, F&& f, Args&&... args) -> detail::hedged_result<F, Args...> {
  using result = detail::hedged_result<F, Args...>;
  auto& kept = detail::kept_hedging<Hedging>(hedging);
  if constexpr (detail::check_hedged<std::remove_cvref_t<Hedging>, std::remove_reference_t<F>,
                                     std::remove_reference_t<Args>...>()) {
    return detail::run_hedged<result>(kept, detail::limits_here(), f, args...).get();
  } else {
    platform::unreachable();
  }
}

namespace detail {

/// The operation of a policy whose attempts are hedged calls.
template <class Policy, class Hedging, class F, class... Args>
auto hedged_attempt(Policy const& policy, Hedging& hedging, F const& f, Args const&... args) {
  using result = result_or_void<F const, Args const...>;
  require_copies<F, Args...>(hedging);  // here, so that the policy does not retry the mistake
  return [&](attempt_info const& info) -> result {
    return run_hedged<result>(hedging, limits_of(policy, info), f, args...).get();
  };
}

}  // namespace detail

/// As `policy(f, args...)`, but every attempt is a hedged call. Hedges have the token and the time limit of the
/// attempt, and pass the gates of the policy.
template <class Policy, class Env, detail::any_hedging Hedging, class F, class... Args>
auto hedged(retrying<Policy, Env> const& policy, Hedging&& hedging, F&& f, Args&&... args)
    -> detail::hedged_result<F, Args...> {
  auto& kept = detail::kept_hedging<Hedging>(hedging);
  if constexpr (detail::check_hedged_policy<Policy, std::remove_cvref_t<Hedging>, std::remove_reference_t<F>,
                                            std::remove_reference_t<Args>...>()) {
    return policy(detail::hedged_attempt(policy.policy(), kept, f, args...));
  } else {
    platform::unreachable();
  }
}

/// As `policy.try_call(f, args...)`, but every attempt is a hedged call.
template <class Policy, class Env, detail::any_hedging Hedging, class F, class... Args>
[[nodiscard]] auto try_hedged(retrying<Policy, Env> const& policy, Hedging&& hedging, F&& f, Args&&... args)
    -> report<detail::hedged_result<F, Args...>> {
  auto& kept = detail::kept_hedging<Hedging>(hedging);
  if constexpr (detail::check_hedged_policy<Policy, std::remove_cvref_t<Hedging>, std::remove_reference_t<F>,
                                            std::remove_reference_t<Args>...>()) {
    return policy.try_call(detail::hedged_attempt(policy.policy(), kept, f, args...));
  } else {
    platform::unreachable();
  }
}

}  // namespace tenax
