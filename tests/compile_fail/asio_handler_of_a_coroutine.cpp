// expect: tenax: the handler of an operation that returns an awaitable<T> has the signature void(std::exception_ptr, T), or void(std::exception_ptr) for an awaitable<void>, as with co_spawn
// SPDX-License-Identifier: MIT
// asio_handler_of_a_coroutine.cpp: a handler with an error code, for an operation that throws.
#define ASIO_HAS_CO_AWAIT 1
#define ASIO_HAS_STD_COROUTINE 1
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <tenax/asio.hpp>

asio::awaitable<int> fetch();

void start(asio::io_context& io) {
  auto const operation = [] { return fetch(); };
#ifdef CORRECTED
  tenax::asio::async_retry(io, tenax::retrying{}, operation, [](std::exception_ptr, int) {});
#else
  tenax::asio::async_retry(io, tenax::retrying{}, operation, [](asio::error_code, int) {});
#endif
}
