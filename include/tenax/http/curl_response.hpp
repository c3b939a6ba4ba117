// SPDX-License-Identifier: MIT
// http/curl_response.hpp: the result of a libcurl transfer: status, headers, body, and the meaning of error codes.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <curl/curl.h>

#include <tenax/http/hint_reader.hpp>

namespace tenax::http {

/// Returns what a libcurl error of an HTTP transfer means: whether it is transient, and whether the server can have
/// seen the request. The code alone does not say how far the transfer had come; `http::perform` knows more.
[[nodiscard]] constexpr transport_error classify(CURLcode code) noexcept {
  switch (code) {
    case CURLE_OK:
    case CURLE_HTTP_RETURNED_ERROR: return transport_error::none;  // of a handle with CURLOPT_FAILONERROR
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
#if LIBCURL_VERSION_NUM >= 0x074500
    case CURLE_QUIC_CONNECT_ERROR:
#endif
    case CURLE_SSL_CONNECT_ERROR: return transport_error::unsent;
    case CURLE_OPERATION_TIMEDOUT: return transport_error::timed_out;
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
#if LIBCURL_VERSION_NUM >= 0x074400
    case CURLE_HTTP3:
#endif
    case CURLE_AGAIN: return transport_error::interrupted;
    case CURLE_ABORTED_BY_CALLBACK: return transport_error::cancelled;
    default: return transport_error::permanent;
  }
}

/// How one transfer of an easy handle ended. Returned by `http::perform` and `http::curl_transfer`.
struct curl_response {
  CURLcode code = CURLE_OK;                                    ///< what libcurl returned
  int status = 0;                                              ///< 0 if the headers of a response did not arrive
  std::string method{};                                        ///< of the request, before redirections; HTTP only
  std::vector<std::pair<std::string, std::string>> headers{};  ///< of the last response
  std::string body{};                                          ///< without the data that went to a sink
  bool connected = true;             ///< whether there was a connection to send the request on
  bool has_idempotency_key = false;  ///< as the caller of `perform` stated
  bool several_requests = false;     ///< libcurl had sent another request before, because it followed a redirect
  bool may_be_sent_again = true;     ///< false: the body of the request is gone, or a sink has a part of the response
  char const* why_not_again = "";    ///< the reason, for logs
  bool is_http = true;               ///< false for mail, files and so on
  long proxy_status = 0;             ///< how a proxy answered CONNECT; 0 if there was none
  long proxy_error = 0;              ///< CURLINFO_PROXY_ERROR: the error of a SOCKS proxy
};

namespace detail {

/// Whether the error of a SOCKS proxy is transient. With each of these errors, no connection to the server was made.
constexpr bool proxy_may_recover([[maybe_unused]] long said) noexcept {
#if LIBCURL_VERSION_NUM >= 0x074900
  switch (said) {
    case CURLPX_CLOSED:
    case CURLPX_RECV_ADDRESS:
    case CURLPX_RECV_AUTH:
    case CURLPX_RECV_CONNECT:
    case CURLPX_RECV_REQACK:
    case CURLPX_REPLY_CONNECTION_REFUSED:
    case CURLPX_REPLY_GENERAL_SERVER_FAILURE:
    case CURLPX_REPLY_HOST_UNREACHABLE:
    case CURLPX_REPLY_NETWORK_UNREACHABLE:
    case CURLPX_REPLY_TTL_EXPIRED:
    case CURLPX_REQUEST_FAILED:
    case CURLPX_RESOLVE_HOST:
    case CURLPX_SEND_AUTH:
    case CURLPX_SEND_CONNECT:
    case CURLPX_SEND_REQUEST: return true;
    default: return false;
  }
#else
  return false;
#endif
}

inline transport_error curl_error(curl_response const& r) {
  auto error = classify(r.code);
  if (error == transport_error::none || error == transport_error::cancelled) return error;
#if LIBCURL_VERSION_NUM >= 0x074900
  if (r.code == CURLE_PROXY) {
    error = proxy_may_recover(r.proxy_error) ? transport_error::unsent : transport_error::permanent;
  }
#endif
  // A proxy that refuses the tunnel answers in place of the server.
  if (!r.connected && r.proxy_status >= 400) {
    error =
        is_transient_status(static_cast<int>(r.proxy_status)) ? transport_error::unsent : transport_error::permanent;
  }
  // The last request had no connection, but an earlier server has seen a request.
  if (r.several_requests) return error == transport_error::unsent ? transport_error::interrupted : error;
  bool const lost = error == transport_error::interrupted || error == transport_error::timed_out;
  return lost && !r.connected ? transport_error::unsent : error;
}

}  // namespace detail

template <>
struct response_traits<curl_response> {
  static constexpr bool obeys_attempt_limits = true;

  /// A success whose body is incomplete has no status. A failure keeps its status.
  static int status(curl_response const& r) {
    auto const e = classify(r.code);
    if (e == transport_error::none) return r.status;
    return r.is_http && r.status >= 400 && e != transport_error::cancelled ? r.status : 0;
  }
  static auto const& headers(curl_response const& r) { return r.headers; }
  static transport_error error(curl_response const& r) { return detail::curl_error(r); }
  static std::string_view reason(curl_response const& r) { return curl_easy_strerror(r.code); }
  static std::string_view body(curl_response const& r) { return r.body; }
  static std::string_view method(curl_response const& r) { return r.method; }
  static bool has_idempotency_key(curl_response const& r) { return r.has_idempotency_key; }
  static bool may_have_redirected(curl_response const& r) { return r.several_requests; }
  static bool may_be_sent_again(curl_response const& r) { return r.may_be_sent_again; }
  static char const* why_not_again(curl_response const& r) { return r.why_not_again; }
};

}  // namespace tenax::http

/// How tenax reads the result of `curl_easy_perform`: transfers with a transient error may be tried again. The code
/// does not contain the status of the response; use `http::perform` for that.
template <>
struct tenax::result_traits<CURLcode> {
  static constexpr bool can_fail = true;

  static constexpr bool failed(CURLcode code) noexcept { return code != CURLE_OK; }
  static constexpr bool transient(CURLcode code) noexcept {
    using http::transport_error;
    auto const error = http::classify(code);
    return error == transport_error::unsent || error == transport_error::interrupted ||
           error == transport_error::timed_out;
  }
  static constexpr hint read_hint(CURLcode code) noexcept {
    if (http::classify(code) == http::transport_error::cancelled) return {.verdict = verdict::cancelled};
    return {};
  }
  template <class Out>
  static void describe(CURLcode code, Out& out) {
    out.text(curl_easy_strerror(code));
  }
};
