// SPDX-License-Identifier: MIT
// detail/asio_attempt.hpp: one attempt that is a coroutine of Asio, spawned by who must be able to cancel it.
#pragma once

#include <exception>
#include <memory>
#include <type_traits>

#include <tenax/detail/operation.hpp>

namespace tenax::detail {

/// Awaits an attempt and tells `to` how it ended. `owner` keeps everything else alive. `Info` is that of `call_operation`.
template <class Kit, class T, class Executor, class Owner, class F, class Info, class To>
typename Kit::template awaitable<void, Executor> await_attempt([[maybe_unused]] std::shared_ptr<Owner> owner, F& f,
                                                               Info const& info, To& to) {
  try {
    if constexpr (std::is_void_v<T>) {
      co_await call_operation(info, f);
      to.returned();
    } else {
      to.returned(co_await call_operation(info, f));
    }
  } catch (std::exception const& e) {
    to.threw(&e);
  } catch (...) {
    to.threw(nullptr);
  }
}

}  // namespace tenax::detail
