// SPDX-License-Identifier: MIT
// http_rfc_examples.cpp: the examples of the standards, and one line per kind of answer, in constant expressions.
#include <optional>

#include <tenax/http/quota.hpp>
#include <tenax/http/server_delay.hpp>

using namespace std::chrono_literals;
namespace http = tenax::http;
using http::server_delay;
using http::server_verdict;

namespace {

constexpr http::wall_time now(1735689600s);  // 2025-01-01 00:00:00
constexpr auto strict = http::profile::strict;

using lines = std::initializer_list<http::header>;
using answer = std::optional<std::chrono::milliseconds>;

constexpr bool gives(lines headers, int status, answer pragmatic, answer strictly) {
  return server_delay(headers, status, now).delay == pragmatic &&
         server_delay(headers, status, now, strict).delay == strictly;
}

/// The hint for one `Retry-After`, whatever the status.
constexpr bool retry_after(std::string_view value, answer pragmatic, answer strictly) {
  return gives({{"Retry-After", value}}, 503, pragmatic, strictly) &&
         gives({{"retry-after", value}}, 429, pragmatic, strictly) &&
         gives({{"RETRY-AFTER", value}}, 200, pragmatic, strictly);
}
constexpr bool retry_after(std::string_view value, answer both) { return retry_after(value, both, both); }
constexpr answer none = std::nullopt;

// --- RFC 9110, sections 5.6.7 and 10.2.3  ---------------------------------------------------------------------------
static_assert(http::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT", now, strict) == http::wall_time(784111777s));
static_assert(http::parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT", now, strict) == http::wall_time(784111777s));
static_assert(http::parse_http_date("Sun Nov  6 08:49:37 1994", now, strict) == http::wall_time(784111777s));
static_assert(server_delay({{"Retry-After", "Fri, 31 Dec 1999 23:59:59 GMT"}}, 503, http::wall_time(946684799s - 1min))
                  .delay == 1min);
static_assert(retry_after("120", 120s));

// --- Retry-After: numbers  ------------------------------------------------------------------------------------------
static_assert(retry_after("0", 0s));
static_assert(retry_after("-1", none));
static_assert(retry_after("+5", none));
static_assert(retry_after("1e3", none));
static_assert(retry_after("0x10", none));
static_assert(retry_after("120s", none));
static_assert(retry_after("inf", none));
static_assert(retry_after("", none));
static_assert(retry_after("1.5", 1500ms, none));
static_assert(retry_after("2.0", 2s, none));
static_assert(retry_after("9999999999", none));
static_assert(retry_after("1735689660", none));

// --- Retry-After: dates  --------------------------------------------------------------------------------------------
static_assert(retry_after("Wed, 01 Jan 2025 00:01:00 GMT", 1min));
static_assert(retry_after("Wednesday, 01-Jan-25 00:01:00 GMT", 1min));
static_assert(retry_after("Wed Jan  1 00:01:00 2025", 1min));
static_assert(retry_after("Fri, 01 Jan 2025 00:01:00 GMT", 1min, none));
static_assert(retry_after("wed, 01 jan 2025 00:01:00 gmt", 1min, none));
static_assert(retry_after("Wed, 01 Jan 2025 00:00:60 GMT", 1min));
static_assert(retry_after("Sat, 29 Feb 2025 00:00:00 GMT", none));
static_assert(retry_after("Tue, 31 Dec 2024 23:59:59 GMT", 0s));
static_assert(retry_after("Tue, 31 Dec 2024 19:01:00 EST", none));
static_assert(retry_after("Monday, 31-Dec-74 23:59:59 GMT", none));
static_assert(retry_after("Wednesday, 01-Jan-75 00:00:01 GMT", 0s));
static_assert(retry_after("Fri, 31 Dec 9999 23:59:59 GMT", none));
static_assert(retry_after("2025-01-01T00:01:00Z", 1min, none));

// --- several lines, other fields  -----------------------------------------------------------------------------------
static_assert(gives({{"Retry-After", "2"}, {"Retry-After", "3"}}, 503, 3s, none));
static_assert(gives({{"retry-after-ms", "500"}, {"Retry-After", "1"}}, 503, 500ms, 1s));
static_assert(gives({{"retry-after-ms", "abc"}, {"Retry-After", "2"}}, 503, 2s, 2s));
static_assert(gives({{"grpc-retry-pushback-ms", "-1"}}, 503, none, none));
static_assert(server_delay({{"grpc-retry-pushback-ms", "-1"}}, 503, now).verdict == server_verdict::no_retry);
static_assert(server_delay({{"grpc-retry-pushback-ms", "-1"}}, 503, now, strict).verdict == server_verdict::no_retry);
static_assert(gives({{"x-should-retry", "false"}, {"Retry-After", "5"}}, 503, 5s, 5s));
static_assert(server_delay({{"x-should-retry", "false"}, {"Retry-After", "5"}}, 503, now).verdict ==
              server_verdict::no_retry);

// --- the server's clock  --------------------------------------------------------------------------------------------
constexpr std::string_view one_minute_later = "Wed, 01 Jan 2025 00:01:00 GMT";
constexpr http::header date = {"Date", "Wed, 01 Jan 2025 00:00:00 GMT"};
static_assert(server_delay({date, {"Retry-After", one_minute_later}}, 503, now + 1h).delay == 1min);
static_assert(server_delay({date, {"Retry-After", one_minute_later}}, 503, now + 1h, strict).delay == 1min);
static_assert(server_delay({date, {"Age", "40"}, {"Retry-After", one_minute_later}}, 503, now + 1h).delay == 20s);
static_assert(server_delay({date, {"Age", "40"}, {"Retry-After", one_minute_later}}, 503, now + 1h, strict).delay ==
              20s);

// --- quotas  --------------------------------------------------------------------------------------------------------
static_assert(gives({{"RateLimit", "\"default\";r=0;t=30"}}, 429, 30s, 30s));
static_assert(gives({{"RateLimit", "\"default\";r=0;t=30"}}, 200, none, none));
static_assert(gives({{"RateLimit", "\"default\";r=50;t=30"}}, 429, none, none));
static_assert(gives({{"RateLimit", "\"burst\";r=0;t=2, \"daily\";r=0;t=3600"}}, 429, 1h, 1h));
static_assert(gives({{"RateLimit", "limit=100, remaining=0, reset=48"}}, 429, 48s, 48s));
static_assert(gives({{"RateLimit-Remaining", "0"}, {"RateLimit-Reset", "7"}}, 429, 7s, 7s));
static_assert(gives({{"Retry-After", "20"}, {"RateLimit", "\"dynamic\";r=15;t=40"}}, 429, 20s, 20s));
static_assert(gives({{"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "1735689720"}}, 403, 2min, none));
static_assert(gives({{"X-RateLimit-Remaining", "4999"}, {"X-RateLimit-Reset", "1735689720"}}, 403, none, none));
static_assert(gives({{"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "1735689720"}}, 500, none, none));
static_assert(gives({{"X-RateLimit-Reset", "1735689660000"}}, 429, 1min, none));
static_assert(gives({{"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset-After", "64.57"}}, 429, 64570ms, none));
static_assert(gives({{"x-ratelimit-remaining", "0.0"}, {"x-ratelimit-reset", "240"}}, 429, 240s, none));
static_assert(gives({{"x-ratelimit-remaining-requests", "0"}, {"x-ratelimit-reset-requests", "6m0s"}}, 429, 6min,
                    none));

// --- draft-ietf-httpapi-ratelimit-headers: quotas before anything fails  --------------------------------------------
constexpr auto quota_of = [](lines headers) { return *http::quota(headers, now, strict); };
static_assert(quota_of({{"RateLimit", "\"default\";r=50;t=30"}}).remaining == 50U);
static_assert(quota_of({{"RateLimit", "\"default\";r=50;t=30"}}).reset == 30s);
static_assert(
    quota_of({{"RateLimit", "\"default\";r=50;t=30"}, {"RateLimit-Policy", "\"default\";q=100;w=10"}}).share() == 0.5);
static_assert(quota_of({{"RateLimit", "limit=100, remaining=50, reset=5"}, {"RateLimit-Policy", "100;w=10"}}).share() ==
              0.5);
static_assert(
    quota_of({{"RateLimit-Limit", "10, 10;w=1, 50;w=60"}, {"RateLimit-Remaining", "9"}, {"RateLimit-Reset", "7"}})
        .limit == 10U);
static_assert(http::quota({{"Retry-After", "5"}}, now) == std::nullopt);

// --- the wall clock comes in any unit, an answer names its field  ---------------------------------------------------
static_assert(server_delay({{"Retry-After", one_minute_later}}, 503,
                           std::chrono::time_point<std::chrono::system_clock, std::chrono::seconds>(1735689600s)) ==
              http::server_hint{.delay = 1min, .source = "Retry-After", .by_local_clock = true});
static_assert(server_delay({}, 503, now) == http::server_hint{});

}  // namespace
