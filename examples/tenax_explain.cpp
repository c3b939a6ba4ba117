// SPDX-License-Identifier: MIT
// tenax_explain.cpp: explains a policy that is given as text: in words, with a table of its waits, and as C++.
//
//   tenax_explain 'attempts=5 wait=exponential(100ms..5s).full deadline=30s'
//   tenax_explain --waits SEED COUNT POLICY      the waits themselves, in nanoseconds
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include <tenax/fmt.hpp>

#include "explorer/answers.hpp"

int main(int argc, char** argv) {
  std::string_view const first = argc > 1 ? argv[1] : "attempts=5 wait=exponential(100ms..5s).full deadline=30s";
  auto const text = argc == 5 && first == "--waits"
                        ? explorer::list_waits(std::strtoull(argv[2], nullptr, 10),
                                               static_cast<std::uint32_t>(std::strtoul(argv[3], nullptr, 10)), argv[4])
                        : explorer::explain(first);
  std::fputs(text.c_str(), stdout);
  return text.empty() || text.front() == '!' ? 1 : 0;
}
