// expect: tenax: async_retry() has to know where its timers run: pass an io_context or an executor first, async_retry(io, policy, operation, token), or bind one to the token with bind_executor
// SPDX-License-Identifier: MIT
// asio_without_an_executor.cpp: a callback without an executor.
#define ASIO_HAS_CO_AWAIT 1
#define ASIO_HAS_STD_COROUTINE 1
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <tenax/asio.hpp>

void start(asio::io_context& io, asio::steady_timer& timer) {
  auto const operation = [&](auto token) { return timer.async_wait(std::move(token)); };
  auto const ended = [](asio::error_code) {};
#ifdef CORRECTED
  tenax::asio::async_retry(io, tenax::retrying{}, operation, ended);
#else
  static_cast<void>(io);
  tenax::asio::async_retry(tenax::retrying{}, operation, ended);
#endif
}
