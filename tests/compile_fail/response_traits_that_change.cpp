// expect: tenax: an optional function of http::response_traits is not static, or cannot take a const response, and would not be used; write it as static bool may_be_sent_again(R const&)
// SPDX-License-Identifier: MIT
// response_traits_that_change.cpp: a function of response_traits that takes a response that is not const.
#include <string>
#include <utility>
#include <vector>

#include <tenax/http.hpp>

struct answer {
  int status = 200;
  bool body_is_gone = false;
};

#ifdef CORRECTED
using taken = answer const;
#else
using taken = answer;
#endif

template <>
struct tenax::http::response_traits<answer> {
  static int status(answer const& r) { return r.status; }
  static std::vector<std::pair<std::string, std::string>> const& headers(answer const&) {
    static std::vector<std::pair<std::string, std::string>> const none;
    return none;
  }
  static bool may_be_sent_again(taken& r) { return !r.body_is_gone; }
};

int main() {
  static_cast<void>(tenax::http::standard_retry("GET")([] { return answer{}; }));
}
