// SPDX-License-Identifier: MIT
// async/detail/asio_hedge_steps.hpp: the part of a hedged call in Asio that its handlers know.
#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <typeinfo>
#include <utility>

#include <tenax/async/detail/asio_attempt.hpp>
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

/// What comes next in a hedged call.
enum class asio_hedge_step : unsigned char { start, wait_over, wait_cut_short, attempt_over, cancelled };

/// The handlers of a hedged call under way. They know neither its hedging nor its operation, so that a compiler
/// translates Asio for them once for every type of result, and not for every call.
template <class Asio, class T, class Executor>
class asio_hedge_steps : public std::enable_shared_from_this<asio_hedge_steps<Asio, T, Executor>> {
 public:
  asio_hedge_steps(asio_hedge_steps const&) = delete;
  asio_hedge_steps& operator=(asio_hedge_steps const&) = delete;

  /// Takes a step later, as if by `post`.
  void post(asio_hedge_step step, std::size_t number = 0) {
    Asio::post(executor_, event{this->shared_from_this(), step, number});
  }

 protected:
  using attempt = asio_hedge_attempt<Asio, T>;
  /// `number`: of the attempt, for `attempt_over`.
  using action = void (*)(asio_hedge_steps& call, asio_hedge_step step, std::size_t number);

  /// Cancels the call. Keeps nothing alive.
  struct cancellation {
    std::weak_ptr<asio_hedge_steps> weak;
    void operator()(typename Asio::cancellation_type) const {
      if (auto const self = weak.lock()) Asio::dispatch(self->executor_, event{self, asio_hedge_step::cancelled});
    }
  };

  struct wait_handler {
    using executor_type = Executor;

    std::shared_ptr<asio_hedge_steps> self;
    [[nodiscard]] executor_type get_executor() const noexcept { return self->executor_; }
    void operator()(typename Asio::error_code const& error) const {
      self->take_(*self, error ? asio_hedge_step::wait_cut_short : asio_hedge_step::wait_over, 0);
    }
  };

  /// `Initiates`: the operation is an initiating function, which may call its handler within itself, or outside of the
  /// strand. A coroutine has stored its outcome when it ends.
  template <bool Initiates>
  struct attempt_handler {
    using executor_type = Executor;
    using cancellation_slot_type = typename Asio::cancellation_slot;

    std::shared_ptr<asio_hedge_steps> self;
    std::size_t number;

    [[nodiscard]] executor_type get_executor() const noexcept { return self->executor_; }
    [[nodiscard]] cancellation_slot_type get_cancellation_slot() const noexcept {
      return self->attempts_[number].signal.slot();
    }
    template <class First, class... Rest>
    void operator()(First&& first, Rest&&... rest) const {
      auto& a = self->attempts_[number];
      if constexpr (Initiates) {
        a.returned(T(first, std::forward<Rest>(rest)...));
        self->post(asio_hedge_step::attempt_over, number);
      } else {
        if (!a.result) a.result.emplace(caught_exception(first));
        self->take_(*self, asio_hedge_step::attempt_over, number);
      }
    }
  };

  asio_hedge_steps(action take, Executor const& executor, std::size_t at_most)
      : take_(take), executor_(executor), attempts_(std::make_unique<attempt[]>(at_most)) {}
  ~asio_hedge_steps() = default;

 private:
  struct event {
    std::shared_ptr<asio_hedge_steps> self;
    asio_hedge_step step;
    std::size_t number = 0;
    void operator()() const { self->take_(*self, step, number); }
  };

 protected:
  action take_;
  Executor executor_;
  std::unique_ptr<attempt[]> attempts_;
};

}  // namespace tenax::detail
