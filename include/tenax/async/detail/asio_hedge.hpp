// SPDX-License-Identifier: MIT
// async/detail/asio_hedge.hpp: runs the attempts of a hedged call in Asio.
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include <tenax/async/detail/asio_attempt.hpp>
#include <tenax/async/detail/asio_end.hpp>
#include <tenax/async/detail/asio_environment.hpp>
#include <tenax/async/detail/asio_scope.hpp>
#include <tenax/async/detail/drive_coroutine.hpp>
#include <tenax/async/detail/hedge_loop.hpp>
#include <tenax/async/hedging.hpp>
#include <tenax/capture.hpp>

namespace tenax::detail {

/// One attempt of a hedged call: how to cancel it, and its outcome.
template <class Asio, class T>
struct asio_hedge_attempt {
  attempt_signal<Asio> signal{};
  std::optional<outcome<T>> result{};
  std::type_info const* plain = nullptr;

  template <class... Value>
  void returned(Value&&... value) {
    result.emplace(std::forward<Value>(value)...);
  }
  void threw(std::exception const* standard) { result.emplace(stashed_exception::current(standard).take(plain)); }
};

/// A hedged call under way, on a strand. Ends when its last attempt has ended, so that no attempt outlives the objects
/// that it refers to; or with the first result, if the hedging says so. `End` delivers the result to the handler.
template <class Asio, class T, class Hedging, class F, class End, class Executor, class Handler>
class asio_hedge : public std::enable_shared_from_this<asio_hedge<Asio, T, Hedging, F, End, Executor, Handler>> {
  static constexpr asio_shape shape = shape_of<F>();
  static constexpr bool initiates = shape == asio_shape::initiating || shape == asio_shape::initiating_with_info;
  using environment = asio_environment<Asio, typename Hedging::environment_type>;
  using timer = typename Asio::template timer<typename environment::clock, Executor>;
  using handler_executor = decltype(Asio::executor_of(std::declval<Handler const&>(), std::declval<Executor const&>()));
  using attempt = asio_hedge_attempt<Asio, T>;
  using kind = hedge_step::kind;

 public:
  asio_hedge(Hedging& hedging, F&& operation, inherited_limits&& limits, End end, Executor const& executor,
             Handler&& handler)
      : abandons_(hedging.abandons_losers()),
        end_(std::move(end)),
        executor_(executor),
        handler_(std::move(handler)),
        work_(Asio::work_on(Asio::executor_of(*handler_, executor_))),
        environment_(hedging.environment()),
        attempts_(std::make_unique<attempt[]>(hedging.at_most())),
        loop_(hedging, std::move(limits)),
        operation_(std::move(operation)) {}

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
    guarded([this] { ask(false); });
  }

  /// Whether an attempt was cancelled before it had begun.
  [[nodiscard]] bool attempt_is_over() const noexcept { return loop_.decided(); }

  /// The result, for `End`.
  [[nodiscard]] outcome<T> result() { return loop_.take_result(); }

 private:
  struct ended_step {
    using executor_type = Executor;
    using cancellation_slot_type = typename Asio::cancellation_slot;

    std::shared_ptr<asio_hedge> self;
    std::size_t number;

    [[nodiscard]] executor_type get_executor() const noexcept { return self->executor_; }
    [[nodiscard]] cancellation_slot_type get_cancellation_slot() const noexcept {
      return self->attempts_[number].signal.slot();
    }
    /// The end of a coroutine, which has stored its outcome; or the completion of an initiating function.
    template <class First, class... Rest>
    void operator()(First&& first, Rest&&... rest) const {
      if constexpr (initiates) {
        self->attempts_[number].returned(T(first, std::forward<Rest>(rest)...));
        // The function may call its handler within itself, or outside of the strand.
        Asio::post(self->executor_, [self = self, number = number] { self->guarded([&] { self->ended(number); }); });
      } else {
        if (auto& a = self->attempts_[number]; !a.result) a.result.emplace(caught_exception(first));
        self->guarded([&] { self->ended(number); });
      }
    }
  };

  struct next_step {
    using executor_type = Executor;

    std::shared_ptr<asio_hedge> self;

    [[nodiscard]] executor_type get_executor() const noexcept { return self->executor_; }
    void operator()(typename Asio::error_code const& error) const {
      if (self->loop_.decided()) return;
      self->guarded([&] { self->ask(!error); });
    }
  };

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
        return next_.wait(executor_, next_step{this->shared_from_this()});
      }
      fired = false;
      launch(next.number);
    }
  }

  void launch(std::size_t number) {
    auto& a = attempts_[number];
    auto const& info = loop_.info(number);
    ended_step done{this->shared_from_this(), number};
    try {
      if constexpr (shape == asio_shape::initiating) {
        static_cast<void>(operation_(std::move(done)));
      } else if constexpr (shape == asio_shape::initiating_with_info) {
        static_cast<void>(operation_(info, std::move(done)));
      } else {
        using operation_executor = typename result_or_void<F>::executor_type;
        Asio::spawn(executor_,
                    await_attempt<Asio, T, operation_executor>(this->shared_from_this(), operation_, info, a),
                    std::move(done));
      }
    } catch (...) {
      loop_.did_not_start(number);
      throw;
    }
  }

  void ended(std::size_t number) {
    if constexpr (initiates) attempts_[number].signal.clear();
    if (!loop_.under_way(number)) return;  // its initiating function has thrown and completed
    if constexpr (initiates) {
      auto& last = attempts_[number].result->value();
      if (loop_.decided() && !last.has_value() && last.error() == Asio::aborted()) last.set_cancelled();
    }
    if (loop_.ended(number, std::move(*attempts_[number].result), environment_.now())) decided();
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
      if (loop_.under_way(i)) attempts_[i].signal.emit(Asio::terminal());
    }
    if (abandons_) finish();
  }

  void finish() {
    // If the last attempt ended during its cancellation, the call has already ended.
    if (!handler_) return;
    next_.cancel();
    auto const executor = Asio::executor_of(*handler_, executor_);
    auto done = [deliver = end_.take(*this), handler = std::move(*handler_)]() mutable {
      if (auto slot = Asio::slot_of(handler); slot.is_connected()) slot.clear();
      deliver(handler);
    };
    handler_.reset();
    auto const work = std::move(work_);
    Asio::dispatch(executor, std::move(done));
  }

  bool abandons_;
  End end_;
  Executor executor_;
  std::optional<Handler> handler_;
  decltype(Asio::work_on(std::declval<handler_executor const&>())) work_;
  woken_timer<timer> next_{};  ///< until the next attempt, or until the gates are asked again
  environment environment_;
  std::unique_ptr<attempt[]> attempts_;
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
  Asio::post(steps, [call] { call->start(); });
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
