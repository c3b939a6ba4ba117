// expect: tenax: the handler of async_try_retry() has the signature void(tenax::report<T>), where T is the value of an awaitable, or the tenax::completion of an initiating function
// SPDX-License-Identifier: MIT
// asio_handler_of_a_report.cpp: a handler of async_retry, given to async_try_retry.
#define ASIO_HAS_CO_AWAIT 1
#define ASIO_HAS_STD_COROUTINE 1
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <tenax/asio.hpp>

asio::awaitable<int> fetch();

void start(asio::io_context& io) {
  auto const operation = [] { return fetch(); };
#ifdef CORRECTED
  tenax::asio::async_try_retry(io, tenax::retrying{}, operation, [](tenax::report<int> const&) {});
#else
  tenax::asio::async_try_retry(io, tenax::retrying{}, operation, [](std::exception_ptr, int) {});
#endif
}
