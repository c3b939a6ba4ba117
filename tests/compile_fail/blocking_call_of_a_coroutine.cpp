// expect: tenax: the callable returns something to co_await, which has not run yet; write co_await tenax::asio::async_retry(policy, f), or co_await tenax::coroutine::retry<task>(policy, sleep, f)
// SPDX-License-Identifier: MIT
// blocking_call_of_a_coroutine.cpp: a blocking call of a coroutine, which would succeed whatever the coroutine becomes.
#include <tenax/tenax.hpp>

struct awaitable {
  bool await_ready() const;
  int await_resume() const;
};
awaitable fetch();
int fetch_now();

#ifdef CORRECTED
auto const got = tenax::retrying{}(fetch_now);
#else
auto const got = tenax::retrying{}(fetch);
#endif
