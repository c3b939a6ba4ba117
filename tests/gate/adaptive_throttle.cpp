// SPDX-License-Identifier: MIT
// adaptive_throttle.cpp: the probability of a refusal, where its randomness comes from, and what it counts.
#include <tenax/gate/adaptive_throttle.hpp>

#include <functional>

#include <tenax/gate/call.hpp>
#include <tenax/tenax.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "gates.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using tenax::adaptive_throttle;
using tests::ask;
using tests::asked;
using tests::kind;
using tests::tell;
using tests::verdict;
using ticket = adaptive_throttle::ticket;

namespace {

std::string refused_options(tenax::adaptive_throttle_options const& o) {
  return tests::rejection([&] {
    adaptive_throttle const throttle(o);
    return 0;
  });
}

double probability(adaptive_throttle& throttle, tenax::duration now = {}) {
  return throttle.refusal_probability(tenax::time_point(now));
}

/// An attempt that is never refused by its draw.
void attempt(adaptive_throttle& throttle, kind how, tenax::duration now = {}) {
  tenax::fixed_random never(tenax::highest_draw);
  ticket t;
  REQUIRE(asked(throttle, t, now, 1, &never) == verdict::go);
  tell(throttle, t, how, now);
}

}  // namespace

static_assert(tenax::gate<adaptive_throttle>);
static_assert(!std::is_copy_constructible_v<adaptive_throttle>);

TEST_CASE("adaptive_throttle: the formula") {
  adaptive_throttle throttle;
  CHECK(probability(throttle) == 0);
  for (int i = 0; i < 10; ++i) attempt(throttle, kind::success);
  for (int i = 0; i < 10; ++i) attempt(throttle, kind::throttled);
  CHECK(probability(throttle) == 0);  // 20 requests, 10 accepted: exactly the factor k
  attempt(throttle, kind::throttled);
  CHECK(probability(throttle) == Catch::Detail::Approx(1.0 / 22));
  for (int i = 0; i < 9; ++i) attempt(throttle, kind::throttled);
  CHECK(probability(throttle) == Catch::Detail::Approx(10.0 / 31));

  adaptive_throttle strict({.k = 1});
  attempt(strict, kind::success);
  attempt(strict, kind::throttled);
  CHECK(probability(strict) == Catch::Detail::Approx(1.0 / 3));
}

TEST_CASE("adaptive_throttle: draws below the probability are refused, and count as requests") {
  adaptive_throttle throttle;
  for (int i = 0; i < 3; ++i) attempt(throttle, kind::throttled);
  CHECK(probability(throttle) == 0.75);
  // The 64 bits of a source become a number from 0 to 1: three quarters of them are below 0.75.
  tenax::fixed_random just_below((std::uint64_t{3} << 62) - 1), at(std::uint64_t{3} << 62);
  ticket t;
  CHECK(asked(throttle, t, 0s, 1, &at) == verdict::go);
  t = {};
  auto const answer = ask(throttle, t, 0s, 1, &just_below);
  CHECK(answer.refused());
  CHECK(answer.reason == std::string("throttled: the server refuses too much"));
  CHECK(probability(throttle) == 0.8);
}

TEST_CASE("adaptive_throttle: does not draw while it cannot refuse") {
  struct : tenax::random_source {
    std::uint64_t operator()() override { throw std::logic_error("drawn"); }
  } forbidden;
  adaptive_throttle throttle;
  ticket t;
  CHECK(asked(throttle, t, 0s, 1, &forbidden) == verdict::go);
  tell(throttle, t, kind::throttled);
  CHECK_THROWS_AS(asked(throttle, t, 0s, 1, &forbidden), std::logic_error);
}

TEST_CASE("adaptive_throttle: failures count as accepted by default; cancelled and abandoned attempts do not count") {
  adaptive_throttle lenient;
  for (int i = 0; i < 9; ++i) attempt(lenient, kind::failure);
  CHECK(probability(lenient) == 0);
  adaptive_throttle strict({.count_failures = true});
  for (int i = 0; i < 9; ++i) attempt(strict, kind::failure);
  CHECK(probability(strict) == 0.9);
  for (int i = 0; i < 9; ++i) attempt(strict, kind::cancelled);
  for (int i = 0; i < 9; ++i) {
    tenax::fixed_random never(tenax::highest_draw);
    ticket t;
    CHECK(asked(strict, t, 0s, 1, &never) == verdict::go);
  }
  CHECK(probability(strict) == 0.9);
}

TEST_CASE("adaptive_throttle: records of attempts that were not admitted, or already recorded, do not count") {
  adaptive_throttle throttle({.k = 1});
  attempt(throttle, kind::success);
  ticket t;
  tell(throttle, t, kind::throttled);
  CHECK(probability(throttle) == 0);
  REQUIRE(asked(throttle, t) == verdict::go);
  tell(throttle, t, kind::throttled);
  tell(throttle, t, kind::throttled);
  CHECK(probability(throttle) == Catch::Detail::Approx(1.0 / 3));
}

TEST_CASE("adaptive_throttle: attempts under way do not count yet") {
  adaptive_throttle throttle;
  std::vector<ticket> under_way(1000);
  for (auto& t : under_way) CHECK(asked(throttle, t) == verdict::go);
  CHECK(probability(throttle) == 0);
}

TEST_CASE("adaptive_throttle: an admitted attempt that asks again is not drawn again") {
  adaptive_throttle throttle;
  for (int i = 0; i < 9; ++i) attempt(throttle, kind::throttled);
  tenax::fixed_random never(tenax::highest_draw), always(tenax::lowest_draw);
  ticket t;
  CHECK(asked(throttle, t, 0s, 1, &never) == verdict::go);
  CHECK(asked(throttle, t, 0s, 1, &always) == verdict::go);
  tell(throttle, t, kind::success);
  CHECK(asked(throttle, t, 0s, 1, &always) == verdict::refuse);
}

TEST_CASE("adaptive_throttle: requests older than the window do not count") {
  adaptive_throttle throttle;
  for (int i = 0; i < 9; ++i) attempt(throttle, kind::throttled, 0s);
  CHECK(probability(throttle, 2min - 1ns) == 0.9);
  CHECK(probability(throttle, 2min) == 0);
}

TEST_CASE("adaptive_throttle: a clock that is set back, and keep_until") {
  adaptive_throttle throttle({.k = 1, .window = 10s});
  auto const told = [&](kind how, tenax::duration now) {
    ticket t;
    tenax::fixed_random never(tenax::highest_draw);
    CHECK(asked(throttle, t, now, 1, &never) == verdict::go);
    tell(throttle, t, how, now);
  };
  CHECK(throttle.keep_until(tenax::time_point(1h)) <= tenax::time_point(1h));
  told(kind::answered, 1h);
  told(kind::unknown, 1h);
  CHECK(throttle.keep_until(tenax::time_point(1h)) <= tenax::time_point(1h));
  for (int i = 0; i < 5; ++i) told(kind::throttled, 1h);
  CHECK(throttle.keep_until(tenax::time_point(1h)) == tenax::time_point(1h + 10s));
  CHECK(throttle.refusal_probability(tenax::time_point(1s)) > 0);
  CHECK(throttle.refusal_probability(tenax::time_point(11s)) == 0);
}

TEST_CASE("adaptive_throttle: invalid options are rejected") {
  CHECK(refused_options({}) == "accepted");
  CHECK(refused_options({.k = 0.5}) == "tenax: adaptive_throttle: k must be from 1 to 1000, but is 0.5");
  CHECK(refused_options({.k = std::numeric_limits<double>::quiet_NaN()}) ==
        "tenax: adaptive_throttle: k must be from 1 to 1000, but is nan");
  CHECK(refused_options({.window = -1s}) == "tenax: adaptive_throttle: window must be more than zero, but is -1s");
  CHECK(tests::described(adaptive_throttle()) == "an adaptive throttle");
}

TEST_CASE("adaptive_throttle: used alone and in a policy") {
  tenax::testing::virtual_time clock(7);
  adaptive_throttle throttle;
  CHECK(tenax::call_through(throttle, [] { return 3; }, clock) == 3);
  auto const refuse = []() -> int { throw tenax::retry_after(0s, std::runtime_error("429")); };
  int refused_here = 0, refused_there = 0;
  auto const policy = tenax::retrying{}
                          .wait(tenax::wait::none)
                          .stop(tenax::stop::after_attempts(1))
                          .environment(std::ref(clock))
                          .through(std::ref(throttle));
  for (int i = 0; i < 1000; ++i) {
    auto const report = policy.try_call(refuse);
    ++(report.reason == tenax::stop_reason::refused_by_gate ? refused_here : refused_there);
  }
  CHECK(refused_there < 40);
  for (int i = 0; i < 1000; ++i) {
    try {
      tenax::call_through(throttle, refuse, clock);
    } catch (tenax::refused const&) {
      ++refused_here;
    } catch (std::runtime_error const&) {
      ++refused_there;
    }
  }
  CHECK(refused_here + refused_there == 2000);
  CHECK(refused_there < 60);
  CHECK(tenax::call_through(adaptive_throttle(), [] { return 3; }) == 3);  // in real time
}

TEST_CASE("adaptive_throttle: an overloaded server gets about k times the requests that it accepts") {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    tenax::seeded_random random(seed);
    adaptive_throttle throttle;
    int accepted = 0, sent = 0;
    // 100 requests per second, of which the server accepts the first 20 of every second.
    for (int second = 0; second < 600; ++second) {
      int room = 20;
      for (int i = 0; i < 100; ++i) {
        tenax::duration const now = std::chrono::seconds(second) + std::chrono::milliseconds(10 * i);
        ticket t;
        if (asked(throttle, t, now, 1, &random) != verdict::go) continue;
        bool const good = room-- > 0;
        tell(throttle, t, good ? kind::success : kind::throttled, now);
        if (second < 200) continue;
        ++sent;
        accepted += good ? 1 : 0;
      }
    }
    INFO("seed " << seed);
    CHECK(accepted == 400 * 20);
    CHECK(sent == Catch::Detail::Approx(2 * accepted).epsilon(0.05));
  }
}

TEST_CASE("adaptive_throttle: eight threads count every attempt") {
  adaptive_throttle throttle({.k = 1, .window = 1h});
  std::atomic<std::int64_t> requests{0}, accepts{0};
  tests::in_eight_threads([&](int thread) {
    tenax::seeded_random random(static_cast<std::uint64_t>(thread));
    for (int i = 0; i < 130'000; ++i) {
      ticket t;
      if (asked(throttle, t, 0s, 1, &random) != verdict::go) {
        ++requests;
      } else if (random() % 4 != 0) {
        bool const good = random() % 2 == 0;
        tell(throttle, t, good ? kind::success : kind::throttled);
        ++requests;
        accepts += good ? 1 : 0;
      }
    }
  });
  auto const p = static_cast<double>(requests - accepts) / static_cast<double>(requests + 1);
  CHECK(probability(throttle) == Catch::Detail::Approx(p).epsilon(1e-9));
}
