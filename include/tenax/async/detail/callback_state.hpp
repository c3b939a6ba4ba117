// SPDX-License-Identifier: MIT
// async/detail/callback_state.hpp: the state of a call whose attempts and timers call back.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <system_error>
#include <type_traits>
#include <utility>

#include <tenax/async/callback_reply.hpp>
#include <tenax/async/detail/async_call.hpp>
#include <tenax/async/detail/callback_timer.hpp>
#include <tenax/async/detail/callback_world.hpp>
#include <tenax/async/detail/undo.hpp>
#include <tenax/retrying.hpp>

namespace tenax::detail {

/// One call. Every attempt has a number, as every timer has, so that a late or second reply is not taken for one to the
/// present attempt. Functions that call back only store what happened; `go_on` makes the steps, one after the other.
template <class T, class Policy, class Env, class Timer, class Start, class Done>
class callback_state final : public callback_target<T> {
  using user_token = typename Policy::token_type;
  using token = handle_token<user_token>;
  using policy_type = decltype(with_token(std::declval<Policy const&>(), std::declval<token>()));
  using world = callback_world<Env, Timer>;
  using call_type = async_call<T, policy_type, world, true>;
  using reply = callback_reply<T>;
  static constexpr bool timed = Policy::limits_type::times_attempts;
  static constexpr bool wakes = world::posts && Policy::gates_type::wakes;
  static constexpr bool hears_stop =
      world::posts && can_stop<user_token> && requires(user_token const& t) { t.stop_possible(); };
  static constexpr bool informed = starts_informed<T, Start>;
  using started = started_by<T, Start>;

 public:
  callback_state(retrying<Policy, Env> const& policy, Timer timer, Start start, Done done)
      : world_(policy.environment(), std::move(timer)), start_(std::move(start)), done_(std::move(done)) {
    call_.emplace(with_token(policy.policy(), token{policy.policy().token, &cancelled_}), world_);
  }

  void begin() {
    if constexpr (hears_stop) {
      on_stop_.emplace(call_->policy().token.own,
                       callback_post<Timer>{world_.source, this->weak_from_this(), &callback_base::cancel});
    }
    due_ = true;
    go_on();
  }

  void cancel() override {
    if (this->ended_ || cancelled_) return;
    cancelled_ = true;
    if (attempting_) {
      abort_attempt();
      if (this->ended_) return;  // abandoned by the function that aborts an attempt
      call_->returned(outcome<T>(unstarted_exception(stop_reason::cancelled, {})));
      answered_ = true;
    } else if (!answered_) {
      timer_.drop();
    }
    due_ = true;
    go_on();
  }

  void abandon() noexcept override {
    abandoned_ = true;
    if (this->ended_) return;
    this->ended_ = true;
    abort_attempt();
    timer_.drop();
    if (!this->stepping_) release();
  }

  [[nodiscard]] bool expects(std::uint64_t attempt) const noexcept override {
    return !this->ended_ && attempting_ && attempt == attempt_;
  }

  void replied(std::uint64_t attempt, outcome<T>&& result) override {
    if (!expects(attempt)) return;
    if (!result.has_value()) return failed(attempt, result.exception());
    call_->returned(std::move(result));
    end_attempt();
  }

  void failed(std::uint64_t attempt, std::exception_ptr const& error) override {
    if (!expects(attempt)) return;
#if defined(__cpp_exceptions)
    try {
      std::rethrow_exception(error);
    } catch (std::exception const& e) {
      call_->threw(&e);
    } catch (...) {
      call_->threw(nullptr);
    }
#else
    call_->returned(outcome<T>(caught_exception(error)));
#endif
    end_attempt();
  }

  void fired(std::uint64_t alarm) override {
    if (this->ended_ || !timer_.fired(alarm)) return;
    if (!attempting_) {
      due_ = true;
      return go_on();
    }
    // A clock that stands still is not a reason to wait again.
    auto const now = world_.now();
    if (now > timer_.set_at() && now < attempt_ends_) {
      typename callback_state::steps guard(*this);
      timer_.set(world_, saturating_between(now, attempt_ends_), *this);
      guard.thrown = false;
      return;
    }
    time_out();
    if (!this->ended_) end_attempt();
  }

  void woken() override {
    if (this->ended_ || attempting_ || answered_ || this->stepping_) return;
    timer_.drop();
    due_ = true;
    go_on();
  }

 private:
  void end_attempt() {
    attempting_ = false;
    answered_ = true;
    timer_.drop();
    due_ = true;
    go_on();
  }

  /// Makes steps until the event loop has to act. An exception of a callback of the policy ends the call.
  void go_on() {
    if (this->stepping_ || this->ended_) return;
    typename callback_state::steps guard(*this);
    while (due_ && !this->ended_) {
      due_ = false;
      auto const next = std::exchange(answered_, false) ? call_->finish_attempt(world_) : call_->start(world_, lend());
      if (this->ended_) break;  // abandoned by an observer
      if (next.stops()) {
        end();
      } else if (next.starts()) {
        attempt();
      } else if (next.delay.count() > 0 && !due_) {
        timer_.set(world_, next.delay, *this);
      } else {
        due_ = true;
      }
    }
    guard.thrown = false;
  }

  void attempt() {
    auto const info = call_->template begin_attempt<true>();
    auto const number = ++attempt_;
    attempting_ = true;
    if constexpr (timed) attempt_ends_ = time_point(saturating_add(world_.now().time_since_epoch(), info.time_left));
#if defined(__cpp_exceptions)
    try {
      start_attempt(info, number);
    } catch (std::exception const& e) {
      if (expects(number)) failed_in_start(&e);
    }
#if defined(__GLIBCXX__)
    catch (__cxxabiv1::__forced_unwind const&) {
      throw;
    }
#endif
    catch (...) {
      if (expects(number)) failed_in_start(nullptr);
    }
#else
    start_attempt(info, number);
#endif
    if constexpr (timed) {
      if (expects(number) && times_attempts(call_->policy().limits)) timer_.set(world_, info.time_left, *this);
    }
  }

  void start_attempt(attempt_info const& info, std::uint64_t number) {
    auto const call = [&]() -> decltype(auto) {
      reply to(std::static_pointer_cast<callback_target<T>>(this->shared_from_this()), number);
      if constexpr (informed) {
        return start_(info, std::move(to));
      } else {
        return start_(std::move(to));
      }
    };
    if constexpr (undoes<started>) {
      std::decay_t<started> f = call();
      if (expects(number)) {
        abort_.keep(std::move(f));
      } else if (attempt_ != number) {
        undo<std::decay_t<started>>::call(f);  // `start` itself has cancelled or destroyed the call
      }
    } else {
      static_cast<void>(call());
    }
  }

#if defined(__cpp_exceptions)
  void failed_in_start(std::exception const* error) {
    call_->threw(error);
    end_attempt();
  }
#endif

  /// Aborts the attempt under way, if there is one; a reply that comes later has no effect.
  void abort_attempt() noexcept {
    if (!attempting_) return;
    attempting_ = false;
    ++attempt_;
    abort_();
  }

  /// Aborts the attempt under way, which took too long, and stores its outcome.
  void time_out() {
    attempting_ = false;
    ++attempt_;
    if constexpr (undoes<started>) {
      using ended = std::remove_cvref_t<std::invoke_result_t<std::decay_t<started>&>>;
      constexpr bool says_more = std::is_same_v<ended, outcome<T>> || (std::is_same_v<ended, T> && std::is_class_v<T>);
      if constexpr (says_more) {
        auto f = abort_.take();
        if (f && !undo<std::decay_t<started>>::is_empty(*f)) {
          outcome<T> said((*f)());
          if (!this->ended_) call_->returned(std::move(said));
          return;
        }
      } else {
        abort_();
      }
    }
    if (this->ended_) return;  // by the function that aborts an attempt
#if defined(__cpp_exceptions)
    try {
      throw attempt_timed_out(call_->info().time_left);
    } catch (std::exception const& e) {
      call_->threw(&e);
    }
#else
    call_->returned(outcome<T>(caught_exception()));
#endif
  }

  /// A gate may call it in any thread, so it only posts.
  [[nodiscard]] waker lend() noexcept {
    if constexpr (wakes) {
      return {[](void* of) noexcept {
                auto& s = *static_cast<callback_state*>(of);
                callback_post<Timer>{s.world_.source, s.weak_from_this(), &callback_base::woken}();
              },
              this};
    } else {
      return {};
    }
  }

  void end() {
    this->ended_ = true;
    auto r = call_->report_result();
    call_.reset();
    if (!abandoned_) done_(std::move(r));
  }

  /// Gives back what gates granted.
  void release() noexcept override {
    if constexpr (hears_stop) on_stop_.reset();
    call_.reset();
    auto const last = std::exchange(this->self_, nullptr);
  }

  world world_;
  Start start_;
  Done done_;
  bool cancelled_ = false;   ///< by the handle
  bool abandoned_ = false;   ///< `done_` must not be called any more
  bool due_ = false;         ///< the next step can be made
  bool attempting_ = false;  ///< an attempt waits for its reply
  bool answered_ = false;    ///< an attempt has ended, and no step was made since
  std::uint64_t attempt_ = 0;
  callback_timer<world, timed> timer_{};
  time_point attempt_ends_{};
  TENAX_NO_UNIQUE_ADDRESS undo_of<started> abort_{};
  std::optional<call_type> call_{};
  std::optional<typename stop_listener<hears_stop, user_token, callback_post<Timer>>::type> on_stop_{};
};

}  // namespace tenax::detail
