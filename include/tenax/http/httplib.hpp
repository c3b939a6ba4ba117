// SPDX-License-Identifier: MIT
// http/httplib.hpp: retries for cpp-httplib: reads its responses and results. Tested with cpp-httplib 0.11.
#pragma once

#include <chrono>
#include <string_view>

#include <httplib.h>

#include <tenax/current_attempt.hpp>
#include <tenax/http/hint_reader.hpp>

namespace tenax::http::detail {

/// Whether a status is interim: it announces the final response. 101 is final.
constexpr bool is_interim(int status) noexcept { return status >= 100 && status < 200 && status != 101; }

/// Maps an error of cpp-httplib to a `transport_error`. Newer releases have errors that are not in 0.11.
template <class Error>
constexpr transport_error classify_httplib(Error e) {
  switch (e) {
    case Error::Connection:
    case Error::ConnectionTimeout:
    case Error::SSLConnection: return transport_error::unsent;
    case Error::Canceled: return transport_error::cancelled;
    case Error::BindIPAddress:
    case Error::ExceedRedirectCount:
    case Error::SSLLoadingCerts:
    case Error::SSLServerVerification:
    case Error::UnsupportedMultipartBoundaryChars:
    case Error::Compression: return transport_error::permanent;
    default: break;
  }
  if constexpr (requires { Error::ProxyConnection; }) {
    if (e == Error::ProxyConnection) return transport_error::unsent;
  }
  if constexpr (requires { Error::SSLServerHostnameVerification; }) {
    if (e == Error::SSLServerHostnameVerification) return transport_error::permanent;
  }
  if constexpr (requires { Error::UnsupportedAddressFamily; }) {
    if (e == Error::UnsupportedAddressFamily) return transport_error::permanent;
  }
  if constexpr (requires { Error::InvalidHeaders; }) {
    if (e == Error::InvalidHeaders) return transport_error::permanent;
  }
  if constexpr (requires { Error::ExceedMaxPayloadSize; }) {
    if (e == Error::ExceedMaxPayloadSize) return transport_error::permanent;
  }
  if constexpr (requires { Error::Timeout; }) {
    if (e == Error::Timeout) return transport_error::timed_out;
  }
  // cpp-httplib reports a read that timed out like a connection that broke.
  return transport_error::interrupted;
}

}  // namespace tenax::http::detail

/// Reads `httplib::Response`, as handlers get it and as `Client::send` fills it.
template <>
struct tenax::http::response_traits<httplib::Response> {
  static int status(httplib::Response const& r) { return r.status > 0 && !detail::is_interim(r.status) ? r.status : 0; }
  static httplib::Headers const& headers(httplib::Response const& r) { return r.headers; }
  static transport_error error(httplib::Response const& r) {
    return status(r) > 0 ? transport_error::none : transport_error::interrupted;
  }
  static std::string_view body(httplib::Response const& r) { return r.body; }
  static bool may_have_redirected(httplib::Response const& r) { return !r.location.empty(); }
};

/// Reads `httplib::Result`, which the functions of `httplib::Client` return. It contains neither the method of the
/// request nor whether the client followed a redirect before it lost the connection. Therefore no error proves that the
/// server has seen nothing. `http::retrying_client` remembers both.
///
/// A status of 1xx other than 101 is not an answer: cpp-httplib returns such an interim response as if it were the
/// final one.
template <>
struct tenax::http::response_traits<httplib::Result> {
  static int status(httplib::Result const& r) { return r ? response_traits<httplib::Response>::status(*r) : 0; }

  static httplib::Headers const& headers(httplib::Result const& r) {
    static httplib::Headers const none;
    return r ? r->headers : none;
  }

  static transport_error error(httplib::Result const& r) {
    if (r) return response_traits<httplib::Response>::error(*r);
    return detail::classify_httplib(r.error());
  }

  static std::string_view body(httplib::Result const& r) { return r ? std::string_view(r->body) : std::string_view(); }
  static bool may_have_redirected(httplib::Result const& r) { return !r || !r->location.empty(); }
};

namespace tenax::http {

/// Sets the client's timeouts to the time that is left of an attempt: for an operation that uses a plain
/// `httplib::Client`. `limits` is `tenax::current_attempt()`, or the `attempt_info` that the operation takes. Changes
/// nothing if there is no time limit. The timeouts stay set.
///
/// Each of cpp-httplib's timeouts limits one read or one write: a server that sends a byte now and then is not cut off.
/// `http::retrying_client` does cut it off, and does not need this function.
template <class Client>
void apply_limits(Client& client, attempt_limits const& limits) {
  if (!limits.timed()) return;
  auto const left = std::chrono::ceil<std::chrono::milliseconds>(limits.time_left());
  client.set_connection_timeout(left);
  client.set_read_timeout(left);
  client.set_write_timeout(left);
}

}  // namespace tenax::http
