// SPDX-License-Identifier: MIT
// gates.cpp: the snippets of docs/reference/gates.md and the pages in docs/reference/gates.
#include <atomic>
#include <iomanip>
#include <sstream>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <tenax/cancel.hpp>
#include <tenax/detail/duration_text.hpp>
#include <tenax/gate/adaptive_rate_limiter.hpp>
#include <tenax/gate/adaptive_throttle.hpp>
#include <tenax/gate/bulkhead.hpp>
#include <tenax/gate/call.hpp>
#include <tenax/gate/circuit_breaker.hpp>
#include <tenax/gate/concurrency_limiter.hpp>
#include <tenax/gate/dry_run.hpp>
#include <tenax/gate/in_flight_retry_budget.hpp>
#include <tenax/gate/keyed.hpp>
#include <tenax/gate/keyed_scheduler.hpp>
#include <tenax/gate/rate_limiter.hpp>
#include <tenax/gate/retry_budget.hpp>
#include <tenax/gate/retry_quota.hpp>
#include <tenax/gate/windowed_retry_budget.hpp>
#include <tenax/testing/no_waits.hpp>

#include "docs.hpp"

namespace {

// [gate]
/// Admits at most `n` attempts at the same time.
class at_most_at_once {
 public:
  explicit at_most_at_once(int n) : free_(n) {}

  /// One attempt's place, given back when it is destroyed.
  class ticket {
   public:
    ticket() = default;
    ticket(ticket&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    ticket& operator=(ticket&& other) noexcept {
      std::swap(gate_, other.gate_);
      return *this;
    }
    ~ticket() {
      if (gate_ != nullptr) ++gate_->free_;
    }

   private:
    friend class at_most_at_once;
    at_most_at_once* gate_ = nullptr;
  };

  tenax::admission admit(ticket& t, tenax::attempt_info const&, tenax::time_point) {
    if (t.gate_ != nullptr)
      return tenax::admission::go();  // asked again, but has its place already
    auto free = free_.load();
    while (free > 0 && !free_.compare_exchange_weak(free, free - 1)) {
    }
    if (free == 0) return tenax::admission::wait(10ms);
    t.gate_ = this;
    return tenax::admission::go();
  }

  void record(ticket& t, tenax::feedback const&, tenax::time_point) {
    ticket given_back = std::move(t);
  }

  int free() const { return free_; }

 private:
  std::atomic<int> free_;
};
static_assert(tenax::gate<at_most_at_once>);
// [/gate]

std::string download(std::string const& host) { return "the page of " + host; }

// [member]
/// Fetches pages, at most two per second from each host. Threads may share it.
class crawler {
  // A function that makes a policy does not have to name its long type.
  auto polite(std::string const& host) {
    return tenax::retrying{}.stop(tenax::stop::after_attempts(5)).through(limiters_[host]);
  }

 public:
  std::string fetch(std::string const& host) { return polite(host)(download, host); }

 private:
  tenax::keyed<std::string, tenax::rate_limiter<1>> limiters_{
      [] { return tenax::rate_limiter(tenax::per_second(2)); }};
};
// [/member]

// [stored]
auto guarded(tenax::circuit_breaker<>& breaker) {
  return tenax::retrying{}.stop(tenax::stop::after_attempts(5)).through(std::ref(breaker));
}

class catalogue {
 public:
  std::string fetch(std::string const& host) { return policy_(download, host); }

 private:
  tenax::circuit_breaker<> breaker_{{.failures = 5}};
  decltype(guarded(breaker_)) policy_ = guarded(breaker_);
};
// [/stored]

}  // namespace

TEST_CASE("gates: members") {
  tenax::testing::no_waits const skip;
  crawler one;
  auto const start = tenax::real_time::now();
  CHECK(one.fetch("a.example") == "the page of a.example");
  CHECK(one.fetch("b.example") == "the page of b.example");
  CHECK(tenax::real_time::now() - start < 400ms);
  CHECK(one.fetch("a.example") == "the page of a.example");
  CHECK(tenax::real_time::now() - start >= 500ms);
  CHECK(catalogue{}.fetch("c.example") == "the page of c.example");
}

TEST_CASE("gates: through") {
  virtual_time clock;
  auto const base = tenax::retrying{}.environment(std::ref(clock));
  // [through]
  at_most_at_once places(2);  // shared by all calls; it has to outlive them
  auto const policy = base.through(std::ref(places));
  // [/through]
  CHECK(policy([&] { return places.free(); }) == 1);
  CHECK(places.free() == 2);

  // Both places are taken: the call waits, and asks again.
  at_most_at_once::ticket first, second;
  CHECK(places.admit(first, {}, {}).how == tenax::admission::kind::go);
  CHECK(places.admit(second, {}, {}).how == tenax::admission::kind::go);
  clock.after(25ms, [&] { second = {}; });
  CHECK(policy([&] { return places.free(); }) == 0);
  CHECK(clock.sleeps() == durations{10ms, 10ms, 10ms});

  // The wait at a gate counts against the deadline.
  clock.after(1s, [] {});
  at_most_at_once::ticket third;
  CHECK(places.admit(third, {}, {}).how == tenax::admission::kind::go);
  auto const report = policy.stop(tenax::stop::deadline(25ms)).try_call([] {});
  CHECK(report.reason == tenax::stop_reason::expired_on_entry);
  CHECK(report.waited == 20ms);
}

TEST_CASE("gates: circuit_breaker") {
  virtual_time clock;
  auto const polite =
      tenax::retrying{}.wait(tenax::wait::constant(1s)).environment(std::ref(clock));
  int sent = 0;
  auto const fetch_page = [&]() -> int {
    ++sent;
    throw network_error("down");
  };
  // [circuit_breaker]
  tenax::circuit_breaker breaker({.failures = 2, .open_for = 10s});
  auto const policy = polite.through(std::ref(breaker));
  // [/circuit_breaker]
  CHECK_THROWS_AS(policy(fetch_page), network_error);
  CHECK(sent == 2);
  CHECK(breaker.state() == tenax::circuit_state::open);
  CHECK_THROWS_AS(policy(fetch_page), tenax::refused);
  CHECK(sent == 2);
  clock.advance(10s);
  CHECK(policy([] { return 1; }) == 1);
  CHECK(breaker.state() == tenax::circuit_state::closed);
}

TEST_CASE("gates: circuit_breaker alone") {
  virtual_time clock;
  std::string log;
  auto const fetch = []() -> std::string { throw network_error("down"); };
  auto const write = [&](std::string const& line) { log += line; };
  // [circuit_breaker_alone]
  tenax::circuit_breaker breaker(
      {.failure_ratio = 0.5, .window = 30s, .minimum_calls = 20},
      [&](tenax::circuit_state from, tenax::circuit_state to, tenax::time_point) {
        write(std::string("circuit ") + to_string(from) + " -> " + to_string(to));
      });
  auto const page_or_old_one = [&](std::string const& old) {
    try {
      return tenax::call_through(breaker, fetch);
    } catch (tenax::refused const&) {
      return old;  // immediately, without a request
    }
  };
  // [/circuit_breaker_alone]
  for (int i = 0; i < 20; ++i) CHECK_THROWS_AS(page_or_old_one("old"), network_error);
  CHECK(page_or_old_one("old") == "old");
  CHECK(log == "circuit closed -> open");
}

TEST_CASE("gates: retry_budget") {
  virtual_time clock;
  auto const polite =
      tenax::retrying{}.wait(tenax::wait::constant(1s)).environment(std::ref(clock));
  // [retry_budget]
  tenax::retry_budget budget({.tokens = 10, .ratio = 0.1});  // one for each server
  auto const policy = polite.stop(tenax::stop::after_attempts(4)).through(std::ref(budget));
  // [/retry_budget]
  int calls = 0;
  for (int i = 0; i < 100; ++i) {
    static_cast<void>(policy.try_call([&] {
      ++calls;
      throw network_error("down");
    }));
  }
  CHECK(calls == 103);
}

TEST_CASE("gates: windowed_retry_budget") {
  virtual_time clock;
  auto const polite =
      tenax::retrying{}.wait(tenax::wait::constant(10ms)).environment(std::ref(clock));
  // [windowed_retry_budget]
  tenax::windowed_retry_budget budget({.ratio = 0.2, .window = 10s, .min_per_second = 0.1});
  auto const policy = polite.through(std::ref(budget));
  // [/windowed_retry_budget]
  for (int i = 0; i < 100; ++i) policy([] {});
  int calls = 0;
  for (int i = 0; i < 100; ++i) {
    static_cast<void>(policy.try_call([&] {
      ++calls;
      throw network_error("down");
    }));
  }
  CHECK(calls == 100 + 20 + 1);
}

TEST_CASE("gates: in_flight_retry_budget") {
  virtual_time clock;
  auto const polite =
      tenax::retrying{}.wait(tenax::wait::constant(1s)).environment(std::ref(clock));
  // [in_flight_retry_budget]
  tenax::in_flight_retry_budget budget({.ratio = 0.2, .min_retries = 3});  // one for each server
  auto const policy = polite.through(std::ref(budget));
  // [/in_flight_retry_budget]
  CHECK(policy.try_call([] { throw network_error("down"); }).attempts == 3);
  CHECK(budget.in_flight() == 0);
}

TEST_CASE("gates: retry_quota") {
  virtual_time clock;
  auto const polite = tenax::retrying{}.environment(std::ref(clock));
  // [retry_quota]
  // As the AWS SDKs: one quota for each client.
  tenax::retry_quota quota(tenax::retry_quota_options::aws_2026());
  auto const throttled = []<class T>(tenax::attempt<T> const& a) { return a.hint.throttled; };
  auto const policy =
      polite.stop(tenax::stop::after_attempts(3))
          .wait(tenax::wait::first_of(
              tenax::wait::only_if(throttled,
                                   tenax::wait::exponential({.base = 1s, .max = 20s}).full()),
              tenax::wait::exponential({.base = 50ms, .max = 20s}).full()))
          .max_server_wait(5s, tenax::too_long::lengthen)  // at most 5 s more than the own wait
          .through(std::ref(quota));
  // [/retry_quota]
  CHECK(policy.try_call([] { throw network_error("down"); }).attempts == 3);
  CHECK(quota.tokens() == 500 - 2 * 14);
  CHECK(clock.slept() <= 150ms);
  CHECK(policy.try_call([] { throw tenax::retry_after(1h, network_error("busy")); }).attempts == 3);
  CHECK(quota.tokens() == 500 - 2 * 14 - 2 * 5);
  CHECK(clock.slept() >= 10s);
  CHECK(clock.slept() <= 13s + 150ms);
  CHECK(policy([] { return 1; }) == 1);
  CHECK(quota.tokens() == 500 - 2 * 14 - 2 * 5 + 1);
}

TEST_CASE("gates: bulkhead") {
  virtual_time clock;
  auto const polite = tenax::retrying{}.environment(std::ref(clock));
  // [bulkhead]
  tenax::bulkhead places({.at_once = 8, .queue = 16, .max_wait = 1s});
  auto const policy = polite.through(std::ref(places));
  // [/bulkhead]
  std::vector<tenax::bulkhead::ticket> busy(8);
  for (auto& t : busy) CHECK(places.admit(t, {}, clock.now()).how == tenax::admission::kind::go);
  auto const report = policy.try_call([] {});
  CHECK(report.reason == tenax::stop_reason::refused_by_gate);
  CHECK(report.waited == 1s);
  clock.after(100ms, [&] { busy.clear(); });
  CHECK(policy([&] { return places.running(); }) == 1);
}

TEST_CASE("gates: concurrency_limiter") {
  virtual_time clock;
  auto const polite = tenax::retrying{}.environment(std::ref(clock));
  auto const search = [] { return 3; };
  auto const reindex = [] { return 4; };
  // [concurrency_limiter]
  tenax::concurrency_limiter places;  // one for each server, shared by all threads
  auto const policy = polite.through(std::ref(places));
  // [/concurrency_limiter]
  CHECK(policy(search) == 3);
  // [with_priority]
  auto const for_users = polite.through(places.with_priority(tenax::priority::critical));
  auto const in_background = polite.through(places.with_priority(tenax::priority::optional));
  // [/with_priority]
  CHECK(for_users(search) == 3);
  CHECK(in_background(reindex) == 4);
  std::ostringstream out;
  // [concurrency_state]
  tenax::concurrency_state const now = places.state();
  out << now.in_flight << " of " << now.limit << " places taken, " << now.waiting << " waiting\n";
  // [/concurrency_state]
  CHECK(out.str() == "0 of 8 places taken, 0 waiting\n");
}

TEST_CASE("gates: adaptive_throttle") {
  virtual_time clock;
  auto const polite =
      tenax::retrying{}.environment(std::ref(clock)).stop(tenax::stop::after_attempts(1));
  // [adaptive_throttle]
  tenax::adaptive_throttle throttle({.k = 2, .window = 2min});
  auto const policy = polite.through(std::ref(throttle));
  // [/adaptive_throttle]
  int sent = 0;
  for (int i = 0; i < 1000; ++i) {
    static_cast<void>(policy.try_call([&] {
      ++sent;
      throw tenax::retry_after(1s, network_error("overloaded"));
    }));
  }
  CHECK(sent < 50);
}

TEST_CASE("gates: keyed") {
  virtual_time clock;
  auto const polite =
      tenax::retrying{}.wait(tenax::wait::constant(1s)).environment(std::ref(clock));
  auto const fetch = [](std::string const& host) -> int {
    if (host == "b.example") throw network_error("down");
    return 200;
  };
  // [keyed]
  tenax::keyed<std::string, tenax::circuit_breaker<>> breakers(
      [] { return tenax::circuit_breaker({.failures = 2}); },
      {.max_keys = 1000, .forget_after = 10min});

  auto const get = [&](std::string const& host) {
    return polite.through(breakers[host])(fetch, host);
  };
  // [/keyed]
  CHECK(get("a.example") == 200);
  CHECK_THROWS_AS(get("b.example"), network_error);
  CHECK_THROWS_AS(get("b.example"), tenax::refused);
  CHECK(get("a.example") == 200);
  // [visit]
  breakers.visit("b.example", [](tenax::circuit_breaker<>& b) { b.close(); });
  // [/visit]
  CHECK_THROWS_AS(get("b.example"), network_error);
}

TEST_CASE("gates: by hand") {
  virtual_time clock;
  tenax::bulkhead gate;
  auto const send = [] { return 5; };
  // [call_through]
  int const answer = tenax::call_through(gate, send, clock);  // the clock may be left out
  // [/call_through]
  CHECK(answer == 5);
}

TEST_CASE("gates: rate_limiter") {
  virtual_time clock;
  auto const send = [] { return 1; };
  auto const polite = tenax::retrying{}.environment(std::ref(clock));
  // [rate_limiter]
  // Shared by all calls. At most 10 in any second: 5 for the rate, and 5 for the burst.
  tenax::rate_limiter limiter(tenax::per_second(5).with_burst(5));
  auto const policy = polite.through(std::ref(limiter));
  for (int i = 0; i < 25; ++i) policy(send);  // five at once, then one every 200 ms
  // [/rate_limiter]
  CHECK(clock.now().time_since_epoch() == 4s);

  // [with_weight]
  auto const batch =
      polite.through(limiter.with_weight(5));  // for a request that counts five times
  // [/with_weight]
  auto const before_batch = clock.now();
  batch(send);
  CHECK(clock.now() - before_batch == 1s);

  auto const send_rows = [&](int rows) { return rows; };
  // [weight_per_call]
  auto const costing = [&](std::uint64_t permits) {
    return polite.through(limiter.with_weight(permits));  // the same type for every number
  };
  costing(5)(send_rows, 5);
  costing(2)(send_rows, 2);
  // [/weight_per_call]
  CHECK(clock.now() - before_batch == 1s + 7 * 200ms);
  static_assert(std::is_same_v<decltype(limiter.with_weight(1)), decltype(limiter.with_weight(5))>);

  tenax::rate_limiter both(tenax::per_second(9), tenax::per_hour(450).with_burst(50));
  auto const slow_and_fast = polite.through(std::ref(both));
  auto const start = clock.now();
  std::vector<tenax::time_point> sent;
  while (clock.now() - start < 2h) slow_and_fast([&] { sent.push_back(clock.now()); });
  auto const at_most = [&](std::size_t n, tenax::duration window) {
    for (std::size_t i = n; i < sent.size(); ++i) {
      if (sent[i] - sent[i - n] < window) return false;
    }
    return true;
  };
  CHECK(at_most(10, 1s));
  CHECK(at_most(500, 1h));
  CHECK(sent.size() > 900);
}

#if defined(__cpp_lib_jthread)
TEST_CASE("gates: acquire") {
  virtual_time clock;
  int sent = 0, put_off = 0, stopped = 0;
  auto const send_three = [&] { ++sent; };
  auto const put_off_to_later = [&] { ++put_off; };
  auto const stop_working = [&] { ++stopped; };
  tenax::rate_limiter limiter(tenax::per_second(1).with_burst(3));
  std::stop_source source;
  auto const token = source.get_token();
  auto const work = [&] {
    // [acquire]
    auto const result =
        limiter.acquire({.timeout = 2s, .weight = 3}, token, clock);  // the clock may be left out
    if (result == tenax::acquired::yes) {
      send_three();
    } else if (result == tenax::acquired::timed_out) {
      put_off_to_later();  // known immediately, before the 2 s; no permit is taken
    } else if (result == tenax::acquired::cancelled) {
      stop_working();  // stop was requested
    }
    // [/acquire]
  };
  work();
  work();
  CHECK(clock.slept() == 0s);
  clock.advance(1s);
  work();
  source.request_stop();
  work();
  CHECK(clock.slept() == 2s);
  CHECK(sent == 2);
  CHECK(put_off == 1);
  CHECK(stopped == 1);
}
#endif

TEST_CASE("gates: permit") {
  script<response> service;
  service.returns(response{200, ""});
  tenax::adaptive_rate_limiter limiter;
  // [permit]
  if (auto permit = limiter.acquire(2s)) {  // waits for at most 2 s; a token may follow
    response const page = service();
    if (page.status == 429) {
      permit.report_throttled();
    } else {
      permit.report_success();
    }
  }
  // [/permit]
  CHECK(limiter.state().admitted == 1);
  CHECK(limiter.state().in_flight == 0);
}

TEST_CASE("gates: adaptive_rate_limiter") {
  virtual_time clock;
  script<response> service;
  service.returns(response{200, ""});
  auto const polite = tenax::retrying{}.environment(std::ref(clock));
  // [adaptive_rate_limiter]
  tenax::adaptive_rate_limiter limiter;  // one for each server, shared by all threads
  auto const policy = polite.through(std::ref(limiter));
  response const page = policy(std::ref(service));
  // [/adaptive_rate_limiter]
  CHECK(page.status == 200);
  CHECK(limiter.state().admitted == 1);

  std::ostringstream out;
  // [adaptive_rate_state]
  tenax::adaptive_rate_state const now = limiter.state();
  out << now.rate << " per second, phase: " << to_string(now.doing) << ", throttled "
      << now.throttled << " of " << now.admitted << '\n';
  // [/adaptive_rate_state]
  CHECK(out.str() == "10 per second, phase: start, throttled 0 of 1\n");

  tenax::adaptive_rate_limiter::ticket t;
  CHECK(limiter.admit(t, {}, clock.now() + 1s).how == tenax::admission::kind::go);
  limiter.record(t, {.how = tenax::feedback::kind::throttled, .server_wait = 4min},
                 clock.now() + 1s);
  clock.advance(1s);
  out.str("");
  // [resume]
  if (limiter.state().paused_until > clock.now()) {
    out << "paused; asking again now\n";
    limiter.resume(clock.now());
  }
  // [/resume]
  CHECK(out.str() == "paused; asking again now\n");
  CHECK(limiter.state().paused_until <= clock.now());
}

TEST_CASE("gates: order") {
  virtual_time clock;
  auto const polite = tenax::retrying{}.environment(std::ref(clock));
  tenax::retry_budget budget;
  tenax::circuit_breaker breaker({.failures = 5});
  tenax::adaptive_rate_limiter limiter;
  tenax::bulkhead places({.at_once = 8});
  // [order]
  auto const policy = polite.through(std::ref(budget))
                          .through(std::ref(breaker))
                          .through(std::ref(limiter))
                          .through(std::ref(places));
  // [/order]
  CHECK(policy([] { return 7; }) == 7);
  CHECK(limiter.state().admitted == 1);
}

TEST_CASE("gates: a service that may be dead") {
  virtual_time clock;
  auto const persistent = tenax::retrying{}
                              .wait(tenax::wait::constant(100ms))
                              .stop(tenax::stop::after_attempts(10))
                              .environment(std::ref(clock));
  // [guarded]
  // One of each for the service, shared by all calls to it.
  tenax::retry_budget budget({.tokens = 10, .ratio = 0.1});
  tenax::circuit_breaker breaker({.failures = 10, .open_for = 10s});
  tenax::bulkhead places({.at_once = 8, .queue = 16, .max_wait = 1s});

  auto const guarded =
      persistent.through(std::ref(budget)).through(std::ref(breaker)).through(std::ref(places));
  // [/guarded]
  bool down = true;
  int sent = 0;
  auto const fetch = [&]() -> std::string {
    ++sent;
    if (down) throw network_error("down");
    return "the page";
  };
  std::string said;
  tenax::duration again{};
  auto const old_page = [&](char const* why, tenax::duration in) {
    said = why;
    again = in;
    return std::string("the old page");
  };
  // [refused]
  auto const page = [&] {
    try {
      return guarded(fetch);
    } catch (tenax::refused const& e) {  // before the first attempt: nothing was sent
      return old_page(e.what(), e.retry_after().value_or(1s));
    }
  };
  // [/refused]

  // The budget ends the first call with the last exception; the circuit opens at the tenth failure.
  CHECK_THROWS_AS(page(), network_error);
  CHECK(sent == 5);
  for (int i = 0; i < 5; ++i) CHECK_THROWS_AS(page(), network_error);
  CHECK(sent == 10);
  CHECK(page() == "the old page");
  CHECK(said == "circuit open");
  CHECK(again >= 8s);
  CHECK(again <= 10s);

  clock.advance(10s);
  tenax::circuit_breaker<>::ticket probe;
  CHECK(breaker.admit(probe, {}, clock.now()).how == tenax::admission::kind::go);
  CHECK(page() == "the old page");
  CHECK(said == "circuit half-open, and probes are under way");
  CHECK(again == 10s);  // when the lease of the probe ends
  probe = {};

  down = false;
  CHECK(page() == "the page");
  std::vector<tenax::bulkhead::ticket> others(24);
  for (auto& t : others) static_cast<void>(places.admit(t, {}, clock.now()));
  CHECK(page() == "the old page");
  CHECK(said == "bulkhead full");
  CHECK(again == 1s);
  CHECK(sent == 11);
}

TEST_CASE("gates: set and charge") {
  virtual_time clock;
  auto const polite = tenax::retrying{}.environment(std::ref(clock));
  struct answer {
    std::int64_t tokens;
  };
  auto const ask_model = [] { return answer{120}; };
  // [set_and_charge]
  // 1000 tokens per minute. A program that restarts often does not begin with a full burst.
  tenax::rate_limiter tokens(tenax::start_empty, tenax::per_minute(1000).with_burst(1000));
  auto const policy = polite.through(std::ref(tokens));

  answer const a = policy(ask_model);  // takes one permit
  tokens.charge(a.tokens - 1, clock);  // the rest is known now; the clock may be left out
  tokens.set(tenax::per_minute(2000).with_burst(1000), clock);  // the service allows more
  // [/set_and_charge]
  CHECK(tokens.wait_hint(1, clock) == 120 * 30ms);
  CHECK_FALSE(tokens.try_acquire(1, clock));
}

TEST_CASE("gates: for_each") {
  virtual_time clock;
  tenax::keyed<std::string, tenax::rate_limiter<1>> limiters(
      [] { return tenax::rate_limiter(tenax::per_second(1)); });
  for (auto const* key : {"a", "b"}) {
    CHECK(tenax::call_through(limiters[key], [] { return 1; }, clock) == 1);
  }
  // [for_each]
  limiters.for_each([&](std::string const&, tenax::rate_limiter<1>& limiter) {
    limiter.set(tenax::per_second(4), clock);  // the clock may be left out
  });
  // [/for_each]
  limiters.visit("b", [&](auto& limiter) { CHECK(limiter.wait_hint(1, clock) == 250ms); });
}

TEST_CASE("gates: change of a key") {
  virtual_time clock;
  tenax::keyed<std::string, tenax::rate_limiter<1>> limiters(
      [] { return tenax::rate_limiter(tenax::per_second(1)); }, {.forget_after = 10min});
  // [key_change]
  limiters.change("gold",
                  [](tenax::rate_limiter<1>& limiter) { limiter.set(tenax::per_second(50)); });
  // [/key_change]
  for (int i = 0; i < 2; ++i) {
    CHECK(tenax::call_through(limiters["gold"], [] { return 1; }, clock) == 1);
    limiters.visit("gold", [&](auto& limiter) { CHECK(limiter.wait_hint(1, clock) <= 20ms); });
    limiters.forget_idle(clock.now() + 1h);
  }
}

TEST_CASE("gates: dry_run") {
  virtual_time clock;
  auto const polite = tenax::retrying{}.environment(std::ref(clock));
  std::string log;
  auto const write = [&](std::string const& line) { log += line; };
  auto const send = [] { return 200; };
  tenax::rate_limiter limiter(tenax::per_second(10));
  {
    // [dry_run]
    tenax::dry_run_counter counter;
    auto const policy = polite.through(tenax::dry_run(std::ref(limiter), std::ref(counter)));
    for (int i = 0; i < 4; ++i) policy(send);  // all are sent at once
    auto const n = counter.read();
    CHECK(n.admitted == 1);
    CHECK(n.delayed == 3);
    // [/dry_run]
  }
  // [dry_run_observer]
  auto const tell = [&](tenax::attempt_info const&, tenax::admission const& answer) {
    if (answer.refused()) write(std::string("would refuse: ") + answer.reason);
    if (answer.waits()) write("would wait");
  };
  auto const tried = polite.through(tenax::dry_run(std::ref(limiter), tell));
  // [/dry_run_observer]
  tried(send);
  CHECK(log == "would wait");
}

#if defined(__cpp_lib_jthread)
TEST_CASE("gates: keyed_scheduler") {
  std::atomic<int> sent{0};
  auto const send = [&](std::string const&) { ++sent; };
  // [keyed_scheduler]
  using tenants = tenax::keyed<std::string, tenax::rate_limiter<1>>;
  using work = std::function<void()>;
  tenants limiters([] { return tenax::rate_limiter(tenax::per_second(500)); });
  tenax::keyed_scheduler<work, std::string, tenax::rate_limiter<1>> line(limiters);

  auto const worker = [&line](std::stop_token const& token) {
    while (auto job = line.pop(token)) {  // the next work whose tenant may send now
      job->run();                         // and tells the limiter how it ended
    }
  };
  std::vector<std::jthread> pool;
  for (int i = 0; i < 4; ++i) pool.emplace_back(worker);

  for (auto const* tenant : {"big", "big", "small"}) {
    if (!line.push(tenant, [&send, tenant] { send(tenant); })) throw std::runtime_error("full");
  }
  line.close();                   // the threads end when all work is done,
  for (auto& t : pool) t.join();  // and not before: a jthread's destructor would stop them
  // [/keyed_scheduler]
  CHECK(line.waiting() == 0);
  CHECK(sent == 3);
}
#endif

TEST_CASE("gates: keyed_scheduler of data") {
  virtual_time clock;
  tenax::keyed<int, tenax::circuit_breaker<>> breakers(
      [] { return tenax::circuit_breaker({.failures = 5}); });
  struct request {
    int number;
  };
  auto const send = [](request const& r) { return response{200, std::to_string(r.number)}; };
  int put_off = 0;
  // [scheduled_data]
  tenax::keyed_scheduler<request, int, tenax::circuit_breaker<>> line(breakers);
  if (!line.push(7, request{1})) return;
  if (auto job = line.try_pop(clock)) {  // the clock may be left out
    if (job->admitted()) {
      response const page = send(job->work());
      auto const how =
          page.status < 500 ? tenax::feedback::kind::success : tenax::feedback::kind::failure;
      job->record({.how = how}, clock.now());
    } else {
      ++put_off;  // job->refusal() has the reason
    }
  }
  // [/scheduled_data]
  CHECK(put_off == 0);
  CHECK(line.waiting() == 0);
}

namespace {

/// The row of an option in the table of a page.
std::string row_of(std::string const& page, std::string const& option) {
  auto const text = docs::text("../../docs/reference/gates/" + page + ".md");
  auto const at = text.find("\n| `" + option + "` | ");
  INFO(page << ".md must have a row for the option " << option);
  REQUIRE(at != text.npos);
  return text.substr(at + 1, text.find('\n', at + 1) - at - 1);
}

/// Whether the table of a page has this default.
void has_default(std::string const& page, std::string const& option, std::string const& value) {
  auto const row = row_of(page, option);
  auto const begin = row.find(" | ") + 3;
  INFO(page << ".md: " << row);
  CHECK(row.substr(begin, row.find(" | ", begin) - begin) == value);
}

std::string written(double d) {
  std::ostringstream out;
  out << std::setprecision(10) << d;
  return out.str();
}
std::string written(std::int64_t n) { return std::to_string(n); }
std::string written(bool b) { return b ? "true" : "false"; }
std::string written(tenax::any_duration d) {
  std::string text = tenax::detail::duration_text(d).c_str();
  text.insert(text.find_first_not_of("0123456789."), " ");
  return text;
}

}  // namespace

TEST_CASE("gates: the tables of options have the defaults of the code") {
#define OPTION(page, options, name) has_default(page, #name, written(options{}.name))
  OPTION("bulkhead", tenax::bulkhead_options, at_once);
  OPTION("bulkhead", tenax::bulkhead_options, queue);
  OPTION("bulkhead", tenax::bulkhead_options, max_wait);
  OPTION("concurrency_limiter", tenax::concurrency_options, start);
  OPTION("concurrency_limiter", tenax::concurrency_options, at_least);
  OPTION("concurrency_limiter", tenax::concurrency_options, at_most);
  OPTION("concurrency_limiter", tenax::concurrency_options, queue);
  OPTION("concurrency_limiter", tenax::concurrency_options, max_wait);
  OPTION("retry_budget", tenax::retry_budget_options, tokens);
  OPTION("retry_budget", tenax::retry_budget_options, ratio);
  OPTION("retry_budget", tenax::retry_budget_options, failure_cost);
  OPTION("retry_budget", tenax::retry_budget_options, throttled_cost);
  OPTION("windowed_retry_budget", tenax::windowed_retry_budget_options, ratio);
  OPTION("windowed_retry_budget", tenax::windowed_retry_budget_options, window);
  OPTION("windowed_retry_budget", tenax::windowed_retry_budget_options, min_per_second);
  OPTION("windowed_retry_budget", tenax::windowed_retry_budget_options, throttled_cost);
  OPTION("in_flight_retry_budget", tenax::in_flight_retry_budget_options, ratio);
  OPTION("in_flight_retry_budget", tenax::in_flight_retry_budget_options, min_retries);
  OPTION("adaptive_throttle", tenax::adaptive_throttle_options, k);
  OPTION("adaptive_throttle", tenax::adaptive_throttle_options, window);
  OPTION("adaptive_throttle", tenax::adaptive_throttle_options, count_failures);
  OPTION("adaptive_rate_limiter", tenax::adaptive_rate_options, at_once);
  OPTION("adaptive_rate_limiter", tenax::adaptive_rate_options, max_pause);
  OPTION("keyed", tenax::keyed_options, max_keys);
  OPTION("keyed", tenax::keyed_options, forget_after);
  OPTION("keyed_scheduler", tenax::keyed_scheduler_options, max_waiting);
  OPTION("keyed_scheduler", tenax::keyed_scheduler_options, max_waiting_per_key);
  OPTION("circuit_breaker", tenax::circuit_breaker_options, count_throttled);
  OPTION("circuit_breaker", tenax::circuit_breaker_options, open_for);
  OPTION("circuit_breaker", tenax::circuit_breaker_options, open_factor);
  OPTION("circuit_breaker", tenax::circuit_breaker_options, open_jitter);
  OPTION("circuit_breaker", tenax::circuit_breaker_options, probes);
  OPTION("circuit_breaker", tenax::circuit_breaker_options, successes_to_close);
  OPTION("retry_quota", tenax::retry_quota_options, tokens);
  OPTION("retry_quota", tenax::retry_quota_options, retry_cost);
  OPTION("retry_quota", tenax::retry_quota_options, throttled_retry_cost);
  OPTION("retry_quota", tenax::retry_quota_options, success);
  OPTION("retry_quota", tenax::retry_quota_options, retry_failure);
#undef OPTION
  has_default("adaptive_rate_limiter", "start", "10 per second");
  CHECK(tenax::adaptive_rate_options{}.start.interval() == 100ms);
}
