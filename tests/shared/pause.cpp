// SPDX-License-Identifier: MIT
#include <tenax/shared/pause.hpp>

#include "catch.hpp"
#include "machines.hpp"

using namespace std::chrono_literals;

namespace {

/// Two machines that share a pause.
struct pair {
  tests::timeline time;
  tests::model_server server{time};
  tests::wire wire_a{time, server};
  tests::wire wire_b{time, server};
  tests::timeline::clock env = time.environment();
};

}  // namespace

TEST_CASE("A Retry-After that one machine gets holds the others", "[shared]") {
  pair two;
  tenax::shared::pause a(two.wire_a, "api");
  tenax::shared::pause b(two.wire_b, "api");
  tenax::shared::pause::ticket t;
  CHECK(a.admit(t, {}, two.time.now).admitted());
  a.record(t, {.how = tenax::feedback::kind::throttled, .server_wait = tenax::duration(2s)}, two.time.now);
  two.time.run_for(10ms);
  for (auto* each : {&a, &b}) {
    tenax::shared::pause::ticket held;
    auto const answer = each->admit(held, {}, two.time.now);
    CHECK(answer.waits());
    CHECK(answer.asked_by_server);
    CHECK(answer.delay > 1980ms);
    CHECK(answer.delay <= 2s);
  }
  two.time.run_for(2s);
  tenax::shared::pause::ticket after;
  CHECK(b.admit(after, {}, two.time.now).admitted());
  b.record(after, {}, two.time.now);
}

TEST_CASE("An attempt that was admitted and waited at another gate is held as well", "[shared]") {
  pair two;
  tenax::shared::pause a(two.wire_a, "api");
  tenax::shared::pause::ticket t;
  REQUIRE(a.admit(t, {}, two.time.now).admitted());
  a.begin(1s, two.env);
  CHECK(a.admit(t, {}, two.time.now).waits());
  two.time.run_for(1s + 1ms);
  CHECK(a.admit(t, {}, two.time.now).admitted());
  a.record(t, {}, two.time.now);
}

TEST_CASE("A pause refuses calls if that was chosen, for circuits that another machine opened", "[shared]") {
  pair two;
  tenax::shared::options const o{.refuse_while_paused = true};
  tenax::shared::pause a(two.wire_a, "circuit", o);
  tenax::shared::pause b(two.wire_b, "circuit", o);
  a.begin(30s, two.env);
  two.time.run_for(10ms);
  tenax::shared::pause::ticket t;
  auto const answer = b.admit(t, {}, two.time.now);
  CHECK(answer.refused());
  CHECK(std::string(answer.reason) == "paused by another machine");
  CHECK(*answer.retry_after > 29s);
  b.end(two.env);
  two.time.run_for(10ms);
  CHECK(a.admit(t, {}, two.time.now).admitted());
  a.record(t, {}, two.time.now);
}

TEST_CASE("Without messages of the store, a pause is asked for every 50 ms", "[shared]") {
  pair two;
  struct deaf {
    tests::wire& to;
    void eval(tenax::shared::script const& run, std::string_view key, std::span<std::int64_t const> arguments,
              tenax::shared::completion done) {
      to.eval(run, key, arguments, std::move(done));
    }
  } deaf_a{two.wire_a}, deaf_b{two.wire_b};
  tenax::shared::pause a(deaf_a, "api");
  tenax::shared::pause b(deaf_b, "api");
  a.begin(1s, two.env);
  int early = 0;
  for (int i = 0; i < 100; ++i) {
    tenax::shared::pause::ticket t;
    if (b.admit(t, {}, two.time.now).admitted()) ++early, b.record(t, {}, two.time.now);
    two.time.run_for(1ms);
  }
  CHECK(early < 60);
  CHECK(b.state(two.env).paused > 0s);
  CHECK(two.server.questions < 10);
}

TEST_CASE("A store that is away pauses no call", "[shared]") {
  pair two;
  two.server.up = false;
  tenax::shared::pause a(two.wire_a, "api");
  for (int i = 0; i < 3; ++i) {
    tenax::shared::pause::ticket t;
    CHECK(a.admit(t, {}, two.time.now).admitted());
    a.record(t, {}, two.time.now);
    two.time.run_for(60ms);
  }
  CHECK_FALSE(a.state(two.env).store_up);
}

TEST_CASE("A shared pause needs a name and a length", "[shared]") {
  pair two;
  CHECK_THROWS_WITH(tenax::shared::pause(two.wire_a, ""), Catch::Contains("shared::pause: name must not be empty"));
  tenax::shared::pause a(two.wire_a, "api");
  CHECK_THROWS_WITH(a.begin(0s, two.env), Catch::Contains("shared::pause::begin: d must be more than zero"));
}
