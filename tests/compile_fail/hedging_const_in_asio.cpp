// expect: tenax: a hedged call was given a hedging that is const, and cannot record its latency there; make the hedging not const, or `mutable` in a class whose functions are const
// SPDX-License-Identifier: MIT
// hedging_const_in_asio.cpp: a const hedging for async_hedged().
#define ASIO_HAS_CO_AWAIT 1
#define ASIO_HAS_STD_COROUTINE 1
#include <tenax/asio.hpp>
#include <tenax/gate/windowed_retry_budget.hpp>

#ifdef CORRECTED
using reading = tenax::hedging<tenax::windowed_retry_budget>;
#else
using reading = tenax::hedging<tenax::windowed_retry_budget> const;
#endif

asio::awaitable<int> fetch();
asio::awaitable<int> read(reading& reads) {
  co_return co_await tenax::asio::async_hedged(reads, [] { return fetch(); });
}
