// SPDX-License-Identifier: MIT
// http/httplib.hpp: cpp-httplib's responses. Tested with cpp-httplib 0.11.
#pragma once

#include <string_view>

#include <httplib.h>

#include <tenax/http/advice.hpp>

/// `httplib::Response`, as a handler sees it or as `Client::send` fills it.
template <>
struct tenax::http::response_traits<httplib::Response> {
  static int status(httplib::Response const& r) { return r.status > 0 ? r.status : 0; }
  static httplib::Headers const& headers(httplib::Response const& r) { return r.headers; }
  static transport_error error(httplib::Response const& r) {
    return r.status > 0 ? transport_error::none : transport_error::interrupted;
  }
  static std::string_view body(httplib::Response const& r) { return r.body; }
};

/// `httplib::Result`, what the functions of `httplib::Client` return. The method of the request is not in it; see
/// `http::retrying_client` for a client that remembers.
template <>
struct tenax::http::response_traits<httplib::Result> {
  static int status(httplib::Result const& r) { return r ? r->status : 0; }

  static httplib::Headers const& headers(httplib::Result const& r) {
    static httplib::Headers const none;
    return r ? r->headers : none;
  }

  static transport_error error(httplib::Result const& r) {
    using httplib::Error;
    switch (r.error()) {
      case Error::Success: return r ? transport_error::none : transport_error::interrupted;
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
      // A read that times out is reported like one that breaks, and newer releases have errors that are not named here.
      default: return transport_error::interrupted;
    }
  }

  static std::string_view body(httplib::Result const& r) { return r ? std::string_view(r->body) : std::string_view(); }
};
