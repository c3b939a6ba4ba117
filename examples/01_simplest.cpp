// SPDX-License-Identifier: MIT
// 01_simplest.cpp: shows a call that is repeated until it works, with the defaults, which are safe in production.
#include <cstdio>
#include <stdexcept>
#include <string>

#include <tenax/tenax.hpp>

// Stands for a server that fails at first.
std::string fetch_page(std::string const& url) {
  static int requests = 0;
  std::printf("request %d\n", ++requests);
  if (requests == 1) throw std::runtime_error("connection refused");
  return "the page at " + url;
}

int main() {
  auto const page = tenax::retrying{}(fetch_page, "http://example.org/");
  std::printf("got %s\n", page.c_str());
}
