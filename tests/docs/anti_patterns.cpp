// SPDX-License-Identifier: MIT
// anti_patterns.cpp: the mistakes of docs/anti-patterns.md, which compile, and what to do instead.
#include <stdexcept>

#include <tenax/testing/no_waits.hpp>

#include "docs.hpp"

using tenax::stop_reason;

namespace {

struct payment {
  std::string key;
};

}  // namespace

TEST_CASE("anti_patterns: retry everything") {
  // [everything_dont]
  auto const dont = tenax::retrying{}.when(tenax::when::any_exception);
  // [/everything_dont]
  // [everything_do]
  auto const policy = tenax::retrying{}.when(tenax::when::exception<network_error>);
  // [/everything_do]
  script<int> bug;
  bug.throws(std::logic_error("a bug")).repeats_last();
  CHECK(docs::play(dont, bug).attempts == 3);
  CHECK(docs::play(policy, bug).attempts == 1);
}

TEST_CASE("anti_patterns: the same wait for all clients") {
  // [lockstep_dont]
  auto const dont = tenax::retrying{}.wait(tenax::wait::constant(1s));
  // [/lockstep_dont]
  // [lockstep_do]
  auto const policy =
      tenax::retrying{}.wait(tenax::wait::exponential({.base = 500ms, .max = 30s}).full());
  // [/lockstep_do]
  CHECK(docs::waits(dont) == durations{1s, 1s});
  CHECK(docs::waits(policy) != durations{500ms, 1s});
}

TEST_CASE("anti_patterns: retries in every layer") {
  virtual_time clock;
  auto const policy = tenax::retrying{}.environment(std::ref(clock));
  int requests = 0;
  // [layers_dont]
  auto const fetch = policy.wrap([&]() -> int {
    ++requests;
    throw network_error("down");
  });
  auto const load_track = policy.wrap(fetch);
  auto const load_album = policy.wrap(load_track);
  // [/layers_dont]
  CHECK_THROWS_AS(load_album(), network_error);
  CHECK(requests == 27);
  requests = 0;
  // [layers_do]
  auto const fetch_once = [&]() -> int {
    ++requests;
    throw network_error("down");
  };
  auto const load_track_once = [&] { return fetch_once(); };
  auto const load_album_politely = policy.wrap(load_track_once);
  // [/layers_do]
  CHECK_THROWS_AS(load_album_politely(), network_error);
  CHECK(requests == 3);
}

TEST_CASE("anti_patterns: operations that must not happen twice") {
  virtual_time clock;
  auto const policy = tenax::retrying{}.environment(std::ref(clock));
  std::vector<std::string> charged;
  auto const charge = [&](payment const& p) {
    charged.push_back(p.key);
    if (charged.size() < 2) throw network_error("connection lost after the request was sent");
  };
  auto new_key = [n = 0]() mutable { return "key " + std::to_string(++n); };
  // [twice_dont]
  policy([&] { charge({new_key()}); });  // the first payment may have been made
  // [/twice_dont]
  CHECK(charged == std::vector<std::string>{"key 1", "key 2"});
  charged.clear();
  // [twice_do]
  payment const once{new_key()};  // the server makes one payment for one key
  policy(charge, once);
  // [/twice_do]
  CHECK(charged[0] == charged[1]);
}

TEST_CASE("anti_patterns: a commit in doubt") {
  tenax::testing::no_waits const quick;
  struct serialization_failure : std::runtime_error {
    using std::runtime_error::runtime_error;
  };
  struct broken_connection : std::runtime_error {
    using std::runtime_error::runtime_error;
  };
  int balance = 0, commits = 0;
  bool conflict = false;
  struct transaction {
    int& balance;
    int& commits;
    bool conflict;
    int amount;
    void commit() const {
      if (++commits == 1 && conflict) throw serialization_failure("could not serialize access");
      balance += amount;
      if (commits == 1) throw broken_connection("server closed the connection unexpectedly");
    }
  };
  auto const transfer = [&](int amount) { return transaction{balance, commits, conflict, amount}; };
  // [commit_dont]
  tenax::retrying const by_default;
  by_default(
      [&] { transfer(100).commit(); });  // the answer to the first COMMIT was lost: paid twice
  // [/commit_dont]
  CHECK(balance == 200);

  balance = commits = 0;
  auto const once = [&] {
    // [commit_do]
    auto const rolled_back = tenax::retrying{}.when(tenax::when::exception<serialization_failure>);
    rolled_back([&] { transfer(100).commit(); });
    // [/commit_do]
  };
  CHECK_THROWS_AS(once(), broken_connection);
  CHECK(balance == 100);

  balance = commits = 0;
  conflict = true;
  once();
  CHECK(balance == 100);
  CHECK(commits == 2);
}

TEST_CASE("anti_patterns: no limit in time") {
  // [forever_dont]
  auto const dont = tenax::retrying{}.stop(tenax::stop::never);
  // [/forever_dont]
  // [forever_do]
  constexpr auto policy =
      tenax::retrying{}.stop(tenax::stop::after_attempts(5) || tenax::stop::deadline(30s));
  static_assert(tenax::worst_case(policy).total_wait <= 30s);
  // [/forever_do]
  CHECK_FALSE(tenax::worst_case(dont).bounded());
}

TEST_CASE("anti_patterns: asking before the server allows it") {
  // [early_dont]
  auto const dont = tenax::retrying{}.max_server_wait(10s, tenax::too_long::clamp);
  // [/early_dont]
  auto const closed = []() -> int { throw tenax::retry_after(1h, network_error("closed")); };
  tenax::optional_duration queued;
  auto const enqueue_again_in = [&](tenax::duration d) { queued = d; };
  // [early_do]
  auto const report = tenax::retrying{}.max_server_wait(10s).try_call(closed);
  if (report.server_wait) enqueue_again_in(*report.server_wait);
  // [/early_do]
  CHECK(queued == 1h);
  CHECK(docs::waits(dont).size() == 2);
}
