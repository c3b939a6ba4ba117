// SPDX-License-Identifier: MIT
// async/detail/callback_hedge.hpp: the state of a hedged call whose attempts and timers call back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <tenax/async/callback_reply.hpp>
#include <tenax/async/detail/callback_timer.hpp>
#include <tenax/async/detail/callback_world.hpp>
#include <tenax/async/detail/hedge_loop.hpp>
#include <tenax/async/detail/undo.hpp>
#include <tenax/capture.hpp>
#include <tenax/report.hpp>

namespace tenax::detail {

/// One hedged call. Replies and timers only store what happened; `go_on` makes the steps, one after the other.
template <class T, class Hedging, class Timer, class Start, class Done>
class callback_hedge final : public callback_target<T> {
  using world = callback_world<typename Hedging::environment_type, Timer>;
  using reply = callback_reply<T>;
  using started = started_by<T, Start>;
  using kind = hedge_step::kind;

 public:
  callback_hedge(Hedging& hedging, inherited_limits&& limits, Timer timer, Start start, Done done)
      : world_(hedging.environment(), std::move(timer)),
        start_(std::move(start)),
        done_(std::move(done)),
        attempts_(std::make_unique<attempt[]>(hedging.at_most())) {
    loop_.emplace(hedging, std::move(limits));
    began_ = world_.now();
  }

  void begin() {
    due_ = true;
    go_on();
  }

  void cancel() override {
    if (this->ended_ || cancelled_) return;
    cancelled_ = true;
    due_ = true;
    go_on();
  }

  void abandon() noexcept override {
    abandoned_ = true;
    if (this->ended_) return;
    this->ended_ = true;
    for (std::size_t i = 0; i < loop_->started(); ++i) {
      if (loop_->under_way(i) && !attempts_[i].result) attempts_[i].abort();
    }
    timer_.drop();
    forget();
    if (!this->stepping_) release();
  }

  [[nodiscard]] bool expects(std::uint64_t number) const noexcept override {
    return !this->ended_ && !cancelled_ && loop_->under_way(number) && !attempts_[number].aborted &&
           !attempts_[number].result;
  }

  void replied(std::uint64_t number, outcome<T>&& result) override {
    if (!expects(number)) return;
    attempts_[number].result.emplace(std::move(result));
    answered_ = true;
    go_on();
  }

  void failed(std::uint64_t number, std::exception_ptr const& error) override {
    if (!expects(number)) return;
#if defined(__cpp_exceptions)
    replied(number, capture([&]() -> T { std::rethrow_exception(error); }));
#else
    replied(number, outcome<T>(caught_exception(error)));
#endif
  }

  void fired(std::uint64_t alarm) override {
    if (this->ended_ || !timer_.fired(alarm)) return;
    due_ = fired_ = true;
    go_on();
  }

  void woken() override {
    if (this->ended_) return;
    due_ = true;
    go_on();
  }

 private:
  struct attempt {
    undo_of<started> undo{};
    std::optional<outcome<T>> result{};  ///< the reply
    bool aborted = false;

    void abort() noexcept {
      aborted = true;
      undo();
    }
  };

  /// Ends the attempts that have replied.
  void take_replies() {
    answered_ = false;
    for (std::size_t i = 0; i < loop_->started() && !this->ended_; ++i) {
      auto& a = attempts_[i];
      if (a.result && loop_->under_way(i) && loop_->ended(i, std::move(*a.result), world_.now())) abort_losers();
    }
    due_ = due_ || loop_->postponed();
  }

  void abort_losers() {
    for (std::size_t i = 0; i < loop_->started(); ++i) {
      if (!loop_->under_way(i)) continue;
      // A loser that has replied has nothing to abort.
      auto& a = attempts_[i];
      if (!a.result) a.abort();
      if (this->ended_) return;
      if (!a.result) a.result.emplace(unstarted_exception(stop_reason::cancelled, {}));
      static_cast<void>(loop_->ended(i, std::move(*a.result), world_.now()));
    }
  }

  /// Counts the attempts that an abandoned call has aborted.
  void forget() noexcept {
#if defined(__cpp_exceptions)
    try {
      loop_->abandon(world_.now());
    } catch (...) {
      return;  // a clock that throws
    }
#else
    loop_->abandon(world_.now());
#endif
  }

  /// Makes steps until the event loop has to act. An exception of a gate or of the timer ends the call.
  void go_on() {
    if (this->stepping_ || this->ended_) return;
    typename callback_hedge::steps guard(*this);
    while ((due_ || answered_) && !this->ended_) {
      take_replies();
      if (cancelled_ && !this->ended_ && loop_->cancel(world_.now())) abort_losers();
      if (this->ended_) break;  // abandoned by a function that aborts an attempt
      if (!std::exchange(due_, false) && !loop_->over()) continue;
      auto const now = world_.now();
      // A clock that stands still is not a reason to wait again.
      bool const stands = std::exchange(fired_, false) && now <= timer_.set_at();
      timer_.drop();
      auto const next = loop_->next(now, lend(), stands);
      if (next.what == kind::end) {
        end();
      } else if (next.what == kind::start) {
        due_ = true;
        begin_attempt(next.number);
      } else if (next.what == kind::wait && next.delay.count() > 0 && !due_) {
        timer_.set(world_, next.delay, *this);
      } else if (next.what == kind::wait) {
        due_ = true;
      }
    }
    guard.thrown = false;
  }

  void begin_attempt(std::size_t number) {
#if defined(__cpp_exceptions)
    std::exception_ptr failure;
    try {
      start_attempt(number);
    }
#if defined(__GLIBCXX__)
    catch (__cxxabiv1::__forced_unwind const&) {
      throw;
    }
#endif
    catch (...) {
      failure = std::current_exception();
    }
    if (failure) failed(number, failure);
#else
    start_attempt(number);
#endif
  }

  void start_attempt(std::size_t number) {
    auto const call = [&]() -> decltype(auto) {
      reply to(std::static_pointer_cast<callback_target<T>>(this->shared_from_this()), number);
      if constexpr (starts_informed<T, Start>) {
        return start_(std::as_const(loop_->info(number)), std::move(to));
      } else {
        return start_(std::move(to));
      }
    };
    if constexpr (undoes<started>) {
      std::decay_t<started> f = call();
      if (attempts_[number].aborted) {
        undo<std::decay_t<started>>::call(f);  // `start` itself has destroyed the call
      } else if (!attempts_[number].result) {
        attempts_[number].undo.keep(std::move(f));
      }
    } else {
      static_cast<void>(call());
    }
  }

  /// A gate may call it in any thread, so it only posts.
  [[nodiscard]] waker lend() noexcept {
    if constexpr (world::posts) {
      return {[](void* of) noexcept {
                auto& s = *static_cast<callback_hedge*>(of);
                callback_post<Timer>{s.world_.source, s.weak_from_this(), &callback_base::woken}();
              },
              this};
    } else {
      return {};
    }
  }

  [[nodiscard]] stop_reason reason_of(outcome<T> const& result) const {
    if (result.has_value() && !result_failed(result)) return stop_reason::succeeded;
    if (cancelled_ || hint_of(result).verdict == verdict::cancelled) return stop_reason::cancelled;
    return loop_->started() == 0 ? stop_reason::refused_by_gate : stop_reason::not_retryable;
  }

  void end() {
    this->ended_ = true;
    auto result = loop_->take_result();
    auto const reason = reason_of(result);
    report<T> r{std::move(result),
                reason,
                static_cast<std::uint32_t>(loop_->started()),
                saturating_between(began_, world_.now()),
                {},
                {},
                "",
                loop_->limits().name,
                {}};
    loop_.reset();
    if (!abandoned_) done_(std::move(r));
  }

  /// Gives back what gates granted.
  void release() noexcept override {
    loop_.reset();
    auto const last = std::exchange(this->self_, nullptr);
  }

  world world_;
  Start start_;
  Done done_;
  time_point began_{};
  bool cancelled_ = false;
  bool abandoned_ = false;  ///< `done_` must not be called any more
  bool due_ = false;        ///< the next step can be made
  bool answered_ = false;   ///< an attempt has replied, and no step was made since
  bool fired_ = false;      ///< the timer has fired
  std::unique_ptr<attempt[]> attempts_;
  callback_timer<world, true> timer_{};
  std::optional<hedge_loop<T, Hedging>> loop_{};
};

}  // namespace tenax::detail
