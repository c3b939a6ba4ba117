// expect: tenax: async_hedged() takes a completion token for initiating functions only; for an operation that returns an awaitable, co_spawn the call: co_spawn(io, async_hedged(reads, f), token)
// SPDX-License-Identifier: MIT
// asio_hedged_with_a_token.cpp: a completion token for a hedged coroutine.
#define ASIO_HAS_CO_AWAIT 1
#define ASIO_HAS_STD_COROUTINE 1
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <tenax/asio.hpp>
#include <tenax/gate/windowed_retry_budget.hpp>

asio::awaitable<int> fetch();

using hedging = tenax::hedging<tenax::windowed_retry_budget>;

void start(asio::io_context& io, hedging& reads) {
  auto const operation = [] { return fetch(); };
  auto const ended = [](std::exception_ptr, int) {};
#ifdef CORRECTED
  asio::co_spawn(io, tenax::asio::async_hedged(reads, operation), ended);
#else
  static_cast<void>(io);
  tenax::asio::async_hedged(reads, operation, ended);
#endif
}
