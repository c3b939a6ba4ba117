// SPDX-License-Identifier: MIT
// answers.hpp: what the explorer answers to a line: `explain POLICY` and `waits SEED COUNT POLICY`. Used by the page,
// by tenax_explain, and by the test that compares them.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <tenax/http/server_delay.hpp>

#include "picture.hpp"

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
  auto const write = [&](auto const& p) {
    tenax::detail::description lines;
    tenax::detail::write(lines, p);
    words.assign(lines.view().data(), lines.view().size());
    words += "\n";
  };
  std::vector<std::unique_ptr<any_gate>> gates;
  for (auto const& g : s.gates) gates.push_back(g.make(g));
  any_gates through;
  through.list = &gates;
  // Without gates, the words have no line for them.
  if (gates.empty()) {
    s.clips ? write(s.policy<true>(tenax::detail::no_gates{})) : write(s.policy<false>(tenax::detail::no_gates{}));
  } else {
    s.clips ? write(s.policy<true>(through)) : write(s.policy<false>(through));
  }
  // The line that the library writes for a policy with this limit.
  if (s.attempt_timeout)
    words.insert(words.find("worst case:"), "an attempt:  ends after " + text_of(*s.attempt_timeout) + "\n");
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

/// `STATUS` in the first line, then header lines: how long tenax would wait, by which field. `now`: seconds since 1970.
inline std::string read_headers(std::string_view text, std::int64_t now) {
  std::vector<tenax::http::header> headers;
  int status = 429;
  for (bool first = true; !text.empty(); first = false) {
    auto const end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    auto const colon = line.find(':');
    if (first && colon == std::string_view::npos) {
      for (std::size_t i = 0; i + 2 < line.size(); ++i) {
        auto const digit = [&](std::size_t at) { return line[at] >= '0' && line[at] <= '9'; };
        bool const alone = (i == 0 || line[i - 1] == ' ') && (i + 3 == line.size() || line[i + 3] == ' ');
        if (!alone || !digit(i) || !digit(i + 1) || !digit(i + 2)) continue;
        status = (line[i] - '0') * 100 + (line[i + 1] - '0') * 10 + (line[i + 2] - '0');
        break;
      }
    }
    if (colon == std::string_view::npos) continue;
    headers.push_back({line.substr(0, colon), tenax::http::detail::trimmed(line.substr(colon + 1))});
  }
  std::chrono::time_point<std::chrono::system_clock, std::chrono::seconds> const at{std::chrono::seconds(now)};
  auto const hint = tenax::http::server_delay(headers, status, at);
  auto out = "status " + std::to_string(status) + ": ";
  if (hint.delay) {
    out += std::string("wait for ") + tenax::detail::duration_text(*hint.delay).c_str() + ", by " +
           std::string(hint.source);
    if (hint.by_local_clock) out += ", compared with the clock of this machine";
  } else {
    out += "no wait that tenax understands";
  }
  if (hint.verdict == tenax::http::server_verdict::retry) out += "; the server wants another attempt";
  if (hint.verdict == tenax::http::server_verdict::no_retry) out += "; the server forbids another attempt";
  if (!hint.ignored.empty()) out += "; ignored because it is more than a year: " + std::string(hint.ignored);
  return out + "\n";
}

/// The picture of the waits, or a sentence that begins with "! ".
inline std::string draw_waits(std::string_view text) {
  settings s;
  if (auto const mistake = read_policy(text, s); !mistake.empty()) return "! " + mistake + "\n";
  return picture_of_waits(s, text);
}

/// Lets crowds call a server. `text`: the world in the first line, then one or two policies, each in its line. Returns
/// the counts and sets `picture`; or returns a sentence that begins with "! ", the number of the line, and a blank.
inline std::string draw_crowds(std::string_view text, std::string& picture) {
  std::vector<std::string_view> lines;
  for (; !text.empty() && lines.size() < 3; text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1))
    lines.push_back(text.substr(0, text.find('\n')));
  world w;
  if (lines.size() < 2) return "! 0 a world and a policy are expected\n";
  if (auto const mistake = read_world(lines[0], w); !mistake.empty()) return "! 0 " + mistake + "\n";
  std::vector<settings> policies(lines.size() - 1);
  for (std::size_t i = 0; i < policies.size(); ++i) {
    if (auto const mistake = read_policy(lines[i + 1], policies[i]); !mistake.empty())
      return "! " + std::to_string(i + 1) + " " + mistake + "\n";
  }
  std::vector<crowd_result> results;
  std::string out;
  for (auto const& s : policies) out += text_of(results.emplace_back(run_crowd(s, w)));
  lines.erase(lines.begin());
  picture = picture_of_crowds(w, lines, results);
  return out;
}

}  // namespace explorer
