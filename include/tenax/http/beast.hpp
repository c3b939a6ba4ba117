// SPDX-License-Identifier: MIT
// http/beast.hpp: Boost.Beast's responses. Tested with Boost 1.74.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <boost/asio/error.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <tenax/http/advice.hpp>

namespace tenax::http {

/// Whether an error of Asio or Beast may pass. An error while connecting means that the server has seen nothing; the same
/// error later does not, so `connecting` has to be said.
[[nodiscard]] inline transport_error classify(boost::system::error_code code, bool connecting = false) noexcept {
  namespace error = boost::asio::error;
  if (!code) return transport_error::none;
  if (code == error::operation_aborted) return transport_error::cancelled;
  if (code == error::connection_refused || code == error::host_not_found_try_again) return transport_error::unsent;
  if (code == error::host_not_found || code == error::no_recovery || code == error::address_family_not_supported) {
    return transport_error::permanent;
  }
  if (connecting) return transport_error::unsent;
  if (code == error::timed_out || code == boost::beast::error::timeout) return transport_error::timed_out;
  if (code == error::eof || code == error::connection_reset || code == error::connection_aborted ||
      code == error::broken_pipe || code == error::not_connected || code == error::network_down ||
      code == error::network_reset || code == error::network_unreachable || code == error::host_unreachable ||
      code == boost::beast::http::error::end_of_stream || code == boost::beast::http::error::partial_message) {
    return transport_error::interrupted;
  }
  // What a TLS stream says of a connection that ends without a farewell; its header would need OpenSSL.
  if (code.value() == 1 && std::string_view(code.category().name()) == "asio.ssl.stream") {
    return transport_error::interrupted;
  }
  return transport_error::permanent;
}

template <class Body, class Fields>
struct response_traits<boost::beast::http::message<false, Body, Fields>> {
  using message = boost::beast::http::message<false, Body, Fields>;

  static int status(message const& r) { return static_cast<int>(r.result_int()); }
  static Fields const& headers(message const& r) { return r.base(); }
  static std::string_view body(message const& r)
    requires std::is_convertible_v<typename Body::value_type const&, std::string_view>
  {
    return r.body();
  }
};

/// How one exchange ended: a response, or the error that was met. Made by `http::exchange`.
template <class Body = boost::beast::http::string_body>
struct beast_response {
  boost::beast::http::response<Body> message{};  ///< if `error` is set, as much of it as arrived
  boost::system::error_code error{};
  bool connecting = false;  ///< whether `error` was met before anything was sent
  std::string method{};
  bool has_idempotency_key = false;
};

template <class Body>
struct response_traits<beast_response<Body>> {
  using message_traits = response_traits<boost::beast::http::response<Body>>;

  static int status(beast_response<Body> const& r) { return r.error ? 0 : message_traits::status(r.message); }
  static auto const& headers(beast_response<Body> const& r) { return message_traits::headers(r.message); }
  static transport_error error(beast_response<Body> const& r) { return classify(r.error, r.connecting); }
  static std::string_view body(beast_response<Body> const& r)
    requires requires { message_traits::body(r.message); }
  {
    return message_traits::body(r.message);
  }
  static std::string_view method(beast_response<Body> const& r) { return r.method; }
  static bool has_idempotency_key(beast_response<Body> const& r) { return r.has_idempotency_key; }
};

/// Sends a request on a connected stream and reads the response: an operation for `tenax::retrying`. After an error, or a
/// response that says so, the stream has to be connected again before the next attempt.
template <class ResponseBody = boost::beast::http::string_body, class Stream, class Body, class Fields>
[[nodiscard]] beast_response<ResponseBody> exchange(Stream& stream,
                                                    boost::beast::http::request<Body, Fields> const& request) {
  beast_response<ResponseBody> r;
  r.method = std::string(request.method_string().data(), request.method_string().size());
  r.has_idempotency_key = request.find("Idempotency-Key") != request.end();
  boost::beast::http::write(stream, request, r.error);
  if (r.error) return r;
  boost::beast::flat_buffer buffer;
  boost::beast::http::response_parser<ResponseBody> parser;
  parser.skip(request.method() == boost::beast::http::verb::head);  // its response tells a length, but has no body
  boost::beast::http::read(stream, buffer, parser, r.error);
  if (parser.is_header_done()) r.message = parser.release();
  return r;
}

}  // namespace tenax::http
