// SPDX-License-Identifier: MIT
// http/httplib_result.hpp: the result type of `http::retrying_client`.
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

/// The result of a request of `http::retrying_client`: cpp-httplib's result, with facts about the request and its
/// attempts.
struct httplib_result : httplib::Result {
  httplib_result(httplib::Result result, request r, std::string path = {})
      : Result(std::move(result)), sent(r), target(std::move(path)) {}

  request sent;
  std::string target;  ///< the path of the request
  /// Whether the caller's handler or receiver got a part of the response. Then the request is not sent again.
  bool delivered = false;
  /// Whether the request was not sent again because its body comes from a content provider that has been read and
  /// cannot be read again. See `http::replayable`.
  bool body_spent = false;
  /// Whether another call can send the body: it does not come from a content provider, or the provider was not read, or
  /// it was set back to its start. If false, a policy around the client does not repeat the call.
  bool body_ready = true;
  /// Whether the answer or the failure came after a redirect or a request for authentication.
  bool redirected = false;
  /// Why there is no response, if the client knows more than cpp-httplib's error: `timed_out` if the attempt exceeded
  /// its time.
  transport_error cause = transport_error::none;
  /// Status and headers of a failure whose body is incomplete. The body is empty.
  std::optional<httplib::Response> broken_off{};
  std::uint32_t attempts = 1;                   ///< number of attempts; 0 if the call ended before the first
  stop_reason reason = stop_reason::succeeded;  ///< why no further attempt was made
  char const* refusal = "";                     ///< why a gate refused the next attempt, or why there may be none
  optional_duration retry_after{};              ///< the wait after which that gate may admit the call, if it knows
};

/// A failure whose body is incomplete keeps its status and headers, so that a server's "too fast" is obeyed.
template <>
struct response_traits<httplib_result> {
  /// The client obeys the limits of `tenax::current_attempt()`, so that `.attempt_timeout()` can be used.
  static constexpr bool obeys_attempt_limits = true;

  static int status(httplib_result const& r) {
    // A cancellation or a permanent error is reported even if a part of a response has arrived.
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
  /// Why nothing was sent, for logs of a policy around the client.
  static std::string_view reason(httplib_result const& r) {
    if (r.attempts != 0) return {};
    if (*r.refusal != 0) return r.refusal;
    return r.reason == stop_reason::expired_on_entry ? "the deadline left no time for a first attempt" : "";
  }
  /// A call that made no attempt says to a policy around the client what `tenax::refused` and `tenax::expired` say.
  static void read_refusal(httplib_result const& r, hint& h) {
    if (r.attempts != 0) return;
    h.inconclusive = true;
    h.wait = r.retry_after;
  }
};

}  // namespace tenax::http
