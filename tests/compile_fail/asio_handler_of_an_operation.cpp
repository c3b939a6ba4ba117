// expect: tenax: the handler of async_retry() has the signature of the operation's own handler: void(error_code, values...)
// SPDX-License-Identifier: MIT
// asio_handler_of_an_operation.cpp: a handler with an exception, for an operation that ends with an error code.
#define ASIO_HAS_CO_AWAIT 1
#define ASIO_HAS_STD_COROUTINE 1
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <tenax/asio.hpp>

asio::awaitable<int> fetch();

void start(asio::io_context& io, asio::steady_timer& timer) {
  auto const operation = [&](auto token) { return timer.async_wait(std::move(token)); };
#ifdef CORRECTED
  tenax::asio::async_retry(io, tenax::retrying{}, operation, [](asio::error_code) {});
#else
  tenax::asio::async_retry(io, tenax::retrying{}, operation, [](std::exception_ptr) {});
#endif
}
