// SPDX-License-Identifier: MIT
// async/detail/callback_state.hpp: the state of a call whose attempts and timers call back.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <tenax/capture.hpp>
#include <tenax/driver/detail/blocking.hpp>
#include <tenax/driver/detail/check_result.hpp>
#include <tenax/report.hpp>
#include <tenax/retry_loop.hpp>
#include <tenax/retrying.hpp>

namespace tenax::detail {

class callback_base {
 public:
  virtual ~callback_base() = default;
  virtual void cancel() = 0;
  virtual void abandon() noexcept = 0;
  [[nodiscard]] bool ended() const noexcept { return ended_; }

 protected:
  bool ended_ = false;
};

/// The token of a policy, and whether the call was cancelled by its handle.
template <class Token>
struct handle_token {
  TENAX_NO_UNIQUE_ADDRESS Token own;
  bool const* cancelled;
  [[nodiscard]] bool stop_requested() const { return *cancelled || asked_to_stop(own); }
};
/// Operations see only their policy's token.
template <class Token>
constexpr token_view view_token(handle_token<Token> const& token) noexcept {
  if constexpr (can_stop<Token>) {
    return view_token(token.own);
  } else {
    return {};
  }
}

/// What an attempt is told to call when it has ended.
template <class T, class State>
struct callback_reply {
  std::weak_ptr<State> state;
  std::uint64_t step;

  template <class... Value>
    requires(std::is_constructible_v<outcome<T>, Value...>)
  void operator()(Value&&... value) const {
    if (auto const self = state.lock()) self->replied(self, step, outcome<T>(std::forward<Value>(value)...));
  }
  void fail([[maybe_unused]] std::exception_ptr error) const {
#if defined(__cpp_exceptions)
    if (auto const self = state.lock()) {
      self->replied(self, step, capture([&]() -> T { std::rethrow_exception(error); }));
    }
#endif
  }
};

/// Whether what `start` returned is a function that aborts the attempt.
template <class F>
concept aborts = requires(F& f) { f(); };

/// One call. Every wait and every attempt has a number, so that what comes late or twice is not taken for an answer to
/// the present step.
template <class T, class Policy, class Env, class Timer, class Start, class Done>
class callback_state final : public callback_base {
  using token = handle_token<typename Policy::token_type>;
  using policy_type = decltype(with_token(std::declval<Policy const&>(), std::declval<token>()));
  using self = std::shared_ptr<callback_state>;
  static constexpr bool timed = Policy::limits_type::times_attempts;
  static constexpr bool posts = requires(Timer& t, void (*f)()) { t.post(f); };

 public:
  callback_state(retrying<Policy, Env> const& policy, Timer timer, Start start, Done done)
      : timer_(std::move(timer)), start_(std::move(start)), done_(std::move(done)), environment_(policy.environment()) {
    loop_.emplace(with_token(policy.policy(), token{policy.policy().token, &cancelled_}), now(),
                  random_of(unwrap(environment_)));
  }
  callback_state(callback_state const&) = delete;
  callback_state& operator=(callback_state const&) = delete;

  void begin(self const& me) {
    weak_ = me;
    follow(me, start_next());
  }

  void cancel() override {
    if (ended_ || cancelled_) return;
    cancelled_ = true;
    if (following_) return;
    auto const me = weak_.lock();
    if (attempting_) {
      abort_attempt();
      follow(me, finish(unstarted_exception(stop_reason::cancelled, {})));
    } else {
      ++step_;
      follow(me, start_next());
    }
  }

  void abandon() noexcept override {
    ended_ = true;
    abort_attempt();
    if (!following_) loop_.reset();  // gives back what gates granted
  }

  void replied(self const& me, std::uint64_t step, outcome<T>&& result) {
    if (ended_ || step != step_ || !attempting_) return;
    attempting_ = false;
    abort_ = nullptr;
    auto const next = finish(std::move(result));
    following_ ? next_.emplace(next) : follow(me, next);
  }

 private:
  enum class alarm : unsigned char { wait, attempt };

  struct tick {
    std::weak_ptr<callback_state> state;
    std::uint64_t step;
    alarm what;
    void operator()() const {
      if (auto const me = state.lock()) me->fired(me, step, what);
    }
  };

  [[nodiscard]] time_point now() const {
    if constexpr (requires { unwrap(timer_).now(); }) {
      return time_point(unwrap(timer_).now());
    } else {
      return time_point(unwrap(environment_).now());
    }
  }

  /// A gate may call it in any thread, so it only posts.
  [[nodiscard]] waker lend() noexcept {
    if constexpr (posts && policy_type::gates_type::wakes) {
      return {[](void* of) noexcept {
                auto& s = *static_cast<callback_state*>(of);
                s.timer_.post([weak = s.weak_] {
                  auto const me = weak.lock();
                  if (me && !me->ended_ && !me->attempting_ && !me->following_) me->ask(me);
                });
              },
              this};
    } else {
      return {};
    }
  }

  void fired(self const& me, std::uint64_t step, alarm what) {
    if (ended_ || step != step_) return;
    if (what == alarm::wait) return ask(me);
    if (!attempting_) return;
    abort_attempt();
#if defined(__cpp_exceptions)
    auto const next = finish(capture([]() -> T { throw attempt_timed_out(); }));
    following_ ? next_.emplace(next) : follow(me, next);
#endif
  }

  /// Asks after a wait whether the attempt may start.
  void ask(self const& me) {
    ++step_;
    auto const next = start_next();
    following_ ? next_.emplace(next) : follow(me, next);
  }

  decision finish(outcome<T>&& result) {
    last_.emplace(std::move(result));
    return step([&] { return loop_->finish_attempt(*last_, now()); });
  }
  decision start_next() {
    return step([&] { return loop_->start_attempt(now(), lend()); });
  }

  /// Makes a step of the loop. An exception of a callback of the policy ends the call.
  template <class F>
  decision step(F const& f) {
    struct scope {
      callback_state& s;
      bool thrown = true;
      ~scope() {
        if (thrown) s.ended_ = true;
      }
    } guard{*this};
    auto const next = f();
    guard.thrown = false;
    return next;
  }

  /// Aborts the attempt under way, if there is one; a reply that comes later has no effect.
  void abort_attempt() noexcept {
    if (!attempting_) return;
    attempting_ = false;
    ++step_;
    if (auto const f = std::exchange(abort_, nullptr)) f(*this);
  }

  /// Carries out decisions until the event loop has to act. What calls back at once leaves its decision in `next_`.
  void follow(self const& me, decision next) {
    struct scope {
      callback_state& s;
      ~scope() {
        s.following_ = false;
        if (s.ended_) s.loop_.reset();
      }
    } const guard{*this};
    following_ = true;
    for (;;) {
      next_.reset();
      if (next.stops()) return end();
      if (next.starts()) {
        attempt(me);
      } else if (next.delay.count() <= 0) {
        next_.emplace(start_next());
      } else {
        timer_(next.delay, tick{me, ++step_, alarm::wait});
      }
      if (ended_) return;
      if (cancelled_ && !next_) {
        if (attempting_) {
          abort_attempt();
          next_.emplace(finish(unstarted_exception(stop_reason::cancelled, {})));
        } else {
          next_.emplace(start_next());
        }
      }
      if (!next_) return;
      next = *next_;
    }
  }

  void attempt(self const& me) {
    auto const info = loop_->info();
    auto const step = ++step_;
    attempting_ = true;
    callback_reply<T, callback_state> const reply{me, step};
    auto const begun = capture([&] { begin_attempt(info, reply, step); });
    if (ended_ || step != step_ || !attempting_) return;
    if (auto const* const caught = begun.caught()) {
      attempting_ = false;
      next_.emplace(finish(*caught));
      return;
    }
    if constexpr (timed) timer_(info.time_left, tick{me, step, alarm::attempt});
  }

  template <class Reply>
  void begin_attempt(attempt_info const& info, Reply const& reply, std::uint64_t step) {
    auto const call = [&]() -> decltype(auto) {
      if constexpr (std::is_invocable_v<Start&, attempt_info const&, Reply>) {
        return start_(info, reply);
      } else {
        return start_(reply);
      }
    };
    using aborter = decltype(call());
    if constexpr (aborts<std::decay_t<aborter>>) {
      auto f = std::make_shared<std::decay_t<aborter>>(call());
      if (ended_ && step != step_) (*f)();  // abandoned by `start` itself
      if (ended_ || step != step_ || !attempting_) return;
      aborter_ = std::move(f);
      abort_ = [](callback_state& s) { (*std::static_pointer_cast<std::decay_t<aborter>>(s.aborter_))(); };
    } else {
      static_cast<void>(call());
    }
  }

  void end() {
    if (!last_) last_.emplace(loop_->template unstarted<T>());
    ended_ = true;
    loop_->conclude(*last_);
    auto const why = loop_->refusal();
    done_(report<T>{std::move(*last_), loop_->reason(), loop_->attempts(), loop_->elapsed(), loop_->waited(),
                    loop_->server_wait(), why.reason, why.retry_after});
  }

  Timer timer_;
  Start start_;
  Done done_;
  TENAX_NO_UNIQUE_ADDRESS Env environment_;
  bool cancelled_ = false;
  bool attempting_ = false;
  bool following_ = false;
  std::uint64_t step_ = 0;
  std::weak_ptr<callback_state> weak_{};
  std::shared_ptr<void> aborter_{};
  void (*abort_)(callback_state&) = nullptr;
  std::optional<decision> next_{};
  std::optional<outcome<T>> last_{};
  std::optional<retry_loop<policy_type, true>> loop_{};
};

}  // namespace tenax::detail
