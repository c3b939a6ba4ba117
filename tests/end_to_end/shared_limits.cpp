// SPDX-License-Identifier: MIT
// Limits that machines share, on a real redis-server that is disturbed.
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <concepts>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <tenax/cancel.hpp>
#include <tenax/redis/hiredis.hpp>
#include <tenax/shared/rate_limiter.hpp>

#include "../shared/model_script.hpp"
#include "catch.hpp"
#include "redis_server.hpp"
#include "strange_server.hpp"

using namespace std::chrono_literals;
using tenax::per_second;
using tenax::redis::hiredis_store;
using tenax::shared::rate_limiter;
using clock_type = std::chrono::steady_clock;

namespace {

/// Machines of one process: stores, limiters, and threads that take permits.
class fleet {
 public:
  std::atomic<std::int64_t> longest_wait{0};
  std::atomic<int> errors{0};

  template <std::same_as<tenax::rate>... Rates>
  fleet(int machines, int threads, tenax::redis::hiredis_options const& where, char const* name, Rates... rates)
      : fleet(machines, threads, where, name, tenax::shared::options{}.store_timeout, rates...) {}
  template <std::same_as<tenax::rate>... Rates>
  fleet(int machines, int threads, tenax::redis::hiredis_options const& where, char const* name,
        tenax::any_duration store_timeout, Rates... rates) {
    for (int i = 0; i < machines; ++i) {
      stores.push_back(std::make_unique<hiredis_store>(where));
      limiters.push_back(std::make_unique<rate_limiter>(
          *stores.back(), name,
          tenax::shared::options{.store_timeout = store_timeout,
                                 .on_event =
                                     [this](tenax::shared::event const& e) {
                                       std::lock_guard const lock(mutex);
                                       events.push_back(std::string(to_string(e.what)) + ": " + std::string(e.why));
                                     }},
          rates...));
    }
    for (auto& l : limiters) {
      for (int i = 0; i < threads; ++i) threads_.emplace_back([this, &l = *l](std::stop_token stop) { work(l, stop); });
    }
  }
  ~fleet() { stop(); }
  void stop() { threads_.clear(); }

  /// Permits used from `from` to `to`.
  std::size_t used(clock_type::time_point from, clock_type::time_point to) {
    std::lock_guard const lock(mutex);
    return static_cast<std::size_t>(
        std::count_if(times.begin(), times.end(), [&](auto const& u) { return from <= u.got && u.got < to; }));
  }
  /// Those of them for which the caller asked after `from`.
  std::size_t asked_and_used(clock_type::time_point from, clock_type::time_point to) {
    std::lock_guard const lock(mutex);
    return static_cast<std::size_t>(
        std::count_if(times.begin(), times.end(), [&](auto const& u) { return from <= u.asked && u.got < to; }));
  }
  std::size_t most_in(std::chrono::nanoseconds window) {
    std::lock_guard const lock(mutex);
    std::sort(times.begin(), times.end(), [](auto const& a, auto const& b) { return a.got < b.got; });
    std::size_t most = 0;
    for (std::size_t first = 0, last = 0; last < times.size(); ++last) {
      while (times[first].got + window <= times[last].got) ++first;
      most = std::max(most, last - first + 1);
    }
    return most;
  }
  void forget_events() {
    std::lock_guard const lock(mutex);
    events.clear();
  }
  bool heard(std::string const& part) {
    std::lock_guard const lock(mutex);
    return std::any_of(events.begin(), events.end(), [&](auto const& e) { return e.find(part) != std::string::npos; });
  }

  struct use {
    clock_type::time_point asked, got;
  };
  std::mutex mutex;
  std::vector<use> times;
  std::vector<std::string> events;
  std::vector<std::unique_ptr<hiredis_store>> stores;
  std::vector<std::unique_ptr<rate_limiter>> limiters;

 private:
  void work(rate_limiter& l, std::stop_token const& stop) {
    while (!stop.stop_requested()) {
      auto const began = clock_type::now();
      auto const how = l.acquire({}, stop);
      auto const now = clock_type::now();
      if (how == tenax::acquired::refused) ++errors;
      if (how != tenax::acquired::yes) continue;
      auto const wait = (now - began).count();
      for (auto most = longest_wait.load(); wait > most && !longest_wait.compare_exchange_weak(most, wait);) {
      }
      std::lock_guard const lock(mutex);
      times.push_back({began, now});
    }
  }
  std::vector<std::jthread> threads_;
};

void eventually(std::function<bool()> const& holds, std::chrono::milliseconds limit = 20s) {
  for (auto const end = clock_type::now() + limit; !holds() && clock_type::now() < end;)
    std::this_thread::sleep_for(2ms);
  CHECK(holds());
}

}  // namespace

TEST_CASE("The script does what its model in C++ does, for random questions", "[redis]") {
  tests::redis_server server;
  std::mt19937_64 chance{11};
  auto const below = [&](std::uint64_t n) { return static_cast<std::int64_t>(chance() % n); };
  for (int key = 0; key < 20; ++key) {
    tests::model_script model;
    std::int64_t stamp = 0;
    for (int i = 0; i < 60; ++i) {
      std::vector<std::int64_t> arg{below(5) + 1,
                                    below(8) == 0 ? 1 + below(2) : 0,
                                    below(3) * below(40),
                                    below(6) == 0 ? below(50) : 0,
                                    below(4) == 0 ? below(10) : 0,
                                    below(20),
                                    below(10) == 0 ? below(30000) - 3000 : 0,
                                    below(12) == 0,
                                    below(3) == 0 ? 0 : stamp,
                                    below(15) == 0,
                                    below(12) == 0 ? 0 : 1 + (key % 3)};
      for (std::int64_t l = 0; l < arg[10]; ++l) {
        arg.push_back(below(20) == 0 ? 7 : 1 + l), arg.push_back(1000 * (1 + l)), arg.push_back(5 + key);
      }
      std::vector<std::string> words{"EVAL", std::string(tenax::shared::lease_script.text), "1",
                                     "k" + std::to_string(key)};
      for (auto const a : arg) words.push_back(std::to_string(a));
      std::vector<char const*> data;
      for (auto const& w : words) data.push_back(w.c_str());
      static auto* const context = redisConnect("127.0.0.1", server.port);
      tests::redis_reply const r(
          static_cast<redisReply*>(redisCommandArgv(context, static_cast<int>(data.size()), data.data(), nullptr)));
      REQUIRE(r != nullptr);
      std::int64_t message = -1;
      std::string error;
      if (r->type == REDIS_REPLY_ERROR) {
        model.run(arg, model.last_time(), message, error);
        INFO(r->str);
        CHECK(std::string(r->str).find(error.empty() ? "?" : error) != std::string::npos);
        continue;
      }
      REQUIRE(r->type == REDIS_REPLY_ARRAY);
      std::vector<std::int64_t> real;
      for (std::size_t e = 0; e < r->elements; ++e) real.push_back(r->element[e]->integer);
      auto const expected = model.run(arg, real[0], message, error);
      CHECK(error.empty());
      CHECK(real == expected);
      stamp = real[4];
    }
    CHECK(server.number("PTTL", "k" + std::to_string(key)) > 0);
  }
}

TEST_CASE("Machines share a limit on a real server, and its key expires", "[redis]") {
  tests::redis_server server;
  fleet all(4, 2, {.port = server.port}, "shared", 20s, per_second(200).with_burst(10));
  // A busy machine may be late.
  auto const were_used_in = [&](std::chrono::milliseconds d, std::size_t least) {
    std::this_thread::sleep_for(d);
    eventually([&] {
      auto const now = clock_type::now();
      return all.used(now - d, now) >= least;
    });
  };
  std::this_thread::sleep_for(500ms);
  were_used_in(1s, 190);
  CHECK(all.most_in(1s) <= 211);
  CHECK(all.most_in(100ms) <= 31);
  for (auto& l : all.limiters) {
    CHECK(l->state().machines == 4);
    CHECK(l->state().store_up);
  }
  CHECK(server.number("DBSIZE") == 1);
  CHECK(server.number("PTTL", "tenax:1:{shared}") > 60'000);
  server.run("SCRIPT", "FLUSH");
  were_used_in(500ms, 90);
  CHECK_FALSE(all.heard("away"));
  all.stop();
  all.limiters.clear();
  eventually([&] { return server.number("HLEN", "tenax:1:{shared}") == 1; });
}

TEST_CASE("No caller waits longer than store_timeout for a server that hangs, dies or comes back", "[redis]") {
  auto const fault = GENERATE(as<std::string>{}, "pause", "sleep", "kill");
  INFO(fault);
  tests::redis_server server;
  fleet all(3, 2, {.port = server.port}, "faults", per_second(300).with_burst(15));
  std::this_thread::sleep_for(500ms);
  auto const all_up = [&] {
    return std::all_of(all.limiters.begin(), all.limiters.end(), [](auto& l) { return l->state().store_up; });
  };
  // Threads of a busy machine may stand still for a while; callers who wait for the store always do.
  bool good = false;
  for (int round = 0; round < 8 && !good; ++round) {
    eventually(all_up);
    all.forget_events();
    all.longest_wait = 0;
    auto const began = clock_type::now();
    if (fault == "pause") server.run("CLIENT", "PAUSE", "400", "ALL");
    if (fault == "sleep") server.sleep(400ms);
    if (fault == "kill") server.kill();
    eventually([&] { return all.heard("store away"); });
    if (fault == "kill") {
      std::this_thread::sleep_for(300ms);
      server.start();
    }
    eventually([&] { return all.heard("store back"); });
    eventually(all_up);
    auto const ended = clock_type::now();
    auto const length = std::chrono::duration<double>(ended - began).count();
    CHECK(double(all.used(began, ended)) <= 300 * (length + 0.3) + 15);
    // Six callers, so that each waits 20 ms for a permit; then for the store.
    good = double(all.used(began, ended)) >= 300 * length * 0.5 &&
           all.longest_wait < std::chrono::nanoseconds(300ms).count();
    CHECK(all.errors == 0);
  }
  CHECK(good);
}

TEST_CASE("One machine's pause reaches another one in milliseconds", "[redis]") {
  tests::redis_server server;
  fleet all(3, 2, {.port = server.port}, "pause", per_second(500).with_burst(20));
  std::this_thread::sleep_for(400ms);
  // Threads of a busy machine may stand still for a while.
  bool good = false;
  for (int round = 0; round < 8 && !good; ++round) {
    auto const asked = clock_type::now();
    all.limiters[0]->pause(500ms);
    eventually([&] { return all.limiters[2]->state().paused > 0s; });
    bool const soon = clock_type::now() - asked < 50ms;
    eventually([&] { return all.limiters[1]->state().paused > 0s || clock_type::now() > asked + 400ms; });
    auto const known = clock_type::now() + 1ms;
    std::this_thread::sleep_until(asked + 800ms);
    CHECK(all.asked_and_used(known, asked + 500ms) == 0);
    CHECK(all.used(asked + 500ms, asked + 700ms) <= 125);
    good = soon && all.used(known, asked + 500ms) == 0 && all.used(asked + 500ms, asked + 800ms) >= 80;
  }
  CHECK(good);
}

TEST_CASE("A connection for messages that is lost is opened again", "[redis]") {
  tests::redis_server server;
  fleet all(2, 2, {.port = server.port}, "messages", per_second(500).with_burst(20));
  eventually([&] { return server.number("PUBSUB", "NUMPAT") == 0 && all.limiters[1]->state().machines == 2; });
  auto const listens_twice = [&](std::string const& before) {
    auto const now = server.text("CLIENT", "LIST", "TYPE", "pubsub");
    auto const second = now.find("\nid=");
    return second != std::string::npos && before.find(now.substr(0, now.find(' '))) == std::string::npos &&
           before.find(now.substr(second + 1, now.find(' ', second) - second)) == std::string::npos;
  };
  eventually([&] { return listens_twice(""); });
  auto const killed = server.text("CLIENT", "LIST", "TYPE", "pubsub");
  server.run("CLIENT", "KILL", "TYPE", "pubsub");
  eventually([&] { return listens_twice(killed); });
  all.limiters[0]->pause(500ms);
  eventually([&] { return all.limiters[1]->state().paused > 0s; });
  CHECK(all.errors == 0);
}

TEST_CASE("A store that gets no pipe for its thread is away, and callers go on", "[redis]") {
  tests::redis_server server;
  hiredis_store store({.port = server.port});
  rate_limiter limiter(store, "no pipe", per_second(100));
  ::rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  ::rlimit const none{.rlim_cur = 3, .rlim_max = before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &none);
  auto const how = limiter.acquire({.timeout = 2s});
  ::setrlimit(RLIMIT_NOFILE, &before);
  CHECK(how == tenax::acquired::yes);
  CHECK(limiter.state().trouble == "hiredis_store could not start its thread");
  eventually([&] {
    static_cast<void>(limiter.try_acquire());
    return limiter.state().store_up;
  });
}

TEST_CASE("A key that holds something else is named and not touched", "[redis]") {
  tests::redis_server server;
  server.run("SET", "tenax:1:{text}", "mine");
  server.run("HSET", "tenax:1:{hash}", "field", "mine");
  server.run("HSET", "tenax:1:{old}", "s", "99 1 2 3");
  for (std::string const name : {"text", "hash", "old"}) {
    hiredis_store store({.port = server.port});
    rate_limiter limiter(store, name, per_second(100));
    CHECK(limiter.acquire({.timeout = 2s}) == tenax::acquired::yes);  // alone
    eventually([&] {
      static_cast<void>(limiter.try_acquire());
      return limiter.state().trouble.starts_with("TENAX the key tenax:1:{" + name + "}");
    });
  }
  CHECK(server.text("GET", "tenax:1:{text}") == "mine");
  CHECK(server.number("HLEN", "tenax:1:{hash}") == 1);
  CHECK(server.text("HGET", "tenax:1:{old}", "s") == "99 1 2 3");
}

TEST_CASE("A user with the documented rights is enough, and a wrong password is said", "[redis]") {
  tests::redis_server server;
  server.run("ACL", "SETUSER", "limits", "on", ">secret", "resetkeys", "~tenax:1:*", "resetchannels", "&tenax:1:*",
             "-@all", "+eval", "+evalsha", "+time", "+hget", "+hset", "+hdel", "+hlen", "+hgetall", "+pexpire",
             "+publish", "+subscribe");
  fleet all(2, 1, {.port = server.port, .user = "limits", .password = "secret"}, "acl", 20s,
            per_second(100).with_burst(5));
  eventually([&] { return all.limiters[1]->state().store_up && all.limiters[1]->state().machines == 2; });
  all.limiters[0]->pause(50ms);
  eventually([&] { return all.heard("another machine for a pause"); });
  CHECK_FALSE(all.heard("away"));

  hiredis_store wrong({.port = server.port, .user = "limits", .password = "guess"});
  rate_limiter limiter(wrong, "acl", per_second(100));
  CHECK(limiter.acquire({.timeout = 2s}) == tenax::acquired::yes);
  eventually([&] {
    static_cast<void>(limiter.try_acquire());
    return limiter.state().trouble.starts_with("WRONGPASS");
  });
}

TEST_CASE("A server without memory, and a replica, are faults of the store and not of a caller", "[redis]") {
  tests::redis_server server({"--maxmemory", "1", "--maxmemory-policy", "noeviction"});
  {
    fleet all(1, 2, {.port = server.port}, "memory", 20s, per_second(200).with_burst(10));
    eventually([&] { return all.heard("OOM"); });
    server.run("CONFIG", "SET", "maxmemory", "0");
    eventually([&] { return all.heard("store back"); });
    CHECK(all.errors == 0);
  }
  server.run("CONFIG", "SET", "maxmemory", "0");
  tests::redis_server replica({"--replicaof", "127.0.0.1 " + std::to_string(server.port)});
  fleet all(1, 2, {.port = replica.port}, "replica", 20s, per_second(200).with_burst(10));
  eventually([&] { return all.heard("READONLY"); });
  replica.run("REPLICAOF", "NO", "ONE");
  eventually([&] { return all.heard("store back"); });
  CHECK(all.errors == 0);
}

TEST_CASE("After a failover to a replica the limit goes on from what the replica has", "[redis]") {
  tests::redis_server first;
  tests::redis_server replica({"--replicaof", "127.0.0.1 " + std::to_string(first.port)});
  fleet all(2, 2, {.port = first.port}, "failover", per_second(100).with_burst(10));
  eventually([&] { return replica.number("EXISTS", "tenax:1:{failover}") == 1; });
  std::this_thread::sleep_for(300ms);
  replica.run("REPLICAOF", "NO", "ONE");
  fleet other(2, 2, {.port = replica.port}, "failover", per_second(100).with_burst(10));
  auto const now = clock_type::now();
  all.stop();
  std::this_thread::sleep_for(500ms);
  // The replica knew that the burst was used.
  CHECK(other.used(now, now + 100ms) <= 25);
  CHECK(other.used(now, now + 500ms) <= 65);
}

TEST_CASE("A forked child gets a thread and a connection of its own", "[redis]") {
  tests::redis_server server;
  hiredis_store store({.port = server.port});
  rate_limiter limiter(store, "fork", per_second(100).with_burst(10));
  REQUIRE(limiter.acquire({.timeout = 2s}) == tenax::acquired::yes);
  auto const child = ::fork();
  if (child == 0) {
    bool good = true;
    for (int i = 0; i < 20; ++i) good = good && limiter.acquire({.timeout = 2s}) == tenax::acquired::yes;
    std::this_thread::sleep_for(300ms);
    static_cast<void>(limiter.try_acquire());
    for (int i = 0; i < 2000 && !limiter.state().store_up; ++i) {
      std::this_thread::sleep_for(10ms);
      static_cast<void>(limiter.try_acquire());
    }
    ::_exit(good && limiter.state().store_up ? 0 : 1);
  }
  for (int i = 0; i < 20; ++i) CHECK(limiter.acquire({.timeout = 2s}) == tenax::acquired::yes);
  int status = -1;
  ::waitpid(child, &status, 0);
  CHECK(status == 0);
}

TEST_CASE("A cluster of three servers keeps each limit on one of them", "[redis]") {
  std::vector<std::unique_ptr<tests::redis_server>> nodes;
  std::string create = "redis-cli --cluster create";
  for (int i = 0; i < 3; ++i) {
    nodes.push_back(std::make_unique<tests::redis_server>(std::vector<std::string>{"--cluster-enabled", "yes"}));
    create += " 127.0.0.1:" + std::to_string(nodes.back()->port);
  }
  REQUIRE(std::system((create + " --cluster-yes >/dev/null").c_str()) == 0);
  for (char const* const name : {"a", "b", "c", "d"}) {
    fleet all(2, 1, {.port = nodes[0]->port}, name, per_second(200).with_burst(5));
    eventually([&] { return all.limiters[0]->state().store_up && all.limiters[1]->state().machines == 2; });
    eventually([&] { return all.limiters[1]->state().admitted > 20; });
    all.limiters[0]->pause(100ms);
    eventually([&] { return all.heard("another machine for a pause"); });
  }
  std::int64_t keys = 0;
  for (auto& n : nodes) keys += n->number("DBSIZE");
  CHECK(keys == 4);
}

TEST_CASE("Whatever a server answers, callers go on, and the observer is told in words", "[redis]") {
  struct {
    char const *answer, *words;
  } const faults[] = {{"-NOAUTH Authentication required.\r\n", "NOAUTH"},
                      {"-NOPERM this user has no permissions\r\n", "NOPERM"},
                      {"-CLUSTERDOWN Hash slot not served\r\n", "CLUSTERDOWN"},
                      {"-LOADING Redis is loading the dataset in memory\r\n", "LOADING"},
                      {"-BUSY Redis is busy running a script.\r\n", "BUSY"},
                      {"-OOM command not allowed when used memory > 'maxmemory'.\r\n", "OOM"},
                      {"-MASTERDOWN Link with MASTER is down\r\n", "MASTERDOWN"},
                      {"-NOSCRIPT No matching script.\r\n", ""},
                      {"-MOVED 1 127.0.0.1:%d\r\n", "MOVED"},  // to itself, for ever
                      {"-MOVED 1\r\n", "MOVED"},
                      {"-MOVED nowhere:1\r\n", "MOVED"},
                      {"-ASK 1 127.0.0.1:1\r\n", "ASK"},
                      {"-\r\n", ""},
                      {"+OK\r\n", "an answer that is not an array"},
                      {":5\r\n", "an answer that is not an array"},
                      {"$-1\r\n", "an answer that is not an array"},
                      {"*-1\r\n", "an answer that is not an array"},
                      {"*2\r\n$1\r\na\r\n*0\r\n", "an answer that is not of integers"},
                      {"*1\r\n:9223372036854775807\r\n", "an answer that does not belong to the question"},
                      {"%nonsense\r\n", ""},
                      {"", ""}};
  for (auto const& f : faults) {
    tests::strange_server server(f.answer);
    INFO(f.answer);
    fleet all(1, 2, {.port = server.port}, "strange", 20s, per_second(200).with_burst(10));
    eventually([&] { return all.heard(*f.words == 0 ? "store away: " : f.words); });
    auto const began = clock_type::now();
    std::this_thread::sleep_for(150ms);
    // 30, and the burst if all callers stood still before, as on a busy machine.
    CHECK(all.used(began, began + 150ms) <= 43);
    eventually([&] { return all.used(began, clock_type::now()) >= 3; });
    CHECK(all.errors == 0);
    CHECK(server.connections < 40);
  }
}

TEST_CASE("A store goes back to the given server when the one that a cluster named is gone", "[redis]") {
  tests::redis_server real;
  {
    tests::strange_server moved("-MOVED 1 127.0.0.1:" + std::to_string(tests::free_port()) + "\r\n");
    fleet all(1, 2, {.port = moved.port}, "gone", per_second(200).with_burst(10));
    eventually([&] { return moved.connections > 2; });
    moved.answer = "-MOVED 1 127.0.0.1:" + std::to_string(real.port) + "\r\n";
    eventually([&] { return all.limiters[0]->state().store_up; });
  }
}

TEST_CASE("A store forgets the channels of limits that do not exist any more", "[redis]") {
  tests::redis_server server;
  hiredis_store store({.port = server.port});
  for (int i = 0; i < 20; ++i) {
    rate_limiter limiter(store, "tenant/" + std::to_string(i), per_second(100));
    CHECK(limiter.acquire({.timeout = 2s}) == tenax::acquired::yes);
  }
  rate_limiter last(store, "last", per_second(100));
  CHECK(last.acquire({.timeout = 2s}) == tenax::acquired::yes);
  eventually([&] {
    auto const channels = server.run("PUBSUB", "CHANNELS", "*");
    return channels != nullptr && channels->elements >= 1 && channels->elements <= 2;
  });
}

TEST_CASE("A store takes a host, a port and timeouts that make sense", "[redis]") {
  CHECK_THROWS_WITH(hiredis_store({.host = ""}), Catch::Contains("host must not be empty"));
  CHECK_THROWS_WITH(hiredis_store({.port = 0}), Catch::Contains("port must be 1 to 65535, but is 0"));
  CHECK_THROWS_WITH(hiredis_store({.connect_timeout = 0s}), Catch::Contains("connect_timeout must be more than zero"));
  CHECK_THROWS_WITH(hiredis_store({.answer_timeout = -1s}), Catch::Contains("answer_timeout must be more than zero"));
  hiredis_store nowhere({.port = tests::free_port()});
  rate_limiter limiter(nowhere, "nowhere", per_second(100));
  CHECK(limiter.acquire({.timeout = 2s}) == tenax::acquired::yes);
  eventually([&] {
    static_cast<void>(limiter.try_acquire());
    return limiter.state().trouble == "Connection refused";
  });
}
