// SPDX-License-Identifier: MIT
// http_headers.cpp: the snippets and the tables of docs/reference/http_headers.md.
#include <array>
#include <cctype>
#include <cstdlib>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include <tenax/detail/duration_text.hpp>
#include <tenax/http.hpp>
#include <tenax/http/detail/fields.hpp>

#include "docs.hpp"

namespace http = tenax::http;
using std::chrono::system_clock;

namespace {

// 2025-01-01 00:00:00 UTC
constexpr http::wall_time new_year{std::chrono::milliseconds(1'735'689'600'000)};

using fields = std::vector<std::pair<std::string, std::string>>;
using cells = std::vector<std::string>;

std::string page() { return docs::text("../../docs/reference/http_headers.md"); }

/// The rows of the table whose first line begins with `head`.
std::vector<cells> table(std::string const& head) {
  std::vector<cells> rows;
  std::istringstream lines(page());
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind(head, 0) == 0) inside = true;
    if (line.empty()) inside = false;
    if (!inside) continue;
    cells row;
    std::istringstream text(line.substr(1));
    for (std::string cell; std::getline(text, cell, '|');) {
      auto const first = cell.find_first_not_of(' ');
      row.push_back(
          first == cell.npos ? "" : cell.substr(first, cell.find_last_not_of(' ') - first + 1));
    }
    rows.push_back(row);
  }
  REQUIRE(rows.size() > 2);
  rows.erase(rows.begin(), rows.begin() + 2);
  return rows;
}

/// The lines of a header: the texts in backticks.
fields header_lines(std::string const& cell) {
  fields lines;
  for (std::size_t at = 0; (at = cell.find('`', at)) != cell.npos;) {
    auto const end = cell.find('`', at + 1);
    auto const line = cell.substr(at + 1, end - at - 1);
    auto const colon = line.find(": ");
    REQUIRE(colon != line.npos);
    lines.emplace_back(line.substr(0, colon), line.substr(colon + 2));
    at = end + 1;
  }
  REQUIRE(!lines.empty());
  return lines;
}

std::string written(tenax::duration d) { return tenax::detail::duration_text(d).c_str(); }

std::string reading(http::server_hint const& hint) {
  std::string text = hint.delay ? written(*hint.delay) : "nothing";
  if (hint.verdict == http::server_verdict::no_retry)
    text = hint.delay ? text + ", do not retry" : "do not retry";
  if (hint.verdict == http::server_verdict::retry) text = hint.delay ? text + ", retry" : "retry";
  return text;
}

std::string reading(std::optional<http::quota_state> const& quota) {
  if (!quota) return "nothing";
  std::string text =
      quota->remaining ? std::to_string(*quota->remaining) + " left" : "unknown rest";
  if (quota->limit) text += " of " + std::to_string(*quota->limit);
  if (quota->window) text += " in each " + written(*quota->window);
  if (quota->reset) text += ", more in " + written(*quota->reset);
  return text;
}

}  // namespace

TEST_CASE("http_headers: The table of delays is what server_delay says") {
  for (auto const& row : table("| response |")) {
    REQUIRE(row.size() >= 4);
    INFO(row[0]);
    auto const headers = header_lines(row[0]);
    auto const status = std::atoi(row[1].c_str());
    CHECK(reading(http::server_delay(headers, status, new_year)) == row[2]);
    auto const strict =
        reading(http::server_delay(headers, status, new_year, http::profile::strict));
    CHECK((strict == row[2] ? "the same" : strict) == row[3]);
  }
}

TEST_CASE("http_headers: The table of quotas is what quota says") {
  for (auto const& row : table("| headers |")) {
    REQUIRE(row.size() >= 2);
    INFO(row[0]);
    CHECK(reading(http::quota(header_lines(row[0]), new_year)) == row[1]);
  }
}

TEST_CASE("http_headers: Every field that is read is on the page") {
  auto const text = page();
  for (auto const name : tenax::http::detail::field_names) {
    INFO(name);
    CHECK(text.find(name) != text.npos);
  }
}

TEST_CASE("http_headers: Every field that is read is in a vector") {
  auto const lower = [](std::string text) {
    for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
  };
  auto const vectors = lower(docs::text("../data/http_headers.json"));
  for (auto const name : tenax::http::detail::field_names) {
    INFO("add a vector with " << name << " to tests/data/http_headers.json");
    auto const fixed = name.substr(0, name.find('*'));  // the part before the name of a window
    CHECK(vectors.find(lower('"' + std::string(fixed))) != vectors.npos);
  }
}

TEST_CASE("http_headers: server_delay") {
  // [server_delay]
  auto const now = std::chrono::system_clock::now();
  auto const hint = http::server_delay({{"Retry-After", "120"}}, 503, now);
  CHECK(hint.delay == 2min);
  CHECK(hint.source == "Retry-After");
  // [/server_delay]
}

TEST_CASE("http_headers: verdict") {
  // [verdict]
  auto const hint = http::server_delay({{"x-should-retry", "false"}}, 429, system_clock::now());
  CHECK(hint.verdict == http::server_verdict::no_retry);
  // [/verdict]
}

TEST_CASE("http_headers: containers") {
  // [containers]
  std::multimap<std::string, std::string> const headers{{"retry-after", "1.5"}};
  auto const now = std::chrono::system_clock::now();
  CHECK(http::server_delay(headers, 429, now).delay == 1500ms);
  CHECK(!http::server_delay(headers, 429, now, http::profile::strict).delay);
  // [/containers]
}

TEST_CASE("http_headers: in constant expressions") {
  // [constant]
  constexpr std::array<http::header, 2> headers{{{"Date", "Wed, 01 Jan 2025 00:00:00 GMT"},
                                                 {"Retry-After", "Wed, 01 Jan 2025 00:01:00 GMT"}}};
  static_assert(http::server_delay(headers, 503, http::wall_time()).delay == 60s);
  // [/constant]
}

TEST_CASE("http_headers: quota") {
  // [quota]
  auto const now = std::chrono::system_clock::now();
  auto const quota = http::quota(
      {{"RateLimit-Limit", "100"}, {"RateLimit-Remaining", "20"}, {"RateLimit-Reset", "30"}}, now);
  CHECK(quota->remaining == 20U);
  CHECK(quota->share() == 0.2);
  CHECK(quota->reset == 30s);
  // [/quota]
}

TEST_CASE("http_headers: rate limits one by one") {
  // [rate_limits]
  std::vector<http::header> const headers{
      {"RateLimit-Policy", R"("burst";q=10;w=1, "daily";q=1000;w=86400)"},
      {"RateLimit", R"("burst";r=9;t=1, "daily";r=12;t=3600)"}};
  std::vector<std::string> seen;
  http::for_each_rate_limit(headers, [&](http::rate_limit const& r) {
    seen.push_back(std::to_string(*r.remaining) + " of " + std::to_string(*r.limit));
  });
  CHECK(seen == std::vector<std::string>{"9 of 10", "12 of 1000"});
  // [/rate_limits]
}

TEST_CASE("http_headers: dates") {
  // [date]
  auto const now = std::chrono::time_point_cast<std::chrono::milliseconds>(system_clock::now());
  CHECK(http::parse_http_date("Wed, 01 Jan 2025 00:01:00 GMT", now));
  CHECK(http::parse_http_date("2025-01-01T00:01:00Z", now));
  CHECK(!http::parse_http_date("Sat, 29 Feb 2025 00:00:00 GMT", now));  // there is no such day
  // [/date]
}
