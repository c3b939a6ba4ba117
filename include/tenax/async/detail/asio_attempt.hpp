// SPDX-License-Identifier: MIT
// async/detail/asio_attempt.hpp: one attempt that is a coroutine of Asio, spawned by a call that must be able to cancel it.
#pragma once

#include <exception>
#include <memory>
#include <type_traits>

#include <tenax/async/detail/asio_scope.hpp>
#include <tenax/driver/detail/operation.hpp>
#include <tenax/errors.hpp>

namespace tenax::detail {

/// Calls an operation of a call. `to` is the call, or an attempt of a hedged call, which leaves nothing behind to inherit.
template <class To, class Info, class F>
decltype(auto) call_for(To const& to, Info const& info, F& f) {
  if constexpr (requires { to.policy(); }) {
    return call_in_scope(to, [&]() -> decltype(auto) { return call_operation(info, f); });
  } else {
    return call_operation(info, f);
  }
}

/// Awaits an attempt and tells `to` how it ended. `owner` keeps everything else alive. `Info` is that of `call_operation`.
template <class Asio, class T, class Executor, class Owner, class F, class Info, class To>
typename Asio::template awaitable<void, Executor> await_attempt(std::shared_ptr<Owner> owner, F& f, Info const& info,
                                                                To& to) {
  try {
    // A coroutine that is spawned only hears terminal cancellations. This one hears what its call hears. What was
    // emitted before would be forgotten here.
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
