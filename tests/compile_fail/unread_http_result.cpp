// expect: tenax: this HTTP client's result cannot be read; include its adapter, such as <tenax/http/httplib.hpp>, or specialize tenax::http::response_traits
// SPDX-License-Identifier: MIT
// unread_http_result.cpp: an HTTP client's result without the adapter that can read it.
#include <string>

#include <tenax/tenax.hpp>

struct response {
  int status;
  std::string headers;
};

struct result {
  explicit operator bool() const { return true; }
  int error() const { return 0; }
  response const* operator->() const { return nullptr; }
};

result get() { return {}; }

#ifdef CORRECTED
auto const answer = tenax::retrying{}.when(tenax::when::result([](result const& r) { return !r; }))(get);
#else
auto const answer = tenax::retrying{}(get);
#endif
