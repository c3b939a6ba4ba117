// SPDX-License-Identifier: MIT
// tenax_explain.cpp: explains a policy that is given as text: in words, with a table of its waits, and as C++.
//
//   tenax_explain 'attempts=5 wait=exponential(100ms..5s).full deadline=30s'
//   tenax_explain --preset grpc                  a policy that others use; without a name, lists them
//   tenax_explain --presets                      policies, servers and crowds with a name; parts separated by tabs
//   tenax_explain --svg FILE POLICY              also draws the waits
//   tenax_explain --crowd WORLD POLICY [POLICY]  what clients do to a server, in counts; --svg FILE draws it
//   tenax_explain --from-cpp CODE                a policy written as C++ as text
//   tenax_explain --waits SEED COUNT POLICY      the waits themselves, in nanoseconds
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <tenax/fmt.hpp>

#include "explorer/answers.hpp"
#include "explorer/cpp_reader.hpp"
#include "explorer/crowd.hpp"
#include "explorer/presets.hpp"

int main(int argc, char** argv) {
  std::vector<std::string> rest(argv + 1, argv + argc);
  auto const take = [&](std::string_view option, std::size_t values) {
    if (rest.size() < values + 1 || rest.front() != option) return std::vector<std::string>();
    std::vector<std::string> taken(rest.begin() + 1, rest.begin() + 1 + static_cast<std::ptrdiff_t>(values));
    rest.erase(rest.begin(), rest.begin() + 1 + static_cast<std::ptrdiff_t>(values));
    return taken;
  };
  auto const svg = take("--svg", 1);
  std::string text, picture;
  if (!rest.empty() && rest.front() == "--preset") {
    explorer::preset const* found = nullptr;
    for (auto const& p : explorer::presets) {
      if (rest.size() > 1 && p.name == rest[1]) found = &p;
    }
    if (found == nullptr) {
      for (auto const& p : explorer::presets) fmt::print("{:<14} {}\n", p.name, p.policy);
      return rest.size() == 1 ? 0 : 1;
    }
    rest = {std::string(found->policy)};
  }
  if (rest.size() == 1 && rest[0] == "--presets") {
    text = explorer::list_presets();
  } else if (auto const code = take("--from-cpp", 1); !code.empty()) {
    text = explorer::text_of_cpp(code[0]) + "\n";
  } else if (auto const waits = take("--waits", 2); !waits.empty() && rest.size() == 1) {
    text = explorer::list_waits(std::strtoull(waits[0].c_str(), nullptr, 10),
                                static_cast<std::uint32_t>(std::strtoul(waits[1].c_str(), nullptr, 10)), rest[0]);
  } else if (auto const crowd = take("--crowd", 1); !crowd.empty() && !rest.empty()) {
    text = crowd[0];
    for (auto const& policy : rest) text += "\n" + policy;
    text = explorer::draw_crowds(text, picture);
  } else if (rest.size() <= 1) {
    if (rest.empty()) rest = {std::string(explorer::presets[0].policy)};
    text = explorer::explain(rest[0]);
    if (!svg.empty()) picture = explorer::draw_waits(rest[0]);
  } else {
    text = "! the options are explained at the top of examples/tenax_explain.cpp\n";
  }
  std::fputs(text.c_str(), stdout);
  if (text.empty() || text.front() == '!') return 1;
  if (svg.empty()) return 0;
  auto* const file = std::fopen(svg[0].c_str(), "w");
  if (file == nullptr) return std::perror(svg[0].c_str()), 1;
  auto const written = std::fputs(picture.c_str(), file) >= 0;
  return std::fclose(file) == 0 && written ? 0 : 1;
}
