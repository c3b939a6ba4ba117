// SPDX-License-Identifier: MIT
// import.cpp: docs/reference/module.md: literals and operators of durations come with the module.
#include <stdexcept>

// [import]
#include <cstdio>
#include <string>

import tenax;

using namespace std::chrono_literals;

constexpr auto polite = tenax::retrying{}
                            .wait(tenax::wait::exponential({.base = 10ms, .max = 5s}).full())
                            .stop(tenax::stop::after_attempts(5) || tenax::stop::deadline(30s));
static_assert(tenax::worst_case(polite).total_wait <= 30s);
// [/import]

std::string fetch() {
  static int requests = 0;
  if (++requests < 3) throw std::runtime_error("connection reset");
  return "a song";
}

int main() { std::puts(polite(fetch).c_str()); }
