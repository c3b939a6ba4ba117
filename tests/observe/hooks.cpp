// SPDX-License-Identifier: MIT
// hooks.cpp: observers are called for every event, in order, and change no decision.
#include <tenax/tenax.hpp>

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include <tenax/any_retrying.hpp>
#include <tenax/gate/circuit_breaker.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using tenax::stop_reason;
using tenax::testing::virtual_time;
using events = std::vector<std::string>;

namespace {

/// Fails `failures` times, then returns the number of the call.
auto failing(int failures) {
  return [failures, n = 0]() mutable {
    if (++n <= failures) throw std::runtime_error("down");
    return n;
  };
}

/// Records every event.
struct recorder {
  events log{};
  void before_attempt(tenax::attempt_info const& a) { log.push_back("before_attempt " + std::to_string(a.number)); }
  template <class T>
  void after_attempt(tenax::attempt<T> const& a) {
    log.push_back("after_attempt " + std::to_string(a.number) + (a.result.has_value() ? " value" : " exception"));
  }
  template <class T>
  void before_sleep(tenax::attempt<T> const& a) {
    log.push_back("before_sleep " + std::to_string(a.number) + ", " + std::to_string(a.upcoming_wait / 1s) + " s");
  }
  template <class T>
  void on_success(tenax::attempt<T> const& a) {
    log.push_back("on_success " + std::to_string(a.number));
  }
  template <class T>
  void on_give_up(tenax::attempt<T> const& a, stop_reason reason) {
    log.push_back("on_give_up " + std::to_string(a.number) + " " + tenax::to_string(reason));
  }
};

}  // namespace

TEST_CASE("An observer gets every event of a call that succeeds") {
  virtual_time clock;
  recorder r;
  auto const policy =
      tenax::retrying{}.wait(tenax::wait::constant(2s)).observe(std::ref(r)).environment(std::ref(clock));
  CHECK(policy(failing(1)) == 2);
  CHECK(r.log == events{"before_attempt 1", "after_attempt 1 exception", "before_sleep 1, 2 s", "before_attempt 2",
                        "after_attempt 2 value", "on_success 2"});
}

TEST_CASE("An observer gets every event of a call that gives up, including the last attempt") {
  virtual_time clock;
  recorder r;
  auto const policy = tenax::retrying{}
                          .wait(tenax::wait::constant(2s))
                          .stop(tenax::stop::after_attempts(2))
                          .observe(std::ref(r))
                          .environment(std::ref(clock));
  CHECK_THROWS_AS(policy(failing(9)), std::runtime_error);
  CHECK(r.log == events{"before_attempt 1", "after_attempt 1 exception", "before_sleep 1, 2 s", "before_attempt 2",
                        "after_attempt 2 exception", "on_give_up 2 attempts"});
}

TEST_CASE("A call that ends before its first attempt calls on_give_up with attempt number 0") {
  virtual_time clock;
  recorder r;
  auto const policy =
      tenax::retrying{}.stop(tenax::stop::deadline_at(clock.now())).observe(std::ref(r)).environment(std::ref(clock));
  CHECK_THROWS_AS(policy([] { return 1; }), tenax::expired);
  CHECK(r.log == events{"on_give_up 0 expired_on_entry"});
}

TEST_CASE("Each function is called for the event of its setter") {
  virtual_time clock;
  events log;
  auto const note = [&](char const* what) { return [&log, what](tenax::attempt_info const&) { log.push_back(what); }; };
  auto const policy = tenax::retrying{}
                          .wait(tenax::wait::constant(1s))
                          .environment(std::ref(clock))
                          .on_give_up(note("on_give_up"))
                          .on_success(note("on_success"))
                          .before_sleep(note("before_sleep"))
                          .after_attempt(note("after_attempt"))
                          .before_attempt(note("before_attempt"));
  policy(failing(1));
  CHECK(log ==
        events{"before_attempt", "after_attempt", "before_sleep", "before_attempt", "after_attempt", "on_success"});
  log.clear();
  static_cast<void>(policy.stop(tenax::stop::after_attempts(1)).try_call(failing(1)));
  CHECK(log == events{"before_attempt", "after_attempt", "on_give_up"});
}

TEST_CASE("A single function is called for its event, in every kind of call") {
  auto const base = tenax::retrying{}.wait(tenax::wait::none);
  int n = 0;
  auto const count = [&](tenax::attempt_info const&) { ++n; };
  auto const told = [&](auto const& policy, int failures) {
    n = 0;
    try {
      policy(failing(failures));
    } catch (std::runtime_error const&) {
    }
    auto const by_call = n;
    n = 0;
    static_cast<void>(policy.try_call(failing(failures)));
    CHECK(by_call == n);
    return by_call;
  };
  CHECK(told(base.before_attempt(count), 2) == 3);
  CHECK(told(base.after_attempt(count), 2) == 3);
  CHECK(told(base.before_sleep(count), 2) == 2);
  CHECK(told(base.before_sleep(count), 9) == 2);
  CHECK(told(base.on_success(count), 2) == 1);
  CHECK(told(base.on_success(count), 9) == 0);
  CHECK(told(base.on_give_up(count), 2) == 0);
  CHECK(told(base.on_give_up(count), 9) == 1);
}

TEST_CASE("The function of on_give_up may take the reason") {
  stop_reason seen{};
  auto const remember = [&](tenax::attempt_info const&, stop_reason reason) { seen = reason; };
  auto const policy = tenax::retrying{}.wait(tenax::wait::none).on_give_up(remember);
  static_cast<void>(policy.try_call(failing(9)));
  CHECK(seen == stop_reason::attempts);
  static_cast<void>(policy.try_call([] { throw tenax::permanent(1); }));
  CHECK(seen == stop_reason::not_retryable);
}

TEST_CASE("A function or an object that takes the reason of a refusal is called for each end, in every kind of call") {
  struct object {
    std::vector<std::string>* told;
    void on_give_up(tenax::attempt_info const&, tenax::stop_reason, char const* refusal) const {
      told->emplace_back(refusal);
    }
  };
  std::vector<std::string> told;
  auto const hear = [&](tenax::attempt_info const&, tenax::stop_reason, char const* refusal) {
    told.emplace_back(refusal);
  };
  tenax::circuit_breaker breaker;
  breaker.open();
  auto const through = tenax::retrying{}.wait(tenax::wait::none).through(std::ref(breaker));
  auto const refused = [](auto const& policy) { static_cast<void>(policy.try_call([] { return 1; })); };
  refused(through.on_give_up(hear));
  refused(through.observe(object{&told}));
  refused(tenax::any_retrying(through.observe(object{&told})));
  refused(tenax::any_retrying(through).observe(object{&told}));
  CHECK(told == std::vector<std::string>(4, "circuit open"));
}

TEST_CASE("Observers may read the outcome") {
  std::vector<int> values;
  int exceptions = 0;
  auto const look = [&](tenax::attempt<int> const& a) {
    if (a.result.has_value()) {
      values.push_back(a.result.value());
    } else {
      ++exceptions;
    }
  };
  auto const policy = tenax::retrying{}
                          .wait(tenax::wait::none)
                          .when(tenax::when::any_exception || tenax::when::result_is(2))
                          .stop(tenax::stop::after_attempts(5));
  CHECK(policy.after_attempt(look)(failing(1)) == 3);
  CHECK(values == std::vector{2, 3});
  CHECK(exceptions == 1);
  values.clear();
  CHECK(policy.on_success(look).before_sleep(look)(failing(1)) == 3);
  CHECK(values == std::vector{2, 3});
}

TEST_CASE("The numbers are right in every event") {
  virtual_time clock;
  std::vector<tenax::attempt_info> seen;
  auto const note = [&](tenax::attempt_info const& a) { seen.push_back(a); };
  auto const policy = tenax::retrying{}
                          .wait(tenax::wait::sequence{1s, 2s})
                          .environment(std::ref(clock))
                          .before_attempt(note)
                          .after_attempt(note)
                          .before_sleep(note)
                          .on_give_up(note);
  static_cast<void>(policy.try_call([&] {
    clock.advance(10s);
    throw std::runtime_error("down");
  }));
  REQUIRE(seen.size() == 9);
  auto const is = [&](std::size_t i, unsigned number, tenax::duration elapsed, tenax::duration waited,
                      tenax::duration previous) {
    INFO("event " << i);
    CHECK(seen[i].number == number);
    CHECK(seen[i].elapsed == elapsed);
    CHECK(seen[i].waited == waited);
    CHECK(seen[i].previous_wait == previous);
  };
  is(0, 1, 0s, 0s, 0s);   // before_attempt
  is(1, 1, 10s, 0s, 0s);  // after_attempt
  is(2, 1, 10s, 0s, 0s);  // before_sleep
  CHECK(seen[2].upcoming_wait == 1s);
  is(3, 2, 11s, 1s, 1s);
  is(4, 2, 21s, 1s, 1s);
  is(5, 2, 21s, 1s, 1s);
  CHECK(seen[5].upcoming_wait == 2s);
  is(6, 3, 23s, 3s, 2s);
  is(7, 3, 33s, 3s, 2s);
  is(8, 3, 33s, 3s, 2s);  // on_give_up
}

TEST_CASE("Observers are called in the order in which they were added") {
  events log;
  auto const note = [&](char const* what) { return [&log, what](tenax::attempt_info const&) { log.push_back(what); }; };
  tenax::retrying{}.before_attempt(note("first")).before_attempt(note("second")).before_attempt(note("third"))([] {});
  CHECK(log == events{"first", "second", "third"});
}

TEST_CASE("An observer without a function for an event is not called for it") {
  struct only_success {
    int n = 0;
    void on_success(tenax::attempt_info const&) { ++n; }
  } o;
  auto const policy = tenax::retrying{}.wait(tenax::wait::none).observe(std::ref(o));
  policy(failing(2));
  static_cast<void>(policy.try_call(failing(9)));
  CHECK(o.n == 1);
}

TEST_CASE("An observer for certain result types is not called for other types") {
  struct of_int {
    int n = 0;
    void after_attempt(tenax::attempt<int> const&) { ++n; }
  } o;
  auto const policy = tenax::retrying{}.observe(std::ref(o));
  policy([] { return 1; });
  policy([] { return 'c'; });
  policy([] {});
  CHECK(o.n == 1);
}

TEST_CASE("An observer given by value is copied into the policy") {
  struct by_value {
    int* n;
    void after_attempt(tenax::attempt_info const&) const { ++*n; }
  };
  int n = 0;
  auto const policy = tenax::retrying{}.observe(by_value{&n});
  auto const copy = policy;
  copy([] {});
  CHECK(n == 1);
}

TEST_CASE("Observers never change a decision") {
  recorder r;
  virtual_time with, without;
  auto const base = tenax::retrying{}.wait(tenax::wait::exponential({.base = 1s}).full());
  CHECK_THROWS_AS(base.environment(std::ref(without))(failing(9)), std::runtime_error);
  CHECK_THROWS_AS(base.environment(std::ref(with)).observe(std::ref(r))(failing(9)), std::runtime_error);
  CHECK(with.sleeps() == without.sleeps());
}

TEST_CASE("Absent observers take no space") {
  struct listener {
    void on_success(tenax::attempt_info const&) const {}
  };
  STATIC_REQUIRE(sizeof(tenax::retrying{}) <= sizeof(tenax::retrying{}.observe(listener{})));
  STATIC_REQUIRE(!tenax::detail::no_observers::hears_before_attempt);
}
