// SPDX-License-Identifier: MIT
// server_delay.cpp: fuzzes the reading of header fields. The first line of an input is a status code and a time in
// seconds, and each further line is a field:
//
//     429 1735689600
//     Retry-After: 120
#include <tenax/http/server_delay.hpp>

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include <tenax/http/quota.hpp>

namespace http = tenax::http;
using header_lines = std::vector<http::header>;

namespace {

void require(bool holds, char const* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

std::string_view take_until(std::string_view& text, char end) {
  auto const n = text.find(end);
  auto const taken = text.substr(0, n);
  text.remove_prefix(n == std::string_view::npos ? text.size() : n + 1);
  return taken;
}

std::int64_t number(std::string_view text) {
  bool const negative = !text.empty() && text.front() == '-';
  std::int64_t n = 0;
  for (char const c : text.substr(negative ? 1 : 0, 15)) n = n * 10 + (c - '0') % 10;
  return negative ? -n : n;
}

/// The same fields in another order; the lines of one field keep their order.
header_lines with_other_order(header_lines const& lines) {
  header_lines result;
  for (auto last = lines.rbegin(); last != lines.rend(); ++last) {
    bool done = false;
    for (auto const& line : result) done = done || http::same_name(line.name, last->name);
    if (done) continue;
    for (auto const& line : lines) {
      if (http::same_name(line.name, last->name)) result.push_back(line);
    }
  }
  return result;
}

constexpr std::chrono::milliseconds year = std::chrono::hours(365 * 24);

bool in_range(std::optional<std::chrono::milliseconds> d) { return !d || (d->count() >= 0 && *d <= year); }

void check_quota(header_lines const& lines, http::wall_time now, http::profile p) {
  auto const quota = http::quota(lines, now, p);
  require(http::quota(with_other_order(lines), now, p) == quota, "a quota does not depend on the order of fields");
  if (!quota) return;
  require(in_range(quota->reset), "a reset is between 0 and a year");
  require(in_range(quota->window), "a window is between 0 and a year");
  require(!quota->window || quota->window->count() > 0, "a window of no time is none");
  require(quota->limit || quota->remaining, "a quota has a limit or a remainder");
  require(!quota->source.empty(), "a quota has a source");
  auto const share = quota->share().value_or(0);
  require(share >= 0 && share <= 1, "a share is between 0 and 1");
}

/// Whether there is a field with this name, in which `*` stands for any characters.
bool has(header_lines const& lines, std::string_view name) {
  auto const star = name.find('*');
  for (auto const& line : lines) {
    if (http::same_name(line.name, name)) return true;
    if (star != name.npos && line.name.size() >= name.size() &&
        http::same_name(line.name.substr(0, star), name.substr(0, star))) {
      return true;
    }
  }
  return false;
}

http::server_hint check_delay(header_lines const& lines, int status, http::wall_time now, http::profile p) {
  auto const advice = http::server_delay(lines, status, now, p);
  require(in_range(advice.delay), "a delay is between 0 and a year");
  require(http::server_delay(with_other_order(lines), status, now, p) == advice,
          "a delay does not depend on the order of fields");
  require(advice.source.empty() == (!advice.delay && advice.verdict == http::server_verdict::none),
          "advice has a source, and nothing else has");
  require(advice.ignored.empty() || has(lines, advice.ignored), "what was ignored is there");
  require(!advice.by_local_clock || advice.delay, "only a delay is counted from a clock");
  return advice;
}

}  // namespace

/// Not inlined, because g++ 12 would warn that the value of an empty optional is uninitialized.
[[gnu::noinline]] static bool fits_in_a_year(std::optional<std::chrono::seconds> const& s) {
  return !s || (s->count() >= 0 && *s <= std::chrono::hours(24 * 365));
}

extern "C" int LLVMFuzzerTestOneInput(unsigned char const* data, std::size_t size) {
  std::string_view text(reinterpret_cast<char const*>(data), size);
  auto first = take_until(text, '\n');
  int const status = static_cast<int>(number(take_until(first, ' ')) % 1000);
  auto const now = http::wall_time(std::chrono::milliseconds(number(first) * 1000));
  header_lines lines;
  while (!text.empty()) {
    auto line = take_until(text, '\n');
    auto const name = take_until(line, ':');
    lines.push_back({name, line});
  }

  static_assert(noexcept(http::quota(lines, now)) && noexcept(http::server_delay(lines, status, now)));
  static_assert(noexcept(http::for_each_rate_limit(lines, [](http::rate_limit const&) {})));
  static_assert(noexcept(http::parse_http_date(text, now)));
  http::for_each_rate_limit(lines, [](http::rate_limit const& r) {
    require(fits_in_a_year(r.reset), "the reset of an item is between 0 and a year");
    require(fits_in_a_year(r.window), "the window of an item is between 0 and a year");
  });
  check_quota(lines, now, http::profile::pragmatic);
  check_quota(lines, now, http::profile::strict);
  auto const pragmatic = check_delay(lines, status, now, http::profile::pragmatic);
  auto const strict = check_delay(lines, status, now, http::profile::strict);
  if (strict.delay && lines.size() == 1) require(pragmatic == strict, "pragmatic takes what strict takes for the same");
  bool const decided = pragmatic.delay && pragmatic.delay->count() > 0;
  if (strict.delay == std::chrono::milliseconds(0) && !decided) {
    require(pragmatic.delay == strict.delay || has(lines, "Date"), "zero is zero unless another field says more");
  }
  // A date that only one profile can read changes the century of two-digit years.
  if (strict.delay && !has(lines, "Date")) require(pragmatic.delay.has_value(), "pragmatic takes what strict takes");

  for (auto const& line : lines) {
    auto const value = http::usable_value(line.value).value_or("");
    auto const date = http::parse_http_date(value, now, http::profile::strict);
    if (date) require(http::parse_http_date(value, now) == date, "a date means the same in both profiles");
  }
  return 0;
}
