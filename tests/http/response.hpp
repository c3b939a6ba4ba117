// SPDX-License-Identifier: MIT
// response.hpp: response types without an HTTP client, and their response_traits.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <tenax/http/hint_reader.hpp>

#include "../support.hpp"

namespace tests {

/// A response whose traits have every optional function.
struct reply {
  int status = 200;
  std::vector<tenax::http::header> headers{};
  std::string body{};
  std::string method = "GET";
  bool has_key = false;
  tenax::http::transport_error error = tenax::http::transport_error::none;
};

/// A response whose traits have only status and headers.
struct bare_reply {
  int status = 200;
  std::vector<tenax::http::header> headers{};
};

}  // namespace tests

template <>
struct tenax::http::response_traits<tests::reply> {
  static int status(tests::reply const& r) { return r.error == transport_error::none ? r.status : 0; }
  static auto const& headers(tests::reply const& r) { return r.headers; }
  static transport_error error(tests::reply const& r) { return r.error; }
  static std::string_view body(tests::reply const& r) { return r.body; }
  static std::string_view method(tests::reply const& r) { return r.method; }
  static bool has_idempotency_key(tests::reply const& r) { return r.has_key; }
};

template <>
struct tenax::http::response_traits<tests::bare_reply> {
  static int status(tests::bare_reply const& r) { return r.status; }
  static auto const& headers(tests::bare_reply const& r) { return r.headers; }
};
