// SPDX-License-Identifier: MIT
// reading_hints.cpp: how hints of the server are read from results, and the optional functions of result_traits.
#include <tenax/tenax.hpp>

#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <tenax/fmt.hpp>
#include <tenax/gate/call.hpp>
#include <tenax/testing/script.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "catch.hpp"
#include "gates.hpp"

using namespace std::chrono_literals;
using tenax::stop_reason;
using tenax::testing::virtual_time;
using durations = std::vector<tenax::duration>;

namespace {

/// A result whose traits have every optional function.
struct reply {
  int code = 200;
  tenax::duration wait{};
  std::vector<std::string>* released = nullptr;
  std::uint64_t left = tenax::allowance::unknown;
};

}  // namespace

template <>
struct tenax::result_traits<reply> {
  static constexpr bool can_fail = true;
  static bool failed(reply const& r) { return r.code >= 400; }
  static bool transient(reply const& r) { return r.code >= 500; }
  static hint read_hint(reply const& r) {
    return {.wait = r.wait > duration::zero() ? optional_duration(r.wait) : optional_duration()};
  }
  static allowance quota(reply const& r) { return {.remaining = r.left}; }
  template <class Out>
  static void describe(reply const& r, Out& out) {
    out.text(r.code == 503 ? std::string_view("busy") : std::string_view("something else"));
  }
  static void release(reply& r) {
    if (r.released != nullptr) r.released->push_back("released " + std::to_string(r.code));
  }
};

TEST_CASE("The default policy retries only transient failures, if the traits distinguish them") {
  virtual_time clock;
  tenax::testing::script<reply> replies;
  replies.returns(reply{.code = 503}).returns(reply{.code = 404});
  auto const report = tenax::retrying{}.environment(std::ref(clock)).try_call(std::ref(replies));
  CHECK(report.attempts == 2);
  CHECK(report.value().code == 404);
  CHECK(report.reason == stop_reason::not_retryable);
}

TEST_CASE("Gates count only transient failures") {
  virtual_time clock;
  tests::test_gate gate;
  tenax::testing::script<reply> replies;
  replies.returns(reply{.code = 503}).returns(reply{.code = 404});
  auto const report =
      tenax::retrying{}.when(tenax::when::never).environment(std::ref(clock)).through(std::ref(gate)).wrap([&] {
        return replies();
      });
  report();
  report();
  REQUIRE(gate.feedbacks.size() == 2);
  CHECK(gate.feedbacks[0].how == tenax::feedback::kind::failure);
  CHECK(gate.feedbacks[1].how == tenax::feedback::kind::answered);
}

TEST_CASE("Gates learn the remaining quota, in a policy and alone") {
  virtual_time clock;
  tests::test_gate gate;
  auto const fetch = [] { return reply{.left = 7}; };
  tenax::retrying{}.environment(std::ref(clock)).through(std::ref(gate))(fetch);
  tenax::call_through(gate, fetch, clock);
  REQUIRE(gate.feedbacks.size() == 2);
  CHECK(gate.feedbacks[0].left.remaining == 7);
  CHECK(gate.feedbacks[1].left.remaining == 7);
}

TEST_CASE("A policy's own hint reader is used in place of the traits, once after every attempt") {
  virtual_time clock;
  tenax::testing::script<reply> replies;
  replies.returns(reply{.code = 503, .wait = 1min}).returns(reply{.code = 503}).returns(reply{});
  int asked = 0;
  auto const policy = tenax::retrying{}
                          .wait(tenax::wait::none)
                          .environment(std::ref(clock))
                          .read_hints_with([&](tenax::attempt<reply> const& a) -> tenax::hint {
                            ++asked;
                            CHECK(a.number == static_cast<std::uint32_t>(asked));
                            if (a.result.value().code == 200) return {};
                            return {.wait = 7s};
                          });
  policy(std::ref(replies));
  CHECK(asked == 3);
  CHECK(clock.sleeps() == durations{7s, 7s});
}

TEST_CASE("The directive of a hint reader has precedence over the predicate, and its wait is limited like others") {
  virtual_time clock;
  auto const ends = [&](tenax::hint h) {
    tenax::testing::script<reply> replies;
    replies.returns(reply{.code = 503}).returns(reply{.code = 503}).returns(reply{.code = 503});
    return tenax::retrying{}
        .wait(tenax::wait::none)
        .environment(std::ref(clock))
        .read_hints_with([h](auto const&) { return h; })
        .try_call(std::ref(replies));
  };
  CHECK(ends({.verdict = tenax::verdict::forbidden}).reason == stop_reason::server_forbids);
  CHECK(ends({.verdict = tenax::verdict::no_retry}).reason == stop_reason::not_retryable);
  CHECK(ends({.verdict = tenax::verdict::cancelled}).reason == stop_reason::cancelled);
  CHECK(ends({.verdict = tenax::verdict::retry}).reason == stop_reason::attempts);
  auto const long_wait = ends({.wait = 1h});
  CHECK(long_wait.reason == stop_reason::server_wait_too_long);
  CHECK(long_wait.server_wait == tenax::optional_duration(1h));
}

TEST_CASE("A hint reader is kept by every other setter") {
  virtual_time clock;
  tests::test_gate gate;
  tenax::testing::script<reply> replies;
  replies.returns(reply{.code = 503}).returns(reply{});
  auto const policy = tenax::retrying{}
                          .read_hints_with([](auto const& a) { return tenax::hint{.wait = a.number * 5s}; })
                          .when(tenax::when::any_error)
                          .wait(tenax::wait::none)
                          .stop(tenax::stop::after_attempts(2))
                          .max_server_wait(1min)
                          .before_attempt([](tenax::attempt_info const&) {})
                          .through(std::ref(gate))
                          .environment(std::ref(clock));
  policy(std::ref(replies));
  CHECK(clock.sleeps() == durations{5s});
}

TEST_CASE("A discarded result is released before a wait, and the last one is not") {
  virtual_time clock;
  std::vector<std::string> events;
  auto const policy =
      tenax::retrying{}.environment(std::ref(clock)).wait(tenax::wait::constant(1s)).before_sleep([&](auto const&) {
        events.push_back("before sleep");
      });
  int calls = 0;
  auto const fetch = [&] { return reply{.code = ++calls < 3 ? 500 + calls : 200, .released = &events}; };
  SECTION("in a call") { CHECK(policy(fetch).code == 200); }
  SECTION("in a call with a report") { CHECK(policy.try_call(fetch).value().code == 200); }
  SECTION("after an exception") {
    int first = 0;
    auto const stumbling = [&] {
      if (first++ == 0) throw std::runtime_error("lost");
      return fetch();
    };
    CHECK(policy.stop(tenax::stop::after_attempts(9))(stumbling).code == 200);
    events.erase(events.begin());
  }
  CHECK(events == std::vector<std::string>{"before sleep", "released 501", "before sleep", "released 502"});
}

TEST_CASE("Log lines and reports contain the traits' description of a result") {
  virtual_time clock;
  std::vector<std::string> lines;
  tenax::testing::script<reply> replies;
  replies.returns(reply{.code = 503, .wait = 2s}).returns(reply{.code = 200}).returns(reply{.code = 404});
  auto const report = tenax::retrying{}
                          .when(tenax::when::result([](reply const& r) { return r.code != 404; }))
                          .wait(tenax::wait::constant(1s))
                          .environment(std::ref(clock))
                          .before_sleep(tenax::log_to([&](std::string_view line) { lines.emplace_back(line); }))
                          .try_call(std::ref(replies));
  CHECK(lines == std::vector<std::string>{
                     "tenax: attempt 1 failed: busy; attempt 2 in 2s (the server asked for 2s)",
                     "tenax: attempt 2 returned: something else; attempt 3 in 1s",
                 });
  CHECK(fmt::format("{}", report).find("failed: something else") != std::string::npos);
}

TEST_CASE("A log line names the wait that the server asked for, not the one that max_server_wait has cut") {
  virtual_time clock;
  std::vector<std::string> lines;
  tenax::testing::script<reply> replies;
  replies.returns(reply{.code = 503, .wait = 1h}).returns(reply{});
  tenax::retrying{}
      .wait(tenax::wait::none)
      .max_server_wait(1s, tenax::too_long::clamp)
      .environment(std::ref(clock))
      .before_sleep(tenax::log_to([&](std::string_view line) { lines.emplace_back(line); }))(std::ref(replies));
  CHECK(lines == std::vector<std::string>{"tenax: attempt 1 failed: busy; attempt 2 in 1s (the server asked for 1h)"});
}
