// SPDX-License-Identifier: MIT
// async/detail/asio_call.hpp: the state of a call in Asio, which can be cancelled from other threads.
#pragma once

#include <atomic>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <tenax/async/detail/asio_attempt.hpp>
#include <tenax/async/detail/asio_attempt_limits.hpp>
#include <tenax/async/detail/asio_environment.hpp>
#include <tenax/async/detail/async_call.hpp>
#include <tenax/cancel.hpp>
#include <tenax/capture.hpp>
#include <tenax/driver/detail/operation.hpp>
#include <tenax/platform/compiler.hpp>

namespace tenax::detail {

/// A call under way. Its steps run one after the other on `Executor`; a strand if a token or a timer can interrupt it.
/// It lives as long as one of its steps is pending. Keeps work on the given executor and on the handler's.
template <class Asio, class T, class Policy, class Env, class F, class End, class Base, class Executor, class Handler>
class asio_call
    : public std::enable_shared_from_this<asio_call<Asio, T, Policy, Env, F, End, Base, Executor, Handler>> {
  static constexpr asio_shape shape = shape_of<F>();
  static constexpr bool takes_info =
      shape == asio_shape::initiating_with_info || shape == asio_shape::awaitable_with_info;
  static constexpr bool initiates = shape == asio_shape::initiating || shape == asio_shape::initiating_with_info;
  using limits = asio_attempt_limits<Asio, typename Policy::limits_type>;
  static constexpr bool times_attempts = limits::timed;
  using token_type = typename Policy::token_type;
  using cancellation_type = typename Asio::cancellation_type;
  using linked = linked_token<token_type, bool const*>;
  using policy_type = decltype(with_token(std::declval<Policy const&>(), std::declval<linked>()));
  using environment = asio_environment<Asio, Env>;
  using timer = typename Asio::template timer<typename environment::clock, Executor>;
  using handler_executor = decltype(Asio::executor_of(std::declval<Handler const&>(), std::declval<Executor const&>()));
  using allocator = decltype(Asio::allocator_of(std::declval<Handler const&>()));
  struct no_timer {
    explicit no_timer(Executor const&) {}
  };

 public:
  asio_call(Policy const& policy, Env const& env, F&& operation, End end, Base const& base, Executor const& executor,
            Handler&& handler)
      : handler_(std::move(handler)),
        allocator_(Asio::allocator_of(*handler_)),
        work_(Asio::work_on(Asio::executor_of(*handler_, executor))),
        operation_(std::move(operation)),
        end_(std::move(end)),
        executor_(executor),
        limit_(executor),
        environment_(env),
        call_(with_token(policy, linked{policy.token, &stopped_}), environment_) {
    limits::check(policy.limits);
    // Counting work costs time, and mostly the two executors are the same.
    if constexpr (std::is_same_v<Base, handler_executor>) {
      if (Asio::executor_of(*handler_, executor) == base) return;
    } else if constexpr (std::is_same_v<Executor, handler_executor>) {
      if (Asio::executor_of(*handler_, executor) == executor) return;
    }
    base_work_.emplace(Asio::work_on(base));
  }

  /// Whether the current attempt was cancelled before it had begun.
  [[nodiscard]] bool attempt_is_over() const noexcept { return stopped_ || too_late_; }

  /// Lets the handler's slot interrupt the call, even before its first step: the signal may come at any time.
  void listen() {
    if constexpr (Asio::has_cancellation) {
      if (auto slot = Asio::slot_of(*handler_); slot.is_connected()) {
        slot.assign([weak = this->weak_from_this()](cancellation_type type) {
          if (auto const self = weak.lock()) self->interrupt(type);
        });
      }
    }
  }

  /// The first step. `inside`: whether it runs within the initiating function, where no handler may be called.
  void start(bool inside) {
    if constexpr (notifies) on_stop_.emplace(call_.policy().token.own, stop_step{this->weak_from_this()});
    go_on([this] { return call_.start(environment_, wait_.lend()); }, inside);
  }

 private:
  struct stop_step {
    std::weak_ptr<asio_call> weak;
    void operator()() const {
      if (auto const self = weak.lock()) self->interrupt(Asio::terminal());
    }
  };
  static constexpr bool notifies = can_stop<token_type> && requires(token_type const& t) { t.stop_possible(); };
  template <class Token>
  struct callback {
    struct type {};
  };
  template <class Token>
    requires notifies
  struct callback<Token> : callback_of<Token, stop_step> {};

  struct step {
    using executor_type = Executor;
    using allocator_type = allocator;

    std::shared_ptr<asio_call> self;
    [[nodiscard]] executor_type get_executor() const noexcept { return self->executor_; }
    [[nodiscard]] allocator_type get_allocator() const noexcept { return self->allocator_; }
  };

  struct wait_step : step {
    void operator()(typename Asio::error_code const&) const {
      auto& call = *this->self;
      if (call.handler_) call.go_on([&call] { return call.call_.start(call.environment_, call.wait_.lend()); }, false);
    }
  };

  /// May outlive the call's handler, so it does not use memory of the handler's allocator.
  struct limit_step {
    using executor_type = Executor;

    std::shared_ptr<asio_call> self;
    std::uint32_t attempt;
    [[nodiscard]] executor_type get_executor() const noexcept { return self->executor_; }
    void operator()(typename Asio::error_code const& error) const {
      auto& call = *self;
      if (error || !call.under_way_ || call.number_ != attempt) return;
      call.too_late_ = true;
      call.signal_.emit(Asio::terminal());
    }
  };

  struct attempt_step : step {
    using cancellation_slot_type = typename Asio::cancellation_slot;
    [[nodiscard]] cancellation_slot_type get_cancellation_slot() const noexcept { return this->self->signal_.slot(); }
    template <class... Args>
    void operator()(Args&&... args) const {
      this->self->answered(std::forward<Args>(args)...);
    }
  };

  /// Carries out the decision of a step. Exceptions of the policy's parts end the call.
  template <class Decide>
  void go_on(Decide decide, bool inside) {
    if constexpr (End::takes_exception) {
      try {
        follow(decide(), inside);
      } catch (...) {
        if (!handler_) throw;
        finish(End::take(std::current_exception()), inside);
      }
    } else {
      follow(decide(), inside);
    }
  }

  void follow(decision next, bool inside) {
    for (;;) {
      if (next.stops()) return finish(end_.take(call_), inside);
      if (next.waits()) {
        if (next.delay > duration::zero()) {
          wait_.set(environment::timed(next.delay));
          return wait_.wait(executor_, wait_step{{this->shared_from_this()}});
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
    answered_.store(false, std::memory_order_relaxed);
    under_way_ = true;
    if constexpr (times_attempts) limit_.expires_after(environment::timed(info_.time_left));
    attempt_step done{{this->shared_from_this()}};
    if constexpr (shape == asio_shape::initiating) {
      call_in_scope(call_, [&] { static_cast<void>(operation_(std::move(done))); });
    } else if constexpr (shape == asio_shape::initiating_with_info) {
      call_in_scope(call_, [&] { static_cast<void>(operation_(std::as_const(info_), std::move(done))); });
    } else {
      using operation_executor = typename result_or_void<F>::executor_type;
      Asio::spawn(executor_,
                  await_attempt<Asio, T, operation_executor>(this->shared_from_this(), operation_, info_, call_),
                  std::move(done));
    }
    // While it was being started, the operation could not be cancelled.
    if (stopped_ && !answered_.load(std::memory_order_acquire)) signal_.emit(kind_);
    if (answered_.exchange(true, std::memory_order_acq_rel)) return true;
    // Only now, because an operation that throws must leave no timer that keeps the call alive.
    if constexpr (times_attempts) {
      if (detail::times_attempts(call_.policy().limits))
        limit_.async_wait(limit_step{this->shared_from_this(), ++number_});
    }
    return false;
  }

  /// The completion of an initiating function; for a coroutine, which has stored its outcome, only that it ended.
  template <class First, class... Rest>
  void answered(First&& first, Rest&&... rest) {
    if constexpr (initiates) {
      call_.returned(T(first, std::forward<Rest>(rest)...));
    } else if (first) {
      call_.threw(*capture([&] { std::rethrow_exception(first); }).caught());
    }
    // The operation completed inside its initiating function: `attempt` sees that. Going on here would recurse.
    if (!answered_.exchange(true, std::memory_order_acq_rel)) return;
    // `dispatch` would check this as well, but costs a twentieth of a whole call.
    if constexpr (requires { executor_.running_in_this_thread(); })
      if (executor_.running_in_this_thread()) return attempt_over();
    Asio::dispatch(executor_, [self = this->shared_from_this()] { self->attempt_over(); });
  }

  void attempt_over() {
    if (signal_.emits()) return Asio::post(executor_, [self = this->shared_from_this()] { self->attempt_over(); });
    go_on([&] { return end_attempt(); }, false);
  }

  decision end_attempt() {
    under_way_ = false;
    if constexpr (initiates) signal_.clear();
    if constexpr (times_attempts) limit_.cancel();
    bool const too_late = std::exchange(too_late_, false) && !stopped_;
    if constexpr (initiates) {
      if (auto& last = call_.last().value(); !last.has_value()) {
        if (too_late) {
          last.set_error(Asio::timed_out());
        } else if (stopped_ || last.error() == Asio::aborted()) {
          last.set_cancelled();
        }
      }
    } else {
      if (too_late && !call_.last().has_value()) call_.threw(*capture([] { throw attempt_timed_out(); }).caught());
    }
    return call_.finish_attempt(environment_);
  }

  template <class Deliver>
  void finish(Deliver deliver, bool inside) {
    on_stop_.reset();
    auto const executor = Asio::executor_of(*handler_, executor_);
    auto done = [deliver = std::move(deliver), handler = std::move(*handler_)]() mutable {
      // Cancellation signals are emitted where the handler runs.
      if constexpr (Asio::has_cancellation) {
        if (auto slot = Asio::slot_of(handler); slot.is_connected()) slot.clear();
      }
      deliver(handler);
    };
    handler_.reset();
    auto const work = std::move(work_);
    auto const base_work = std::move(base_work_);
    if (inside) {
      Asio::post(executor, std::move(done));
    } else {
      Asio::dispatch(executor, std::move(done));
    }
  }

  /// Cancels the current wait or operation. May be called by any thread.
  void interrupt(cancellation_type type) {
    Asio::dispatch(executor_, [self = this->shared_from_this(), type] {
      if (!self->handler_) return;
      self->stopped_ = true;
      self->kind_ = type;
      if (self->under_way_) {
        self->signal_.emit(type);
      } else {
        self->wait_.cancel();
      }
    });
  }

  std::optional<Handler> handler_;  ///< empty once the call has ended
  TENAX_NO_UNIQUE_ADDRESS allocator allocator_;
  decltype(Asio::work_on(std::declval<handler_executor const&>())) work_;
  std::optional<decltype(Asio::work_on(std::declval<Base const&>()))> base_work_{};  ///< unless it is the same
  F operation_;
  TENAX_NO_UNIQUE_ADDRESS End end_;
  Executor executor_;
  timer_for<Policy::gates_type::wakes, timer> wait_{};
  TENAX_NO_UNIQUE_ADDRESS std::conditional_t<times_attempts, timer, no_timer> limit_;
  bool stopped_ = false;                       ///< the call was asked to stop
  cancellation_type kind_ = Asio::terminal();  ///< with this type of cancellation
  bool under_way_ = false;                     ///< an attempt is under way
  bool too_late_ = false;                      ///< the attempt exceeded its time limit
  std::uint32_t number_ = 0;
  std::atomic<bool> answered_{false};  ///< the operation has completed, or its initiating function has returned
  TENAX_NO_UNIQUE_ADDRESS std::conditional_t<takes_info || times_attempts, attempt_info, nothing> info_{};
  attempt_signal<Asio> signal_{};
  TENAX_NO_UNIQUE_ADDRESS environment environment_;
  async_call<T, policy_type, environment, End::wants_report> call_;
  std::optional<typename callback<token_type>::type> on_stop_{};
};

}  // namespace tenax::detail
