// SPDX-License-Identifier: MIT
// 01_simplest.cpp: a call that fails once, with the library's defaults: three attempts, and a short random wait before
// each further one.
//
//   g++ -std=c++20 -Iinclude examples/01_simplest.cpp && ./a.out
#include <cstdio>
#include <stdexcept>
#include <string>

#include <tenax/tenax.hpp>

// Stands for a server that fails at first.
std::string fetch_page(std::string const& url) {
  static bool is_up = false;
  std::printf("asking %s: %s\n", url.c_str(), is_up ? "answered" : "connection refused");
  if (is_up) return "hello";
  is_up = true;
  throw std::runtime_error("connection refused");
}

int main() {
  // Instead of fetch_page("http://example.org/"):
  auto const page = tenax::retrying{}(fetch_page, "http://example.org/");
  std::printf("the page says %s\n", page.c_str());
}
