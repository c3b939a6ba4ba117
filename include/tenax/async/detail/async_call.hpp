// SPDX-License-Identifier: MIT
// async/detail/async_call.hpp: the part of asynchronous calls that all drivers share: everything but waits and
// attempts.
#pragma once

#include <exception>
#include <optional>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include <tenax/driver/detail/blocking.hpp>
#include <tenax/platform/compiler.hpp>
#include <tenax/report.hpp>
#include <tenax/retry_loop.hpp>

namespace tenax::detail {

/// One call: its loop, and the last attempt's outcome. It is stored with the call, in a coroutine's frame or an
/// operation's state. A driver calls `start`, carries out each decision until `stops()`, and then takes the `result`.
/// `Policy` and `World` are values, or references to objects that live as long.
template <class T, class Policy, class World, bool ReadsClock>
class async_call {
  using loop = retry_loop<Policy, ReadsClock>;

 public:
  async_call(Policy policy, World world)
      : world_(static_cast<World&&>(world)), loop_(static_cast<Policy&&>(policy), now(), random_of(world_)) {}

  async_call(async_call const&) = delete;
  async_call& operator=(async_call const&) = delete;

  /// The first step, and the step after every wait.
  [[nodiscard]] decision start() { return start_next(loop_, world_); }

  /// Begins an attempt and returns its numbers, if the operation takes them. Destroys the last outcome, so that two
  /// outcomes never exist at the same time.
  template <bool TakesInfo>
  [[nodiscard]] auto begin_attempt() {
    last_.reset();
    if constexpr (TakesInfo) {
      return loop_.info();
    } else {
      return nothing();
    }
  }

  /// Stores the value of the attempt.
  template <class... Value>
  void returned(Value&&... value) {
    last_.emplace(std::forward<Value>(value)...);
  }
  void threw(caught_exception exception) { last_.emplace(std::move(exception)); }
#if defined(__cpp_exceptions)
  /// Stores the current exception; called in a catch block. `standard`: the exception, if it is a `std::exception`.
  TENAX_COLD void threw(std::exception const* standard) {
    [[maybe_unused]] auto const* const known = plain_;
    threw(stashed_exception::current(standard).take(plain_));
    using world = std::remove_cvref_t<World>;
    if constexpr (requires { world::system_error_in(*standard); }) {
      if (standard == nullptr) return;
#if defined(__cpp_rtti)
      if (known == &typeid(*standard)) return;
#endif
      if (auto const* const error = world::system_error_in(*standard)) {
        plain_ = nullptr;  // the next exception of this type may have another text
        if (world::says_cancelled(*error)) mark_cancelled();
      }
    }
  }
#endif

  /// The step after an attempt. If only another attempt can follow the wait, this outcome is not needed any more, and
  /// is destroyed before the wait.
  [[nodiscard]] decision finish_attempt() {
    if constexpr (can_stop<typename std::remove_cvref_t<Policy>::token_type>) {
      if (asked_to_stop(policy().token)) mark_cancelled();
    }
    auto const next = finish_one(loop_, *last_, world_);
    if (next.waits()) {
      if constexpr (!loop::can_end_unstarted) {
        last_.reset();
      } else if constexpr (can_release<T>) {
        release(*last_);
      }
    }
    return next;
  }

  /// Returns how the call ended. Call it once, after a decision to stop.
  [[nodiscard]] outcome<T>&& result() {
    if constexpr (loop::can_end_unstarted) {
      if (!last_) never_started();
    }
    loop_.conclude(*last_);
    return std::move(*last_);
  }
  [[nodiscard]] report<T> report_result() {
    auto&& last = result();
    auto const why = loop_.refusal();
    return {std::move(last), loop_.reason(),      loop_.attempts(), loop_.elapsed(),
            loop_.waited(),  loop_.server_wait(), why.reason,       why.retry_after};
  }

  /// Returns the numbers of the current attempt.
  [[nodiscard]] attempt_info info() const noexcept { return loop_.info(); }

  /// Returns the outcome of the last attempt.
  [[nodiscard]] outcome<T>& last() noexcept { return *last_; }

  [[nodiscard]] World& world() noexcept { return world_; }
  [[nodiscard]] auto const& policy() const noexcept { return loop_.policy(); }

 private:
  /// Marks the outcome as a cancellation, which says nothing about the server. An attempt that fails after the call was
  /// asked to stop was most likely cancelled, whatever exception its library throws.
  TENAX_COLD void mark_cancelled() {
    auto const* const caught = last_->caught();
    if (caught == nullptr || caught->hinted() != nullptr) return;
    caught_exception marked(caught->pointer(), caught->standard(), &cancelled_mark);
    last_.emplace(std::move(marked));
  }

  TENAX_COLD void never_started() { last_.emplace(loop_.template unstarted<T>()); }

  [[nodiscard]] time_point now() const { return now_of<ReadsClock>(world_); }

  World world_;
  loop loop_;
  std::optional<outcome<T>> last_{};
  std::type_info const* plain_ = nullptr;
};

}  // namespace tenax::detail
