// SPDX-License-Identifier: MIT
// http/httplib_result.hpp: what a `retrying_client` returns.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <tenax/current_attempt.hpp>
#include <tenax/http/httplib.hpp>
#include <tenax/http/idempotent.hpp>
#include <tenax/outcome.hpp>
#include <tenax/report.hpp>

namespace tenax::http {

/// What a `retrying_client` returns: cpp-httplib's result that remembers its request.
struct httplib_result : httplib::Result {
  httplib_result(httplib::Result result, request r, std::string path = {})
      : Result(std::move(result)), sent(r), target(std::move(path)) {}

  request sent;
  std::string target;  ///< the path that was asked for
  /// Whether part of the response has gone to the caller's handler or receiver, after which the request is not sent again.
  bool delivered = false;
  /// Whether the request was not sent again because its body came from a content provider that was read, and cannot be read
  /// again. See `http::replayable`.
  bool body_spent = false;
  /// Whether the body of the request is there for another call: it did not come from a content provider, or that was not
  /// read, or was set back to its start. A policy around the client does not repeat the call otherwise.
  bool body_ready = true;
  /// Whether the answer, or the failure, came after a redirect or a request for authentication.
  bool redirected = false;
  /// Why there is no response, where the client knows more than cpp-httplib's error says: `timed_out` for an attempt that was
  /// ended when its time was over.
  transport_error cause = transport_error::none;
  /// Status and headers of a failure whose body did not arrive whole. The body is empty.
  std::optional<httplib::Response> broken_off{};
  std::uint32_t attempts = 1;                   ///< how many were made
  stop_reason reason = stop_reason::succeeded;  ///< why there was no further one
};

/// A failure whose body broke off keeps its status and headers: a server that says "too fast" is heard.
template <>
struct response_traits<httplib_result> {
  /// The client keeps the limits of `tenax::current_attempt()`, so that `.attempt_timeout()` can be used.
  static constexpr bool obeys_attempt_limits = true;

  static int status(httplib_result const& r) {
    // Whoever ended the transfer, and whatever else is for good, goes before what had arrived by then.
    auto const e = error(r);
    bool const passes = e != transport_error::cancelled && e != transport_error::permanent;
    return !r && r.broken_off && passes ? r.broken_off->status : response_traits<httplib::Result>::status(r);
  }
  static httplib::Headers const& headers(httplib_result const& r) {
    return !r && r.broken_off ? r.broken_off->headers : response_traits<httplib::Result>::headers(r);
  }
  static transport_error error(httplib_result const& r) {
    return r.cause != transport_error::none ? r.cause : response_traits<httplib::Result>::error(r);
  }
  static std::string_view body(httplib_result const& r) { return response_traits<httplib::Result>::body(r); }
  static std::string_view method(httplib_result const& r) { return r.sent.method; }
  static std::string_view target(httplib_result const& r) { return r.target; }
  static bool has_idempotency_key(httplib_result const& r) { return r.sent.idempotency_key; }
  static bool may_have_redirected(httplib_result const& r) { return r.redirected; }
  static bool may_be_sent_again(httplib_result const& r) { return r.body_ready; }
};

}  // namespace tenax::http
