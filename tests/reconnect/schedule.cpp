// SPDX-License-Identifier: MIT
// schedule.cpp: when a client connects again, and how the clients of a restarted server come back.
#include <tenax/reconnect/schedule.hpp>

#include <algorithm>
#include <deque>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include <tenax/wait/constant.hpp>
#include <tenax/wait/linear.hpp>

#include "catch.hpp"

using namespace std::chrono_literals;
using tenax::reconnect_schedule;
using tenax::time_point;

namespace {

constexpr auto growing = tenax::wait::linear({.first = 1s, .step = 1s});

constexpr time_point at(tenax::duration d) { return time_point(d); }

/// A generator with a fixed seed (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014).
class seeded final : public tenax::random_source {
 public:
  explicit seeded(std::uint64_t seed) : state_(seed) {}
  result_type operator()() override {
    auto z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

 private:
  std::uint64_t state_;
};

/// The most values within any 100 ms.
std::ptrdiff_t most_at_once(std::vector<tenax::duration> times) {
  std::sort(times.begin(), times.end());
  std::ptrdiff_t most = 0;
  for (auto first = times.begin(), last = first; last != times.end(); ++last) {
    while (*last - *first >= 100ms) ++first;
    most = std::max(most, last - first + 1);
  }
  return most;
}

/// Attempts to connect of 1000 clients that lose their connections together; the server is back after `down`.
/// `wait_of(client, now)` is called for each failure and returns the wait before the next attempt.
template <class WaitOf>
std::vector<tenax::duration> restart(tenax::duration down, WaitOf wait_of) {
  using attempt = std::pair<tenax::duration, std::size_t>;
  std::priority_queue<attempt, std::vector<attempt>, std::greater<>> next;
  std::vector<tenax::duration> attempts;
  for (std::size_t client = 0; client < 1000; ++client) next.emplace(wait_of(client, 0s), client);
  while (!next.empty()) {
    auto const [now, client] = next.top();
    next.pop();
    attempts.push_back(now);
    if (now < down) next.emplace(now + wait_of(client, now), client);
  }
  return attempts;
}

}  // namespace

TEST_CASE("A client waits from the first failure on, and longer after each further one") {
  reconnect_schedule schedule(growing);
  CHECK(schedule.failures() == 0);
  CHECK(schedule.failed(at(0s)) == 1s);
  CHECK(schedule.failed(at(1s)) == 2s);
  CHECK(schedule.failed(at(3s)) == 3s);
  CHECK(schedule.failures() == 3);
}

TEST_CASE("Waits start from the beginning only after a connection that was healthy for a while") {
  reconnect_schedule schedule(growing, {.healthy_after = 30s});
  CHECK(schedule.failed(at(0s)) == 1s);
  CHECK(schedule.failed(at(1s)) == 2s);
  schedule.connected(at(3s));
  // A server that accepts connections and closes them.
  CHECK(schedule.failed(at(3s)) == 3s);
  schedule.connected(at(6s));
  CHECK(schedule.failed(at(36s - 1ns)) == 4s);
  schedule.connected(at(40s));
  CHECK(schedule.failures() == 4);
  CHECK(schedule.failed(at(70s)) == 1s);
  CHECK(schedule.failures() == 1);
  // A failed attempt is not a connection, however long ago the last one was.
  CHECK(schedule.failed(at(200s)) == 2s);
}

TEST_CASE("A connection that never counts as too short starts the waits from the beginning") {
  reconnect_schedule schedule(growing, {.healthy_after = 0s});
  CHECK(schedule.failed(at(0s)) == 1s);
  CHECK(schedule.failed(at(1s)) == 2s);
  schedule.connected(at(3s));
  CHECK(schedule.failed(at(3s)) == 1s);
}

TEST_CASE("The server may ask for a longer wait, not for a shorter one") {
  reconnect_schedule schedule(tenax::wait::constant(2s));
  CHECK(schedule.failed(at(0s), 9s) == 9s);
  CHECK(schedule.failed(at(0s), 1s) == 2s);
}

TEST_CASE("A wait of a day that a server asks for is cut off, so that it is asked again") {
  auto const wait = tenax::wait::constant(1s);
  tenax::reconnect_schedule schedule(wait);
  CHECK(schedule.failed({}, 24h) == 5min);
  CHECK(schedule.failed({}, tenax::duration::max()) == 5min);
  CHECK(schedule.failed({}, 4min) == 4min);
  tenax::reconnect_schedule patient(wait, {.max_server_wait = 48h});
  CHECK(patient.failed({}, 24h) == 24h);
  tenax::reconnect_schedule deaf(wait, {.max_server_wait = 0s});
  CHECK(deaf.failed({}, 24h) == 1s);
}

TEST_CASE("The default waits are anywhere in 5 s, 10 s, 20 s, 40 s, and then in a minute") {
  tenax::fixed_random late(tenax::highest_draw);
  reconnect_schedule schedule(tenax::detail::make_reconnect_wait(), {}, &late);
  for (auto const most : {5s, 10s, 20s, 40s, 60s, 60s}) {
    auto const wait = schedule.failed(at(0s));
    CHECK(wait < most);
    CHECK(wait > most - 1ms);
  }
}

TEST_CASE("Options that make no sense are rejected") {
  CHECK_THROWS_WITH(reconnect_schedule({.healthy_after = -1s}),
                    "tenax: reconnect_schedule: healthy_after must not be negative, but is -1s");
  STATIC_REQUIRE(std::is_trivially_copyable_v<reconnect_schedule<>>);
}

TEST_CASE("Of 1000 clients of a restarted server, at most 5 % connect in any 100 ms") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    for (tenax::duration const down : {0ms, 100ms, 1500ms, 4000ms, 9000ms, 30000ms}) {
      seeded random(seed);
      std::deque<reconnect_schedule<>> clients;
      for (int i = 0; i < 1000; ++i)
        clients.emplace_back(tenax::detail::make_reconnect_wait(), tenax::reconnect_options{}, &random);
      auto const attempts =
          restart(down, [&](std::size_t client, tenax::duration now) { return clients[client].failed(at(now)); });
      INFO("seed " << seed << ", down for " << down / 1ms << " ms");
      CHECK(most_at_once(attempts) <= 50);
      CHECK(*std::max_element(attempts.begin(), attempts.end()) <= 2 * down + 61s);
    }
  }
}

TEST_CASE("Clients that connect at once, or with the waits of a retried call, do not come back in order") {
  // The limit above is one that other clients miss.
  CHECK(most_at_once(restart(0s, [](std::size_t, tenax::duration) { return tenax::duration(); })) == 1000);
  seeded random(1);
  auto const exponential = tenax::wait::exponential({.base = 100ms, .max = 5s}).full();
  CHECK(most_at_once(restart(
            0s, [&](std::size_t, tenax::duration) { return exponential({.number = 1, .random = &random}); })) == 1000);
}
