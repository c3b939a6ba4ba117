// SPDX-License-Identifier: MIT
// http/beast.hpp: HTTP retry for Boost.Beast: sends a request, reads the response. Tested with Boost 1.74.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <boost/asio/error.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include <tenax/current_attempt.hpp>
#include <tenax/http/detail/beast_exchange.hpp>
#include <tenax/http/hint_reader.hpp>

namespace tenax::http {

namespace detail {

/// Whether an error of a TLS handshake (category `asio.ssl`) is a refusal of a certificate, a version or a cipher.
/// Compares with the numbers of OpenSSL 1.1 and 3, so that OpenSSL's header is not needed.
inline bool is_tls_refusal(int value) noexcept {
  auto const code = static_cast<unsigned>(value);
  auto const reason = code & 0xfffU;
  bool const of_ssl = (code >> 23U & 0xffU) == 20 || (code >> 24U & 0xffU) == 20;
  if (!of_ssl) return false;
  return reason == 134 || reason == 267 ||      // the certificate cannot be verified; the server does not speak TLS
         (reason >= 1040 && reason <= 1049) ||  // the server sent an alert about a certificate, or the handshake
         reason == 1070 || reason == 1071 ||    // ... about a version, or about security
         (reason >= 1109 && reason <= 1116);    // ... about an extension, a name, or a missing certificate
}

inline bool is_tls_error(boost::system::error_code code) noexcept {
  return std::string_view(code.category().name()) == "asio.ssl";
}

}  // namespace detail

/// Whether an error of Asio or Beast is transient. Set `connecting` for errors while connecting: then the server has
/// seen nothing of the request. The TLS handshake is a part of connecting. A refused certificate is permanent.
[[nodiscard]] inline transport_error classify(boost::system::error_code code, bool connecting = false) noexcept {
  namespace error = boost::asio::error;
  if (!code) return transport_error::none;
  if (code == error::operation_aborted) return transport_error::cancelled;
  if (code == error::connection_refused || code == error::host_not_found_try_again) return transport_error::unsent;
  if (code == error::host_not_found || code == error::no_recovery || code == error::address_family_not_supported) {
    return transport_error::permanent;
  }
  if (detail::is_tls_error(code) && detail::is_tls_refusal(code.value())) return transport_error::permanent;
  if (connecting) return transport_error::unsent;
  if (code == error::timed_out || code == boost::beast::error::timeout) return transport_error::timed_out;
  if (code == error::eof || code == error::connection_reset || code == error::connection_aborted ||
      code == error::broken_pipe || code == error::not_connected || code == error::network_down ||
      code == error::network_reset || code == error::network_unreachable || code == error::host_unreachable ||
      code == boost::beast::http::error::end_of_stream || code == boost::beast::http::error::partial_message) {
    return transport_error::interrupted;
  }
  // The error of a TLS stream whose connection ends without a close_notify alert.
  if (code.value() == 1 && std::string_view(code.category().name()) == "asio.ssl.stream") {
    return transport_error::interrupted;
  }
  if (detail::is_tls_error(code) && (code.value() & 0xfff) == 294) return transport_error::interrupted;
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

/// How one exchange ended: with a response, or with an error. Returned by `http::exchange`.
template <class Body = boost::beast::http::string_body>
struct beast_response {
  boost::beast::http::response<Body> message{};  ///< if `error` is set, the part that arrived
  boost::system::error_code error{};
  bool connecting = false;  ///< whether `error` occurred before anything was sent
  std::string method{};
  bool has_idempotency_key = false;
  /// Whether the stream must be closed, because another exchange on it would not get its own response.
  bool must_close = false;
  /// Whether the body of the request is complete for another exchange: false if a file could not be set back.
  bool body_ready = true;
};

template <class Body>
struct response_traits<beast_response<Body>> {
  using message_traits = response_traits<boost::beast::http::response<Body>>;
  static constexpr bool obeys_attempt_limits = true;

  /// A success whose body is incomplete has no status. A failure keeps its status.
  static int status(beast_response<Body> const& r) {
    auto const arrived = message_traits::status(r.message);
    if (!r.error) return arrived;
    return arrived >= 400 && error(r) != transport_error::cancelled ? arrived : 0;
  }
  static auto const& headers(beast_response<Body> const& r) { return message_traits::headers(r.message); }
  static transport_error error(beast_response<Body> const& r) { return classify(r.error, r.connecting); }
  static std::string reason(beast_response<Body> const& r) { return r.error ? r.error.message() : std::string(); }
  static std::string_view body(beast_response<Body> const& r)
    requires requires { message_traits::body(r.message); }
  {
    return message_traits::body(r.message);
  }
  static std::string_view method(beast_response<Body> const& r) { return r.method; }
  static bool has_idempotency_key(beast_response<Body> const& r) { return r.has_idempotency_key; }
  static bool may_be_sent_again(beast_response<Body> const& r) { return r.body_ready; }
};

namespace detail {

/// Whether a request is not changed by sending it. That of a file moves the file's position.
template <class Body, class Fields>
inline constexpr bool sent_as_const =
    std::is_const_v<typename boost::beast::http::serializer<true, Body, Fields>::value_type>;

template <class Value>
concept file_value = requires(Value& v, boost::system::error_code& e) { v.file().seek(v.file().pos(e), e); };

template <class ResponseBody, class Stream, class Request>
beast_response<ResponseBody> exchange_once(Stream& stream, Request& request, attempt_limits const& limits) {
  beast_response<ResponseBody> r;
  r.method = std::string(request.method_string().data(), request.method_string().size());
  r.has_idempotency_key = request.find("Idempotency-Key") != request.end();
  beast_exchange<ResponseBody, Stream> e(stream, limits, request.method() == boost::beast::http::verb::head);
  r.error = e.run(request);
  bool const can_be_followed = e.can_be_followed();
  if (e.has_head()) r.message = e.release();
  r.must_close = r.error || !can_be_followed || !r.message.keep_alive();
  if (r.must_close && e.has_head()) r.message.keep_alive(false);
  return r;
}

}  // namespace detail

/// Sends a request on a connected stream and reads the response: an operation for `tenax::retrying`. Skips interim
/// responses (1xx other than 101). If the server answers before it has read the whole request, that answer is the
/// response.
///
/// In an attempt of a blocking call, the exchange ends when the time of the attempt is over (`beast::error::timeout`),
/// and within about 5 ms after the call's token is triggered (`operation_aborted`). An operation that takes a
/// `tenax::attempt_info` may pass it as `limits`. Limits need a stream on a socket: `tcp::socket`, `beast::tcp_stream`,
/// or a TLS stream on one of these.
///
/// If `must_close` is set, connect the stream again before the next exchange: after an error, after a response that
/// ends the connection, and after a response that is followed by more data. Then `message.keep_alive()` is false.
template <class ResponseBody = boost::beast::http::string_body, class Stream, class Body, class Fields>
[[nodiscard]] beast_response<ResponseBody> exchange(Stream& stream,
                                                    boost::beast::http::request<Body, Fields> const& request,
                                                    attempt_limits const& limits = current_attempt()) {
  constexpr bool unchanged = detail::sent_as_const<Body, Fields>;
  static_assert(unchanged,
                "tenax: http::exchange() changes a request with such a body, because it reads a file; pass a request "
                "that is not const");
  if constexpr (unchanged) {
    return detail::exchange_once<ResponseBody>(stream, request, limits);
  } else {
    return {};
  }
}

/// The same for a request whose body is a file (`file_body`): sends it from its present position, and sets it back
/// there, so that the request can be sent again.
template <class ResponseBody = boost::beast::http::string_body, class Stream, class Body, class Fields>
  requires(!detail::sent_as_const<Body, Fields>)
[[nodiscard]] beast_response<ResponseBody> exchange(Stream& stream, boost::beast::http::request<Body, Fields>& request,
                                                    attempt_limits const& limits = current_attempt()) {
  constexpr bool is_file = detail::file_value<typename Body::value_type>;
  static_assert(is_file,
                "tenax: http::exchange() cannot send this body again, because sending changes it; use a body in "
                "memory, such as string_body, or a file_body");
  beast_response<ResponseBody> r;
  if constexpr (is_file) {
    auto& file = request.body().file();
    auto const begin = file.pos(r.error);
    if (r.error) {
      r.method = std::string(request.method_string().data(), request.method_string().size());
      return r;
    }
    r = detail::exchange_once<ResponseBody>(stream, request, limits);
    boost::system::error_code failed;
    file.seek(begin, failed);
    r.body_ready = !failed;
  }
  return r;
}

}  // namespace tenax::http
