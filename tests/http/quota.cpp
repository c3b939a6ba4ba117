// SPDX-License-Identifier: MIT
// quota.cpp: finding the tightest quota in the headers of every dialect.
#include <tenax/http/quota.hpp>

#include <limits>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include <tenax/http/server_delay.hpp>

#include "catch.hpp"

using namespace std::chrono_literals;
namespace http = tenax::http;
using http::header;
using http::profile;
using http::quota_state;

namespace {

constexpr http::wall_time now(1735689600s);  // 2025-01-01 00:00:00
using headers = std::vector<header>;

std::optional<quota_state> quota(headers const& h) { return http::quota(h, now); }
std::optional<quota_state> strict(headers const& h) { return http::quota(h, now, profile::strict); }

quota_state state(std::optional<std::uint64_t> limit, std::optional<std::uint64_t> remaining,
                  std::optional<std::chrono::milliseconds> reset, std::string_view source) {
  return {.limit = limit, .remaining = remaining, .reset = reset, .source = source};
}
constexpr std::nullopt_t none = std::nullopt;

}  // namespace

namespace tenax::http {

std::ostream& operator<<(std::ostream& out, quota_state const& q) {
  auto const number = [&](char const* name, auto const& n) {
    if (n) out << name << *n << ' ';
  };
  number("limit ", q.limit);
  number("remaining ", q.remaining);
  number("reset ", q.reset ? std::optional(q.reset->count()) : std::nullopt);
  number("window ", q.window ? std::optional(q.window->count()) : std::nullopt);
  return out << q.source << (q.by_local_clock ? " by the local clock" : "");
}

}  // namespace tenax::http

TEST_CASE("Each dialect's remaining quota is read") {
  CHECK(quota({}) == none);
  CHECK(quota({{"Content-Type", "text/plain"}, {"Retry-After", "5"}, {"Date", "x"}}) == none);

  headers const list{{"RateLimit", "\"a\";r=5;t=30"}, {"RateLimit-Policy", "\"a\";q=10"}};
  CHECK(quota(list) == state(10, 5, 30s, "RateLimit"));
  CHECK(strict(list) == state(10, 5, 30s, "RateLimit"));
  headers const dictionary{{"RateLimit", "limit=100, remaining=50, reset=5"}};
  CHECK(quota(dictionary) == state(100, 50, 5s, "RateLimit"));
  CHECK(strict(dictionary) == state(100, 50, 5s, "RateLimit"));
  headers const three{
      {"RateLimit-Limit", "10, 10;w=1, 50;w=60"}, {"RateLimit-Remaining", "7"}, {"RateLimit-Reset", "2"}};
  auto of_three = state(10, 7, 2s, "RateLimit-Remaining");
  of_three.window = 1s;
  CHECK(quota(three) == of_three);
  CHECK(strict(three) == of_three);

  headers const github{{"Date", "Wed, 01 Jan 2025 00:00:00 GMT"},
                       {"X-RateLimit-Limit", "5000"},
                       {"X-RateLimit-Remaining", "4999"},
                       {"X-RateLimit-Reset", "1735689720"}};
  CHECK(quota(github) == state(5000, 4999, 2min, "X-RateLimit-Remaining"));
  CHECK(http::quota(github, now + 1h) == quota(github));
  CHECK(strict(github) == none);
  CHECK(quota({{"x-rate-limit-limit", "15"}, {"x-rate-limit-remaining", "3"}, {"x-rate-limit-reset", "60"}}) ==
        state(15, 3, 60s, "X-Rate-Limit-Remaining"));
  CHECK(quota({{"x-ratelimit-limit-tokens", "150000"},
               {"x-ratelimit-remaining-tokens", "149984"},
               {"x-ratelimit-reset-tokens", "6m0s"}}) == state(150000, 149984, 6min, "x-ratelimit-remaining-tokens"));
  auto anthropic = state(50, 49, 10s, "anthropic-ratelimit-requests-remaining");
  anthropic.by_local_clock = true;
  CHECK(quota({{"anthropic-ratelimit-requests-limit", "50"},
               {"anthropic-ratelimit-requests-remaining", "49"},
               {"anthropic-ratelimit-requests-reset", "2025-01-01T00:00:10Z"}}) == anthropic);
}

TEST_CASE("Quotas are read with every status, and from headers in braces") {
  CHECK(http::quota({{"RateLimit-Remaining", "5"}}, now) == state(none, 5, none, "RateLimit-Remaining"));
  std::multimap<std::string, std::string> const map{{"ratelimit-remaining", "5"}};
  CHECK(http::quota(map, now) == state(none, 5, none, "RateLimit-Remaining"));
}

TEST_CASE("A reset alone is not a quota") {
  CHECK(quota({{"RateLimit-Reset", "5"}}) == none);
  CHECK(quota({{"X-RateLimit-Reset-After", "5"}}) == none);
  CHECK(quota({{"RateLimit", "reset=5"}}) == none);
  CHECK(quota({{"RateLimit", "a;t=5"}}) == none);
  CHECK(quota({{"RateLimit", "a;r=-5"}}) == none);
  CHECK(quota({{"RateLimit", "a;r=5,"}}) == none);
  CHECK(quota({{"RateLimit-Limit", "x"}, {"RateLimit-Remaining", "y"}}) == none);
}

TEST_CASE("Values that cannot be read are ignored") {
  CHECK(quota({{"RateLimit-Limit", "x"}, {"RateLimit-Remaining", "5"}, {"RateLimit-Reset", "y"}}) ==
        state(none, 5, none, "RateLimit-Remaining"));
  CHECK(quota({{"RateLimit-Limit", "10"}, {"RateLimit-Remaining", "x"}}) == state(10, none, none, "RateLimit-Limit"));
  CHECK(quota({{"RateLimit", "limit=10, remaining=-1"}}) == state(10, none, none, "RateLimit"));
}

TEST_CASE("The first element of a list of limits counts") {
  auto const limit = [](headers const& h) {
    auto const q = quota(h);
    return q ? q->limit : std::nullopt;
  };
  CHECK(limit({{"RateLimit-Limit", "10"}}) == 10U);
  CHECK(limit({{"RateLimit-Limit", "10;w=60"}}) == 10U);
  CHECK(limit({{"RateLimit-Limit", " 10 ; w=60"}}) == 10U);
  CHECK(limit({{"RateLimit-Limit", "10,20"}}) == 10U);
  CHECK(limit({{"RateLimit-Limit", "10"}, {"RateLimit-Limit", "20"}}) == 10U);
  CHECK(limit({{"X-RateLimit-Limit", "10, 10;w=1"}}) == 10U);
  CHECK(limit({{"X-RateLimit-Limit", "10.9"}}) == 10U);
  CHECK(limit({{"X-RateLimit-Limit", "99999999999999999999999"}}) == std::numeric_limits<std::uint64_t>::max());
  for (auto const* value : {"", "x", "-1", "10x", "10 20", "10.", ";10", ",10", "\xFF"}) {
    INFO(value);
    CHECK(limit({{"RateLimit-Limit", value}}) == none);
  }
  CHECK(limit({{"RateLimit-Limit", "\xFF"}, {"RateLimit-Limit", "20"}}) == none);
}

TEST_CASE("A quota's window comes from its policy") {
  auto const window = [](headers const& h) {
    auto const found = quota(h);
    return found ? found->window : std::nullopt;
  };
  // Found by name, in all forms of text.
  CHECK(window({{"RateLimit", "\"a\";r=5;t=30"}, {"RateLimit-Policy", "\"b\";q=9;w=8, \"a\";q=10;w=60"}}) == 60s);
  CHECK(window({{"RateLimit", "\"a\";r=5"}, {"RateLimit-Policy", "\"a\";q=10"}}) == none);
  CHECK(window({{"RateLimit", "\"a\";r=5"}, {"RateLimit-Policy", "\"b\";q=10;w=60"}}) == none);
  CHECK(window({{"RateLimit", "\"a\";r=5"}, {"RateLimit-Policy", "\"a\";q=10;w=0"}}) == none);
  CHECK(window({{"RateLimit", "\"a\";r=5"}, {"RateLimit-Policy", "\"a\";q=10;w=-1"}}) == none);
  CHECK(window({{"RateLimit", "\"a\";r=5"}, {"RateLimit-Policy", "\"a\";q=10;w=1.5"}}) == none);
  CHECK(window({{"RateLimit", "\"a\";r=5"}, {"RateLimit-Policy", "\"a\";q=10;w=999999999999999"}}) == none);
  // Found by the limit, where policies have no names.
  CHECK(window({{"RateLimit", "limit=100, remaining=50, reset=5"}, {"RateLimit-Policy", "10;w=1, 100;w=10"}}) == 10s);
  CHECK(window({{"RateLimit", "limit=99, remaining=50, reset=5"}, {"RateLimit-Policy", "10;w=1, 100;w=10"}}) == none);
  CHECK(window({{"RateLimit-Limit", "50"}, {"RateLimit-Remaining", "7"}, {"RateLimit-Policy", "10;w=1, 50;w=60"}}) ==
        60s);
  CHECK(window({{"RateLimit-Limit", "10, 10;w=1, 50;w=60"}, {"RateLimit-Remaining", "7"}}) == 1s);
  CHECK(window({{"X-RateLimit-Limit", "10, 10;w=2;name=\"foo\", 50;w=60"}, {"X-RateLimit-Remaining", "7"}}) == 2s);
  CHECK(window({{"X-RateLimit-Limit", "5000"}, {"X-RateLimit-Remaining", "7"}, {"RateLimit-Policy", "5000;w=60"}}) ==
        none);
  CHECK(window({{"X-RateLimit-Limit", "10;w=2;"}, {"X-RateLimit-Remaining", "7"}}) == none);
}

TEST_CASE("Only a quota of requests has a window") {
  auto const window = [](char const* parameters) {
    auto const policy = std::string("\"a\";q=10;w=60") + parameters;
    return quota({{"RateLimit", "\"a\";r=5;t=30"}, {"RateLimit-Policy", policy}})->window;
  };
  CHECK(window("") == 60s);
  CHECK(window(";qu=\"requests\"") == 60s);
  CHECK(window(";qu=requests") == 60s);
  CHECK(window(";qu=\"content-bytes\"") == none);
  CHECK(window(";qu=\"request\"") == none);
  CHECK(window(";qu=\"requestss\"") == none);
  CHECK(window(";qu=1") == none);
}

TEST_CASE("A policy alone is a quota whose remainder is not known") {
  auto expected = state(15, none, none, "RateLimit-Policy");
  expected.window = 30s;
  headers const named{{"RateLimit-Policy", "\"x\";q=15;w=30"}};
  CHECK(quota(named) == expected);
  CHECK(strict(named) == expected);
  CHECK(quota({{"RateLimit-Policy", "15;w=30, 1000;w=86400"}}) == expected);
  CHECK(quota({{"RateLimit-Policy", "\"no window\";q=3, \"x\";q=15;w=30"}}) == expected);
  CHECK(quota({{"RateLimit-Policy", "\"x\";q=15"}}) == none);
  CHECK(quota({{"RateLimit-Policy", "\"x\";w=15"}}) == none);
  CHECK(quota({{"RateLimit-Policy", "\"x\";q=15;w=30,"}}) == none);
  // A known remainder has precedence.
  auto const left = quota({{"RateLimit-Policy", "\"x\";q=15;w=30"}, {"X-RateLimit-Remaining", "7"}});
  CHECK(left == state(none, 7, none, "X-RateLimit-Remaining"));
}

TEST_CASE("The remainder is rounded down; of several lines the least counts") {
  CHECK(quota({{"x-ratelimit-remaining", "599.9"}})->remaining == 599U);
  CHECK(quota({{"x-ratelimit-remaining", "7"}, {"x-ratelimit-remaining", "5"}})->remaining == 5U);
  CHECK(quota({{"x-ratelimit-remaining", "7, 5, 6"}})->remaining == 5U);
}

TEST_CASE("A reset that needs no clock is preferred") {
  headers h{{"X-RateLimit-Remaining", "1"}, {"X-RateLimit-Reset", "1735689720"}, {"X-RateLimit-Reset-After", "64.57"}};
  CHECK(quota(h) == state(none, 1, 64570ms, "X-RateLimit-Remaining"));
  h[2].value = "soon";
  auto by_clock = state(none, 1, 2min, "X-RateLimit-Remaining");
  by_clock.by_local_clock = true;
  CHECK(quota(h) == by_clock);
}

TEST_CASE("The share is known if the limit is known, or if nothing is left") {
  CHECK(state(10, 5, none, "").share() == 0.5);
  CHECK(state(10, 0, none, "").share() == 0.0);
  CHECK(state(none, 0, none, "").share() == 0.0);
  CHECK(state(0, 0, none, "").share() == 0.0);
  CHECK(state(10, 10, none, "").share() == 1.0);
  CHECK(state(10, 11, none, "").share() == 1.0);
  CHECK(state(0, 5, none, "").share() == std::nullopt);
  CHECK(state(none, 5, none, "").share() == std::nullopt);
  CHECK(state(10, none, none, "").share() == std::nullopt);
}

TEST_CASE("The tightest quota is the one with the smallest share, the fewest units, the longest reset") {
  auto const reset_of_tightest = [](std::string_view value) {
    auto const q = quota({{"RateLimit", value}, {"RateLimit-Policy", "h;q=100, t;q=1000, z;q=0"}});
    return q && q->reset ? q->reset->count() : -1;
  };
  CHECK(reset_of_tightest("h;r=50;t=1, t;r=400;t=2") == 2000);
  CHECK(reset_of_tightest("t;r=400;t=2, h;r=50;t=1") == 2000);
  // A share has precedence over a number of units.
  CHECK(reset_of_tightest("x;r=1;t=1, h;r=90;t=2") == 2000);
  CHECK(reset_of_tightest("h;r=90;t=2, x;r=1;t=1") == 2000);
  // Without shares, the units count.
  CHECK(reset_of_tightest("x;r=7;t=1, y;r=5;t=2, z;r=6;t=3") == 2000);
  // Nothing left is the smallest share, with or without a limit.
  CHECK(reset_of_tightest("h;r=1;t=1, x;r=0;t=2") == 2000);
  CHECK(reset_of_tightest("x;r=0;t=2, h;r=1;t=1") == 2000);
  // Equal quotas.
  CHECK(reset_of_tightest("h;r=50;t=1, t;r=500;t=3, h;r=50;t=2") == 3000);
  CHECK(reset_of_tightest("x;r=5;t=1, y;r=5;t=3, y;r=5") == 3000);
  CHECK(reset_of_tightest("x;r=5, y;r=5;t=1") == 1000);

  // Quotas of different dialects.
  CHECK(quota({{"RateLimit-Limit", "10"},
               {"RateLimit-Remaining", "5"},
               {"x-ratelimit-limit-requests", "10"},
               {"x-ratelimit-remaining-requests", "4"},
               {"x-ratelimit-limit-tokens", "10"},
               {"x-ratelimit-remaining-tokens", "6"}})
            ->source == "x-ratelimit-remaining-requests");
  // A remainder has precedence over a limit without one.
  CHECK(quota({{"RateLimit-Limit", "10"}, {"X-Rate-Limit-Remaining", "5"}})->source == "X-Rate-Limit-Remaining");
  CHECK(quota({{"X-Rate-Limit-Limit", "10"}, {"RateLimit-Remaining", "5"}})->source == "RateLimit-Remaining");
}

TEST_CASE("A reset or a window of more than a year is a misread unit, and is left out") {
  CHECK(quota({{"RateLimit", "a;r=1;t=31536000"}})->reset == 24h * 365);
  CHECK(quota({{"RateLimit", "a;r=1;t=31536001"}})->reset == none);
  CHECK(quota({{"RateLimit", "a;r=1;t=999999999999999"}})->reset == none);
  CHECK(quota({{"RateLimit-Remaining", "1"}, {"RateLimit-Reset", "99999999999999999999"}})->reset == none);
  CHECK(quota({{"X-RateLimit-Remaining", "1"}, {"X-RateLimit-Reset-After", "99999999"}})->reset == none);
  CHECK(quota({{"RateLimit-Policy", "a;q=5;w=31536000"}})->window == 24h * 365);
  CHECK(quota({{"RateLimit-Policy", "a;q=5;w=31536001"}})->window == none);
}

TEST_CASE("A reset that is a Unix time is compared with the server's clock") {
  header const date{"Date", "Tue, 05 Jan 2021 10:59:30 GMT"};
  for (auto const p : {profile::pragmatic, profile::strict}) {
    for (auto const* value : {"1609844400", "1609844400000", "1609844400000000"}) {
      INFO(value);
      auto const gitlab = http::quota(
          headers{date, {"RateLimit-Limit", "600"}, {"RateLimit-Remaining", "589"}, {"RateLimit-Reset", value}}, now,
          p);
      CHECK(gitlab == state(600, 589, 30s, "RateLimit-Remaining"));
    }
    CHECK(http::quota(headers{date, {"RateLimit", "a;r=5;t=1609844400"}}, now, p) == state(none, 5, 30s, "RateLimit"));
    CHECK(http::quota(headers{date, {"RateLimit", "limit=9, remaining=5, reset=1609844400000"}}, now, p) ==
          state(9, 5, 30s, "RateLimit"));
  }
  CHECK(quota({date, {"X-RateLimit-Remaining", "5"}, {"X-RateLimit-Reset-After", "1609844400.5"}})->reset == 30500ms);
  CHECK(quota({date, {"x-ratelimit-remaining-tokens", "5"}, {"x-ratelimit-reset-tokens", "1609844400"}})->reset == 30s);
  CHECK(quota({{"RateLimit-Remaining", "5"}, {"RateLimit-Reset", "1735689630"}})->by_local_clock);
}

TEST_CASE("Named windows are quotas") {
  headers nest{{"X-RateLimit-Limit-short", "3"},     {"X-RateLimit-Remaining-short", "2"},
               {"X-RateLimit-Reset-short", "1"},     {"X-RateLimit-Limit-long", "50"},
               {"X-RateLimit-Remaining-long", "10"}, {"X-RateLimit-Reset-long", "42"}};
  CHECK(quota(nest) == state(50, 10, 42s, "X-RateLimit-Remaining-*"));
  CHECK(strict(nest) == none);
  CHECK(quota({{"X-RateLimit-Limit-Minute", "20"}}) == state(20, none, none, "X-RateLimit-Limit-*"));

  headers const hapi{
      {"Date", "Wed, 01 Jan 2025 00:00:00 GMT"},  {"X-RateLimit-PathLimit", "9"}, {"X-RateLimit-PathRemaining", "5"},
      {"X-RateLimit-PathReset", "1735689660000"}, {"X-RateLimit-UserLimit", "5"}, {"X-RateLimit-UserRemaining", "-1"},
      {"X-RateLimit-UserReset", "1735689602034"}};
  CHECK(quota(hapi) == state(5, 0, 2034ms, "X-RateLimit-*Remaining"));
}

TEST_CASE("A rate per second gives a limit its window") {
  headers restify{{"X-RateLimit-Remaining", "3"}, {"X-RateLimit-Limit", "5"}, {"X-RateLimit-Rate", "0.5"}};
  auto expected = state(5, 3, none, "X-RateLimit-Remaining");
  expected.window = 10s;
  CHECK(quota(restify) == expected);
  restify[0].value = "0";
  expected.remaining = 0;
  expected.reset = 2s;
  CHECK(quota(restify) == expected);
  restify[2].value = "0";
  CHECK(quota(restify) == state(5, 0, none, "X-RateLimit-Remaining"));
  restify[2].value = "0.00000001";
  CHECK(quota(restify)->window == none);
  restify[1].value = "99999999999999999999";
  CHECK(quota(restify)->window == none);
}

TEST_CASE("A reset value means the same in a delay and in a quota") {
  char const* const families[][3] = {
      {"RateLimit-Remaining", "RateLimit-Limit", "RateLimit-Reset"},
      {"X-RateLimit-Remaining", "X-RateLimit-Limit", "X-RateLimit-Reset"},
      {"X-RateLimit-Remaining", "X-RateLimit-Limit", "X-RateLimit-Reset-After"},
      {"X-Rate-Limit-Remaining", "X-Rate-Limit-Limit", "X-Rate-Limit-Reset"},
      {"x-ratelimit-remaining-requests", "x-ratelimit-limit-requests", "x-ratelimit-reset-requests"},
      {"X-RateLimit-Remaining-long", "X-RateLimit-Limit-long", "X-RateLimit-Reset-long"},
      {"X-RateLimit-UserRemaining", "X-RateLimit-UserLimit", "X-RateLimit-UserReset"}};
  auto const at = std::chrono::system_clock::time_point(std::chrono::seconds(1735689600));
  for (auto const& f : families) {
    for (char const* const value : {"1735689630",
                                    "1735689630.5",
                                    "1735689630250",
                                    "1735689630250000",
                                    "1735689630250001.5",
                                    "1735689630000000000",
                                    "1735689000",
                                    "1609844400",
                                    "30",
                                    "30.0001",
                                    "0",
                                    "-1",
                                    "-1735689630",
                                    "NaN",
                                    "Infinity",
                                    "1e3",
                                    "0x1E",
                                    "+30",
                                    "1,000",
                                    "30s",
                                    "99999999",
                                    "100000000",
                                    "99999999999",
                                    "100000000000",
                                    "31536000",
                                    "31536001",
                                    "99999999999999999999999",
                                    ".5",
                                    "5.",
                                    "",
                                    "null",
                                    "Invalid Date",
                                    "2025-01-01T00:00:30.250Z",
                                    "Wed Jan 01 2025 00:00:30 GMT+0000 (Coordinated Universal Time)",
                                    "Wed, 01 Jan 9999 00:00:30 GMT"}) {
      for (bool const dated : {false, true}) {
        INFO(f[2] << ": " << value);
        std::vector<http::header> told{{f[0], "0"}, {f[1], "10"}, {f[2], value}};
        if (dated) {
          told.push_back({"Date", "Wed, 01 Jan 2025 00:00:10 GMT"});
          told.push_back({"Age", "5"});
        }
        auto const q = http::quota(told, at);
        REQUIRE(q);
        CHECK(q->remaining == 0U);
        auto const advice = http::server_delay(told, 429, at);
        CHECK(advice.delay == q->reset);
        CHECK(advice.delay.value_or(0ms) >= 0ms);
        CHECK(advice.delay.value_or(0ms) <= 365 * 24h);
        CHECK((advice.delay || advice.source.empty()));
      }
    }
  }
}
