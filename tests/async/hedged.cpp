// SPDX-License-Identifier: MIT
// hedged.cpp: hedged calls of functions that block their threads. Time moves only when an attempt moves it.
#include <tenax/async/hedged.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <tenax/gate/bulkhead.hpp>
#include <tenax/gate/retry_budget.hpp>
#include <tenax/gate/windowed_retry_budget.hpp>
#include <tenax/tenax.hpp>

#include "../gates.hpp"
#include "catch.hpp"

using namespace std::chrono_literals;
using tenax::attempt_info;

namespace {

/// A clock that attempts move. A thread sleeps until the clock says so, or until its token is triggered.
class moved_clock {
 public:
  [[nodiscard]] tenax::time_point now() const { return tenax::time_point(tenax::duration(now_.load())); }
  template <class Token>
  void sleep(tenax::duration d, Token const& token) {
    auto const end = tenax::saturating_add(tenax::duration(now_.load()), d);
    ++sleepers_;
    ++sleeps;
    wait_until([&] { return tenax::duration(now_.load()) >= end || token.stop_requested(); });
    --sleepers_;
  }
  void sleep(tenax::duration d) { sleep(d, tenax::detail::no_token()); }

  /// Moves the clock, as soon as a thread waits for that.
  void advance(tenax::duration d) {
    wait_until([&] { return sleepers_ > 0; });
    now_ += d.count();
  }
  [[nodiscard]] bool is_awaited() const { return sleepers_ > 0; }

  template <class F>
  static void wait_until(F const& f) {
    auto const end = std::chrono::steady_clock::now() + 10s;
    while (!f()) {
      if (std::chrono::steady_clock::now() > end) std::abort();
      std::this_thread::sleep_for(20us);
    }
  }

  std::atomic<int> sleeps{0};

 private:
  std::atomic<tenax::duration::rep> now_{0};
  std::atomic<int> sleepers_{0};
};

/// Blocks until the attempt is cancelled.
void block(attempt_info const& info) {
  moved_clock::wait_until([&] { return info.stop_requested(); });
}

/// A clock whose sleeps end after ten milliseconds.
struct naps {
  [[nodiscard]] tenax::time_point now() const { return tenax::time_point(tenax::duration(time.load())); }
  void sleep(tenax::duration d) { time += std::min<tenax::duration>(d, 10ms).count(); }
  template <class Token>
  void sleep(tenax::duration d, Token const&) {
    sleep(d);
  }

  std::atomic<tenax::duration::rep> time{0};
};

/// CHECK for attempts, which run in two threads: Catch's own is for one.
void must(bool holds) {
  if (!holds) std::abort();
}

struct network_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Remembers what the gates are asked and told.
struct remembering {
  struct ticket {};
  std::mutex mutex;
  std::vector<std::uint32_t> asked;
  std::vector<tenax::feedback::kind> told;
  int started_count = 0;

  tenax::admission admit(ticket&, attempt_info const& info, tenax::time_point) {
    std::lock_guard const lock(mutex);
    asked.push_back(info.number);
    return {};
  }
  void started(ticket&, tenax::time_point) {
    std::lock_guard const lock(mutex);
    ++started_count;
  }
  void record(ticket&, tenax::feedback const& f, tenax::time_point) {
    std::lock_guard const lock(mutex);
    told.push_back(f.how);
  }
};

using kinds = std::vector<tenax::feedback::kind>;
using kind = tenax::feedback::kind;
using counts = tenax::hedge_counts;

struct world {
  moved_clock clock;
  tenax::retry_budget budget{};

  auto hedging(tenax::hedge_options o = {.after = 50ms}) {
    return tenax::hedging<tenax::retry_budget, std::reference_wrapper<moved_clock>>(budget, o, std::ref(clock));
  }
};

}  // namespace

TEST_CASE("A slow blocking attempt is joined by another one in a second thread, and the first result wins") {
  world w;
  auto hedging = w.hedging();
  auto const caller = std::this_thread::get_id();
  std::atomic<bool> cancelled{false};
  bool here = false, there = false;
  std::string const url = "/page";
  auto const read = [&](attempt_info const& info, std::string const& path) {
    must(&path == &url);  // not copied
    if (info.number == 1) {
      here = std::this_thread::get_id() == caller;
      w.clock.advance(50ms);
      std::stop_callback const told(tenax::stop_token_of(info), [&] { cancelled = true; });
      block(info);
      return std::string("late");
    }
    there = std::this_thread::get_id() != caller;
    return "second " + path;
  };
  CHECK(tenax::hedged(hedging, read, url) == "second /page");
  CHECK(here);
  CHECK(there);
  CHECK(cancelled);
  CHECK(hedging.counts() == counts{.calls = 1, .hedges = 1, .won = 1, .lost = 0});
  CHECK(hedging.seen().count() == 1);
}

TEST_CASE("A blocking attempt that is fast enough is not hedged") {
  world w;
  auto hedging = w.hedging();
  int calls = 0;
  SECTION("and wins") {
    CHECK(tenax::hedged(hedging, [&](int x) { return ++calls + x; }, 40) == 41);
    CHECK(hedging.seen().count() == 1);
  }
  SECTION("and fails") {
    CHECK_THROWS_AS(tenax::hedged(hedging,
                                  [&] {
                                    ++calls;
                                    throw network_error("down");
                                  }),
                    network_error);
  }
  SECTION("and its hedge loses") {
    auto const read = [&](attempt_info const& info) {
      if (info.number == 1) {
        w.clock.advance(50ms);
        moved_clock::wait_until([&] { return hedging.hedged() == 1; });
        return calls = 1;
      }
      block(info);
      throw network_error("aborted");
    };
    CHECK(tenax::hedged(hedging, read) == 1);
    CHECK(hedging.counts() == counts{.calls = 1, .hedges = 1, .won = 0, .lost = 1});
    return;
  }
  CHECK(calls == 1);
  CHECK(hedging.counts() == counts{.calls = 1, .hedges = 0, .won = 0, .lost = 0});
}

TEST_CASE("A blocking hedged call returns what its operation returns: nothing, a reference, a type that only moves") {
  world w;
  auto hedging = w.hedging();
  int value = 3;
  tenax::hedged(hedging, [&] { value = 4; });
  CHECK(value == 4);
  CHECK(&tenax::hedged(hedging, [&]() -> int& { return value; }) == &value);
  CHECK(*tenax::hedged(hedging, [] { return std::make_unique<int>(5); }) == 5);
  struct client {
    int get(int x) const { return x + 1; }
  } const c;
  CHECK(tenax::hedged(hedging, &client::get, c, 6) == 7);
}

TEST_CASE("A blocking hedged call fails only when all attempts have failed") {
  world w;
  auto hedging = w.hedging({.after = 50ms, .at_most = 3});
  auto const fails = [&](attempt_info const& info) -> int {
    if (info.number < 3) {
      w.clock.advance(50ms);
      moved_clock::wait_until([&] { return hedging.hedged() >= info.number; });
    }
    // The other attempts have failed before.
    if (info.number < 3) moved_clock::wait_until([&] { return hedging.counts().lost == 3 - info.number; });
    throw network_error("attempt " + std::to_string(info.number));
  };
  CHECK_THROWS_WITH(tenax::hedged(hedging, fails), "attempt 1");
  CHECK(hedging.counts() == counts{.calls = 1, .hedges = 2, .won = 0, .lost = 2});
}

TEST_CASE("Every attempt of a blocking hedged call passes the gates, those of its policy as well") {
  world w;
  remembering own, outer;
  auto hedging = tenax::hedging(w.budget, {.after = 50ms}, std::ref(w.clock)).through(std::ref(own));
  auto const policy = tenax::retrying{}.environment(std::ref(w.clock)).through(std::ref(outer)).named("read");
  auto const read = [&](attempt_info const& info) {
    must(info.name == std::string("read"));
    if (info.number == 2) return 2;
    w.clock.advance(50ms);
    block(info);
    throw network_error("aborted");
  };
  CHECK(tenax::hedged(policy, hedging, read) == 2);
  for (auto* const gate : {&own, &outer}) {
    CHECK(gate->asked == std::vector<std::uint32_t>{1, 2});
    CHECK(gate->started_count == 2);
  }
  CHECK(own.told == kinds{kind::success, kind::cancelled});
  // The attempt of the policy is the hedged call, and that has succeeded.
  CHECK(outer.told == kinds{kind::success, kind::success});
}

TEST_CASE("A hedge that waits at a gate starts when the gate wakes it") {
  world w;
  tenax::bulkhead two({.at_once = 2, .queue = 2});
  auto hedging = tenax::hedging(w.budget, {.after = 50ms}, std::ref(w.clock)).through(std::ref(two));
  tenax::bulkhead::ticket other;
  REQUIRE(two.admit(other, {}, {}).admitted());
  auto const read = [&](attempt_info const& info) {
    if (info.number == 2) return 2;
    w.clock.advance(50ms);
    moved_clock::wait_until([&] { return two.waiting() == 1; });
    other = {};  // without moving the clock
    block(info);
    return 1;
  };
  CHECK(tenax::hedged(hedging, read) == 2);
  CHECK(two.running() == 0);
}

TEST_CASE("A blocking hedged call ends when its policy's token is triggered") {
  world w;
  auto hedging = w.hedging();
  std::stop_source source;
  auto const policy = tenax::retrying{}.environment(std::ref(w.clock)).cancel_with(source.get_token());
  std::atomic<int> attempts{0};
  auto const read = [&](attempt_info const& info) {
    ++attempts;
    if (info.number == 1) w.clock.advance(50ms);
    if (info.number == 2) source.request_stop();
    std::stop_callback const told(tenax::stop_token_of(info), [] {});
    block(info);
    // The thread that triggers the policy's token has not told every attempt at once.
    moved_clock::wait_until([&] { return tenax::stop_token_of(info).stop_requested(); });
    throw network_error("aborted");
  };
  auto const report = tenax::try_hedged(policy, hedging, read);
  CHECK(report.reason == tenax::stop_reason::cancelled);
  CHECK(attempts == 2);
}

TEST_CASE("A blocking hedged call is cancelled while its first attempt waits at a gate") {
  world w;
  struct never {
    struct ticket {};
    tenax::admission admit(ticket&, attempt_info const&, tenax::time_point) { return tenax::admission::wait(24h); }
    void record(ticket&, tenax::feedback const&, tenax::time_point) {}
  } gate;
  auto hedging = tenax::hedging(w.budget, {.after = 50ms}, std::ref(w.clock)).through(std::ref(gate));
  std::stop_source source;
  struct plain_flag {
    std::atomic<bool> const* set;
    bool stop_requested() const { return *set; }
  };
  std::atomic<bool> set{false};
  auto const check = [&](auto const& policy, auto const& stop) {
    std::jthread const other([&] {
      moved_clock::wait_until([&] { return w.clock.is_awaited(); });
      stop();
    });
    auto const report = tenax::try_hedged(policy, hedging, [] { return 1; });
    CHECK(report.reason == tenax::stop_reason::cancelled);
  };
  auto const policy = tenax::retrying{}.environment(std::ref(w.clock));
  SECTION("a std::stop_token") {
    check(policy.cancel_with(source.get_token()), [&] { source.request_stop(); });
  }
  SECTION("a token that has to be looked at") {
    check(policy.cancel_with(plain_flag{&set}), [&] { set = true; });
  }
}

TEST_CASE("A blocking hedged call has the limits of the attempt around it") {
  tenax::retry_budget budget;
  tenax::hedging hedging(budget);
  auto const policy = tenax::retrying{}.stop(tenax::stop::deadline(24h)).attempt_timeout(1h);
  auto const look = [](attempt_info const& info) {
    must(info.time_left <= 1h);
    must(tenax::current_attempt().time_left() <= 1h);
    must(tenax::current_attempt().can_stop());
    return info.time_left;
  };
  CHECK(tenax::hedged(policy, hedging, look) > 59min);
  CHECK(policy([&](attempt_info const&) { return tenax::hedged(hedging, look); }) > 59min);
  CHECK(tenax::current_attempt().time_left() == tenax::duration::max());
}

TEST_CASE("Attempts of a blocking hedged call that are abandoned own what they use") {
  world w;
  auto hedging = w.hedging({.after = 50ms, .abandon_losers = true});
  auto const held = std::make_shared<std::atomic<bool>>(false);
  {
    auto const clock = std::ref(w.clock);
    auto const read = [held, clock](attempt_info const& info, std::string const& path) {
      if (info.number == 2) return "second " + path;
      clock.get().advance(50ms);
      moved_clock::wait_until([&] { return held->load(); });
      return std::string("late");
    };
    CHECK(tenax::hedged(hedging, read, "/page") == "second /page");
  }
  CHECK(held.use_count() == 2);
  CHECK(hedging.under_way() == 1);
  *held = true;
  moved_clock::wait_until([&] { return hedging.under_way() == 0; });
  CHECK(held.use_count() == 1);
  CHECK(hedging.counts() == counts{.calls = 1, .hedges = 1, .won = 1, .lost = 0});
}

TEST_CASE("A hedging is in use until the operations of its abandoned attempts are destroyed, and gates were told") {
  struct observed {
    std::atomic<int>* ends;
    std::atomic<std::uint64_t>* seen;
    tenax::hedging<remembering, std::reference_wrapper<moved_clock>>* hedging;

    observed(std::atomic<int>& e, std::atomic<std::uint64_t>& s, decltype(*hedging) h)
        : ends(&e), seen(&s), hedging(&h) {}
    observed(observed const&) = default;
    observed& operator=(observed const&) = delete;
    ~observed() {
      *seen = hedging->under_way();
      ++*ends;
    }
  };
  moved_clock clock;
  remembering budget;
  std::atomic<bool> held{true};
  std::atomic<int> ends{0};
  std::atomic<std::uint64_t> seen{0};
  tenax::hedging hedging(budget, {.after = 50ms, .abandon_losers = true}, std::ref(clock));
  CHECK(hedging.under_way() == 0);
  {
    observed const watch(ends, seen, hedging);
    auto const read = [&clock, &held, watch](attempt_info const& info) {
      if (info.number == 2) return 2;
      clock.advance(50ms);
      moved_clock::wait_until([&] { return !held; });
      return 1;
    };
    CHECK(tenax::hedged(hedging, read) == 2);
  }
  auto const of_this_thread = ends.load();
  CHECK(hedging.under_way() == 1);
  held = false;
  moved_clock::wait_until([&] { return hedging.under_way() == 0; });
  CHECK(ends == of_this_thread + 1);
  CHECK(seen == 1);
  CHECK(budget.told.size() == 2);
}

TEST_CASE("A blocking hedged call without further threads goes on without hedges") {
  world w;
  auto hedging = w.hedging();
  auto const call = [](attempt_info const& info) { return info.number; };
  tenax::detail::hedge_race<std::uint32_t, decltype(hedging), decltype(call)> race(hedging, {}, call);
  tenax::detail::run_joined(race, nullptr, [](auto const&) { return std::optional<std::thread>(); });
  CHECK(race.take_result().get() == 1);
  CHECK(hedging.counts() == counts{.calls = 1, .hedges = 0, .won = 0, .lost = 0});
}

TEST_CASE("An exception of a budget is thrown by a blocking hedged call, after its attempts have ended") {
  struct broken : std::exception {};
  struct throwing {
    struct ticket {};
    int good;
    tenax::admission admit(ticket&, attempt_info const&, tenax::time_point) {
      if (good-- == 0) throw broken();
      return {};
    }
    void record(ticket&, tenax::feedback const&, tenax::time_point) const {}
  };
  moved_clock clock;
  auto const check = [&](throwing budget) {
    tenax::hedging hedging(budget, {.after = 50ms}, std::ref(clock));
    std::atomic<int> ended{0};
    CHECK_THROWS_AS(tenax::hedged(hedging,
                                  [&](attempt_info const& info) {
                                    clock.advance(50ms);
                                    block(info);
                                    ++ended;
                                  }),
                    broken);
    return ended.load();
  };
  CHECK(check({.good = 0}) == 0);
  CHECK(check({.good = 1}) == 1);
}

TEST_CASE("What a loser's gate throws does not take the result from a blocking hedged call") {
  struct broken : std::exception {};
  struct throwing {
    struct ticket {};
    std::atomic<int> told{0};
    tenax::admission admit(ticket&, attempt_info const&, tenax::time_point) const { return {}; }
    void record(ticket&, tenax::feedback const& f, tenax::time_point) {
      ++told;
      if (f.how == kind::cancelled) throw broken();
    }
  } gate;
  world w;
  auto hedging = w.hedging().through(std::ref(gate));
  auto const read = [&](attempt_info const& info) {
    if (info.number == 2) return 2;
    w.clock.advance(50ms);
    block(info);
    throw network_error("aborted");
  };
  CHECK(tenax::hedged(hedging, read) == 2);
  CHECK(gate.told == 2);
}

TEST_CASE("A hedged call is retried as a whole, and hedges count as retries for their budget") {
  world w;
  auto hedging = w.hedging();
  auto const policy =
      tenax::retrying{}.environment(std::ref(w.clock)).wait(tenax::wait::none).stop(tenax::stop::after_attempts(3));
  int calls = 0;
  auto const report = tenax::try_hedged(policy, hedging, [&] {
    if (++calls < 3) throw network_error("down");
    return calls;
  });
  CHECK(report.value() == 3);
  CHECK(report.attempts == 3);
  for (int i = 0; i < 5; ++i) w.budget.count(kind::failure);
  auto const before = w.clock.sleeps.load();
  auto const read = [&](attempt_info const& info) {
    w.clock.advance(50ms);  // the budget refuses the hedge, and is asked again after the same time
    moved_clock::wait_until([&] { return w.clock.sleeps >= before + 2; });
    return info.number;
  };
  CHECK(tenax::hedged(hedging, read) == 1);
  CHECK(hedging.hedged() == 0);
}

TEST_CASE("Blocked attempts of a hedged call hear of its token, even of one that has to be looked at") {
  world w;
  struct plain_flag {
    std::atomic<bool> const* set;
    bool stop_requested() const { return *set; }
  };
  std::atomic<bool> set{false};
  std::stop_source source;
  auto const held = std::make_shared<int>(0);
  auto const reading = [&w, &held](auto stop) {
    return [clock = &w.clock, held, stop](attempt_info const& info) -> int {
      std::atomic<bool> told{false};
      std::stop_callback const early(tenax::stop_token_of(info), [&] { told = true; });
      info.number == 1 ? clock->advance(50ms) : stop();
      moved_clock::wait_until([&] { return told.load(); });
      throw network_error("aborted");
    };
  };
  auto const flagged = [&set] { set = true; };
  auto const policy = tenax::retrying{}.environment(std::ref(w.clock)).wait(tenax::wait::none);
  auto reason = tenax::stop_reason::succeeded;
  auto hedging = w.hedging();
  auto loose = w.hedging({.after = 50ms, .abandon_losers = true});
  SECTION("of the attempt around it") {
    auto const read = reading([&source] { source.request_stop(); });
    reason = policy.cancel_with(source.get_token()).try_call([&] { return tenax::hedged(hedging, read); }).reason;
  }
  SECTION("of its policy") {
    reason = tenax::try_hedged(policy.cancel_with(plain_flag{&set}), hedging, reading(flagged)).reason;
  }
  SECTION("of its policy, when it abandons losers") {
    reason = tenax::try_hedged(policy.cancel_with(plain_flag{&set}), loose, reading(flagged)).reason;
  }
  CHECK(reason == tenax::stop_reason::cancelled);
  moved_clock::wait_until([&] { return loose.under_way() == 0; });
  CHECK(held.use_count() == 1);
}

TEST_CASE("A sleep that ends early does not start a hedge early") {
  naps clock;
  tenax::retry_budget budget;
  tenax::hedging hedging(budget, {.after = 50ms}, std::ref(clock));
  auto const read = [](attempt_info const& info) {
    if (info.number == 1) block(info);
    return info.started.time_since_epoch();
  };
  CHECK(tenax::hedged(hedging, read) == 50ms);
}

TEST_CASE("Without memory for a thread there is none") {
  struct moves_with_memory {
    moves_with_memory() = default;
    moves_with_memory(moves_with_memory const&) { throw std::bad_alloc(); }
    void operator()() const {}
  };
  CHECK(!tenax::detail::start_thread()(moves_with_memory()));
}

TEST_CASE("Attempts that cannot be abandoned are rejected before the policy makes any") {
  world w;
  auto hedging = w.hedging({.after = 50ms, .abandon_losers = true});
  auto const moves_only = [p = std::make_unique<int>(5)] { return *p; };
  CHECK_THROWS_AS(tenax::hedged(hedging, moves_only), std::invalid_argument);
  auto const call = [&] { static_cast<void>(tenax::try_hedged(tenax::retrying{}, hedging, moves_only)); };
  CHECK_THROWS_AS(call(), std::invalid_argument);
}
