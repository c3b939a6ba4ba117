// SPDX-License-Identifier: MIT
// async/callback_reply.hpp: what an event loop calls when an attempt has ended, or a timer has fired.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include <tenax/async/detail/callback_base.hpp>

namespace tenax {

/// Tells a call of `callback_retry` how an attempt has ended: `reply(value)`, `reply()` if `T` is void, or
/// `reply.fail(exception)`. The first one counts. Others have no effect, and nor has one that comes after the attempt
/// was aborted or the call has ended. It may be called inside the function that starts the attempt.
///
/// Holds no result and does not keep the call alive. Copying and destroying it is thread-safe; it is called in the
/// thread of the event loop.
template <class T>
class callback_reply {
 public:
  /// The reply of no attempt: calling it has no effect.
  callback_reply() = default;
  // For the library: the reply of an attempt.
  callback_reply(std::weak_ptr<detail::callback_target<T>> target, std::uint64_t attempt) noexcept
      : target_(std::move(target)), attempt_(attempt) {}

  /// The attempt ended with a value, which is made of the argument; or with an `outcome<T>`, as in
  /// `reply(tenax::capture([&] { return transfer.finish(); }))`.
  template <class... Value>
    requires(std::is_constructible_v<outcome<T>, Value && ...> && sizeof...(Value) <= 1)
  void operator()(Value&&... value) const {
    if (auto const target = target_.lock()) target->replied(attempt_, outcome<T>(std::forward<Value>(value)...));
  }

  /// The attempt ended with an exception: a `std::exception_ptr`, or an object that an operation could have thrown.
  template <class E>
  void fail(E&& error) const {
    auto const target = target_.lock();
    if (!target) return;
    if constexpr (std::is_convertible_v<E, std::exception_ptr>) {
      std::exception_ptr const pointer(std::forward<E>(error));
      if (pointer) {
        target->failed(attempt_, pointer);
      } else {
        target->failed(attempt_, std::make_exception_ptr(std::invalid_argument(
                                     "tenax: callback_reply::fail: error has to be an exception, and was null")));
      }
    } else {
      target->failed(attempt_, std::make_exception_ptr(std::forward<E>(error)));
    }
  }

  /// Whether the attempt still waits for its reply.
  [[nodiscard]] bool expected() const noexcept {
    auto const target = target_.lock();
    return target && target->expects(attempt_);
  }

 private:
  std::weak_ptr<detail::callback_target<T>> target_{};
  std::uint64_t attempt_ = 0;
};

/// The function that a timer given to `callback_retry` calls: once, after its time. Has no effect if it is called
/// again, or after the call has ended. Does not keep the call alive. Copying and destroying it is thread-safe; it is
/// called in the thread of the event loop.
class callback_alarm {
 public:
  /// The alarm of no timer: calling it has no effect.
  callback_alarm() = default;
  // For the library: the alarm of a timer.
  callback_alarm(std::weak_ptr<detail::callback_base> call, std::uint64_t number) noexcept
      : call_(std::move(call)), number_(number) {}

  void operator()() const {
    if (auto const call = call_.lock()) call->fired(number_);
  }

 private:
  std::weak_ptr<detail::callback_base> call_{};
  std::uint64_t number_ = 0;
};

}  // namespace tenax
