// SPDX-License-Identifier: MIT
// http/curl.hpp: libcurl's transfers. Tested with libcurl 7.88.
#pragma once

#include <utility>

#include <curl/curl.h>

#include <tenax/current_attempt.hpp>
#include <tenax/http/curl_response.hpp>
#include <tenax/http/curl_transfer.hpp>
#include <tenax/http/detail/curl_drive.hpp>

namespace tenax::http {

/// Performs the transfer that `easy` is set up for and returns how it ended, with headers and body: an operation for
/// `tenax::retrying`. A failure of a transfer is not an exception; what a sink or a rewinding function throws passes through,
/// and what memory allocation throws.
///
/// In an attempt of a blocking call, the transfer ends when the time of the attempt is over (`CURLE_OPERATION_TIMEDOUT`) and
/// within about 5 ms when the call's token is triggered (`CURLE_ABORTED_BY_CALLBACK`); an operation that takes a
/// `tenax::attempt_info` may pass it. Timeouts and the progress function of the handle stay in force. Such a transfer uses
/// connections that belong to the thread and stay open for its next transfers, of any handle; other transfers use those of
/// the handle. `http::close_connections` closes the thread's.
///
/// It sets the handle's functions for headers and body, and the one before requests, and sets them to libcurl's own
/// afterwards: functions of yours have to be set again. See `http::curl_transfer` and `http::curl_options`.
///
/// Thread safety: as for the handle, one thread at a time.
[[nodiscard]] inline curl_response perform(CURL* easy, curl_options options,
                                           attempt_limits const& limits = current_attempt()) {
  curl_transfer transfer(easy, std::move(options));
  return transfer.finish(transfer.ready() ? detail::perform_within(easy, limits) : CURLE_SEND_FAIL_REWIND);
}
[[nodiscard]] inline curl_response perform(CURL* easy, attempt_limits const& limits, curl_options options = {}) {
  return http::perform(easy, std::move(options), limits);
}

/// The same. `has_idempotency_key`: whether the handle's headers contain one, which libcurl does not tell.
[[nodiscard]] inline curl_response perform(CURL* easy, bool has_idempotency_key = false) {
  return http::perform(easy, curl_options{.has_idempotency_key = has_idempotency_key});
}

/// Closes the connections that `http::perform` keeps open for this thread. They are closed at the end of the thread; a
/// program that calls `curl_global_cleanup` calls this function before, in the thread that does so.
inline void close_connections() { detail::curl_connections::of_this_thread().close(); }

}  // namespace tenax::http
