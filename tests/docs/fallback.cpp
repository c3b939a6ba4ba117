// SPDX-License-Identifier: MIT
// fallback.cpp: the snippets of docs/how-to/fallback.md.
#include <tenax/gate/circuit_breaker.hpp>

#include <optional>

#include "docs.hpp"

namespace {

struct page {
  std::string text;
  bool stale = false;
};

}  // namespace

TEST_CASE("fallback: a default value") {
  auto const policy = tenax::retrying{}.wait(tenax::wait::none);
  auto const fetch_rating = []() -> double { throw network_error("down"); };
  // [value]
  auto const report = policy.try_call(fetch_rating);
  double const rating = report ? report.value() : 3.5;  // the mean of all ratings
  // [/value]
  CHECK(rating == 3.5);
}

TEST_CASE("fallback: the last good value") {
  auto const policy = tenax::retrying{}.wait(tenax::wait::none);
  std::optional<page> cached;
  bool up = true;
  auto const fetch = [&]() -> page {
    if (!up) throw network_error("down");
    return {"news"};
  };
  // [cache]
  auto const newest = [&]() -> page {
    auto report = policy.try_call(fetch);
    if (report) return *(cached = std::move(report).get());
    if (!cached) return std::move(report).get();  // throws what the last attempt threw
    return {cached->text, true};
  };
  // [/cache]
  CHECK_FALSE(newest().stale);
  up = false;
  CHECK(newest().stale);
  cached.reset();
  CHECK_THROWS_AS(newest(), network_error);
}

TEST_CASE("fallback: another server") {
  auto const ask = [](std::string const& server) -> int {
    if (server == "primary") throw network_error("down");
    return 7;
  };
  // [other]
  tenax::circuit_breaker<> primary_breaker;
  auto const once = tenax::retrying{}.stop(tenax::stop::after_attempts(1));
  auto const primary = once.through(std::ref(primary_breaker));
  auto const secondary = tenax::retrying{}.wait(tenax::wait::none);

  auto const answer = [&] {
    auto report = primary.try_call(ask, "primary");
    return report ? report.value() : secondary(ask, "secondary");
  };
  // [/other]
  CHECK(answer() == 7);
}

TEST_CASE("fallback: not for every end") {
  auto const policy = tenax::retrying{}.wait(tenax::wait::none);
  auto const fetch = []() -> int { throw tenax::permanent(std::invalid_argument("no such item")); };
  auto const fallback = [] { return 0; };
  auto const get = [&]() -> int {
    // [reason]
    auto report = policy.try_call(fetch);
    switch (report.reason) {
      case tenax::stop_reason::attempts:
      case tenax::stop_reason::deadline:
      case tenax::stop_reason::refused_by_gate:
      case tenax::stop_reason::server_wait_too_long:
        return fallback();                      // the service is in trouble
      default: return std::move(report).get();  // a success, a mistake of ours, or a cancellation
    }
    // [/reason]
  };
  CHECK_THROWS_AS(get(), std::invalid_argument);
}
