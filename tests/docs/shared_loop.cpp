// SPDX-License-Identifier: MIT
// shared_loop.cpp: the snippet about a store on an event loop.
#include <asio.hpp>

#include <tenax/asio.hpp>
#include <tenax/redis/hiredis_asio.hpp>
#include <tenax/redis/hiredis_async.hpp>
#include <tenax/shared/rate_limiter.hpp>

#include "docs.hpp"

TEST_CASE("docs: a store on Asio", "[docs]") {
  asio::io_context io;
  char const* const host = "127.0.0.1";
  int const port = 1;  // no server
  // [asio]
  tenax::redis::hiredis_async_store store([&] {
    return tenax::redis::attach<asio::posix::stream_descriptor>(redisAsyncConnect(host, port),
                                                                io.get_executor());
  });
  tenax::shared::rate_limiter limiter(store, "catalogue", tenax::per_second(200).with_burst(20));
  // [/asio]
  auto const polite = tenax::retrying{}.through(std::ref(limiter));
  int answer = 0;
  asio::co_spawn(
      io,
      [&]() -> asio::awaitable<void> {
        answer = co_await tenax::asio::async_retry(polite,
                                                   []() -> asio::awaitable<int> { co_return 3; });
      },
      asio::detached);
  io.run_for(500ms);
  CHECK(answer == 3);  // alone
}
