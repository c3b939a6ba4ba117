// SPDX-License-Identifier: MIT
// random.cpp: random waits stay between their ends, and decorrelated waits keep their state in the attempt.
#include <tenax/wait/random.hpp>

#include <cmath>

#include "catch.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using tests::at;

namespace {

tenax::fixed_random low(tenax::lowest_draw);
tenax::fixed_random middle(tenax::middle_draw);
tenax::fixed_random high(tenax::highest_draw);

tenax::attempt_info after(tenax::duration previous, tenax::random_source& random) {
  return {.number = 2, .previous_wait = previous, .random = &random};
}

}  // namespace

TEST_CASE("wait::uniform draws from its interval, without the high end") {
  auto const w = tenax::wait::uniform(1s, 3s);
  CHECK(w(at(1, &low)) == 1s);
  CHECK(w(at(1, &middle)) == 2s);
  CHECK(w(at(1, &high)) == 3s - 1ns);
  CHECK(w(at(4'294'967'295, &high)) == 3s - 1ns);
  CHECK(tenax::wait::uniform(2s, 2s)(at(1, &high)) == 2s);
  CHECK(tenax::wait::uniform(0s, 0s)(at(1, &high)) == 0s);
}

TEST_CASE("wait::uniform saturates") {
  auto const w = tenax::wait::uniform(0s, std::chrono::hours::max());
  CHECK(w(at(1, &low)) == 0s);
  CHECK(w(at(1, &high)) == tenax::duration::max() - 1ns);
}

TEST_CASE("Without a source, a wait is drawn from this thread's own source") {
  auto const w = tenax::wait::uniform(1s, 1h);
  auto const first = w(at(1));
  CHECK(first >= 1s);
  CHECK(first < 1h);
  CHECK(first != w(at(1)));
  STATIC_REQUIRE(tenax::wait::uniform(1s, 3s)(at(1)) == 2s);
}

TEST_CASE("wait::uniform rejects invalid parameters") {
  using seconds = std::chrono::duration<double>;
  tests::check_rejected("wait::uniform: low", "-1s", [] { return tenax::wait::uniform(-1s, 1s); });
  tests::check_rejected("wait::uniform: high", "1s", [] { return tenax::wait::uniform(2s, 1s); });
  tests::check_rejected("wait::uniform: high", "-1s", [] { return tenax::wait::uniform(0s, -1s); });
  tests::check_rejected("wait::uniform: low", "not a number", [] { return tenax::wait::uniform(seconds(NAN), 1s); });
  tests::check_rejected("wait::uniform: high", "not a number", [] { return tenax::wait::uniform(0s, seconds(NAN)); });
}

TEST_CASE("wait::decorrelated draws between the base and three times the previous wait") {
  auto const w = tenax::wait::decorrelated({.base = 100ms, .max = 10s});
  CHECK(w(after(1s, low)) == 100ms);
  CHECK(w(after(1s, middle)) == 1550ms);
  CHECK(w(after(1s, high)) == 3s - 1ns);
}

TEST_CASE("wait::decorrelated starts as if the previous wait had been the base") {
  auto const w = tenax::wait::decorrelated({.base = 100ms, .max = 10s});
  CHECK(w(at(1, &low)) == 100ms);
  CHECK(w(at(1, &high)) == 300ms - 1ns);
  CHECK(w(after(1ms, high)) == 300ms - 1ns);
}

TEST_CASE("wait::decorrelated is capped without losing its jitter") {
  auto const w = tenax::wait::decorrelated({.base = 100ms, .max = 10s});
  CHECK(w(after(10s, low)) == 100ms);
  CHECK(w(after(10s, middle)) == 5050ms);
  CHECK(w(after(10s, high)) == 10s - 1ns);
  CHECK(w(after(tenax::duration::max(), high)) == 10s - 1ns);
  CHECK(tenax::wait::decorrelated({.base = 1s, .max = 2s})(at(1, &high)) == 2s - 1ns);
}

TEST_CASE("wait::decorrelated has sensible defaults and ends") {
  CHECK(tenax::wait::decorrelated()(at(1, &low)) == 100ms);
  CHECK(tenax::wait::decorrelated()(after(1h, high)) == 30s - 1ns);
  CHECK(tenax::wait::decorrelated({.base = 1s, .max = 1s})(after(1s, high)) == 1s);
  CHECK(tenax::wait::decorrelated({.base = 0s, .max = 1s})(at(1, &high)) == 0s);
  CHECK(tenax::wait::decorrelated({.base = 1s, .max = std::chrono::hours::max()})(
            after(tenax::duration::max(), high)) == tenax::duration::max() - 1ns);
}

TEST_CASE("wait::decorrelated keeps its state in the attempt, not in itself") {
  auto const w = tenax::wait::decorrelated({.base = 100ms, .max = 10s});
  CHECK(w(after(2s, high)) == 6s - 1ns);
  CHECK(w(after(1s, high)) == 3s - 1ns);
  CHECK(w(after(2s, high)) == 6s - 1ns);
}

TEST_CASE("wait::decorrelated rejects invalid parameters") {
  using seconds = std::chrono::duration<double>;
  tests::check_rejected("wait::decorrelated: base", "-1s", [] { return tenax::wait::decorrelated({.base = -1s}); });
  tests::check_rejected("wait::decorrelated: max", "1s",
                        [] { return tenax::wait::decorrelated({.base = 2s, .max = 1s}); });
  tests::check_rejected("wait::decorrelated: base", "not a number",
                        [] { return tenax::wait::decorrelated({.base = seconds(NAN)}); });
  tests::check_rejected("wait::decorrelated: max", "not a number",
                        [] { return tenax::wait::decorrelated({.max = seconds(NAN)}); });
}
