// expect: tenax: the operation returns nothing that can be awaited; for one that blocks, call the policy itself: policy(f)
// SPDX-License-Identifier: MIT
// asio_of_a_blocking_operation.cpp: an operation that returns a number instead of an awaitable.
#define ASIO_HAS_CO_AWAIT 1
#define ASIO_HAS_STD_COROUTINE 1
#include <tenax/asio.hpp>

asio::awaitable<int> fetch() { co_return 7; }

asio::awaitable<void> start() {
#ifdef CORRECTED
  static_cast<void>(co_await tenax::asio::async_retry(tenax::retrying{}, [] { return fetch(); }));
#else
  static_cast<void>(co_await tenax::asio::async_retry(tenax::retrying{}, [] { return 7; }));
#endif
}
