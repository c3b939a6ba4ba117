// SPDX-License-Identifier: MIT
// hint_reader.cpp: the hints that are read from a response, and how a policy uses them.
#include <tenax/http/hint_reader.hpp>

#include <chrono>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <tenax/http/when.hpp>
#include <tenax/tenax.hpp>
#include <tenax/testing/script.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "../gates.hpp"
#include "../support.hpp"
#include "response.hpp"

using namespace std::chrono_literals;
namespace http = tenax::http;
using http::transport_error;
using tenax::hint;
using tenax::stop_reason;
using tests::bare_reply;
using tests::reply;

namespace {

hint read(reply const& r) { return tenax::result_traits<reply>::read_hint(r); }

constexpr auto noon = [] { return std::chrono::system_clock::time_point(1735689600s); };

/// Milliseconds in a body such as "1500".
std::optional<std::chrono::milliseconds> wait_in_body(std::string_view body) {
  if (body.empty()) return {};
  return std::chrono::milliseconds(std::stoi(std::string(body)));
}

/// A response that holds a connection.
struct holding_reply {
  int status = 200;
  std::vector<http::header> headers{};
  int* released = nullptr;
};

struct out {
  std::string said{};
  void text(std::string_view words) { said += words; }
};

std::string described(reply const& r) {
  out o;
  tenax::result_traits<reply>::describe(r, o);
  return o.said;
}

}  // namespace

template <>
struct tenax::http::response_traits<holding_reply> {
  static int status(holding_reply const& r) { return r.status; }
  static auto const& headers(holding_reply const& r) { return r.headers; }
  static void release(holding_reply& r) { ++*r.released; }
};

TEST_CASE("The wait is the delay that the headers ask for") {
  CHECK(read({.status = 503, .headers = {{"Retry-After", "7"}}}).wait == tenax::optional_duration(7s));
  CHECK(read({.status = 503, .headers = {{"retry-after-ms", "250"}}}).wait == tenax::optional_duration(250ms));
  CHECK(read({.status = 202, .headers = {{"Retry-After", "7"}}}).wait == tenax::optional_duration(7s));
  CHECK(read({.status = 503, .headers = {{"Retry-After", "0"}}}).wait == tenax::optional_duration(0s));
  CHECK_FALSE(read({.status = 503}).wait);
  CHECK_FALSE(read({.status = 503, .headers = {{"Retry-After", "soon"}}}).wait);
}

TEST_CASE("A wait computed with the local clock is a second longer") {
  auto const hint_reader = http::hint_reader{}.clock(noon);
  reply const by_server{
      .status = 503,
      .headers = {{"Date", "Wed, 01 Jan 2025 11:00:00 GMT"}, {"Retry-After", "Wed, 01 Jan 2025 11:00:30 GMT"}}};
  CHECK(hint_reader.read(by_server).wait == tenax::optional_duration(30s));
  reply const by_us{.status = 503, .headers = {{"Retry-After", "Wed, 01 Jan 2025 00:00:30 GMT"}}};
  CHECK(hint_reader.read(by_us).wait == tenax::optional_duration(31s));
  reply const relative{.status = 503, .headers = {{"Retry-After", "30"}}};
  CHECK(hint_reader.read(relative).wait == tenax::optional_duration(30s));
}

TEST_CASE("The system clock is used if no clock is given") {
  auto const in_an_hour =
      std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()).time_since_epoch() + 1h;
  auto const text = std::to_string(in_an_hour.count());
  auto const h = read({.status = 429, .headers = {{"X-RateLimit-Reset", text}}});
  REQUIRE(h.wait);
  CHECK(*h.wait > 59min);
  CHECK(*h.wait <= 1h + 1s);
}

TEST_CASE("429 counts as throttled; 403 and 503 do if they name a delay") {
  CHECK(read({.status = 429}).throttled);
  CHECK_FALSE(read({.status = 503}).throttled);
  CHECK_FALSE(read({.status = 403}).throttled);
  CHECK(read({.status = 503, .headers = {{"Retry-After", "1"}}}).throttled);
  CHECK(read({.status = 403, .headers = {{"Retry-After", "1"}}}).throttled);
  CHECK_FALSE(read({.status = 500, .headers = {{"Retry-After", "1"}}}).throttled);
  CHECK_FALSE(read({.status = 202, .headers = {{"Retry-After", "1"}}}).throttled);
  CHECK_FALSE(read({.status = 429, .error = transport_error::interrupted}).throttled);
}

TEST_CASE("A failed response can forbid another attempt, and a successful one cannot") {
  CHECK(read({.status = 503, .headers = {{"x-should-retry", "false"}}}).verdict == tenax::verdict::forbidden);
  CHECK(read({.status = 429, .headers = {{"Stripe-Should-Retry", "false"}, {"Retry-After", "3"}}}).verdict ==
        tenax::verdict::forbidden);
  CHECK(read({.status = 200, .headers = {{"x-should-retry", "false"}}}).verdict == tenax::verdict::none);
  CHECK(read({.status = 302, .headers = {{"x-should-retry", "false"}}}).verdict == tenax::verdict::none);
  CHECK(read({.status = 200, .headers = {{"grpc-retry-pushback-ms", "-1"}}}).verdict == tenax::verdict::forbidden);
  CHECK(read({.status = 200, .headers = {{"grpc-retry-pushback-ms", "40"}}}).verdict == tenax::verdict::transient);
  CHECK(read({.status = 503, .headers = {{"x-should-retry", "true"}}}).verdict == tenax::verdict::transient);
}

TEST_CASE("A transfer that its caller cancelled is not retried, whatever its headers ask for") {
  CHECK(read({.error = transport_error::cancelled}).verdict == tenax::verdict::cancelled);
  CHECK(read({.status = 503, .headers = {{"x-should-retry", "false"}}, .error = transport_error::cancelled}).verdict ==
        tenax::verdict::cancelled);
  CHECK(read({.error = transport_error::permanent}).verdict == tenax::verdict::none);
  tenax::testing::virtual_time clock;
  int calls = 0;
  auto const report = tenax::retrying{}.environment(std::ref(clock)).when(tenax::when::any_error).try_call([&] {
    ++calls;
    return reply{.error = transport_error::cancelled};
  });
  CHECK(calls == 1);
  CHECK(report.reason == stop_reason::cancelled);
}

TEST_CASE("Plain tenax::retrying retries transient responses, and obeys their headers") {
  tenax::testing::virtual_time clock;
  tenax::testing::script<reply> replies;
  replies.returns(reply{.status = 503, .headers = {{"Retry-After", "20"}}})
      .returns(reply{.error = transport_error::timed_out})
      .returns(reply{.status = 404});
  auto const report =
      tenax::retrying{}.wait(tenax::wait::none).environment(std::ref(clock)).try_call(std::ref(replies));
  CHECK(report.attempts == 3);
  CHECK(report.value().status == 404);
  CHECK(report.reason == stop_reason::not_retryable);
  CHECK(clock.sleeps() == std::vector<tenax::duration>{20s});
}

TEST_CASE("A response that forbids another attempt ends the call") {
  tenax::testing::virtual_time clock;
  tenax::testing::script<reply> replies;
  replies.returns(reply{.status = 503, .headers = {{"x-should-retry", "false"}, {"Retry-After", "9"}}});
  auto const report = tenax::retrying{}.environment(std::ref(clock)).try_call(std::ref(replies));
  CHECK(report.reason == stop_reason::server_forbids);
  CHECK(report.server_wait == tenax::optional_duration(9s));
  CHECK(report.attempts == 1);
}

TEST_CASE("Gates are notified of throttling, of transient failures, and of other answers") {
  tenax::testing::virtual_time clock;
  tests::test_gate gate;
  auto const told = [&](reply r) {
    auto const policy = tenax::retrying{}.when(tenax::when::never).environment(std::ref(clock)).through(std::ref(gate));
    policy([&] { return r; });
    return gate.feedbacks.back();
  };
  using kind = tenax::feedback::kind;
  CHECK(told({.status = 429, .headers = {{"Retry-After", "9"}}}).how == kind::throttled);
  CHECK(gate.feedbacks.back().server_wait == tenax::optional_duration(9s));
  CHECK(told({.status = 500}).how == kind::failure);
  CHECK(told({.error = transport_error::interrupted}).how == kind::failure);
  CHECK(told({.error = transport_error::cancelled}).how == kind::cancelled);
  CHECK(told({.status = 404}).how == kind::answered);
  CHECK(told({.status = 200}).how == kind::success);
}

TEST_CASE("The strict profile reads only standard fields") {
  reply const fraction{.status = 503, .headers = {{"Retry-After", "1.5"}}};
  CHECK(http::hint_reader{}.read(fraction).wait == tenax::optional_duration(1500ms));
  CHECK_FALSE(http::hint_reader{}.headers(http::profile::strict).read(fraction).wait);
  reply const forbidding{.status = 503, .headers = {{"x-should-retry", "false"}}};
  CHECK(http::hint_reader{}.headers(http::profile::strict).read(forbidding).verdict == tenax::verdict::none);
}

TEST_CASE("The setters of a hint reader can be called in any order") {
  reply const r{.status = 503, .headers = {{"Retry-After", "Wed, 01 Jan 2025 00:00:30 GMT"}}, .body = "60000"};
  reply const fraction{.status = 503, .headers = {{"Retry-After", "1.5"}}, .body = "1"};
  auto const clock = [now = noon()] { return now; };
  auto const one = http::hint_reader{}.clock(clock).body(wait_in_body).headers(http::profile::strict);
  auto const other = http::hint_reader{}.headers(http::profile::strict).body(wait_in_body).clock(clock);
  CHECK(one.read(r).wait == tenax::optional_duration(60s));
  CHECK(other.read(r).wait == tenax::optional_duration(60s));
  // Without a body, the delay comes from the clock.
  reply const by_clock{.status = 503, .headers = r.headers};
  CHECK(one.read(by_clock).wait == tenax::optional_duration(31s));
  CHECK(other.read(by_clock).wait == tenax::optional_duration(31s));
  CHECK(one.read(fraction).wait == tenax::optional_duration(1ms));
  CHECK(other.read(fraction).wait == tenax::optional_duration(1ms));
}

TEST_CASE("A policy's hint reader reads the responses, and exceptions are read as always") {
  tenax::testing::virtual_time clock;
  int calls = 0;
  auto const policy = tenax::retrying{}
                          .wait(tenax::wait::none)
                          .environment(std::ref(clock))
                          .read_hints_with(http::hint_reader{}.headers(http::profile::strict));
  auto const r = policy([&]() -> reply {
    switch (++calls) {
      case 1: return {.status = 503, .headers = {{"Retry-After", "1.5"}}};
      case 2: throw tenax::retry_after(4s, std::runtime_error("lost"));
      default: return {};
    }
  });
  CHECK(r.status == 200);
  CHECK(clock.sleeps() == std::vector<tenax::duration>{4s});
}

TEST_CASE("A hint reader can be used with callables that do not return a response") {
  tenax::testing::virtual_time clock;
  int calls = 0;
  auto const policy =
      tenax::retrying{}.wait(tenax::wait::none).environment(std::ref(clock)).read_hints_with(http::hint_reader{});
  policy([&] {
    if (++calls == 1) throw tenax::retry_after(4s, std::runtime_error("lost"));
  });
  CHECK(policy([] { return 7; }) == 7);
  CHECK(clock.sleeps() == std::vector<tenax::duration>{4s});
}

TEST_CASE("If headers and body both name a wait, the longer one counts") {
  auto const hint_reader = http::retry_after_from_body(wait_in_body);
  auto const wait_of = [&](std::vector<http::header> headers, std::string body) {
    return hint_reader.read(reply{.status = 429, .headers = std::move(headers), .body = std::move(body)}).wait;
  };
  CHECK(wait_of({{"Retry-After", "2"}}, "1500") == tenax::optional_duration(2s));
  CHECK(wait_of({{"Retry-After", "1"}}, "1500") == tenax::optional_duration(1500ms));
  CHECK(wait_of({}, "1500") == tenax::optional_duration(1500ms));
  CHECK(wait_of({{"Retry-After", "2"}}, "") == tenax::optional_duration(2s));
  CHECK_FALSE(wait_of({}, ""));
}

TEST_CASE("The body is read only if the response failed, and it can mean throttling as a header can") {
  std::vector<std::string> asked;
  auto const hint_reader = http::retry_after_from_body([&](std::string_view body) {
    asked.emplace_back(body);
    return std::optional(3s);
  });
  CHECK_FALSE(hint_reader.read(reply{.status = 200, .body = "ok"}).wait);
  CHECK_FALSE(hint_reader.read(reply{.status = 303, .body = "there"}).wait);
  CHECK(asked.empty());
  CHECK(hint_reader.read(reply{.status = 503, .body = "busy"}).throttled);
  CHECK(hint_reader.read(reply{.status = 403, .body = "quota"}).throttled);
  CHECK_FALSE(hint_reader.read(reply{.status = 500, .body = "broken"}).throttled);
  CHECK_FALSE(hint_reader.read(reply{.error = transport_error::interrupted}).throttled);
  CHECK(asked == std::vector<std::string>{"busy", "quota", "broken", ""});
}

TEST_CASE("A negative wait in a body is ignored") {
  auto const hint_reader = http::retry_after_from_body([](std::string_view) { return -3s; });
  CHECK_FALSE(hint_reader.read(reply{.status = 503}).wait);
  CHECK_FALSE(hint_reader.read(reply{.status = 503}).throttled);
  CHECK(hint_reader.read(reply{.status = 503, .headers = {{"Retry-After", "0"}}}).wait == tenax::optional_duration(0s));
}

TEST_CASE("An exception of a body reader ends the call") {
  tenax::testing::virtual_time clock;
  int calls = 0;
  auto const policy =
      tenax::retrying{}.environment(std::ref(clock)).read_hints_with(http::retry_after_from_body(wait_in_body));
  auto const fetch = [&] {
    ++calls;
    return reply{.status = 503, .body = "not a number"};
  };
  CHECK_THROWS_AS(policy(fetch), std::invalid_argument);
  CHECK(calls == 1);
}

TEST_CASE("A response is released before a wait if its traits can") {
  tenax::testing::virtual_time clock;
  int released = 0;
  int calls = 0;
  tenax::retrying{}.environment(std::ref(clock))(
      [&] { return holding_reply{.status = ++calls < 3 ? 503 : 200, .released = &released}; });
  CHECK(calls == 3);
  CHECK(released == 2);
}

TEST_CASE("Gates learn the limit that a response reports") {
  auto const left = [](std::vector<http::header> headers) {
    return tenax::result_traits<reply>::quota(reply{.headers = std::move(headers)});
  };
  auto const announced = left({{"RateLimit-Policy", "\"x\";q=15;w=30"}});
  CHECK_FALSE(announced.known());
  CHECK(announced.announces());
  CHECK(announced.limit == 15);
  CHECK(announced.window == 30s);
  auto const both = left({{"RateLimit-Policy", "\"x\";q=15;w=30"}, {"RateLimit", "\"x\";r=3;t=9"}});
  CHECK(both.known());
  CHECK(both.announces());
  CHECK(both.remaining == 3);
  CHECK(both.reset == 9s);
  auto const without_window = left({{"X-RateLimit-Limit", "60"}, {"X-RateLimit-Remaining", "9"}});
  CHECK(without_window.known());
  CHECK_FALSE(without_window.announces());
  CHECK_FALSE(left({{"RateLimit-Policy", "\"x\";q=0;w=30"}}).announces());
  auto const nothing = left({});
  CHECK_FALSE(nothing.known());
  CHECK_FALSE(nothing.announces());
}

TEST_CASE("Log lines say what happened to a request") {
  CHECK(described({.status = 503}) == "status 503 (Service Unavailable)");
  CHECK(described({.status = 429}) == "status 429 (Too Many Requests)");
  CHECK(described({.status = 599}) == "status 599");
  CHECK(described({.error = transport_error::unsent}) == "no connection");
  CHECK(described({.error = transport_error::interrupted}) == "the connection broke");
  CHECK(described({.error = transport_error::timed_out}) == "no answer in time");
  CHECK(described({.error = transport_error::permanent}) == "the request cannot be sent");
  CHECK(described({.error = transport_error::cancelled}) == "the transfer was cancelled");
}

TEST_CASE("A log line names the status and the wait") {
  tenax::testing::virtual_time clock;
  std::vector<std::string> lines;
  tenax::testing::script<reply> replies;
  replies.returns(reply{.status = 503, .headers = {{"Retry-After", "2"}}}).returns(reply{});
  tenax::retrying{}
      .wait(tenax::wait::none)
      .environment(std::ref(clock))
      .before_sleep(tenax::log_to([&](std::string_view line) { lines.emplace_back(line); }))(std::ref(replies));
  CHECK(lines == std::vector<std::string>{"tenax: attempt 1 failed: status 503 (Service Unavailable); attempt 2 in 2s "
                                          "(the server asked for 2s)"});
}

TEST_CASE("An implausible delay is not waited for, but counts as throttled") {
  std::vector<http::header> const absurd{{"Retry-After", "9999999999"}};
  for (int const status : {429, 503, 403}) {
    INFO(status);
    auto const h = read({.status = status, .headers = absurd});
    CHECK_FALSE(h.wait);
    CHECK(h.throttled);
    CHECK(h.ignored == "Retry-After");
  }
  for (int const status : {200, 202, 302, 413, 500}) {
    INFO(status);
    auto const h = read({.status = status, .headers = absurd});
    CHECK_FALSE(h.wait);
    CHECK_FALSE(h.throttled);
    CHECK(h.ignored == "Retry-After");
  }
  // A value without a meaning is no sign of throttling.
  auto const soon = read({.status = 503, .headers = {{"Retry-After", "soon"}}});
  CHECK_FALSE(soon.throttled);
  CHECK(soon.ignored.empty());
  // Another field decides, but the first implausible one is still reported.
  auto const both = read({.status = 503, .headers = {{"retry-after-ms", "1735689600000"}, {"Retry-After", "2"}}});
  CHECK(both.wait == tenax::optional_duration(2s));
  CHECK(both.ignored == "retry-after-ms");
  // The hint reader's profile applies to this report.
  reply const in_ms{.status = 429, .headers = {{"retry-after-ms", "1735689600000"}}};
  CHECK(http::hint_reader{}.read(in_ms).ignored == "retry-after-ms");
  CHECK(http::hint_reader{}.headers(http::profile::strict).read(in_ms).ignored.empty());
}

TEST_CASE("A 503 with an implausible delay slows a gate down, and does not close it") {
  tenax::testing::virtual_time clock;
  tests::test_gate gate;
  auto const report =
      tenax::retrying{}
          .wait(tenax::wait::constant(1s))
          .through(std::ref(gate))
          .environment(std::ref(clock))
          .try_call([n = 0]() mutable {
            return ++n == 1 ? reply{.status = 503, .headers = {{"Retry-After", "99999999999"}}} : reply{};
          });
  CHECK(report.succeeded());
  CHECK(clock.slept() == 1s);
  REQUIRE(gate.feedbacks.size() == 2);
  CHECK(gate.feedbacks[0].how == tenax::feedback::kind::throttled);
  CHECK_FALSE(gate.feedbacks[0].server_wait);
}

TEST_CASE("Log lines name the ignored delay, before a wait and at the end") {
  tenax::testing::virtual_time clock;
  std::vector<std::string> lines;
  auto const log = tenax::log_to([&](std::string_view line) { lines.emplace_back(line); });
  auto const policy = tenax::retrying{}
                          .wait(tenax::wait::constant(1s))
                          .stop(tenax::stop::after_attempts(2))
                          .environment(std::ref(clock))
                          .before_sleep(log)
                          .on_give_up(log);
  (void)policy.try_call([n = 0]() mutable {
    return ++n == 1 ? reply{.status = 429, .headers = {{"Retry-After", "9999999999"}}}
                    : reply{.status = 503, .headers = {{"retry-after-ms", "1735689600000"}, {"Retry-After", "2"}}};
  });
  CHECK(lines == std::vector<std::string>{
                     "tenax: attempt 1 failed: status 429 (Too Many Requests); attempt 2 in 1s "
                     "(Retry-After ignored: not plausible)",
                     "tenax: gave up after attempt 2 (attempts), which failed: status 503 (Service Unavailable) "
                     "(the server asked for 2s) (retry-after-ms ignored: not plausible)"});
  lines.clear();
  (void)policy.read_hints_with(http::hint_reader{}.headers(http::profile::strict)).try_call([] {
    return reply{.status = 429, .headers = {{"retry-after-ms", "1735689600000"}}};
  });
  CHECK(lines.at(0) == "tenax: attempt 1 failed: status 429 (Too Many Requests); attempt 2 in 1s");
}

TEST_CASE("A delay in a body is checked like one in a header") {
  auto const asked = [](tenax::optional_duration d) {
    return http::retry_after_from_body([d](std::string_view) { return d; })
        .read(reply{.status = 503, .headers = {{"Retry-After", "3"}}});
  };
  CHECK(asked(365 * 24h).wait == tenax::optional_duration(365 * 24h));
  CHECK(asked(365 * 24h).ignored.empty());
  using seconds = std::chrono::duration<double>;
  auto const infinite = seconds(std::numeric_limits<double>::infinity());
  for (tenax::optional_duration const d :
       {tenax::optional_duration(365 * 24h + 1ns), tenax::optional_duration(tenax::duration::max()),
        tenax::optional_duration(infinite), tenax::optional_duration(1735689600s)}) {
    CHECK(asked(d).wait == tenax::optional_duration(3s));
    CHECK(asked(d).ignored == "the body's wait");
  }
  for (tenax::optional_duration const d :
       {tenax::optional_duration(-1s), tenax::optional_duration(tenax::duration::min() + 1ns),
        tenax::optional_duration(-infinite), tenax::optional_duration(seconds(std::nan("")))}) {
    CHECK(asked(d).wait == tenax::optional_duration(3s));
    CHECK(asked(d).ignored.empty());
  }
  auto const only_in_body = http::retry_after_from_body([](std::string_view) { return 1735689600s; });
  auto const h = only_in_body.read(reply{.status = 503});
  CHECK_FALSE(h.wait);
  CHECK(h.throttled);
}

TEST_CASE("a hint says that a response names no quota, so that gates need not search it") {
  CHECK(read({.status = 200}).no_quota);
  CHECK(read({.status = 200, .headers = {{"X-Request-Id", "7"}, {"Retry-After", "5"}}}).no_quota);
  CHECK_FALSE(read({.status = 200, .headers = {{"x-RATELIMIT-remaining", "7"}}}).no_quota);
  CHECK_FALSE(read({.status = 200, .headers = {{"X-RateLimit-Remaining-Hour", "7"}}}).no_quota);
  // A reader with the strict profile does not know this field, but a gate may read it in another way.
  tests::reply const named{.status = 200, .headers = {{"X-RateLimit-Remaining", "7"}}};
  CHECK_FALSE(http::hint_reader{}.headers(http::profile::strict).read(named).no_quota);
}
