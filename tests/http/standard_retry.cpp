// SPDX-License-Identifier: MIT
// standard_retry.cpp: the defaults as one table, and their effect on a call.
#include <tenax/http/standard_retry.hpp>

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <tenax/fmt.hpp>
#include <tenax/testing/script.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "../support.hpp"
#include "response.hpp"

using namespace std::chrono_literals;
namespace http = tenax::http;
using http::transport_error;
using tenax::stop_reason;
using tenax::testing::virtual_time;
using tests::bare_reply;
using tests::reply;

namespace {

/// The defaults that the documentation states.
struct {
  std::vector<int> statuses{408, 425, 429, 500, 502, 503, 504};
  std::vector<std::string> methods{"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"};
  std::uint32_t attempts = 3;
  tenax::duration deadline = 30s;
  std::vector<tenax::duration> longest_waits{100ms, 200ms};  // with full jitter
  tenax::duration longest_wait = 5s;
  tenax::duration jitter_after_server = 250ms;
} const promised;

/// Calls an operation whose every attempt ends with `r`.
template <class R>
tenax::report<R> call(virtual_time& clock, R r, tenax::duration takes = {}) {
  return http::standard_retry().environment(std::ref(clock)).try_call([&] {
    clock.advance(takes);
    return r;
  });
}

tenax::report<reply> call(reply r) {
  virtual_time clock;
  return call(clock, std::move(r));
}

}  // namespace

TEST_CASE("The retried statuses are the documented ones") {
  std::vector<int> retried;
  for (int status = 100; status < 600; ++status) {
    if (call({.status = status}).attempts > 1) retried.push_back(status);
  }
  CHECK(retried == promised.statuses);
}

TEST_CASE("The retried methods are the documented ones") {
  std::vector<std::string> retried;
  for (auto const* method : {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "POST", "PATCH", "CONNECT", ""}) {
    if (call({.status = 503, .method = method}).attempts > 1) retried.emplace_back(method);
  }
  CHECK(retried == promised.methods);
}

TEST_CASE("A call makes the documented number of attempts") {
  auto const report = call({.status = 503});
  CHECK(report.attempts == promised.attempts);
  CHECK(report.reason == stop_reason::attempts);
  CHECK(report.value().status == 503);
}

TEST_CASE("Waits are drawn from intervals that double") {
  std::vector<tenax::duration> shortest(2, 1h), longest(2);
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    virtual_time clock(seed);
    static_cast<void>(call(clock, reply{.status = 503}));
    REQUIRE(clock.sleeps().size() == 2);
    for (std::size_t i = 0; i < 2; ++i) {
      shortest[i] = std::min(shortest[i], clock.sleeps()[i]);
      longest[i] = std::max(longest[i], clock.sleeps()[i]);
    }
  }
  for (std::size_t i = 0; i < 2; ++i) {
    INFO(i);
    CHECK(longest[i] < promised.longest_waits[i]);
    CHECK(longest[i] > promised.longest_waits[i] * 99 / 100);
    CHECK(shortest[i] < promised.longest_waits[i] / 100);
  }
}

TEST_CASE("With more attempts, waits do not exceed the documented maximum") {
  virtual_time clock(3);
  http::standard_retry().stop(tenax::stop::after_attempts(200)).environment(std::ref(clock))([] {
    return reply{.status = 503};
  });
  auto const longest = *std::max_element(clock.sleeps().begin(), clock.sleeps().end());
  CHECK(longest < promised.longest_wait);
  CHECK(longest > promised.longest_wait * 9 / 10);
}

TEST_CASE("A retry comes after the server's delay, and at most a quarter of a second later") {
  tenax::duration shortest = 1h, longest{};
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    virtual_time clock(seed);
    static_cast<void>(call(clock, reply{.status = 429, .headers = {{"Retry-After", "2"}}}));
    for (auto const d : clock.sleeps()) {
      shortest = std::min(shortest, d);
      longest = std::max(longest, d);
    }
  }
  CHECK(shortest >= 2s);
  CHECK(shortest < 2s + promised.jitter_after_server / 100);
  CHECK(longest < 2s + promised.jitter_after_server);
  CHECK(longest > 2s + promised.jitter_after_server * 99 / 100);
}

TEST_CASE("Retry-After: 0 does not cause a loop without waits") {
  tenax::duration slept{};
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    virtual_time clock(seed);
    auto const report = call(clock, reply{.status = 503, .headers = {{"Retry-After", "0"}}});
    CHECK(report.attempts == 3);
    slept += clock.slept();
  }
  // Each wait is the longer of two draws, from 250 ms and from 100 ms or 200 ms.
  CHECK(slept / 200 > 125ms);
}

TEST_CASE("A wait that would end at the deadline or later ends the call immediately") {
  virtual_time clock;
  auto const too_long = call(clock, reply{.status = 503, .headers = {{"Retry-After", "30"}}});
  CHECK(too_long.attempts == 1);
  CHECK(too_long.reason == stop_reason::deadline);
  CHECK(too_long.server_wait == tenax::optional_duration(30s));
  CHECK(clock.sleeps().empty());

  auto const in_time = call(clock, reply{.status = 503, .headers = {{"Retry-After", "29"}}});
  CHECK(in_time.attempts == 2);
  CHECK(in_time.reason == stop_reason::deadline);
}

TEST_CASE("The duration of attempts counts against the deadline") {
  virtual_time clock;
  auto const report = call(clock, reply{.error = transport_error::timed_out}, promised.deadline / 2);
  CHECK(report.attempts == 2);
  CHECK(report.reason == stop_reason::deadline);
}

TEST_CASE("A wait of more than five minutes is refused, with its own stop reason") {
  auto const report = call({.status = 503, .headers = {{"Retry-After", "3600"}}});
  CHECK(report.reason == stop_reason::server_wait_too_long);
  CHECK(report.server_wait == tenax::optional_duration(1h));
}

TEST_CASE("A server that forbids another attempt is obeyed") {
  auto const report = call({.status = 503, .headers = {{"x-should-retry", "false"}}});
  CHECK(report.attempts == 1);
  CHECK(report.reason == stop_reason::server_forbids);
}

TEST_CASE("If a server wants another attempt, it gets one if the request may be sent twice") {
  CHECK(call({.status = 409, .headers = {{"x-should-retry", "true"}}}).attempts == 3);
  CHECK(call({.status = 409, .headers = {{"x-should-retry", "true"}}, .method = "POST"}).attempts == 1);
}

TEST_CASE("Permanent failures are not retried") {
  auto const not_found = call({.status = 404});
  CHECK(not_found.attempts == 1);
  CHECK(not_found.reason == stop_reason::not_retryable);
  CHECK(call({.status = 501}).attempts == 1);
  CHECK(call({.error = transport_error::permanent}).attempts == 1);
  CHECK(call({.error = transport_error::cancelled}).reason == stop_reason::cancelled);
  CHECK(call({.status = 200}).reason == stop_reason::succeeded);
  CHECK(call({.status = 304}).reason == stop_reason::succeeded);
}

TEST_CASE("Transient transport errors are retried") {
  for (auto const error : {transport_error::unsent, transport_error::interrupted, transport_error::timed_out}) {
    CHECK(call({.error = error}).attempts == 3);
  }
}

TEST_CASE("A POST is retried if it has a key or was not processed") {
  CHECK(call({.status = 503, .method = "POST"}).attempts == 1);
  CHECK(call({.method = "POST", .error = transport_error::interrupted}).attempts == 1);
  CHECK(call({.method = "POST", .error = transport_error::timed_out}).attempts == 1);
  CHECK(call({.status = 503, .method = "POST", .has_key = true}).attempts == 3);
  CHECK(call({.method = "POST", .has_key = true, .error = transport_error::interrupted}).attempts == 3);
  CHECK(call({.method = "POST", .error = transport_error::unsent}).attempts == 3);
  CHECK(call({.status = 425, .method = "POST"}).attempts == 3);
}

TEST_CASE("An exception is not retried") {
  virtual_time clock;
  int calls = 0;
  auto const lost = [&]() -> reply {
    ++calls;
    throw std::runtime_error("lost");
  };
  CHECK_THROWS_AS(http::standard_retry().environment(std::ref(clock))(lost), std::runtime_error);
  CHECK_THROWS_AS(http::standard_retry("GET").environment(std::ref(clock))(lost), std::runtime_error);
  CHECK(calls == 2);
}

TEST_CASE("The method can be named for clients whose responses do not report it") {
  virtual_time clock;
  auto const attempts = [&](auto const& policy, int status) {
    return policy.environment(std::ref(clock)).try_call([=] { return bare_reply{.status = status}; }).attempts;
  };
  CHECK(attempts(http::standard_retry("GET"), 503) == 3);
  CHECK(attempts(http::standard_retry("POST"), 503) == 1);
  CHECK(attempts(http::standard_retry("POST"), 408) == 3);
  CHECK(attempts(http::standard_retry({.method = "POST", .idempotency_key = true}), 503) == 3);
}

TEST_CASE("The last response passes through") {
  virtual_time clock;
  tenax::testing::script<reply> replies;
  replies.returns(reply{.status = 503, .body = "first"})
      .returns(reply{.status = 500, .body = "second"})
      .returns(reply{.status = 502, .body = "third"});
  CHECK(http::standard_retry().environment(std::ref(clock))(std::ref(replies)).body == "third");
}

TEST_CASE("The policy describes itself") {
  auto const text = fmt::format("{}", http::standard_retry());
  CHECK(
      text ==
      "retries:     (transient failures (statuses 408 425 429 500 502 503 504, transport errors) and the request may "
      "be sent twice)\n"
      "waits:       the longer of (what the server asks for plus a random wait from 0s to 250ms) and (exponential from "
      "100ms, at most 5s, full jitter)\n"
      "stops:       after 3 attempts or before a wait that would end after 30s\n"
      "server wait: obeyed up to 5min; above that, the call gives up\n"
      "worst case:  3 attempts, 500ms of waiting, or 30s if a server asks for it");
}
