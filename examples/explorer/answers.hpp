// SPDX-License-Identifier: MIT
// answers.hpp: what the explorer answers to a line: `explain POLICY` and `waits SEED COUNT POLICY`. Used by the page,
// by tenax_explain, and by the test that compares them.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "policy.hpp"

namespace explorer {

/// The waits of a table, in nanoseconds: shortest, median, 95 of 100, longest, over 1001 simulated calls.
inline std::string table_of(settings const& s, std::uint32_t most_rows = 12) {
  auto const rows =
      s.attempts ? static_cast<std::uint32_t>(std::min<std::int64_t>(*s.attempts - 1, most_rows)) : most_rows;
  constexpr std::size_t calls = 1001;
  std::vector<std::vector<std::int64_t>> waits(rows);
  for (std::size_t c = 0; c < calls; ++c) {
    tenax::seeded_random random(c + 1);
    tenax::attempt_info a{.random = &random};
    for (std::uint32_t n = 0; n < rows; ++n) {
      a.number = n + 1;
      auto const d = s.wait(a);
      waits[n].push_back(d.count());
      a.previous_wait = d;
      a.waited = a.elapsed = tenax::saturating_add(a.waited, d);
    }
  }
  std::string out = "wait  shortest    median      95 of 100   longest\n";
  for (std::uint32_t n = 0; n < rows; ++n) {
    std::sort(waits[n].begin(), waits[n].end());
    char line[160];
    auto const text = [&](std::size_t i) { return tenax::detail::duration_text(tenax::duration(waits[n][i])); };
    std::snprintf(line, sizeof line, "%-5u %-11s %-11s %-11s %s\n", n + 1, text(0).c_str(), text(calls / 2).c_str(),
                  text(calls * 95 / 100).c_str(), text(calls - 1).c_str());
    out += line;
  }
  return out;
}

/// `explain POLICY`: words, table, C++; or a sentence that begins with "! ".
inline std::string explain(std::string_view text) {
  settings s;
  if (auto const mistake = read_policy(text, s); !mistake.empty()) return "! " + mistake + "\n";
  std::string words;
  auto const write = [&](auto const& p) { words = fmt::format("{}\n", p); };
  std::vector<std::unique_ptr<any_gate>> gates;
  for (auto const& g : s.gates) gates.push_back(g.make(g));
  any_gates through;
  through.list = &gates;
  // With gates, only a deadline bounds the waiting.
  if (gates.empty()) {
    s.clips ? write(s.policy<true>(tenax::detail::no_gates{})) : write(s.policy<false>(tenax::detail::no_gates{}));
  } else {
    s.clips ? write(s.policy<true>(through)) : write(s.policy<false>(through));
  }
  return words + "\n" + table_of(s) + "\n" + cpp_of(s);
}

/// The waits of `count` attempts in a row, in nanoseconds, one a line.
inline std::string list_waits(std::uint64_t seed, std::uint32_t count, std::string_view text) {
  settings s;
  if (auto const mistake = read_policy(text, s); !mistake.empty()) return "! " + mistake + "\n";
  tenax::seeded_random random(seed);
  tenax::attempt_info a{.random = &random};
  std::string out;
  for (std::uint32_t n = 1; n <= count; ++n) {
    a.number = n % 100 + 1;
    auto const d = s.wait(a);
    out += std::to_string(d.count()) + "\n";
    a.previous_wait = d;
  }
  return out;
}

}  // namespace explorer
