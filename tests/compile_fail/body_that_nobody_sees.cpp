// expect: tenax: http::retry_after_from_body() cannot see the body of this response; give its tenax::http::response_traits a function body()
// SPDX-License-Identifier: MIT
// body_that_nobody_sees.cpp: a body reader for a response whose traits provide no body.
#include <tenax/http/hint_reader.hpp>
#include <tenax/retrying.hpp>

#include <vector>

struct reply {
  int status = 200;
  std::vector<tenax::http::header> headers{};
};

template <>
struct tenax::http::response_traits<reply> {
  static int status(reply const& r) { return r.status; }
  static auto const& headers(reply const& r) { return r.headers; }
#ifdef CORRECTED
  static std::string_view body(reply const&) { return {}; }
#endif
};

reply get();

auto const patient = tenax::retrying{}.read_hints_with(
    tenax::http::retry_after_from_body([](std::string_view body) { return std::chrono::seconds(body.size()); }));
reply const r = patient(get);
