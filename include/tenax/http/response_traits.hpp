// SPDX-License-Identifier: MIT
// http/response_traits.hpp: what tenax needs to know of a client's response, and how any client's type joins.
#pragma once

#include <concepts>
#include <string_view>
#include <type_traits>

#include <tenax/http/headers.hpp>
#include <tenax/http/quota.hpp>
#include <tenax/http/server_delay.hpp>
#include <tenax/http/status.hpp>

/// HTTP: what a response says about trying again, read from any client's response.
namespace tenax::http {

/// Why there is no response.
enum class transport_error : unsigned char {
  none,         ///< there is one
  unsent,       ///< no connection: the server has seen nothing of the request
  interrupted,  ///< the connection broke: the server may have acted on the request
  timed_out,    ///< no answer in time: the server may have acted on the request
  permanent,    ///< trying again will not help: a malformed URL, a certificate that is refused
  cancelled     ///< the caller ended the transfer
};

/// How tenax reads a response of type `R`. Specialize it for your client's type:
/// ```
/// template <> struct tenax::http::response_traits<my_response> {
///   static int status(my_response const& r) { return r.code; }              // 0: no response arrived
///   static auto const& headers(my_response const& r) { return r.headers; }  // a range of (name, value), see headers.hpp
///   // These may be left out:
///   static transport_error error(my_response const& r);                     // why none arrived
///   static std::string_view body(my_response const& r);
///   static std::string_view method(my_response const& r);                   // "GET", as it was sent
///   static bool has_idempotency_key(my_response const& r);                  // whether the request carried one
///   static void release(my_response& r);                                    // frees the connection before a wait
/// };
/// ```
/// Types shaped like `cpr::Response` (`status_code`, `header`, `text`, and maybe `error.code`) need no specialization.
template <class R>
struct response_traits {};

namespace detail {

/// A response like those of cpr: data members, and an error with a code of an enumeration.
template <class R>
concept cpr_like = requires(R const& r) {
  { r.status_code } -> std::convertible_to<long>;
  { r.header } -> header_list;
  { r.text } -> std::convertible_to<std::string_view>;
};

/// The names of cpr's errors changed from one release to another.
template <class Code>
constexpr transport_error classify_cpr(Code code) {
  if (static_cast<int>(code) == 0) return transport_error::none;
  if constexpr (requires { Code::CONNECTION_FAILURE; }) {
    if (code == Code::CONNECTION_FAILURE || code == Code::HOST_RESOLUTION_FAILURE) return transport_error::unsent;
  }
  if constexpr (requires { Code::PROXY_RESOLUTION_FAILURE; }) {
    if (code == Code::PROXY_RESOLUTION_FAILURE) return transport_error::unsent;
  }
  if constexpr (requires { Code::COULDNT_RESOLVE_PROXY; }) {
    if (code == Code::COULDNT_RESOLVE_PROXY) return transport_error::unsent;
  }
  if constexpr (requires { Code::SSL_CONNECT_ERROR; }) {
    if (code == Code::SSL_CONNECT_ERROR) return transport_error::unsent;
  }
  if constexpr (requires { Code::COULDNT_CONNECT; }) {
    if (code == Code::COULDNT_CONNECT || code == Code::COULDNT_RESOLVE_HOST) return transport_error::unsent;
  }
  if constexpr (requires { Code::OPERATION_TIMEDOUT; }) {
    if (code == Code::OPERATION_TIMEDOUT) return transport_error::timed_out;
  }
  if constexpr (requires { Code::NETWORK_RECEIVE_ERROR; }) {
    if (code == Code::NETWORK_RECEIVE_ERROR || code == Code::NETWORK_SEND_FAILURE || code == Code::EMPTY_RESPONSE) {
      return transport_error::interrupted;
    }
  }
  if constexpr (requires { Code::RECV_ERROR; }) {
    if (code == Code::RECV_ERROR || code == Code::SEND_ERROR || code == Code::GOT_NOTHING) {
      return transport_error::interrupted;
    }
  }
  if constexpr (requires { Code::PARTIAL_FILE; }) {
    if (code == Code::PARTIAL_FILE) return transport_error::interrupted;
  }
  if constexpr (requires { Code::HTTP2_STREAM; }) {
    if (code == Code::HTTP2_STREAM || code == Code::HTTP2) return transport_error::interrupted;
  }
  if constexpr (requires { Code::REQUEST_CANCELLED; }) {
    if (code == Code::REQUEST_CANCELLED) return transport_error::cancelled;
  }
  if constexpr (requires { Code::ABORTED_BY_CALLBACK; }) {
    if (code == Code::ABORTED_BY_CALLBACK) return transport_error::cancelled;
  }
  return transport_error::permanent;
}

}  // namespace detail

template <detail::cpr_like R>
struct response_traits<R> {
  /// A status whose body broke off is none, as with every client.
  static int status(R const& r) { return error(r) == transport_error::none ? static_cast<int>(r.status_code) : 0; }
  static auto const& headers(R const& r) { return r.header; }
  static transport_error error(R const& r) {
    if constexpr (requires { requires std::is_enum_v<std::remove_cvref_t<decltype(r.error.code)>>; }) {
      return detail::classify_cpr(r.error.code);
    } else {
      return r.status_code == 0 ? transport_error::interrupted : transport_error::none;
    }
  }
  static std::string_view body(R const& r) { return r.text; }
};

namespace detail {

template <class R>
using traits = response_traits<std::remove_cvref_t<R>>;

}  // namespace detail

/// A type whose `response_traits` tell at least `status` and `headers`.
template <class R>
concept response = requires(std::remove_cvref_t<R> const& r) {
  { detail::traits<R>::status(r) } -> std::convertible_to<int>;
  { detail::traits<R>::headers(r) } -> header_list;
};

namespace detail {

template <class R>
concept knows_error = requires(R const& r) {
  { traits<R>::error(r) } -> std::same_as<transport_error>;
};
template <class R>
concept knows_body = requires(R const& r) {
  { traits<R>::body(r) } -> std::convertible_to<std::string_view>;
};
template <class R>
concept knows_method = requires(R const& r) {
  { traits<R>::method(r) } -> std::convertible_to<std::string_view>;
};
template <class R>
concept knows_idempotency_key = requires(R const& r) {
  { traits<R>::has_idempotency_key(r) } -> std::convertible_to<bool>;
};

}  // namespace detail

/// The status of a response; 0 if none arrived.
template <response R>
[[nodiscard]] constexpr int status_of(R const& r) {
  return static_cast<int>(detail::traits<R>::status(r));
}

/// Why no response arrived. A client that does not say why is taken to have been interrupted.
template <response R>
[[nodiscard]] constexpr transport_error error_of(R const& r) {
  if constexpr (detail::knows_error<R>) {
    return detail::traits<R>::error(r);
  } else {
    return http::status_of(r) == 0 ? transport_error::interrupted : transport_error::none;
  }
}

/// The value of the first header of that name, in any case; empty if there is none. Valid as long as the response is.
template <response R>
[[nodiscard]] constexpr std::string_view header_of(R const& r, std::string_view name) {
  for (auto const& line : detail::traits<R>::headers(r)) {
    auto const [line_name, value] = tenax::detail::header_of(line);
    if (same_name(line_name, name)) return tenax::detail::trimmed(value);
  }
  return {};
}

/// What a response asks for; see `http::server_delay`. `now` is the wall clock's time, for responses without a `Date`.
template <response R, class Duration>
[[nodiscard]] constexpr auto delay_of(R const& r, std::chrono::time_point<std::chrono::system_clock, Duration> now,
                                      profile p = profile::pragmatic) {
  return server_delay(detail::traits<R>::headers(r), http::status_of(r), now, p);
}

/// What a response says about its sender's quota; see `http::quota`.
template <response R, class Duration>
[[nodiscard]] constexpr auto quota_of(R const& r, std::chrono::time_point<std::chrono::system_clock, Duration> now,
                                      profile p = profile::pragmatic) {
  return quota(detail::traits<R>::headers(r), now, p);
}

/// Whether no response arrived, or one with a status of 400 or more.
template <response R>
[[nodiscard]] constexpr bool failed(R const& r) {
  return http::error_of(r) != transport_error::none || http::status_of(r) >= 400 || http::status_of(r) == 0;
}

/// Whether the failure may pass: a status for which `is_transient_status` holds, or a transport error that is neither
/// permanent nor the caller's own doing.
template <response R>
[[nodiscard]] constexpr bool is_transient(R const& r) {
  switch (http::error_of(r)) {
    case transport_error::none: return is_transient_status(http::status_of(r));
    case transport_error::unsent:
    case transport_error::interrupted:
    case transport_error::timed_out: return true;
    case transport_error::permanent:
    case transport_error::cancelled: break;
  }
  return false;
}

}  // namespace tenax::http
