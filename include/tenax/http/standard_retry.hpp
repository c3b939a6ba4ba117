// SPDX-License-Identifier: MIT
// http/standard_retry.hpp: the policy for calls to a web API, in one line.
#pragma once

#include <tenax/http/idempotent.hpp>
#include <tenax/http/when.hpp>
#include <tenax/retrying.hpp>
#include <tenax/stop/deadline.hpp>
#include <tenax/wait/first_of.hpp>
#include <tenax/wait/random.hpp>
#include <tenax/wait/retry_after.hpp>

namespace tenax::http {

namespace detail {

template <class Idempotent>
constexpr auto standard_policy(Idempotent idempotent) {
  using namespace std::chrono;
  return retrying{}
      .when(when::transient && idempotent)
      .wait(wait::max_of(wait::retry_after + wait::uniform(milliseconds(0), milliseconds(250)),
                         wait::exponential({.base = milliseconds(100), .max = seconds(5)}).full()))
      .stop(stop::after_attempts(3) || stop::deadline(seconds(30)));
}

}  // namespace detail

/// The policy for calls to a web API: transient statuses and transport errors (`when::transient`) of requests that may be
/// sent twice (`http::idempotent_only`), three attempts within 30 seconds. Waits what the server asks for and up to 250 ms
/// more, so that clients that were refused together do not come back together; at least, and where the server asks for
/// nothing, an exponential wait from 100 ms to 5 s with full jitter. A server that asks for more than is left of the 30
/// seconds ends the call at once.
///
/// This is for clients whose responses tell the method of their request. For others name it:
/// `http::standard_retry("GET")([&] { return client.Get("/albums"); })`.
[[nodiscard]] constexpr auto standard_retry() { return detail::standard_policy(idempotent_only); }
[[nodiscard]] constexpr auto standard_retry(char const* method) {
  return detail::standard_policy(idempotent_only(method));
}
[[nodiscard]] constexpr auto standard_retry(request r) { return detail::standard_policy(idempotent_only(r)); }

}  // namespace tenax::http
