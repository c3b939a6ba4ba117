// expect: tenax: http::response_traits::error() has to return a tenax::http::transport_error
// SPDX-License-Identifier: MIT
// response_traits_with_another_error.cpp: response_traits that return the client's own error.
#include <string>
#include <utility>
#include <vector>

#include <tenax/http.hpp>

struct answer {
  int status = 200;
  int error = 0;
};

template <>
struct tenax::http::response_traits<answer> {
  static int status(answer const& r) { return r.status; }
  static std::vector<std::pair<std::string, std::string>> const& headers(answer const&) {
    static std::vector<std::pair<std::string, std::string>> const none;
    return none;
  }
#ifdef CORRECTED
  static transport_error error(answer const& r) {
    return r.error == 0 ? transport_error::none : transport_error::interrupted;
  }
#else
  static int error(answer const& r) { return r.error; }
#endif
};

int main() {
  static_cast<void>(tenax::http::standard_retry("GET")([] { return answer{}; }));
}
