// SPDX-License-Identifier: MIT
// async/detail/asio_steps.hpp: the part of a call in Asio that its handlers know.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include <tenax/async/detail/asio_attempt.hpp>
#include <tenax/cancel.hpp>
#include <tenax/platform/compiler.hpp>

namespace tenax::detail {

/// What comes next in a call.
enum class asio_step : unsigned char { start, wait_over, attempt_over, interrupted, end };

/// The handlers of a call under way, for timers, event loops and operations. They know neither its policy nor its
/// operation, so that a compiler translates Asio for them once for every kind of executor, and not for every call.
template <class Asio, class Executor, class Allocator>
class asio_steps : public std::enable_shared_from_this<asio_steps<Asio, Executor, Allocator>> {
 public:
  using cancellation_type = typename Asio::cancellation_type;

  asio_steps(asio_steps const&) = delete;
  asio_steps& operator=(asio_steps const&) = delete;

  /// Whether the current attempt was cancelled before it had begun.
  [[nodiscard]] bool attempt_is_over() const noexcept { return stopped_ || too_late_; }

  /// Takes a step later, as if by `post`.
  void post(asio_step step) { Asio::post(executor_, event{this->shared_from_this(), step}); }

 protected:
  /// What the call does. `keep` stores what an attempt has completed with, whose type the call knows.
  struct actions {
    void (*take)(asio_steps& call, asio_step step);
    void (*keep)(asio_steps& call, void* completion);
  };

  /// Cancels the call. Keeps nothing alive.
  struct interruption {
    std::weak_ptr<asio_steps> weak;
    void operator()(cancellation_type type) const {
      if (auto const self = weak.lock()) self->interrupt(type);
    }
    void operator()() const { (*this)(Asio::terminal()); }
  };

  struct wait_handler {
    using executor_type = Executor;
    using allocator_type = Allocator;

    std::shared_ptr<asio_steps> self;
    [[nodiscard]] executor_type get_executor() const noexcept { return self->executor_; }
    [[nodiscard]] allocator_type get_allocator() const noexcept { return self->allocator_; }
    void operator()(typename Asio::error_code const&) const { self->take(asio_step::wait_over); }
  };

  /// May outlive the call's handler, so it does not use memory of the handler's allocator.
  struct time_limit_handler {
    using executor_type = Executor;

    std::shared_ptr<asio_steps> self;
    std::uint32_t attempt;
    [[nodiscard]] executor_type get_executor() const noexcept { return self->executor_; }
    void operator()(typename Asio::error_code const& error) const {
      auto& call = *self;
      if (error || !call.under_way_ || call.number_ != attempt) return;
      call.too_late_ = true;
      call.signal_.emit(Asio::terminal());
    }
  };

  /// The handler of an operation, which completes with what a `Completion` is made of.
  template <class Completion>
  struct attempt_handler {
    using executor_type = Executor;
    using allocator_type = Allocator;
    using cancellation_slot_type = typename Asio::cancellation_slot;

    std::shared_ptr<asio_steps> self;
    [[nodiscard]] executor_type get_executor() const noexcept { return self->executor_; }
    [[nodiscard]] allocator_type get_allocator() const noexcept { return self->allocator_; }
    [[nodiscard]] cancellation_slot_type get_cancellation_slot() const noexcept { return self->signal_.slot(); }
    template <class First, class... Rest>
    void operator()(First&& first, Rest&&... rest) const {
      Completion completion(first, std::forward<Rest>(rest)...);
      self->actions_.keep(*self, std::addressof(completion));
      self->answered();
    }
  };

  asio_steps(actions const& what, Executor const& executor, Allocator const& allocator)
      : actions_(what), executor_(executor), allocator_(allocator) {}
  ~asio_steps() = default;

  void take(asio_step step) { actions_.take(*this, step); }

  /// Cancels the current wait or operation. May be called by any thread.
  void interrupt(cancellation_type type) { Asio::dispatch(executor_, interrupted{this->shared_from_this(), type}); }

 private:
  struct event {
    std::shared_ptr<asio_steps> self;
    asio_step step;
    void operator()() const { self->take(step); }
  };
  struct interrupted {
    std::shared_ptr<asio_steps> self;
    cancellation_type type;
    void operator()() const {
      self->kind_ = type;
      self->take(asio_step::interrupted);
    }
  };

  /// The operation has completed.
  void answered() {
    // Within its initiating function: the call sees that. Going on here would recurse.
    if (!answered_.exchange(true, std::memory_order_acq_rel)) return;
    // `dispatch` would check this as well, but costs a twentieth of a whole call.
    if constexpr (requires { executor_.running_in_this_thread(); })
      if (executor_.running_in_this_thread()) return take(asio_step::attempt_over);
    Asio::dispatch(executor_, event{this->shared_from_this(), asio_step::attempt_over});
  }

 protected:
  actions const& actions_;
  Executor executor_;
  TENAX_NO_UNIQUE_ADDRESS Allocator allocator_;
  bool stopped_ = false;                       ///< the call was asked to stop
  bool under_way_ = false;                     ///< an attempt is under way
  bool too_late_ = false;                      ///< the attempt exceeded its time limit
  std::atomic<bool> answered_{false};          ///< the operation has completed, or its initiating function has returned
  std::uint32_t number_ = 0;                   ///< of the attempt whose time is limited
  cancellation_type kind_ = Asio::terminal();  ///< the type of cancellation that the call was asked to stop with
  attempt_signal<Asio> signal_{};
};

}  // namespace tenax::detail
