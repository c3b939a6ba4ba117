// SPDX-License-Identifier: MIT
// shared.cpp: the snippets about limits that machines share.
#include <map>
#include <thread>

#include <tenax/gate/circuit_breaker.hpp>
#include <tenax/gate/keyed.hpp>
#include <tenax/shared/adaptive_rate_limiter.hpp>
#include <tenax/shared/pause.hpp>
#include <tenax/shared/rate_limiter.hpp>

#include "../shared/model_script.hpp"
#include "docs.hpp"

namespace {

/// Stands for a client such as sw::redis::Redis.
struct redis_client {
  std::map<std::string, tests::model_script> keys;

  template <class Numbers, class Out>
  void eval(std::string_view, std::initializer_list<std::string_view> key, Numbers const& numbers,
            Out out) {
    std::vector<std::int64_t> arguments;
    for (auto const& n : numbers) arguments.push_back(std::stoll(n));
    std::int64_t message = -1;
    std::string error;
    for (auto const n :
         keys[std::string(*key.begin())].run(arguments, 1'000'000'000, message, error))
      *out++ = n;
  }
};

// [adapter]
struct my_store {
  redis_client& client;

  void eval(tenax::shared::script const& run, std::string_view key,
            std::span<std::int64_t const> arguments, tenax::shared::completion done) try {
    std::vector<std::string> words;
    for (auto const n : arguments) words.push_back(std::to_string(n));
    std::vector<std::int64_t> numbers;
    client.eval(run.text, {key}, words, std::back_inserter(numbers));
    done({.numbers = numbers});
  } catch (std::exception const& e) {
    done({.error = e.what()});
  }
};
// [/adapter]

}  // namespace

TEST_CASE("docs: a store that is away from the beginning", "[docs]") {
  struct {
    void eval(tenax::shared::script const&, std::string_view, std::span<std::int64_t const>,
              tenax::shared::completion done) {
      done({.error = "connection refused"});
    }
  } store;
  std::vector<std::string> logged;
  auto const log = [&](std::string line) { logged.push_back(std::move(line)); };
  // [on_event]
  tenax::shared::options const options{.on_event = [&](tenax::shared::event const& e) {
    log(std::string(e.name) + ": " + to_string(e.what) + ": " + std::string(e.why));
  }};
  tenax::shared::rate_limiter limiter(store, "catalogue", options, tenax::per_second(1000));
  // [/on_event]
  CHECK(tenax::retrying{}.through(std::ref(limiter))([] { return 1; }) == 1);
  REQUIRE(!logged.empty());
  CHECK(logged[0].starts_with("catalogue: store away: "));
  auto const s = limiter.state();
  CHECK(!s.store_up);
  CHECK(s.machines == 1);
  CHECK(s.share == s.per_second);
}

TEST_CASE("docs: a shared rate limiter", "[docs]") {
  redis_client client;
  my_store store{client};
  auto const send = [] { return 1; };
  auto const polite = tenax::retrying{};
  // [limiter]
  tenax::shared::rate_limiter limiter(
      store, "catalogue",                             // every machine says the same
      tenax::shared::options{.store_timeout = 20ms},  // may be left out
      tenax::per_second(9).with_burst(3),             // both rates hold
      tenax::per_hour(450).with_burst(50));
  int const answer = polite.through(std::ref(limiter))(send);
  // [/limiter]
  CHECK(answer == 1);
  CHECK(limiter.state().store_up);
  CHECK(limiter.state().admitted == 1);
}

TEST_CASE("docs: a limit that machines find together", "[docs]") {
  redis_client client;  // does not run this script, so the limiter works without the store
  my_store store{client};
  auto const send = [] { return 1; };
  auto const polite = tenax::retrying{};
  // [adaptive]
  tenax::shared::adaptive_rate_limiter limiter(store, "catalogue");
  int const answer = polite.through(std::ref(limiter))(send);
  // [/adaptive]
  CHECK(answer == 1);
  CHECK(limiter.state().throttled == 0);
  // [adaptive_options]
  tenax::shared::adaptive_rate_limiter known(store, "map service",
                                             {.start = tenax::per_second(2),
                                              .limit = tenax::per_minute(600),
                                              .shared = {.store_timeout = 20ms}});
  // [/adaptive_options]
  CHECK(known.state().per_second == Approx(9.95));
}

TEST_CASE("docs: a shared limit for each tenant", "[docs]") {
  redis_client client;
  my_store store{client};
  std::string const tenant = "acme";
  // [keyed]
  tenax::keyed<std::string, tenax::shared::rate_limiter> limits([&](std::string const& name) {
    return tenax::shared::rate_limiter(store, "tenant/" + name,
                                       tenax::per_second(10).with_burst(5));
  });
  auto const polite = tenax::retrying{}.through(limits[tenant]);
  // [/keyed]
  CHECK(polite([] { return 2; }) == 2);
  CHECK(client.keys.contains("tenax:1:{tenant/acme}"));
}

TEST_CASE("docs: an open circuit that machines share", "[docs]") {
  redis_client client;
  my_store store{client};
  // [circuit]
  tenax::shared::pause open_elsewhere(store, "payments", {.refuse_while_paused = true});
  tenax::circuit_breaker breaker(
      {.failures = 3, .open_for = 30s},
      [&](tenax::circuit_state, tenax::circuit_state now, tenax::time_point) {
        if (now == tenax::circuit_state::open) open_elsewhere.begin(30s);
        if (now == tenax::circuit_state::closed) open_elsewhere.end();
      });
  auto const guarded =
      tenax::retrying{}.through(std::ref(open_elsewhere)).through(std::ref(breaker));
  // [/circuit]
  auto const fails = []() -> int { throw network_error("down"); };
  CHECK_THROWS(guarded.wait(tenax::wait::none)(fails));
  tenax::shared::pause other_machine(store, "payments", {.refuse_while_paused = true});
  CHECK(other_machine.state().paused == 0s);  // it has not asked yet
  tenax::shared::pause::ticket t;
  static_cast<void>(other_machine.admit(t, {}, tenax::real_time::now()));
  CHECK(other_machine.state().paused > 29s);
  t = {};
}
