// SPDX-License-Identifier: MIT
// fmt.cpp: the snippets of docs/reference/fmt.md.
#include <tenax/fmt.hpp>

#include <tenax/observe/counters.hpp>

#include "docs.hpp"

namespace {

// [describe]
struct own_wait : tenax::wait::operators {
  static constexpr bool uses_time = false;

  constexpr tenax::duration operator()(tenax::attempt_info const&) const { return 3s; }

  template <class Out>
  constexpr void describe(Out& out) const {
    out.text("three seconds, as ever: ");
    out.time(3s);
  }
};
// [/describe]

}  // namespace

TEST_CASE("fmt: human") {
  // [human]
  CHECK(fmt::format("{}", tenax::human(1500ms)) == "1.5s");
  CHECK(fmt::format("{:>8}", tenax::human(90s)) == "1min 30s");
  // [/human]
}

TEST_CASE("fmt: the explanation of a policy") {
  // [policy]
  auto const polite =
      tenax::retrying{}
          .when(tenax::when::exception<network_error>)
          .wait(tenax::wait::first_of(tenax::wait::retry_after,
                                      tenax::wait::exponential({.base = 1s, .max = 30s}).equal()))
          .stop(tenax::stop::after_attempts(5) || tenax::stop::deadline(2min));
  auto const explanation = fmt::format("{}", polite);
  // [/policy]
  CHECK(explanation == docs::text("text/explanation.txt"));
}

TEST_CASE("fmt: the explanation of the defaults") {
  CHECK(fmt::format("{}", tenax::retrying{}) == docs::text("text/defaults.txt"));
}

TEST_CASE("fmt: reports") {
  virtual_time clock;
  auto const policy =
      tenax::retrying{}.wait(tenax::wait::constant(2s)).environment(std::ref(clock));
  script<int> down;
  down.throws(network_error("connection refused")).repeats_last();
  // [report]
  auto const line = fmt::format("{}", policy.try_call(std::ref(down)));
  // [/report]
  CHECK(line == docs::text("text/report.txt"));
}

TEST_CASE("fmt: other types") {
  tenax::counters totals;
  // [rest]
  CHECK(fmt::format("{}", tenax::stop_reason::deadline) == "out of time");
  CHECK(fmt::format("{}", tenax::attempt_info{.number = 2, .upcoming_wait = 1s}) ==
        "attempt 2, next wait 1s");
  tenax::outcome<int> const result = tenax::capture([]() -> int { throw network_error("reset"); });
  CHECK(fmt::format("{}", result) == "failed: reset");
  CHECK(fmt::format("{}", tenax::wait_source::server) == "the server");
  CHECK(fmt::format("{}", tenax::optional_duration()) == "none");
  CHECK(fmt::format("{}", tenax::worst_case(tenax::retrying{})) ==
        "3 attempts, 300ms of waiting, or 10min if a server asks for it");
  // [/rest]
  CHECK(fmt::format("{}", totals.read()) ==
        "0 calls (0 succeeded, 0 gave up), 0 attempts, 0 retries");
}

TEST_CASE("fmt: describe") {
  auto const policy = tenax::retrying{}.wait(own_wait{});
  STATIC_REQUIRE_FALSE(decltype(policy)::uses_time);
  auto const text = fmt::format("{}", policy);
  CHECK(text.find("waits:       three seconds, as ever: 3s\n") != text.npos);
}
