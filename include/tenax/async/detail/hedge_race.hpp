// SPDX-License-Identifier: MIT
// async/detail/hedge_race.hpp: the attempts of a hedged call, each in a thread of its own.
#pragma once

#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include <tenax/async/detail/hedge_loop.hpp>
#include <tenax/async/detail/hedge_token.hpp>
#include <tenax/capture.hpp>
#include <tenax/driver/detail/attempt_scope.hpp>
#include <tenax/driver/detail/blocking.hpp>
#include <tenax/gate/waking.hpp>
#include <tenax/platform/threads.hpp>
#include <tenax/platform/wake_word.hpp>

namespace tenax::detail {

/// A hedged call whose attempts block their threads. At any time, one thread at most waits for the next attempt; the
/// attempts of the others are under way. Exceptions of the budget, of gates and of the clock end the call.
///
/// Thread safety: safe.
template <class T, class Hedging, class Call>
class hedge_race {
  using environment = std::remove_const_t<unwrapped<typename Hedging::environment_type>>;
  using kind = hedge_step::kind;

 public:
  /// `call(info)` makes an attempt, in several threads at the same time.
  hedge_race(Hedging& hedging, inherited_limits&& limits, Call call)
      : environment_(hedging.environment()),
        abandons_(hedging.abandons_losers()),
        outer_(abandons_ ? token_view() : limits.token),
        looks_(outer_.stop_requested != nullptr && !calls_back(outer_)),
        loop_(hedging, std::move(limits)),
        tokens_(std::make_unique<hedge_token[]>(hedging.at_most())),
        call_(std::move(call)) {}

  /// Waits until another attempt may start, and returns its number. None if no further attempt will start. If the token
  /// of the call around this one has to be looked at, does that until the call is decided.
  std::optional<std::size_t> next_attempt() {
    bool fired = false;
    for (;;) {
      hedge_step next{kind::rest};
      time_point began{};
      bool const in_time = guarded([&] {
        std::lock_guard const lock(mutex_);
        word_.reset();
        waits_ = true;
        began = now();
        next = loop_.next(began, wakes(), fired);
        if (next.what == kind::start) {
          tokens_[next.number].follow(outer_);
          loop_.info(next.number).token = tokens_[next.number].view();
        }
        waits_ = next.what == kind::wait || (next.what == kind::rest && looks_ && !loop_.decided());
      });
      if (!in_time || !waits_) {
        if (next.what == kind::end) end_wait();
        return next.what == kind::start ? std::optional(next.number) : std::nullopt;
      }
      bool stops = false;
      bool const slept = guarded([&] {
        sleep(next.delay);
        // A clock that stands still is not a reason to wait again.
        fired = !word_.woken() && now() <= began;
        stops = seen_token{outer_}.stop_requested();
      });
      if (!slept) return {};
      if (stops) cancel();
    }
  }

  /// Makes an attempt that `next_attempt` has named. `outer`: the attempts of the thread that made the call.
  void make(std::size_t number, attempt_frame const* outer) {
    struct in_scope {
      attempt_frame const* before;
      ~in_scope() { innermost_attempt = before; }
    } const scope{std::exchange(innermost_attempt, outer)};
    attempt_info const& info = loop_.info(number);
    auto result = capture([&]() -> T { return make_bounded_attempt<T, environment>(info, call_); });
    unsigned losers = 0;
    guarded([&] {
      std::lock_guard const lock(mutex_);
      if (loop_.ended(number, std::move(result), now())) losers = under_way();
      wake_waiter();
    });
    stop(losers);
    end_wait();
  }

  /// The call has no thread for another attempt.
  void rest() {
    std::lock_guard const lock(mutex_);
    loop_.rest();
  }

  /// Ends the call: cancels its attempts, and starts no further ones. Any thread may call it.
  void cancel() {
    unsigned losers = 0;
    guarded([&] {
      std::lock_guard const lock(mutex_);
      if (loop_.cancel(now())) losers = under_way();
      wake_waiter();
    });
    stop(losers);
    end_wait();
  }

  /// Waits for the end of a call that abandons its losers: attempts may still be under way then. `outer`: the token of
  /// the call around this one.
  void wait_until_over(token_view outer) {
    seen_token const token{calls_back(outer) ? token_view() : outer};
    while (!is_over()) {
      if (token.own.stop_requested == nullptr) {
        over_word_.template sleep_until<platform::steady_time>((time_point::max)());
      } else {
        interruptible_sleep<wake_token<seen_token>>::template sleep_until<platform::steady_time>((time_point::max)(),
                                                                                                 {&over_word_, &token});
        if (token.stop_requested()) cancel();
      }
    }
  }

  /// The result of a call that is over.
  [[nodiscard]] outcome<T> take_result() {
    std::lock_guard const lock(mutex_);
    return loop_.take_result();
  }

 private:
  /// Takes a step. Returns false if it threw: then the exception ends the call.
  template <class Step>
  bool guarded(Step const& step) {
#if defined(__cpp_exceptions)
    try {
      step();
      return true;
    } catch (...) {
      unsigned losers = 0;
      {
        std::lock_guard const lock(mutex_);
        loop_.fail(std::current_exception());
        losers = under_way();
        wake_waiter();
      }
      stop(losers);
      end_wait();
      return false;
    }
#else
    step();
    return true;
#endif
  }

  [[nodiscard]] time_point now() const { return time_point(unwrap(environment_).now()); }

  /// Wakes the thread that waits for the next attempt. Gates may call it in any thread.
  [[nodiscard]] waker wakes() noexcept {
    return {[](void* self) noexcept { static_cast<hedge_race*>(self)->word_.wake(); }, this};
  }
  void wake_waiter() noexcept {
    if (waits_ && (loop_.over() || loop_.decided() || loop_.postponed())) word_.wake();
  }

  void sleep(duration d) {
    if (outer_.stop_requested != nullptr) {
      seen_token const token{outer_};
      unwrap(environment_).sleep(d, wake_token<seen_token>{&word_, &token});
    } else {
      no_token const token{};
      unwrap(environment_).sleep(d, wake_token<no_token>{&word_, &token});
    }
  }

  /// The attempts under way, a bit for each.
  [[nodiscard]] unsigned under_way() const noexcept {
    unsigned all = 0;
    for (std::size_t i = 0; i < loop_.started(); ++i) all |= loop_.under_way(i) ? 1U << i : 0U;
    return all;
  }

  /// Without the lock, because this calls functions of the operation.
  void stop(unsigned attempts) noexcept {
    for (std::size_t i = 0; attempts != 0; ++i, attempts >>= 1U) {
      if ((attempts & 1U) != 0) tokens_[i].stop();
    }
  }

  [[nodiscard]] bool is_over() {
    std::lock_guard const lock(mutex_);
    return loop_.over();
  }
  void end_wait() noexcept {
    if (abandons_ && is_over()) over_word_.wake();
  }

  typename Hedging::environment_type environment_;
  bool abandons_;
  token_view outer_;
  bool looks_;                  ///< the outer token does not call back
  platform::wake_word word_{};  ///< ends the wait for the next attempt; gates may know it until `loop_` is destroyed
  std::mutex mutex_{};
  hedge_loop<T, Hedging> loop_;
  std::unique_ptr<hedge_token[]> tokens_;
  Call call_;
  bool waits_ = false;               ///< a thread waits for the next attempt
  platform::wake_word over_word_{};  ///< ends the wait for the end of the call
};

}  // namespace tenax::detail
