// expect: tenax: http::idempotent_only cannot see the method of the request; name it, as in http::standard_retry("GET") or http::idempotent_only("GET")
// SPDX-License-Identifier: MIT
// method_that_nobody_knows.cpp: the standard policy for a response that does not report its request's method.
#include <tenax/http/idempotent.hpp>
#include <tenax/http/standard_retry.hpp>

#include <map>
#include <string>

struct response {
  long status_code = 200;
  std::map<std::string, std::string> header{};
  std::string text{};
};

response get();

#ifdef CORRECTED
response const r = tenax::http::standard_retry("GET")(get);
#else
response const r = tenax::http::standard_retry()(get);
#endif
