// SPDX-License-Identifier: MIT
// async/detail/asio_attempt.hpp: one attempt that is a coroutine of Asio, spawned so that the call can cancel it.
#pragma once

#include <exception>
#include <memory>
#include <type_traits>

#include <tenax/async/detail/asio_scope.hpp>
#include <tenax/driver/detail/operation.hpp>
#include <tenax/errors.hpp>

namespace tenax::detail {

/// Cancels one attempt after the other. Knows whether an operation is being cancelled: one that completes within its
/// cancellation must not be followed by another one there, which would replace the function that is running.
template <class Asio>
class attempt_signal {
 public:
  template <class Type>
  void emit(Type type) {
    struct emission {
      bool& emits;
      explicit emission(bool& e) noexcept : emits(e) { emits = true; }
      emission(emission const&) = delete;
      emission& operator=(emission const&) = delete;
      ~emission() { emits = false; }
    } const during(emits_);
    Asio::emit(signal_, type);
  }
  [[nodiscard]] bool emits() const noexcept { return emits_; }
  [[nodiscard]] auto slot() noexcept { return Asio::slot_of_signal(signal_); }
  /// Destroys what an operation has left, which may own the handler of that operation, and so the call itself.
  void clear() {
    if constexpr (Asio::has_cancellation) {
      if (!emits_) slot().clear();
    }
  }

 private:
  typename Asio::cancellation_signal signal_{};
  bool emits_ = false;
};

/// Calls the operation of a call. `to` is the call, or an attempt of a hedged call, which passes on no limits.
template <class To, class Info, class F>
decltype(auto) call_for(To const& to, Info const& info, F& f) {
  if constexpr (requires { to.policy(); }) {
    return call_in_scope(to, [&]() -> decltype(auto) { return call_operation(info, f); });
  } else {
    return call_operation(info, f);
  }
}

/// Awaits an attempt and reports to `to` how it ended. `owner` keeps everything else alive. `Info` is that of
/// `call_operation`.
template <class Asio, class T, class Executor, class Owner, class F, class Info, class To>
typename Asio::template awaitable<void, Executor> await_attempt(std::shared_ptr<Owner> owner, F& f, Info const& info,
                                                                To& to) {
  try {
    // A spawned coroutine reacts only to terminal cancellation. This one reacts to every type. Changing that loses an
    // earlier signal, so the attempt is checked first.
    if (owner->attempt_is_over()) throw cancelled();
    if constexpr (Asio::has_cancellation) co_await Asio::hear_every_cancellation();
    if constexpr (std::is_void_v<T>) {
      co_await call_for(to, info, f);
      to.returned();
    } else {
      to.returned(co_await call_for(to, info, f));
    }
  } catch (std::exception const& e) {
    to.threw(&e);
  } catch (...) {
    to.threw(nullptr);
  }
}

}  // namespace tenax::detail
