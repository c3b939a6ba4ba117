// SPDX-License-Identifier: MIT
// server_delay.cpp: which header field of a response decides about the delay, and how its value is read.
#include <tenax/http/server_delay.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"

using namespace std::chrono_literals;
namespace http = tenax::http;
using http::header;
using http::profile;
using http::server_delay;
using http::server_hint;
using http::server_verdict;

namespace {

constexpr http::wall_time now(1735689600s);  // 2025-01-01 00:00:00
constexpr std::chrono::milliseconds year = 24h * 365;
using headers = std::vector<header>;
using answer = std::optional<std::chrono::milliseconds>;
constexpr answer none = std::nullopt;

answer pragmatic(headers const& h, int status = 429) { return server_delay(h, status, now).delay; }
answer strict(headers const& h, int status = 429) { return server_delay(h, status, now, profile::strict).delay; }
server_verdict told(headers const& h) { return server_delay(h, 503, now).verdict; }
std::string_view source(headers const& h, int status = 429) { return server_delay(h, status, now).source; }

answer reset(std::string_view value) { return pragmatic({{"X-RateLimit-Reset", value}}); }

constexpr header minute_later = {"Retry-After", "Wed, 01 Jan 2025 00:01:00 GMT"};
constexpr header date = {"Date", "Wed, 01 Jan 2025 00:00:00 GMT"};

}  // namespace

TEST_CASE("A gRPC pushback decides alone, and anything malformed forbids a retry") {
  for (auto const p : {profile::pragmatic, profile::strict}) {
    auto const pushback = [&](headers const& h) { return server_delay(h, 429, now, p); };
    auto const asked = [](std::chrono::milliseconds ms) {
      return server_hint{.delay = ms, .verdict = server_verdict::retry, .source = "grpc-retry-pushback-ms"};
    };
    server_hint const forbidden{.verdict = server_verdict::no_retry, .source = "grpc-retry-pushback-ms"};
    auto const* const name = "Grpc-Retry-Pushback-Ms";
    CHECK(pushback({{name, "0"}}) == asked(0ms));
    CHECK(pushback({{name, " 1500 "}}) == asked(1500ms));
    CHECK(pushback({{name, "2147483647"}}) == asked(2147483647ms));
    for (auto const* value :
         {"", "-1", "-0", "+1", "00", "01", "1.0", "1 ", "2147483648", "99999999999999999999", "x", "1, 1",
          "\xC2\xA0"
          "1"}) {
      INFO(value);
      CHECK(pushback({{name, value}}) == (std::string_view(value) == "1 " ? asked(1ms) : forbidden));
    }
    CHECK(pushback({{name, "1"}, {name, "1"}}) == forbidden);
    CHECK(pushback({{"Retry-After", "7"}, {"x-should-retry", "true"}, {name, "-1"}}) == forbidden);
    CHECK(pushback({{"Retry-After", "7"}, {"x-should-retry", "false"}, {name, "5"}}) == asked(5ms));
  }
}

TEST_CASE("Two fields can forbid a retry or ask for one; a field that forbids it wins") {
  CHECK(told({{"x-should-retry", "true"}}) == server_verdict::retry);
  CHECK(told({{"X-Should-Retry", " false "}}) == server_verdict::no_retry);
  CHECK(told({{"Stripe-Should-Retry", "true"}}) == server_verdict::retry);
  CHECK(told({{"stripe-should-retry", "false"}}) == server_verdict::no_retry);
  for (auto const* value : {"", "True", "FALSE", "1", "yes", "false, false", "true;q=1"}) {
    INFO(value);
    CHECK(told({{"x-should-retry", value}}) == server_verdict::none);
  }
  CHECK(told({{"x-should-retry", "true"}, {"x-should-retry", "false"}}) == server_verdict::no_retry);
  CHECK(told({{"x-should-retry", "false"}, {"x-should-retry", "true"}}) == server_verdict::no_retry);
  CHECK(told({{"x-should-retry", "true"}, {"stripe-should-retry", "false"}}) == server_verdict::no_retry);
  CHECK(told({{"x-should-retry", "false"}, {"stripe-should-retry", "true"}}) == server_verdict::no_retry);
  CHECK(told({{"x-should-retry", "maybe"}, {"stripe-should-retry", "true"}}) == server_verdict::retry);

  CHECK(source({{"x-should-retry", "true"}, {"stripe-should-retry", "false"}}) == "Stripe-Should-Retry");
  CHECK(source({{"x-should-retry", "true"}, {"stripe-should-retry", "true"}}) == "x-should-retry");
  CHECK(source({{"stripe-should-retry", "false"}, {"x-should-retry", "false"}}) == "x-should-retry");
  CHECK(source({{"x-should-retry", "false"}, {"Retry-After", "1"}}) == "Retry-After");
  CHECK(source({{"x-should-retry", "maybe"}}).empty());

  CHECK(server_delay({{"x-should-retry", "false"}}, 503, now, profile::strict) == server_hint{});
}

TEST_CASE("The first explicit delay that can be read decides") {
  header const ms = {"retry-after-ms", "1"};
  header const x_ms = {"x-ms-retry-after-ms", "2"};
  header const amz = {"x-amz-retry-after", "3"};
  header const standard = {"Retry-After", "4"};
  header const quota = {"RateLimit", "\"a\";r=0;t=5"};
  CHECK(pragmatic({quota, standard, amz, x_ms, ms}) == 1ms);
  CHECK(pragmatic({quota, standard, amz, x_ms}) == 2ms);
  CHECK(pragmatic({quota, standard, amz}) == 3ms);
  CHECK(pragmatic({quota, standard}) == 4s);
  CHECK(pragmatic({quota}) == 5s);
  CHECK(strict({quota, standard, amz, x_ms, ms}) == 4s);
  CHECK(pragmatic({{"retry-after-ms", "x"}, {"x-ms-retry-after-ms", "-1"}, {"x-amz-retry-after", "1.5"}, standard}) ==
        4s);
  CHECK(pragmatic({{"Retry-After", "x"}, quota}) == 5s);
  CHECK(source({standard, ms}) == "retry-after-ms");
  CHECK(source({standard, x_ms}) == "x-ms-retry-after-ms");
  CHECK(source({standard, amz}) == "x-amz-retry-after");
}

TEST_CASE("Fractions of milliseconds are rounded up, in fields that may have fractions") {
  CHECK(pragmatic({{"retry-after-ms", "1500"}}) == 1500ms);
  CHECK(pragmatic({{"retry-after-ms", "1500.0"}}) == 1500ms);
  CHECK(pragmatic({{"retry-after-ms", "0.0000000001"}}) == 1ms);
  CHECK(pragmatic({{"x-ms-retry-after-ms", "12.5"}}) == 13ms);
  CHECK(pragmatic({{"x-amz-retry-after", "12"}}) == 12ms);
  CHECK(pragmatic({{"x-amz-retry-after", "12.0"}}) == none);
  CHECK(pragmatic({{"x-amz-retry-after", "Wed, 01 Jan 2025 00:01:00 GMT"}}) == none);
  CHECK(pragmatic({{"retry-after-ms", "Wed, 01 Jan 2025 00:01:00 GMT"}}) == none);
  CHECK(pragmatic({{"retry-after-ms", "99999999999999999999999"}}) == none);
  CHECK(pragmatic({{"x-amz-retry-after", "99999999999999999999999"}}) == none);
}

TEST_CASE("Seconds are exact to the last digit, and rounded up") {
  auto const after = [](std::string_view value) { return pragmatic({{"Retry-After", value}}); };
  CHECK(after("0.001") == 1ms);
  CHECK(after("0.0010") == 1ms);
  CHECK(after("0.0011") == 2ms);
  CHECK(after("0.00000000000000000000000000001") == 1ms);
  CHECK(after("0.00000000000000000000000000000") == 0ms);
  CHECK(after("0.99900000000000000000000000001") == 1s);
  CHECK(after("00000000000000000000000000000007") == 7s);
  CHECK(after("31535999.9995") == year);
  CHECK(after("31536000") == year);
  CHECK(after(".5") == none);
  CHECK(after("5.") == none);
  CHECK(after("1.2.3") == none);
  CHECK(after("1_000") == none);
  CHECK(after("1 000") == none);
  CHECK(after("\"120\"") == none);
  CHECK(after("120;comment") == none);
}

TEST_CASE("Of several values the longest counts; the strict profile requires equal values") {
  auto const twice = [](std::string_view a, std::string_view b) {
    return headers{{"Retry-After", a}, {"Retry-After", b}};
  };
  CHECK(pragmatic(twice("3", "2")) == 3s);
  CHECK(pragmatic(twice("2", "3")) == 3s);
  CHECK(pragmatic(twice("x", "3")) == 3s);
  CHECK(pragmatic(twice("3", "\xFF")) == 3s);
  CHECK(pragmatic(twice("x", "y")) == none);
  CHECK(pragmatic({{"Retry-After", "60, 120"}}) == 120s);
  CHECK(pragmatic({{"Retry-After", "120 ,\t60,7"}}) == 120s);
  CHECK(pragmatic(twice("60, 120", "90")) == 120s);
  CHECK(pragmatic({{"retry-after-ms", "5, 7"}}) == 7ms);

  CHECK(strict(twice("3", " 3 ")) == 3s);
  CHECK(strict(twice("3", "2")) == none);
  CHECK(strict(twice("3", "03")) == none);
  CHECK(strict(twice("3", "x")) == none);
  CHECK(strict(twice("3", "\xFF")) == none);
  CHECK(strict(twice("\xFF", "3")) == none);
  CHECK(strict({{"Retry-After", "60, 120"}}) == none);
  CHECK(strict({{"Retry-After", "60, 60"}}) == 60s);
  CHECK(strict(twice("60, 60", "60")) == 60s);
  CHECK(strict({minute_later, minute_later}) == 60s);

  for (auto const* value :
       {"60,", ",60", "60,,120", ",", "60, x", "60, 1.5", "60; 120", "60 120", "Wed, 01 Jan 2025 00:01:00 GMT, 60"}) {
    INFO(value);
    CHECK(pragmatic({{"Retry-After", value}}) == none);
    CHECK(strict({{"Retry-After", value}}) == none);
  }
}

TEST_CASE("A point in time is compared with the server's clock, if that is known") {
  auto const ask = [](headers h, profile p = profile::pragmatic) {
    h.push_back(minute_later);
    return server_delay(h, 503, now - 30s, p);
  };
  auto const by_server = [](std::chrono::milliseconds ms) { return server_hint{.delay = ms, .source = "Retry-After"}; };
  server_hint const by_local_clock{.delay = 90s, .source = "Retry-After", .by_local_clock = true};
  CHECK(ask({}) == by_local_clock);
  CHECK(ask({date}) == by_server(60s));
  CHECK(ask({{"date", " Wednesday, 01-Jan-25 00:00:10 GMT "}}) == by_server(50s));
  CHECK(ask({date, date}) == by_local_clock);
  CHECK(ask({date, {"Date", "rubbish"}}) == by_server(60s));
  CHECK(ask({{"Date", "\xFF"}, date}) == by_server(60s));
  CHECK(ask({{"Date", "rubbish"}}) == by_local_clock);
  CHECK(ask({{"Date", "wed, 01 jan 2025 00:00:00 gmt"}}) == by_server(60s));
  CHECK(ask({{"Date", "wed, 01 jan 2025 00:00:00 gmt"}}, profile::strict) == by_local_clock);
  CHECK(ask({date}, profile::strict) == by_server(60s));

  CHECK(ask({date, {"Age", "40"}}) == by_server(20s));
  CHECK(ask({date, {"Age", "61"}}) == by_server(0s));
  CHECK(ask({date, {"Age", "99999999999999999999999"}}) == by_server(0s));
  for (auto const* age : {"", "-1", "1.5", "40, 40", "x"}) {
    INFO(age);
    CHECK(ask({date, {"Age", age}}) == by_server(60s));
  }
  CHECK(ask({date, {"Age", "40"}, {"Age", "40"}}) == by_server(60s));
  CHECK(ask({{"Age", "40"}}) == by_local_clock);

  CHECK(server_delay({{"Retry-After", "7"}}, 503, now) == by_server(7s));
  CHECK(server_delay({{"Date", "x"}, {"Retry-After", "90"}, minute_later}, 503, now) == by_server(90s));
  CHECK(server_delay({{"Retry-After", "30"}, minute_later}, 503, now).by_local_clock);
}

TEST_CASE("A two-digit year is resolved relative to the server's clock") {
  header const far = {"Retry-After", "Wednesday, 01-Jan-75 00:00:01 GMT"};
  CHECK(pragmatic({far}) == 0s);
  CHECK(pragmatic({{"Date", "Thu, 02 Jan 2025 00:00:00 GMT"}, far}) == none);  // 2075
}

TEST_CASE("Quotas count only with the statuses of a refusal") {
  headers const exhausted{{"RateLimit", "\"a\";r=0;t=5"}};
  for (int const status : {429, 503, 403}) CHECK(pragmatic(exhausted, status) == 5s);
  for (int const status : {0, 200, 202, 301, 400, 401, 404, 408, 413, 425, 500, 502, 504, 529}) {
    CHECK(pragmatic(exhausted, status) == none);
  }
}

TEST_CASE("A 403 counts only if it states that nothing is left") {
  header const left[] = {{"RateLimit-Remaining", "0"}, {"X-RateLimit-Remaining", "0"}, {"X-Rate-Limit-Remaining", "0"}};
  struct {
    header reset;
    int remaining;
  } const fields[] = {{{"RateLimit-Reset", "5"}, 0},
                      {{"X-RateLimit-Reset-After", "5"}, 1},
                      {{"X-RateLimit-Retry-After", "5"}, 1},
                      {{"X-RateLimit-Reset", "5"}, 1},
                      {{"X-Rate-Limit-Reset", "5"}, 2}};
  for (auto const& field : fields) {
    INFO(field.reset.name);
    CHECK(pragmatic({field.reset}, 429) == 5s);
    CHECK(pragmatic({field.reset}, 503) == 5s);
    CHECK(pragmatic({field.reset}, 403) == none);
    for (int i = 0; i != 3; ++i) {
      CHECK(pragmatic({field.reset, left[i]}, 403) == (i == field.remaining ? answer(5s) : none));
      CHECK(pragmatic({field.reset, {left[i].name, "7"}}, 403) == none);
      CHECK(pragmatic({field.reset, {left[i].name, "x"}}, 403) == none);
      CHECK(pragmatic({field.reset, {left[i].name, "x"}}, 429) == 5s);
    }
    CHECK(source({field.reset}) == field.reset.name);
  }
  CHECK(pragmatic({{"RateLimit", "limit=9, reset=5"}}, 429) == 5s);
  CHECK(pragmatic({{"RateLimit", "limit=9, reset=5"}}, 403) == none);
  CHECK(pragmatic({{"RateLimit", "limit=9, remaining=0, reset=5"}}, 403) == 5s);
}

TEST_CASE("A remaining quota cancels the reset of the same dialect") {
  CHECK(pragmatic({{"RateLimit-Remaining", "1"}, {"RateLimit-Reset", "5"}}) == none);
  CHECK(pragmatic({{"X-RateLimit-Remaining", "1"}, {"RateLimit-Reset", "5"}}) == 5s);
  CHECK(pragmatic({{"X-RateLimit-Remaining", "1"}, {"X-RateLimit-Reset-After", "5"}}) == none);
  CHECK(pragmatic({{"X-RateLimit-Remaining", "1"}, {"X-RateLimit-Retry-After", "5"}}) == 5s);
  CHECK(pragmatic({{"X-RateLimit-Remaining", "1"}, {"X-RateLimit-Reset", "5"}}) == none);
  CHECK(pragmatic({{"X-RateLimit-Remaining", "1"}, {"X-Rate-Limit-Reset", "5"}}) == 5s);
  CHECK(pragmatic({{"X-Rate-Limit-Remaining", "1"}, {"X-Rate-Limit-Reset", "5"}}) == none);
  CHECK(pragmatic({{"X-Rate-Limit-Remaining", "1"}, {"X-RateLimit-Reset", "5"}}) == 5s);

  auto const with = [](headers h) {
    h.push_back({"RateLimit-Reset", "5"});
    return h;
  };
  for (auto const* nothing : {"0", "0.0", "0.9", "00", " 0 ", "x", "-1", "", "0, 7"}) {
    INFO(nothing);
    CHECK(pragmatic(with({{"RateLimit-Remaining", nothing}})) == 5s);
    CHECK(strict(with({{"RateLimit-Remaining", nothing}})) == 5s);
  }
  CHECK(pragmatic(with({{"RateLimit-Remaining", "1.0"}})) == none);
  CHECK(pragmatic(with({{"RateLimit-Remaining", "99999999999999999999999"}})) == none);
  CHECK(pragmatic(with({{"RateLimit-Remaining", "7"}, {"RateLimit-Remaining", "0"}})) == 5s);
  CHECK(strict(with({{"RateLimit-Remaining", "0"}, {"RateLimit-Remaining", "7"}})) == 5s);
  CHECK(pragmatic(with({{"RateLimit-Remaining", "7"}, {"RateLimit-Remaining", "x"}})) == none);
}

TEST_CASE("The first quota field that has a meaning decides") {
  headers h{{"X-Rate-Limit-Reset", "6"},        {"X-RateLimit-Reset", "5"},
            {"X-RateLimit-Retry-After", "4"},   {"X-RateLimit-Reset-After", "3"},
            {"RateLimit-Reset", "2"},           {"RateLimit", "a;r=0;t=1"},
            {"x-ratelimit-reset-tokens", "7s"}, {"x-ratelimit-remaining-tokens", "0"}};
  CHECK(pragmatic(h) == 1s);
  h[5].value = "a;r=0";
  CHECK(pragmatic(h) == 2s);
  h[4].value = "x";
  CHECK(pragmatic(h) == 3s);
  h[3].value = "Wed, 01 Jan 2025 00:01:00 GMT";
  CHECK(pragmatic(h) == 4s);
  h[2].value = "4s";
  CHECK(pragmatic(h) == 5s);
  h[1].value = "-5";
  CHECK(pragmatic(h) == 6s);
  h[0].value = "";
  CHECK(pragmatic(h) == 7s);
  h[6].value = "7";
  CHECK(pragmatic(h) == 7s);
  h[6].value = "x";
  CHECK(pragmatic(h) == none);
  CHECK(source(h).empty());
}

TEST_CASE("Delays and Unix times are distinguished by their size") {
  CHECK(pragmatic({{"RateLimit-Reset", "1735689660"}}) == 60s);
  CHECK(pragmatic({{"X-RateLimit-Reset-After", "1735689660"}}) == 60s);
  CHECK(pragmatic({{"X-RateLimit-Retry-After", "1735689660"}}) == none);
  CHECK(pragmatic({{"RateLimit-Reset", "1.5"}}) == 1500ms);
  CHECK(strict({{"RateLimit-Reset", "1.5"}}) == none);
  CHECK(strict({{"RateLimit-Reset", "2"}, {"RateLimit-Reset", "3"}}) == none);
  CHECK(pragmatic({{"RateLimit-Reset", "2"}, {"RateLimit-Reset", "3"}}) == 3s);

  CHECK(reset("31536000") == year);
  CHECK(reset("99999999") == none);
  CHECK(reset("99999999.5") == none);
  CHECK(reset("100000000") == 0s);
  CHECK(reset("1735689599") == 0s);
  CHECK(reset("1735689600.0001") == 1ms);
  CHECK(reset("1735689660") == 60s);
  CHECK(reset("99999999999") == none);
  CHECK(reset("100000000000") == 0s);
  CHECK(reset("1735689660000") == 60s);
  CHECK(reset("1735689660000.1") == 60001ms);
  CHECK(reset("99999999999999999999999999999") == none);
  CHECK(reset("2025-01-01T00:01Z") == 60s);
  CHECK(reset("Wed, 01 Jan 2025 00:01:00 GMT") == 60s);
  CHECK(reset("6m0s") == 360s);
  CHECK(reset("5, 7") == 7s);
  CHECK(reset("-5") == none);
  CHECK(reset("Tue Feb 16 2021 09:02:42 GMT+0100 (Central European Standard Time)") == 0s);

  CHECK(server_delay({{"X-RateLimit-Reset", "1735689660"}}, 429, now).by_local_clock);
  CHECK_FALSE(server_delay({{"X-RateLimit-Reset", "1735689660"}, date}, 429, now).by_local_clock);
  CHECK_FALSE(server_delay({{"X-RateLimit-Reset", "60"}}, 429, now).by_local_clock);
  CHECK(server_delay({{"X-RateLimit-Reset", "1735689660"}, date}, 429, now + 1h).delay == 60s);
}

TEST_CASE("Durations are read as Go writes them") {
  CHECK(reset("17ms") == 17ms);
  CHECK(reset("1s") == 1s);
  CHECK(reset("2m") == 2min);
  CHECK(reset("3h") == 3h);
  CHECK(reset("23h47m36.648s") == 23h + 47min + 36648ms);
  CHECK(reset("1m2ms3s") == 63002ms);
  CHECK(reset("1s1s") == 2s);
  CHECK(reset("1.5h") == 90min);
  CHECK(reset("1us") == 1ms);
  CHECK(reset("1000us") == 1ms);
  CHECK(reset("1001us") == 2ms);
  CHECK(reset("1ns") == 1ms);
  CHECK(reset("999999ns1ns") == 1ms);
  CHECK(reset("0.1ns") == 1ms);
  CHECK(reset("0.0000000000h") == 0ms);
  CHECK(reset("0.00027777777777777777h") == 1s);
  CHECK(reset("8760h") == year);
  CHECK(reset("8760h1ns") == none);
  CHECK(reset("99999999999999999999h") == none);
  CHECK(reset("2147483647s99999999999999999999ns") == none);
  for (auto const* value :
       {"s", "1", "1x", "1 s", "1s ", "-1s", "+1s", "1S", "1.s", ".5s", "1s2", "1d", "1s,", "1mss", "1h 2m", "1nss"}) {
    INFO(value);
    CHECK(reset(value) == (std::string_view(value) == "1" || std::string_view(value) == "1s " ? answer(1s) : none));
  }
}

TEST_CASE("Of several buckets, the exhausted one with the longest reset counts") {
  headers h{{"anthropic-ratelimit-requests-remaining", "0"},
            {"anthropic-ratelimit-requests-reset", "2025-01-01T00:00:10Z"},
            {"anthropic-ratelimit-tokens-remaining", "0"},
            {"anthropic-ratelimit-tokens-reset", "2025-01-01T00:00:20Z"},
            {"anthropic-ratelimit-input-tokens-remaining", "1"},
            {"anthropic-ratelimit-input-tokens-reset", "2025-01-01T00:00:30Z"},
            {"anthropic-ratelimit-output-tokens-reset", "2025-01-01T00:00:40Z"}};
  CHECK(pragmatic(h) == 20s);
  CHECK(pragmatic(h, 403) == 20s);
  CHECK(source(h) == "anthropic-ratelimit-tokens-reset");
  CHECK(server_delay(h, 429, now).by_local_clock);
  h[3].value = "soon";
  CHECK(pragmatic(h) == 10s);
  h[0].value = "7";
  CHECK(pragmatic(h) == none);
  h.push_back({"anthropic-ratelimit-output-tokens-remaining", "0"});
  CHECK(pragmatic(h) == 40s);
  h[4].value = "0";
  CHECK(pragmatic(h) == 40s);
  CHECK(strict(h) == none);

  CHECK(pragmatic({{"x-ratelimit-remaining-tokens", "0"},
                   {"x-ratelimit-reset-tokens", "17ms"},
                   {"x-ratelimit-remaining-requests", "0"},
                   {"x-ratelimit-reset-requests", "1s"}}) == 1s);
  CHECK(pragmatic({{"x-ratelimit-reset-requests", "1s"}}) == none);
  CHECK(pragmatic({{"x-ratelimit-remaining-requests", "0"}, {"x-ratelimit-reset-tokens", "1s"}}) == none);
}

TEST_CASE("Every type of header gives the same result") {
  server_hint const expected{.delay = 3s, .source = "Retry-After"};
  header const array[] = {{"Server", "x"}, {"retry-after", "2"}, {"retry-after", "3"}};
  CHECK(server_delay(array, 503, now) == expected);
  std::multimap<std::string, std::string> const sorted{{"Server", "x"}, {"retry-after", "2"}, {"retry-after", "3"}};
  CHECK(server_delay(sorted, 503, now) == expected);
  std::vector<std::pair<std::string, std::string>> const pairs(sorted.begin(), sorted.end());
  CHECK(server_delay(pairs, 503, now) == expected);
  CHECK(server_delay({{"Server", "x"}, {"retry-after", "2"}, {"retry-after", "3"}}, 503, now) == expected);
}

TEST_CASE("The order of different fields makes no difference") {
  headers h{date,
            {"Age", "1"},
            {"x-should-retry", "true"},
            minute_later,
            {"x-amz-retry-after", "x"},
            {"X-RateLimit-Remaining", "0"},
            {"X-RateLimit-Reset", "7"}};
  auto const expected = server_delay(h, 429, now);
  CHECK(expected == server_hint{.delay = 59s, .verdict = server_verdict::retry, .source = "Retry-After"});
  auto const by_name = [](header const& a, header const& b) { return a.name < b.name; };
  std::sort(h.begin(), h.end(), by_name);
  int wrong = 0;
  do wrong += server_delay(h, 429, now) == expected ? 0 : 1;
  while (std::next_permutation(h.begin(), h.end(), by_name));
  CHECK(wrong == 0);
}

TEST_CASE("A delay of more than a year is a misread unit: it counts as absent, and its field is reported") {
  struct {
    char const* name;
    char const* longest;
    char const* beyond;
  } const fields[] = {
      {"retry-after-ms", "31536000000", "31536000000.1"},
      {"x-ms-retry-after-ms", "31536000000", "99999999999999999999"},
      {"x-amz-retry-after", "31536000000", "31536000001"},
      {"Retry-After", "31536000", "31536000.001"},
      {"Retry-After", "Thu, 01 Jan 2026 00:00:00 GMT", "Thu, 01 Jan 2026 00:00:01 GMT"},
      {"Retry-After", "Thu Jan 01 2026 00:00:00 GMT+0000 (UTC)", "Fri Dec 31 9999 23:59:59 GMT+0000 (UTC)"},
      {"Retry-After-short", "31536000", "31536001"},
      {"RateLimit", "\"a\";r=0;t=31536000", "\"a\";r=0;t=31536001"},
      {"RateLimit", "\"a\";r=0;t=1767225600", "\"a\";r=0;t=1767225601"},
      {"RateLimit", "limit=1, remaining=0, reset=31536000", "limit=1, remaining=0, reset=999999999999999"},
      {"RateLimit-Reset", "31536000", "31536001"},
      {"RateLimit-Reset", "1767225600", "1767225601"},
      {"RateLimit-Reset", "1767225600000", "1767225600001"},
      {"RateLimit-Reset", "1767225600000000", "1767225600000001"},
      {"X-RateLimit-Reset-After", "31536000", "31536000.1"},
      {"X-RateLimit-Reset-After", "1767225600", "18446744073709551616"},
      {"X-RateLimit-Retry-After", "31536000", "1735689660"},
      {"X-RateLimit-Reset", "8760h", "8760h1ns"},
      {"X-RateLimit-Reset", "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"},
      {"X-Rate-Limit-Reset", "1767225600", "9999999999"},
  };
  for (auto const& f : fields) {
    INFO(f.name << ": " << f.beyond);
    CHECK(pragmatic({{f.name, f.longest}}) == year);
    CHECK(server_delay({{f.name, f.longest}}, 429, now).ignored.empty());
    auto const advice = server_delay({{f.name, f.beyond}}, 429, now);
    CHECK(advice.delay == none);
    CHECK(advice.source.empty());
    CHECK(advice.ignored == (std::string_view(f.name) == "Retry-After-short" ? "Retry-After-*" : f.name));
    CHECK(strict({{f.name, f.beyond}}) == none);
  }
  for (auto const p : {profile::pragmatic, profile::strict}) {
    auto const next = server_delay({{"Retry-After", "9999999999"}, {"RateLimit-Reset", "7"}}, 429, now, p);
    CHECK(next == server_hint{.delay = 7s, .source = "RateLimit-Reset", .ignored = "Retry-After"});
  }
  CHECK(pragmatic({{"Retry-After", "60, 9999999999"}}) == 60s);
  CHECK(source({{"Retry-After", "9999999999"}}).empty());
  CHECK(pragmatic({{"x-ratelimit-remaining-tokens", "0"}, {"x-ratelimit-reset-tokens", "9000h"}}) == none);
}

TEST_CASE("Unix times are read in every reset field, in each unit") {
  struct {
    char const* value;
    std::chrono::milliseconds delay;
    bool standard;
  } const values[] = {{"1735689630", 30s, true},
                      {"1735689630.25", 30250ms, false},
                      {"1735689630250", 30250ms, true},
                      {"1735689630250.5", 30251ms, false},
                      {"1735689630250000", 30250ms, true},
                      {"1735689630250001", 30251ms, true},
                      {"1735689630250000.0", 30250ms, false},
                      {"1735689630250000.5", 30251ms, false},
                      {"1735689599", 0ms, true}};
  for (auto const& v : values) {
    INFO(v.value);
    for (auto const* name : {"RateLimit-Reset", "X-RateLimit-Reset-After", "X-RateLimit-Reset", "X-Rate-Limit-Reset"}) {
      INFO(name);
      server_hint const expected{.delay = v.delay, .source = name};
      CHECK(server_delay({date, {name, v.value}}, 429, now - 1h) == expected);
      bool const in_strict = v.standard && std::string_view(name) == "RateLimit-Reset";
      CHECK(server_delay({date, {name, v.value}}, 429, now - 1h, profile::strict) ==
            (in_strict ? expected : server_hint{}));
    }
    for (std::string const window : {"requests", "tokens", "short"}) {
      INFO(window);
      auto const remaining = "X-RateLimit-Remaining-" + window;
      auto const reset = "X-RateLimit-Reset-" + window;
      CHECK(server_delay({date, {remaining, "0"}, {reset, v.value}}, 429, now - 1h).delay == v.delay);
    }
    if (!v.standard) continue;
    auto const item = "\"a\";r=0;t=" + std::string(v.value);
    auto const member = "limit=5, remaining=0, reset=" + std::string(v.value);
    if (item.size() > 25) continue;  // an Integer has 15 digits at most
    for (auto const p : {profile::pragmatic, profile::strict}) {
      CHECK(server_delay({date, {"RateLimit", item}}, 429, now - 1h, p).delay == v.delay);
      CHECK(server_delay({date, {"RateLimit", member}}, 429, now - 1h, p).delay == v.delay);
    }
  }
  CHECK(server_delay({{"RateLimit-Reset", "1735689630"}}, 429, now) ==
        server_hint{.delay = 30s, .source = "RateLimit-Reset", .by_local_clock = true});
  // These fields contain delays, so a point in time long ago is no delay.
  CHECK(pragmatic({{"RateLimit", "\"a\";r=0;t=999999999999999"}}) == none);
  CHECK(pragmatic({{"X-RateLimit-Reset-After", "100000000"}}) == none);
  // 2036, when 32 bits overflow, and later: no year has fewer than ten digits.
  auto const later = http::wall_time(4102444800s);
  CHECK(server_delay({{"RateLimit-Reset", "4102444830"}}, 429, later).delay == 30s);
}

TEST_CASE("A JavaScript Date as text is a date with an offset") {
  auto const js = [](std::string_view value) { return server_delay({date, {"Retry-After", value}}, 429, now).delay; };
  CHECK(js("Wed Jan 01 2025 00:01:00 GMT+0000 (Coordinated Universal Time)") == 60s);
  CHECK(js("Tue Dec 31 2024 19:01:00 GMT-0500 (Eastern Standard Time)") == 60s);
  CHECK(js("Wed Jan 01 2025 05:31:00 GMT+0530 (India Standard Time)") == 60s);
  CHECK(js("Wed Jan 01 2025 01:01:00 GMT+0100 (Mitteleurop\xE4ische Normalzeit)") == 60s);
  CHECK(js("Wed Jan 01 2025 01:01:00 GMT+0100 (\xE4\xB8\xAD)") == 60s);
  CHECK(js("Wed Jan 01 2025 00:01:00 GMT+0000") == 60s);
  CHECK(js("Wed Jan 01 2025 00:01:00 GMT+0000 ()") == 60s);
  CHECK(js("Wed Jan 01 2025 00:01:00 GMT+0000 (a (b) c)") == 60s);
  CHECK(js("Fri Jan 01 2025 00:01:00 GMT+0000 (UTC)") == 60s);  // the weekday does not count
  CHECK(js("Wed Jan 01 2025 00:01:00 GMT+0000 (UTC") == none);
  CHECK(js("Wed Jan 01 2025 00:01:00 GMT+0000 UTC") == none);
  CHECK(js("Wed Jan 01 2025 00:01:00 GMT+0000 (\x01)") == none);
  CHECK(js("Wed Jan 01 2025 00:01:00 \xE4 GMT+0000 (UTC)") == none);
  CHECK(js("120 (two minutes)") == none);
  CHECK(strict({{"Retry-After", "Wed Jan 01 2025 00:01:00 GMT+0000 (UTC)"}}) == none);
  CHECK(reset("Wed Jan 01 2025 00:01:00 GMT+0000 (Coordinated Universal Time)") == 60s);
  CHECK(pragmatic({{"RateLimit-Reset", "Wed Jan 01 2025 00:01:00 GMT+0000 (Coordinated Universal Time)"}}) == 60s);
  CHECK(pragmatic({{"Retry-After-long", "Wed Jan 01 2025 00:01:00 GMT+0000 (Coordinated Universal Time)"}}) == 60s);
}

TEST_CASE("Zero leaves the decision to the next field") {
  CHECK(pragmatic({{"retry-after-ms", "0"}, {"Retry-After", "2"}}) == 2s);
  CHECK(source({{"retry-after-ms", "0"}, {"Retry-After", "2"}}) == "Retry-After");
  CHECK(pragmatic({{"retry-after-ms", "0"}, {"x-ms-retry-after-ms", "3"}, {"Retry-After", "2"}}) == 3ms);
  CHECK(pragmatic({{"x-amz-retry-after", "0"}, {"Retry-After", "2"}}) == 2s);
  CHECK(pragmatic({{"retry-after-ms", "0"}, {"Retry-After", "soon"}}) == 0s);
  CHECK(source({{"retry-after-ms", "0"}, {"Retry-After", "0"}}) == "retry-after-ms");
  CHECK(pragmatic({{"Retry-After", "0"}, {"Retry-After-long", "5"}}) == 5s);
  CHECK(pragmatic({{"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset-After", "0"}, {"X-RateLimit-Reset", "7"}}) ==
        7s);
}

TEST_CASE("If an exhausted quota takes longer than Retry-After, the quota counts") {
  auto const both = [](std::string_view after, std::string_view remaining, std::string_view reset) {
    return pragmatic(
        {date, {"Retry-After", after}, {"X-RateLimit-Remaining", remaining}, {"X-RateLimit-Reset", reset}});
  };
  CHECK(both("0", "0", "1735689600.9") == 900ms);
  CHECK(both("1", "0", "1735689601.300001") == 1301ms);
  CHECK(both("1", "0", "1735689600.3") == 1s);
  CHECK(both("0", "-1", "1735689600.9") == 900ms);
  CHECK(both("0", "1", "1735689600.9") == 0s);
  CHECK(both("0", "x", "1735689600.9") == 0s);
  CHECK(both("0", "0", "99999999") == 0s);
  CHECK(pragmatic({{"Retry-After", "1"}, {"X-Rate-Limit-Remaining", "0"}, {"X-Rate-Limit-Reset", "3"}}) == 3s);
  CHECK(pragmatic({{"Retry-After", "0"}, {"RateLimit-Remaining", "0"}, {"RateLimit-Reset", "3"}}) == 3s);
  CHECK(pragmatic({{"Retry-After", "0"}, {"RateLimit-Reset", "3"}}) == 0s);
  CHECK(pragmatic({{"Retry-After", "0"}, {"RateLimit", "\"a\";r=0;t=3"}}) == 3s);
  // With another status the quota does not count, and by the standards Retry-After has precedence.
  CHECK(pragmatic({{"Retry-After", "0"}, {"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "3"}}, 500) == 0s);
  CHECK(strict({{"Retry-After", "0"}, {"RateLimit-Remaining", "0"}, {"RateLimit-Reset", "3"}}) == 0s);
  CHECK(pragmatic({{"Retry-After", "4"}, {"RateLimit-Remaining", "0"}, {"RateLimit-Reset", "9"}}) == 4s);
  // The reset of the full quota may be later than the next permitted request.
  CHECK(pragmatic(
            {{"Retry-After", "1"}, {"x-ratelimit-remaining-tokens", "0"}, {"x-ratelimit-reset-tokens", "6m0s"}}) == 1s);
}

TEST_CASE("Of fields named after windows, the longest exhausted window counts") {
  CHECK(pragmatic({{"Retry-After-short", "1"}}) == 1s);
  CHECK(source({{"Retry-After-short", "1"}}) == "Retry-After-*");
  CHECK(pragmatic({{"retry-after-LONG", "60"}, {"Retry-After-short", "1"}}) == 60s);
  CHECK(pragmatic({{"Retry-After", "1"}, {"Retry-After-long", "60"}}) == 60s);
  CHECK(pragmatic({{"Retry-After-short", "1"}}, 503) == 1s);
  CHECK(pragmatic({{"Retry-After-short", "1"}}, 200) == none);
  CHECK(strict({{"Retry-After-short", "1"}}) == none);
  CHECK(pragmatic({{"Retry-After-", "1"}}) == none);

  headers h{{"X-RateLimit-Limit-short", "3"}, {"X-RateLimit-Remaining-short", "0"}, {"X-RateLimit-Reset-short", "2"},
            {"X-RateLimit-Limit-long", "50"}, {"X-RateLimit-Remaining-long", "0"},  {"X-RateLimit-Reset-long", "30"}};
  CHECK(pragmatic(h) == 30s);
  CHECK(source(h) == "X-RateLimit-Reset-*");
  CHECK(pragmatic(h, 403) == 30s);
  CHECK(strict(h) == none);
  h[4].value = "7";
  CHECK(pragmatic(h) == 2s);
  h[1].value = "1";
  CHECK(pragmatic(h) == none);
  h.push_back({"X-RateLimit-Remaining-long", "-3"});
  CHECK(pragmatic(h) == 30s);

  headers hapi{
      {"X-RateLimit-UserLimit", "5"}, {"X-RateLimit-UserRemaining", "-1"}, {"X-RateLimit-UserReset", "1735689602034"},
      {"X-RateLimit-PathLimit", "9"}, {"X-RateLimit-PathRemaining", "3"},  {"X-RateLimit-PathReset", "1735689660000"}};
  CHECK(pragmatic(hapi) == 2034ms);
  CHECK(source(hapi) == "X-RateLimit-*Reset");
  CHECK(server_delay(hapi, 429, now).by_local_clock);
  hapi[4].value = "0";
  CHECK(pragmatic(hapi) == 60s);

  // Names that the table contains completely are not windows.
  CHECK(pragmatic({{"X-RateLimit-Remaining-After", "0"}, {"X-RateLimit-Reset-After", "5"}}, 403) == none);
  CHECK(pragmatic({{"X-RateLimit-A-Remaining", "0"}, {"X-RateLimit-A-Reset", "5"}}) == none);
}

TEST_CASE("A rate per second gives the time until the next request") {
  auto const rate = [](std::string_view value, std::string_view remaining = "0") {
    return pragmatic({{"X-RateLimit-Remaining", remaining}, {"X-RateLimit-Limit", "5"}, {"X-RateLimit-Rate", value}});
  };
  CHECK(rate("0.5") == 2s);
  CHECK(rate("1") == 1s);
  CHECK(rate("3") == 334ms);
  CHECK(rate("1000000000000000000000") == 1ms);
  CHECK(rate("0.0000000000000001") == none);
  CHECK(rate("0.00000003") == none);  // more than a year
  CHECK(rate("0") == none);
  CHECK(rate("-1") == none);
  CHECK(rate("100/hour") == none);
  CHECK(rate("0.5", "1") == none);
  CHECK(pragmatic({{"X-RateLimit-Rate", "0.5"}}) == none);
  CHECK(pragmatic({{"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "9"}, {"X-RateLimit-Rate", "0.5"}}) == 9s);
}

TEST_CASE("A negative remainder counts as 0") {
  for (auto const* value : {"-1", "-0", "-2.5", "-99999999999999999999"}) {
    INFO(value);
    CHECK(pragmatic({{"X-RateLimit-Remaining", value}, {"X-RateLimit-Reset", "5"}}, 403) == 5s);
    CHECK(pragmatic({{"X-Rate-Limit-Remaining", value}, {"X-Rate-Limit-Reset", "5"}}, 403) == 5s);
    CHECK(pragmatic({{"x-ratelimit-remaining-tokens", value}, {"x-ratelimit-reset-tokens", "5s"}}) == 5s);
    CHECK(strict({{"RateLimit-Remaining", value}, {"RateLimit-Reset", "5"}}, 403) == 5s);
  }
  for (auto const* value : {"-", "--1", "-x", "- 1", "-1."}) {
    INFO(value);
    CHECK(pragmatic({{"X-RateLimit-Remaining", value}, {"X-RateLimit-Reset", "5"}}, 403) == none);
  }
}
