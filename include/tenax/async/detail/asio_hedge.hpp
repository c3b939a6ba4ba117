// SPDX-License-Identifier: MIT
// async/detail/asio_hedge.hpp: runs the attempts of a hedged call in Asio.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <tenax/async/detail/asio_attempt.hpp>
#include <tenax/async/detail/asio_environment.hpp>
#include <tenax/async/detail/asio_scope.hpp>
#include <tenax/async/detail/drive_coroutine.hpp>
#include <tenax/async/detail/hedge_attempt.hpp>
#include <tenax/async/hedging.hpp>
#include <tenax/gate/detail/feedback.hpp>

namespace tenax::detail {

/// A hedged call under way, on a strand. Ends when its last attempt has ended, so that no attempt outlives the objects
/// that it refers to; or with the first result, if the hedging says so.
template <class Asio, class T, class Hedging, class F, class Executor, class Handler>
class asio_hedge : public std::enable_shared_from_this<asio_hedge<Asio, T, Hedging, F, Executor, Handler>> {
  using environment = asio_environment<Asio, typename Hedging::environment_type>;
  using operation_executor = typename result_or_void<F>::executor_type;
  using timer = typename Asio::template timer<typename environment::clock, Executor>;
  using handler_executor = decltype(Asio::executor_of(std::declval<Handler const&>(), std::declval<Executor const&>()));
  using attempt = hedge_attempt<Asio, T, Hedging>;

 public:
  using place = std::optional<outcome<T>>;

  asio_hedge(Hedging& hedging, F&& operation, inherited_limits&& limits, place& result, Executor const& executor,
             Handler&& handler)
      : hedging_(hedging),
        operation_(std::move(operation)),
        limits_(std::move(limits)),
        result_(result),
        executor_(executor),
        handler_(std::move(handler)),
        work_(Asio::work_on(Asio::executor_of(*handler_, executor_))),
        next_(executor_),
        environment_(hedging.environment()),
        attempts_(std::make_unique<attempt[]>(hedging.at_most())) {}

  /// Lets the handler's slot cancel the call.
  void listen() {
    if (auto slot = Asio::slot_of(*handler_); slot.is_connected()) {
      slot.assign([weak = this->weak_from_this()](typename Asio::cancellation_type) {
        if (auto const self = weak.lock()) {
          Asio::dispatch(self->executor_, [self] { self->guarded([&] { self->cancel(); }); });
        }
      });
    }
  }

  void start() {
    guarded([this] {
      if (decided_) return finish();
      auto const now = environment_.now();
      deadline_ = time_point(saturating_add(now.time_since_epoch(), limits_.time_left));
      launch(now);
    });
  }

  /// Whether an attempt was cancelled before it had begun.
  [[nodiscard]] bool attempt_is_over() const noexcept { return decided_; }

 private:
  struct ended_step {
    using executor_type = Executor;
    using cancellation_slot_type = typename Asio::cancellation_slot;

    std::shared_ptr<asio_hedge> self;
    std::size_t number;

    [[nodiscard]] executor_type get_executor() const noexcept { return self->executor_; }
    [[nodiscard]] cancellation_slot_type get_cancellation_slot() const noexcept {
      return Asio::slot_of_signal(self->attempts_[number].signal);
    }
    void operator()(std::exception_ptr const& failure) const {
      self->guarded([&] { self->ended(number, failure); });
    }
  };

  struct next_step {
    using executor_type = Executor;

    std::shared_ptr<asio_hedge> self;

    [[nodiscard]] executor_type get_executor() const noexcept { return self->executor_; }
    void operator()(typename Asio::error_code const& error) const {
      if (error || self->decided_) return;
      self->guarded([this] { self->launch(self->environment_.now()); });
    }
  };

  /// Takes a step. Exceptions of the budget or a gate end the call.
  template <class Step>
  void guarded(Step step) {
    try {
      step();
    } catch (...) {
      if (!handler_) throw;
      result_.reset();
      result_.emplace(caught_exception(std::current_exception()));
      decide();
      if (running_ == 0) finish();
    }
  }

  /// Starts another attempt, if the budget and the gates admit it.
  void launch(time_point now) {
    auto const left = saturating_between(now, deadline_);
    // A hedge without time left is useless.
    if (started_ > 0 && left <= duration::zero()) return;
    auto& a = attempts_[started_];
    a.info = {.number = static_cast<std::uint32_t>(started_ + 1), .time_left = time_left(left), .started = now};
    if (!hedging_.abandons_losers()) a.info.token = limits_.token;
    if (started_ > 0 && limits_.gates && !a.inherited) a.inherited = limits_.gates->another();
    auto answer = a.admit(hedging_, now);
    if (answer.waits()) {
      if (answer.delay < left) return ask_again(answer.delay);
      answer = admission::refuse("a gate's wait would pass the deadline", answer.delay);
    }
    if (answer.refused()) {
      a.give_back();
      // Tries again at the rate at which attempts are started, but at most once a millisecond.
      constexpr duration seldom = std::chrono::milliseconds(1);
      if (started_ > 0) return ask_again(hedging_.delay() < seldom ? seldom : hedging_.delay());
      result_.emplace(unstarted_exception(stop_reason::refused_by_gate, answer));
      return finish();
    }
    if (started_ > 0) hedging_.count_hedge();
    auto const number = started_++;
    if (started_ < hedging_.at_most()) ask_again(hedging_.delay());
    a.under_way = true;
    ++running_;
    try {
      Asio::spawn(executor_,
                  await_attempt<Asio, T, operation_executor>(this->shared_from_this(), operation_, a.info, a),
                  ended_step{this->shared_from_this(), number});
    } catch (...) {
      if (std::exchange(a.under_way, false)) --running_;
      throw;
    }
  }

  /// `duration::max()` stays unchanged: no limit.
  [[nodiscard]] duration time_left(duration left) const noexcept {
    return limits_.time_left == (duration::max)() ? (duration::max)() : left;
  }

  void ask_again(duration d) {
    next_.expires_after(environment::timed(d));
    next_.async_wait(next_step{this->shared_from_this()});
  }

  void ended(std::size_t number, std::exception_ptr const& failure) {
    auto& a = attempts_[number];
    a.under_way = false;
    --running_;
    if (!a.result) a.result.emplace(caught_exception(failure));
    bool const good = a.result->has_value() && !result_failed(*a.result);
    auto const now = environment_.now();
    auto told = make_feedback(*a.result, hint_of(*a.result));
    if (decided_ && !good) told.how = feedback::kind::cancelled;
    a.record(hedging_, told, now);
    if (!decided_) {
      if (good || (number == 0 && started_ > 1)) learn(good && number == 0, now);
      // If no attempt succeeds, the call ends with the last failure.
      result_.reset();
      result_.emplace(std::move(*a.result));
      if (good) decide();
    }
    if (running_ == 0) finish();
  }

  /// Records how long the first attempt took, or a lower bound; once for a call. Hedges are not recorded: they would
  /// take the place of slow first attempts, the percentile would sink, and more and more calls would be hedged.
  void learn(bool to_the_end, time_point now) {
    if (std::exchange(learned_, true)) return;
    auto const took = saturating_between(attempts_[0].info.started, now);
    to_the_end ? hedging_.record(took) : hedging_.record_at_least(took);
  }

  void cancel() {
    if (!handler_) return;
    // Without a hedge, the first attempt may have just begun.
    if (!decided_ && started_ > 1) learn(false, environment_.now());
    decide();
    if (running_ == 0) finish();
  }

  /// The call is decided: cancels the attempts that are still under way.
  void decide() {
    decided_ = true;
    stop_asking();
    for (std::size_t i = 0; i < started_; ++i) {
      if (auto& a = attempts_[i]; a.under_way) Asio::emit(a.signal, Asio::terminal());
    }
    if (hedging_.abandons_losers()) finish();
  }

  /// Makes an attempt that waits at a gate leave it.
  void stop_asking() {
    next_.cancel();
    if (started_ < hedging_.at_most()) attempts_[started_].give_back();
  }

  void finish() {
    // If the last attempt ended during its cancellation, the call has already ended.
    if (!handler_) return;
    decided_ = true;
    stop_asking();
    if (!result_) result_.emplace(unstarted_exception(stop_reason::cancelled, {}));
    auto const executor = Asio::executor_of(*handler_, executor_);
    auto done = [handler = std::move(*handler_)]() mutable {
      if (auto slot = Asio::slot_of(handler); slot.is_connected()) slot.clear();
      std::move(handler)();
    };
    handler_.reset();
    auto const work = std::move(work_);
    Asio::dispatch(executor, std::move(done));
  }

  Hedging& hedging_;
  F operation_;
  inherited_limits limits_;
  place& result_;  ///< in the frame of the waiting coroutine, which exists until the handler is called
  Executor executor_;
  std::optional<Handler> handler_;
  decltype(Asio::work_on(std::declval<handler_executor const&>())) work_;
  timer next_;  ///< until the next attempt, or until the gates are asked again
  environment environment_;
  std::unique_ptr<attempt[]> attempts_;
  time_point deadline_{};
  std::size_t started_ = 0;
  std::size_t running_ = 0;
  bool decided_ = false;
  bool learned_ = false;
};

/// A coroutine that waits for a hedged call.
template <class Asio, class T, class Task, class Hedging, class F>
Task await_hedged(Hedging& hedging, F operation, inherited_limits limits) {
  using executor = typename Task::executor_type;
  std::optional<outcome<T>> result;
  executor const here = co_await typename Asio::executor_query();
  auto start = [&hedging, &result, &limits, here, operation = std::move(operation)](auto&& handler) mutable {
    using handler_type = std::decay_t<decltype(handler)>;
    auto const steps = stranded<Asio>(here);
    using call_type = asio_hedge<Asio, T, Hedging, F, std::remove_const_t<decltype(steps)>, handler_type>;
    auto call =
        std::allocate_shared<call_type>(Asio::allocator_of(handler), hedging, std::move(operation), std::move(limits),
                                        result, steps, handler_type(std::forward<decltype(handler)>(handler)));
    call->listen();
    Asio::post(steps, [call] { call->start(); });
  };
  co_await Asio::template initiate<void()>(std::move(start), typename Asio::template use_awaitable_on<executor>());
  if constexpr (std::is_void_v<T>) {
    std::move(*result).get();
  } else {
    co_return std::move(*result).get();
  }
}

/// Whether an operation can be hedged. Does not call one that takes a completion token: that would not compile.
template <class F>
constexpr bool returns_awaitable() {
  constexpr auto shape = shape_of<F>();
  if constexpr (shape == asio_shape::awaitable || shape == asio_shape::awaitable_with_info) {
    return awaitable<result_or_void<F>>;
  } else {
    return false;
  }
}

/// `async_hedged` without a token.
template <class Asio, class Hedging, class F>
auto start_hedged(Hedging& hedging, F operation) {
  static_assert(Asio::has_cancellation,
                "tenax: async_hedged() needs an Asio that can cancel an operation: 1.19 or newer, in Boost 1.77");
  constexpr bool awaits = returns_awaitable<F>();
  static_assert(awaits,
                "tenax: async_hedged() needs an operation that returns an awaitable, as in [=] { return fetch(url); }");
  if constexpr (Asio::has_cancellation && awaits) {
    using result = awaited_result<F>;
    using task = typename Asio::template awaitable<result, typename result_or_void<F>::executor_type>;
    return await_hedged<Asio, result, task, Hedging, F>(hedging, std::move(operation), inherit_limits());
  } else {
    // Returns an awaitable, so that the compiler prints no further errors.
    return typename Asio::template awaitable<void, typename Asio::any_executor>();
  }
}

}  // namespace tenax::detail
