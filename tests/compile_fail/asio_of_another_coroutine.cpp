// expect: tenax: async_retry() cannot await what this operation returns, which is not an awaitable of Asio; for coroutines of another library write tenax::coroutine::retry<task>(policy, sleep, f)
// SPDX-License-Identifier: MIT
// asio_of_another_coroutine.cpp: an operation that returns a coroutine of another library.
#define ASIO_HAS_CO_AWAIT 1
#define ASIO_HAS_STD_COROUTINE 1
#include <asio/io_context.hpp>

#include <tenax/asio.hpp>

struct ready {
  bool await_ready() const { return true; }
  void await_suspend(std::coroutine_handle<>) const {}
  int await_resume() const { return 7; }
};
asio::awaitable<int> fetch();

void start(asio::io_context& io) {
  auto const ended = [](std::exception_ptr, int) {};
#ifdef CORRECTED
  tenax::asio::async_retry(io, tenax::retrying{}, [] { return fetch(); }, ended);
#else
  tenax::asio::async_retry(io, tenax::retrying{}, [] { return ready(); }, ended);
#endif
}
