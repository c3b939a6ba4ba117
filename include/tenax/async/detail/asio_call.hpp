// SPDX-License-Identifier: MIT
// async/detail/asio_call.hpp: the state of a call in Asio, which can be cancelled from other threads.
#pragma once

#include <atomic>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include <tenax/async/detail/asio_attempt.hpp>
#include <tenax/async/detail/asio_attempt_limits.hpp>
#include <tenax/async/detail/asio_end.hpp>
#include <tenax/async/detail/asio_environment.hpp>
#include <tenax/async/detail/asio_steps.hpp>
#include <tenax/async/detail/async_call.hpp>
#include <tenax/cancel.hpp>
#include <tenax/capture.hpp>
#include <tenax/driver/detail/operation.hpp>
#include <tenax/platform/compiler.hpp>

namespace tenax::detail {

/// A call under way. Its steps run one after the other on `Executor`; a strand if a token or a timer can interrupt it.
/// It lives as long as one of its steps is pending. Keeps work on the given executor and on the handler's.
template <class Asio, class T, class Policy, class Env, class F, class End, class Base, class Executor, class Handler>
class asio_call : public asio_steps<Asio, Executor, decltype(Asio::allocator_of(std::declval<Handler const&>()))> {
  static constexpr asio_shape shape = shape_of<F>();
  static constexpr bool takes_info =
      shape == asio_shape::initiating_with_info || shape == asio_shape::awaitable_with_info;
  static constexpr bool initiates = shape == asio_shape::initiating || shape == asio_shape::initiating_with_info;
  using steps = asio_steps<Asio, Executor, decltype(Asio::allocator_of(std::declval<Handler const&>()))>;
  using limits = asio_attempt_limits<Asio, typename Policy::limits_type>;
  static constexpr bool times_attempts = limits::timed;
  using token_type = typename Policy::token_type;
  using linked = linked_token<token_type, bool const*>;
  using policy_type = decltype(with_token(std::declval<Policy const&>(), std::declval<linked>()));
  using environment = asio_environment<Asio, Env>;
  using timer = typename Asio::template timer<typename environment::clock, Executor>;
  using handler_executor = decltype(Asio::executor_of(std::declval<Handler const&>(), std::declval<Executor const&>()));
  /// What an attempt completes with: a coroutine, which has stored its outcome, only with the fact that it ended.
  using completion_type = std::conditional_t<initiates, T, std::exception_ptr>;
  struct no_timer {
    explicit no_timer(Executor const&) {}
  };

 public:
  asio_call(Policy const& policy, Env const& env, F&& operation, End end, Base const& base, Executor const& executor,
            Handler&& handler)
      : steps(what, executor, Asio::allocator_of(handler)),
        handler_(std::move(handler)),
        work_(Asio::work_on(Asio::executor_of(*handler_, executor))),
        operation_(std::move(operation)),
        end_(std::move(end)),
        limit_(executor),
        environment_(env),
        call_(with_token(policy, linked{policy.token, &this->stopped_}), environment_) {
    limits::check(policy.limits);
    // Counting work costs time, and mostly the two executors are the same.
    if constexpr (std::is_same_v<Base, handler_executor>) {
      if (Asio::executor_of(*handler_, executor) == base) return;
    } else if constexpr (std::is_same_v<Executor, handler_executor>) {
      if (Asio::executor_of(*handler_, executor) == executor) return;
    }
    base_work_.emplace(Asio::work_on(base));
  }

  /// Lets the handler's slot interrupt the call, even before its first step: the signal may come at any time.
  void listen() {
    if constexpr (Asio::has_cancellation) {
      if (auto slot = Asio::slot_of(*handler_); slot.is_connected()) slot.assign(interruption{this->weak_from_this()});
    }
  }

  /// The first step, within the initiating function, where no handler may be called.
  void start_inside() {
    go_on([this] { return call_.start(environment_, wait_.lend()); }, true);
  }

 private:
  using typename steps::interruption;
  using typename steps::time_limit_handler;
  using typename steps::wait_handler;

  static constexpr bool notifies = can_stop<token_type> && requires(token_type const& t) { t.stop_possible(); };
  template <class Token>
  struct callback {
    struct type {};
  };
  template <class Token>
    requires notifies
  struct callback<Token> : callback_of<Token, interruption> {};

  static constexpr
      typename steps::actions what{[](steps& self, asio_step step) { static_cast<asio_call&>(self).take_step(step); },
                                   [](steps& self, void* completion) {
                                     static_cast<asio_call&>(self).keep(*static_cast<completion_type*>(completion));
                                   }};

  void take_step(asio_step step) {
    switch (step) {
      case asio_step::start:
        if constexpr (notifies) on_stop_.emplace(call_.policy().token.own, interruption{this->weak_from_this()});
        return go_on([this] { return call_.start(environment_, wait_.lend()); }, false);
      case asio_step::wait_over:
        if (handler_) go_on([this] { return call_.start(environment_, wait_.lend()); }, false);
        return;
      case asio_step::attempt_over:
        if (this->signal_.emits()) return this->post(step);
        return go_on([this] { return end_attempt(); }, false);
      case asio_step::interrupted: return interrupted();
      case asio_step::end: return end_inside();
    }
  }

  /// Carries out the decision of a step. Exceptions of the policy's parts end the call.
  template <class Decide>
  void go_on(Decide decide, bool inside) {
    if constexpr (End::takes_exception) {
      try {
        follow(decide(), inside);
      } catch (...) {
        if (!handler_) throw;
        failure_ = std::current_exception();
        if (inside) return this->post(asio_step::end);
        finish(End::take(std::move(failure_)));
      }
    } else {
      follow(decide(), inside);
    }
  }

  void follow(decision next, bool inside) {
    for (;;) {
      if (next.stops()) {
        if (inside) return this->post(asio_step::end);
        return finish(end_.take(call_));
      }
      if (next.waits()) {
        if (next.delay > duration::zero()) {
          wait_.set(environment::timed(next.delay));
          return wait_.wait(this->executor_, wait_handler{this->shared_from_this()});
        }
        next = call_.start(environment_, wait_.lend());
      } else {
        if (!attempt()) return;
        next = end_attempt();
      }
    }
  }

  /// Starts an attempt. Returns whether it has already ended.
  bool attempt() {
    info_ = call_.template begin_attempt<takes_info || times_attempts>();
    this->answered_.store(false, std::memory_order_relaxed);
    this->under_way_ = true;
    if constexpr (times_attempts) limit_.expires_after(environment::timed(info_.time_left));
    typename steps::template attempt_handler<completion_type> done{this->shared_from_this()};
    if constexpr (shape == asio_shape::initiating) {
      call_in_scope(call_, [&] { static_cast<void>(operation_(std::move(done))); });
    } else if constexpr (shape == asio_shape::initiating_with_info) {
      call_in_scope(call_, [&] { static_cast<void>(operation_(std::as_const(info_), std::move(done))); });
    } else {
      using operation_executor = typename result_or_void<F>::executor_type;
      Asio::spawn(this->executor_,
                  await_attempt<Asio, T, operation_executor>(this->shared_from_this(), operation_, info_, call_),
                  std::move(done));
    }
    // While it was being started, the operation could not be cancelled.
    if (this->stopped_ && !this->answered_.load(std::memory_order_acquire)) this->signal_.emit(this->kind_);
    if (this->answered_.exchange(true, std::memory_order_acq_rel)) return true;
    // Only now, because an operation that throws must leave no timer that keeps the call alive.
    if constexpr (times_attempts) {
      if (detail::times_attempts(call_.policy().limits))
        limit_.async_wait(time_limit_handler{this->shared_from_this(), ++this->number_});
    }
    return false;
  }

  /// Stores the outcome of an attempt, if the attempt has not.
  void keep(completion_type& completion) {
    if constexpr (initiates) {
      call_.returned(std::move(completion));
    } else if (completion) {
      call_.threw(*capture([&] { std::rethrow_exception(completion); }).caught());
    }
  }

  decision end_attempt() {
    this->under_way_ = false;
    if constexpr (initiates) this->signal_.clear();
    if constexpr (times_attempts) limit_.cancel();
    bool const too_late = std::exchange(this->too_late_, false) && !this->stopped_;
    if constexpr (initiates) {
      if (auto& last = call_.last().value(); !last.has_value()) {
        if (too_late) {
          last.set_error(Asio::timed_out());
        } else if (this->stopped_ || last.error() == Asio::aborted()) {
          last.set_cancelled();
        }
      }
    } else if (too_late && !call_.last().has_value()) {
      call_.threw(*capture([&] { throw attempt_timed_out(call_.info().time_left); }).caught());
    }
    return call_.finish_attempt(environment_);
  }

  /// Ends a call that was decided within its initiating function.
  void end_inside() {
    if constexpr (End::takes_exception) {
      if (failure_) return finish(End::take(std::move(failure_)));
    }
    finish(end_.take(call_));
  }

  template <class Deliver>
  void finish(Deliver deliver) {
    on_stop_.reset();
    auto const executor = Asio::executor_of(*handler_, this->executor_);
    asio_delivery<Asio, Deliver, Handler> done{std::move(deliver), std::move(*handler_)};
    handler_.reset();
    auto const work = std::move(work_);
    auto const base_work = std::move(base_work_);
    Asio::dispatch(executor, std::move(done));
  }

  void interrupted() {
    if (!handler_) return;
    this->stopped_ = true;
    if (this->under_way_) {
      this->signal_.emit(this->kind_);
    } else {
      wait_.cancel();
    }
  }

  std::optional<Handler> handler_;  ///< empty once the call has ended
  decltype(Asio::work_on(std::declval<handler_executor const&>())) work_;
  std::optional<decltype(Asio::work_on(std::declval<Base const&>()))> base_work_{};  ///< unless it is the same
  F operation_;
  TENAX_NO_UNIQUE_ADDRESS End end_;
  timer_for<Policy::gates_type::wakes, timer> wait_{};
  TENAX_NO_UNIQUE_ADDRESS std::conditional_t<times_attempts, timer, no_timer> limit_;
  TENAX_NO_UNIQUE_ADDRESS std::conditional_t<takes_info || times_attempts, attempt_info, nothing> info_{};
  TENAX_NO_UNIQUE_ADDRESS std::conditional_t<End::takes_exception, std::exception_ptr, nothing> failure_{};
  TENAX_NO_UNIQUE_ADDRESS environment environment_;
  async_call<T, policy_type, environment, End::wants_report> call_;
  std::optional<typename callback<token_type>::type> on_stop_{};
};

}  // namespace tenax::detail
