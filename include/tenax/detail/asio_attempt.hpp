// SPDX-License-Identifier: MIT
// detail/asio_attempt.hpp: one attempt that is a coroutine of Asio, spawned by who must be able to cancel it.
#pragma once

#include <exception>
#include <memory>
#include <type_traits>

#include <tenax/attempt.hpp>
#include <tenax/detail/capture.hpp>
#include <tenax/detail/operation.hpp>

namespace tenax::detail {

/// Awaits an attempt and tells `to` how it ended. `owner` keeps everything else alive.
template <class Kit, class T, class Executor, class Owner, class F, class To>
typename Kit::template awaitable<void, Executor> await_attempt([[maybe_unused]] std::shared_ptr<Owner> owner, F& f,
                                                               attempt_info const& info, To& to) {
  stashed_exception failure;
  bool threw = false;
  try {
    if constexpr (std::is_void_v<T>) {
      co_await call_operation(info, f);
      to.returned();
    } else {
      to.returned(co_await call_operation(info, f));
    }
  } catch (std::exception const& e) {
    failure = stashed_exception::current(&e);
    threw = true;
  } catch (...) {
    failure = stashed_exception::current(nullptr);
    threw = true;
  }
  if (threw) to.threw(failure);
}

}  // namespace tenax::detail
