// expect: tenax: http::poll() needs two functions that return the same type of response: start() and fetch(tenax::http::location const&)
// SPDX-License-Identifier: MIT
// poll_without_location.cpp: a fetch that does not take the location.
#include <tenax/http/poll.hpp>

#include <map>
#include <string>

struct response {
  long status_code = 200;
  std::map<std::string, std::string> header{};
  std::string text{};
};

response get();

#ifdef CORRECTED
response const r =
    tenax::http::poll(tenax::http::standard_poll(), get, [](tenax::http::location const&) { return get(); });
#else
auto const r = [] { return tenax::http::poll(tenax::http::standard_poll(), get, get); };
#endif
