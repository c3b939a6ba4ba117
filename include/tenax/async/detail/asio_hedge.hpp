// SPDX-License-Identifier: MIT
// async/detail/asio_hedge.hpp: runs the attempts of a hedged call in Asio.
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <tenax/async/detail/asio_attempt.hpp>
#include <tenax/async/detail/asio_end.hpp>
#include <tenax/async/detail/asio_environment.hpp>
#include <tenax/async/detail/asio_hedge_steps.hpp>
#include <tenax/async/detail/asio_scope.hpp>
#include <tenax/async/detail/drive_coroutine.hpp>
#include <tenax/async/detail/hedge_loop.hpp>
#include <tenax/async/hedging.hpp>
#include <tenax/capture.hpp>

namespace tenax::detail {

/// A hedged call under way, on a strand. Ends when its last attempt has ended, so that no attempt outlives the objects
/// that it refers to; or with the first result, if the hedging says so. `End` delivers the result to the handler.
template <class Asio, class T, class Hedging, class F, class End, class Executor, class Handler>
class asio_hedge : public asio_hedge_steps<Asio, T, Executor> {
  using steps = asio_hedge_steps<Asio, T, Executor>;
  static constexpr asio_shape shape = shape_of<F>();
  static constexpr bool initiates = shape == asio_shape::initiating || shape == asio_shape::initiating_with_info;
  using environment = asio_environment<Asio, typename Hedging::environment_type>;
  using timer = typename Asio::template timer<typename environment::clock, Executor>;
  using handler_executor = decltype(Asio::executor_of(std::declval<Handler const&>(), std::declval<Executor const&>()));
  using kind = hedge_step::kind;

 public:
  asio_hedge(Hedging& hedging, F&& operation, inherited_limits&& limits, End end, Executor const& executor,
             Handler&& handler)
      : steps([](steps& self, asio_hedge_step step,
                 std::size_t number) { static_cast<asio_hedge&>(self).take_step(step, number); },
              executor, hedging.at_most()),
        abandons_(hedging.abandons_losers()),
        end_(std::move(end)),
        handler_(std::move(handler)),
        work_(Asio::work_on(Asio::executor_of(*handler_, executor))),
        environment_(hedging.environment()),
        loop_(hedging, std::move(limits)),
        operation_(std::move(operation)) {}

  /// Lets the handler's slot cancel the call.
  void listen() {
    if (auto slot = Asio::slot_of(*handler_); slot.is_connected()) {
      slot.assign(typename steps::cancellation{this->weak_from_this()});
    }
  }

  /// Whether an attempt was cancelled before it had begun.
  [[nodiscard]] bool attempt_is_over() const noexcept { return loop_.decided(); }

  /// The result, for `End`.
  [[nodiscard]] outcome<T> result() { return loop_.take_result(); }

 private:
  void take_step(asio_hedge_step step, std::size_t number) {
    bool const waited = step == asio_hedge_step::wait_over || step == asio_hedge_step::wait_cut_short;
    if (waited && loop_.decided()) return;
    guarded([&] {
      switch (step) {
        case asio_hedge_step::start:
        case asio_hedge_step::wait_cut_short: return ask(false);
        case asio_hedge_step::wait_over: return ask(true);
        case asio_hedge_step::attempt_over: return ended(number);
        case asio_hedge_step::cancelled: return cancel();
      }
    });
  }

  /// Takes a step. Exceptions of the budget or a gate end the call.
  template <class Step>
  void guarded(Step step) {
    try {
      step();
    } catch (...) {
      if (!handler_) throw;
      loop_.fail(std::current_exception());
      if constexpr (End::takes_exception) {
        decided();
        if (loop_.over()) finish();
      } else {
        // The handler has no place for an exception: it leaves through the event loop, and the handler is not called.
        handler_.reset();
        decided();
        throw;
      }
    }
  }

  /// Starts another attempt, if it is time for that.
  void ask(bool fired) {
    for (;;) {
      auto const next = loop_.next(environment_.now(), next_.lend(), fired);
      if (next.what == kind::end) return finish();
      if (next.what == kind::rest) return;
      if (next.what == kind::wait) {
        next_.set(environment::timed(next.delay));
        return next_.wait(this->executor_, typename steps::wait_handler{this->shared_from_this()});
      }
      fired = false;
      launch(next.number);
    }
  }

  void launch(std::size_t number) {
    auto& a = this->attempts_[number];
    auto const& info = loop_.info(number);
    typename steps::template attempt_handler<initiates> done{this->shared_from_this(), number};
    try {
      if constexpr (shape == asio_shape::initiating) {
        static_cast<void>(operation_(std::move(done)));
      } else if constexpr (shape == asio_shape::initiating_with_info) {
        static_cast<void>(operation_(info, std::move(done)));
      } else {
        using operation_executor = typename result_or_void<F>::executor_type;
        Asio::spawn(this->executor_,
                    await_attempt<Asio, T, operation_executor>(
                        std::static_pointer_cast<asio_hedge>(this->shared_from_this()), operation_, info, a),
                    std::move(done));
      }
    } catch (...) {
      loop_.did_not_start(number);
      throw;
    }
  }

  void ended(std::size_t number) {
    if constexpr (initiates) this->attempts_[number].signal.clear();
    if (!loop_.under_way(number)) return;  // its initiating function has thrown and completed
    if constexpr (initiates) {
      auto& last = this->attempts_[number].result->value();
      if (loop_.decided() && !last.has_value() && last.error() == Asio::aborted()) last.set_cancelled();
    }
    if (loop_.ended(number, std::move(*this->attempts_[number].result), environment_.now())) decided();
    if (loop_.over()) return finish();
    if (loop_.postponed()) next_.cancel();
  }

  void cancel() {
    if (!handler_) return;
    loop_.cancel(environment_.now());
    decided();
    if (loop_.over()) finish();
  }

  /// The call is decided: cancels the attempts that are still under way.
  void decided() {
    next_.cancel();
    for (std::size_t i = 0; i < loop_.started(); ++i) {
      if (loop_.under_way(i)) this->attempts_[i].signal.emit(Asio::terminal());
    }
    if (abandons_) finish();
  }

  void finish() {
    // If the last attempt ended during its cancellation, the call has already ended.
    if (!handler_) return;
    next_.cancel();
    auto const executor = Asio::executor_of(*handler_, this->executor_);
    auto deliver = end_.take(*this);
    asio_delivery<Asio, decltype(deliver), Handler> done{std::move(deliver), std::move(*handler_)};
    handler_.reset();
    auto const work = std::move(work_);
    Asio::dispatch(executor, std::move(done));
  }

  bool abandons_;
  End end_;
  std::optional<Handler> handler_;
  decltype(Asio::work_on(std::declval<handler_executor const&>())) work_;
  woken_timer<timer> next_{};  ///< until the next attempt, or until the gates are asked again
  environment environment_;
  hedge_loop<T, Hedging> loop_;
  F operation_;  ///< destroyed while the call uses its hedging
};

/// Starts a hedged call on a strand.
template <class Asio, class T, class Hedging, class F, class End, class Executor, class Handler>
void begin_hedged(Hedging& hedging, F&& operation, inherited_limits&& limits, End end, Executor const& where,
                  Handler handler) {
  auto const steps = stranded<Asio>(where);
  using call_type = asio_hedge<Asio, T, Hedging, F, End, std::remove_const_t<decltype(steps)>, Handler>;
  auto call = std::allocate_shared<call_type>(Asio::allocator_of(handler), hedging, std::forward<F>(operation),
                                              std::move(limits), std::move(end), steps, std::move(handler));
  call->listen();
  call->post(asio_hedge_step::start);
}

/// A coroutine that waits for a hedged call.
template <class Asio, class T, class Task, class Hedging, class F>
Task await_hedged(Hedging& hedging, F operation, inherited_limits limits) {
  using executor = typename Task::executor_type;
  typename end_in_frame<T, false>::place result;
  executor const here = co_await typename Asio::executor_query();
  auto start = [&hedging, &result, &limits, here, operation = std::move(operation)](auto&& handler) mutable {
    begin_hedged<Asio, T, Hedging, F>(hedging, std::move(operation), std::move(limits), end_in_frame<T, false>(result),
                                      here, std::decay_t<decltype(handler)>(std::forward<decltype(handler)>(handler)));
  };
  co_await Asio::template initiate<void(std::exception_ptr)>(std::move(start),
                                                             typename Asio::template use_awaitable_on<executor>());
  if constexpr (std::is_void_v<T>) {
    std::move(*result).get();
  } else {
    co_return std::move(*result).get();
  }
}

}  // namespace tenax::detail
