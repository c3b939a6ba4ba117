// expect: tenax: http::poll() needs two functions that return the same type of response: start() and fetch(tenax::http::location const&)
// SPDX-License-Identifier: MIT
// poll_of_two_types.cpp: a start that does not return a response.
#include <tenax/http/poll.hpp>

#include <map>
#include <string>

struct response {
  long status_code = 200;
  std::map<std::string, std::string> header{};
  std::string text{};
};

response get(tenax::http::location const& l);

#ifdef CORRECTED
response start();
#else
int start();
#endif

void run() { tenax::http::poll(tenax::http::standard_poll(), start, get); }
