// SPDX-License-Identifier: MIT
// http/standard_retry.hpp: a complete retry policy for calls to a web API, in one line.
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

/// The same as a constant, so that a program does not contain the functions that make it. It is a template, so that the
/// compiler makes it only for programs that use it.
template <class Idempotent>
inline constexpr auto standard_constant = standard_policy(Idempotent{});

}  // namespace detail

/// The policy for calls to a web API. Retries transient statuses and transport errors (`when::transient`) of requests
/// that may be sent twice (`http::idempotent_only`). Makes at most three attempts within 30 seconds. Before a retry it
/// waits as long as the server asks, plus up to 250 ms, so that clients that were refused together do not come back
/// together. The wait is at least an exponential backoff from 100 ms to 5 s with full jitter, also if the server asks
/// for nothing. If the server asks for more than is left of the 30 seconds, the call ends immediately.
///
/// This is for clients whose responses report the method of their request. For other clients, name it:
/// `http::standard_retry("GET")([&] { return client.Get("/albums"); })`.
[[nodiscard]] constexpr auto standard_retry() { return detail::standard_constant<idempotent_only_predicate>; }
[[nodiscard]] constexpr auto standard_retry(char const* method) {
  return detail::standard_policy(idempotent_only(method));
}
[[nodiscard]] constexpr auto standard_retry(request r) { return detail::standard_policy(idempotent_only(r)); }

}  // namespace tenax::http
