// expect: tenax: async_hedged() needs an operation that returns an awaitable, as in [=] { return fetch(url); }
// SPDX-License-Identifier: MIT
// asio_hedged_initiating_function.cpp: a function that takes a completion token, given to async_hedged.
#define ASIO_HAS_CO_AWAIT 1
#define ASIO_HAS_STD_COROUTINE 1
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <tenax/asio.hpp>
#include <tenax/gate/windowed_retry_budget.hpp>

asio::awaitable<int> fetch();

using hedging = tenax::hedging<tenax::windowed_retry_budget>;

asio::awaitable<void> start(asio::steady_timer& timer, hedging& reads) {
#ifdef CORRECTED
  auto const wait = [&] { return timer.async_wait(asio::use_awaitable); };
  co_await tenax::asio::async_hedged(reads, wait);
#else
  auto const wait = [&](auto token) { return timer.async_wait(std::move(token)); };
  co_await tenax::asio::async_hedged(reads, wait);
#endif
}
