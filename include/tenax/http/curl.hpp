// SPDX-License-Identifier: MIT
// http/curl.hpp: HTTP retry for libcurl: performs a transfer of an easy handle. Tested with libcurl 7.88.
#pragma once

#include <utility>

#include <curl/curl.h>

#include <tenax/current_attempt.hpp>
#include <tenax/http/curl_response.hpp>
#include <tenax/http/curl_transfer.hpp>
#include <tenax/http/detail/curl_drive.hpp>

namespace tenax::http {

/// Performs the transfer that `easy` is set up for. Returns how it ended, with headers and body: an operation for
/// `tenax::retrying`. A failed transfer is not an exception. Exceptions of a sink, of a rewinding function and of
/// memory allocation pass through.
///
/// In an attempt of a blocking call, the transfer ends when the time of the attempt is over
/// (`CURLE_OPERATION_TIMEDOUT`), and within about 5 ms after the call's token is triggered
/// (`CURLE_ABORTED_BY_CALLBACK`). An operation that takes a `tenax::attempt_info` may pass it as the limits. Timeouts
/// and the progress function of the handle stay in force.
///
/// A transfer with limits uses connections that belong to the thread. They stay open for the thread's next transfers,
/// of any handle; `http::close_connections` closes them. Transfers without limits use the handle's connections.
///
/// Replaces the handle's functions for headers, for the body and before requests, and sets them to libcurl's defaults
/// afterwards: set your own functions again. See `http::curl_transfer` and `http::curl_options`.
///
/// Thread safety: like the handle, for one thread at a time.
[[nodiscard]] inline curl_response perform(CURL* easy, curl_options options,
                                           attempt_limits const& limits = current_attempt()) {
  curl_transfer transfer(easy, std::move(options));
  return transfer.finish(transfer.ready() ? detail::perform_within(easy, limits) : CURLE_SEND_FAIL_REWIND);
}
[[nodiscard]] inline curl_response perform(CURL* easy, attempt_limits const& limits, curl_options options = {}) {
  return http::perform(easy, std::move(options), limits);
}

/// The same. `has_idempotency_key`: whether the handle's headers contain one. libcurl does not report this.
[[nodiscard]] inline curl_response perform(CURL* easy, bool has_idempotency_key = false) {
  return http::perform(easy, curl_options{.has_idempotency_key = has_idempotency_key});
}

/// Closes the connections that `http::perform` keeps open for this thread. Otherwise they are closed at the end of the
/// thread. Call this before `curl_global_cleanup`, in the same thread.
inline void close_connections() { detail::curl_connections::of_this_thread().close(); }

}  // namespace tenax::http
