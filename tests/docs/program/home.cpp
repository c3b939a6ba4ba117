// SPDX-License-Identifier: MIT
// home.cpp: the first thing that docs/index.md shows.
#include <cstdio>
#include <stdexcept>
#include <string>

struct network_error : std::runtime_error {
  using runtime_error::runtime_error;
};

// Stands for a server that does not answer at first.
std::string fetch_page(std::string const& url) {
  static int requests = 0;
  if (++requests < 3) throw network_error("connection reset");
  return "the page at " + url;
}

// [home]
#include <tenax/gate/rate_limiter.hpp>
#include <tenax/tenax.hpp>

using namespace std::chrono_literals;

int main() {
  tenax::rate_limiter limiter(tenax::per_second(10));  // threads may share it
  auto const polite = tenax::retrying{}
                          .when(tenax::when::exception<network_error>)
                          .wait(tenax::wait::exponential({.base = 100ms, .max = 5s}).full())
                          .stop(tenax::stop::after_attempts(5) || tenax::stop::deadline(30s))
                          .through(std::ref(limiter));

  std::string const page = polite(fetch_page, "http://example.org/");
  std::puts(page.c_str());
}
// [/home]
