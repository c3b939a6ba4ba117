// SPDX-License-Identifier: MIT
// http/detail/cpr.hpp: responses shaped like cpr::Response, and the meaning of cpr's errors.
#pragma once

#include <concepts>
#include <string_view>
#include <type_traits>

#include <tenax/http/headers.hpp>
#include <tenax/http/transport_error.hpp>

namespace tenax::http::detail {

/// A response like those of cpr: data members, and an error whose code is an enumerator.
template <class R>
concept cpr_like = requires(R const& r) {
  { r.status_code } -> std::convertible_to<long>;
  { r.header } -> header_list;
  { r.text } -> std::convertible_to<std::string_view>;
};

/// The names of cpr's errors differ between releases. Names that are not listed here are permanent errors, among them
/// those for refused certificates in every release.
template <class Code>
constexpr transport_error classify_cpr(Code code) {
  if (static_cast<int>(code) == 0) return transport_error::none;
  if constexpr (requires { Code::HTTP_RETURNED_ERROR; }) {
    if (code == Code::HTTP_RETURNED_ERROR) return transport_error::none;
  }
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
  if constexpr (requires { Code::QUIC_CONNECT_ERROR; }) {
    if (code == Code::QUIC_CONNECT_ERROR) return transport_error::unsent;
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
  if constexpr (requires { Code::HTTP2; }) {
    if (code == Code::HTTP2) return transport_error::interrupted;
  }
  if constexpr (requires { Code::HTTP2_STREAM; }) {
    if (code == Code::HTTP2_STREAM) return transport_error::interrupted;
  }
  if constexpr (requires { Code::HTTP3; }) {
    if (code == Code::HTTP3) return transport_error::interrupted;
  }
  if constexpr (requires { Code::AGAIN; }) {
    if (code == Code::AGAIN) return transport_error::interrupted;
  }
  if constexpr (requires { Code::REQUEST_CANCELLED; }) {
    if (code == Code::REQUEST_CANCELLED) return transport_error::cancelled;
  }
  if constexpr (requires { Code::ABORTED_BY_CALLBACK; }) {
    if (code == Code::ABORTED_BY_CALLBACK) return transport_error::cancelled;
  }
  return transport_error::permanent;
}

}  // namespace tenax::http::detail
