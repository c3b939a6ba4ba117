// SPDX-License-Identifier: MIT
// One type for every policy: an any_retrying behaves like the policy that it was made of.
#include <tenax/any_retrying.hpp>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <functional>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <tenax/current_attempt.hpp>
#include <tenax/gate/bulkhead.hpp>
#include <tenax/gate/circuit_breaker.hpp>
#include <tenax/gate/rate_limiter.hpp>
#include <tenax/observe/counters.hpp>
#include <tenax/observe/log.hpp>
#include <tenax/tenax.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "at_length.hpp"
#include "catch.hpp"

using namespace std::chrono_literals;
using tenax::testing::virtual_time;

// Counts allocations.
namespace {
thread_local int allocated = 0;
}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocated;
  if (void* const p = std::malloc(size == 0 ? 1 : size)) return p;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t size, std::nothrow_t const&) noexcept {
  ++allocated;
  return std::malloc(size == 0 ? 1 : size);
}
// After inlining these, g++ warns that free() does not match new.
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }

namespace {

struct network_error : std::runtime_error {
  using runtime_error::runtime_error;
};

struct page {
  int status;
};

/// Writes down what happens.
struct diary {
  std::vector<std::string> lines{};

  void note(char const* what, tenax::attempt_info const& a) {
    lines.push_back(std::string(what) + " " + std::to_string(a.number) + " at " + std::to_string(a.elapsed / 1ms) +
                    " after " + std::to_string(a.waited / 1ms) + " next " + std::to_string(a.upcoming_wait / 1ms) +
                    " left " + std::to_string(a.time_left / 1ms) + (a.server_wait ? " server" : ""));
  }
  void before_attempt(tenax::attempt_info const& a) { note("before", a); }
  void before_gate_wait(tenax::gate_wait const& w) { note("gate", w); }
  void after_attempt(tenax::attempt_info const& a) { note("after", a); }
  void before_sleep(tenax::attempt_info const& a) { note("sleep", a); }
  void on_success(tenax::attempt_info const& a) { note("success", a); }
  void on_give_up(tenax::attempt_info const& a, tenax::stop_reason reason) { note(to_string(reason), a); }
};

/// Runs the same calls with a policy and with its erased form, each in virtual time of its own, and compares
/// everything. `make(clock)` makes the policy; `scenario(policy, clock, diary)` calls it.
template <class Erased, class Make, class Scenario>
void compare(Make make, Scenario scenario) {
  virtual_time first_clock;
  virtual_time second_clock;
  diary first;
  diary second;
  auto const plain = make(first_clock).environment(std::ref(first_clock)).observe(std::ref(first));
  Erased const erased = make(second_clock).environment(std::ref(second_clock)).observe(std::ref(second));
  scenario(plain, first_clock, first);
  scenario(erased, second_clock, second);
  auto const same = std::min(first.lines.size(), second.lines.size());
  for (std::size_t i = 0; i < same; ++i) {
    INFO("line " << i);
    REQUIRE(first.lines[i] == second.lines[i]);
  }
  CHECK(first.lines.size() == second.lines.size());
  CHECK(first_clock.now() == second_clock.now());
  CHECK(!first.lines.empty());

  auto const a = tenax::worst_case(plain);
  auto const b = tenax::worst_case(erased);
  CHECK(a.attempts == b.attempts);
  CHECK(a.attempts_bounded == b.attempts_bounded);
  CHECK(a.total_wait == b.total_wait);
  CHECK(a.own_wait == b.own_wait);
}

/// Calls with all kinds of outcomes.
auto const many_calls = [](auto const& policy, virtual_time& clock, diary& d) {
  for (int fails = 0; fails < 6; ++fails) {
    for (int kind = 0; kind < 6; ++kind) {
      int calls = 0;
      auto const call = [&](tenax::attempt_info const& info) {
        d.note("operation", info);
        clock.advance(7ms * (kind + 1));
        if (calls++ >= fails) return 200;
        switch (kind) {
          case 0: throw network_error("down");
          case 1: throw std::logic_error("bug");
          case 2: throw tenax::permanent(network_error("gone"));
          case 3: throw tenax::retry_after(250ms, network_error("busy"));
          case 4: throw tenax::made_progress(network_error("broken"));
          default: return 503;
        }
      };
      auto const r = policy.try_call(call);
      d.lines.push_back(std::string(to_string(r.reason)) + " " + std::to_string(r.attempts) + " " +
                        std::to_string(r.elapsed / 1ms) + " " + std::to_string(r.waited / 1ms) + " " + r.refusal +
                        (r.has_value() ? " " + std::to_string(r.result.value()) : ""));
      calls = 0;
      try {
        d.lines.push_back(std::to_string(policy(call)));
      } catch (std::exception const& e) {
        d.lines.emplace_back(e.what());
      }
      calls = 0;
      try {
        for (auto& attempt : policy.attempts()) attempt(call);
      } catch (std::exception const& e) {
        d.lines.emplace_back(e.what());
      }
      calls = 0;
      tenax::retry_loop<std::remove_cvref_t<decltype(policy.policy())> const&> loop(policy.policy(), clock.now(),
                                                                                    &clock.random());
      auto next = loop.start_attempt(clock.now());
      auto const wait = [&] {
        for (; next.waits(); next = loop.start_attempt(clock.now())) clock.advance(next.delay);
      };
      for (wait(); next.starts(); wait()) {
        auto const result = tenax::capture([&] { return call(loop.info()); });
        next = loop.finish_attempt(result, clock.now());
        if (next.waits()) wait();
        if (next.stops()) loop.conclude(result);
      }
      d.lines.push_back(std::string(to_string(loop.reason())) + " " + std::to_string(loop.attempts()));
    }
  }
};

template <class Make>
void compare_both(Make make) {
  compare<tenax::any_retrying>(make, many_calls);
  compare<tenax::any_retrying_of<int>>(make, many_calls);
}

auto const base = tenax::retrying{}.wait(tenax::wait::exponential({.base = 100ms, .max = 1s}).full());

}  // namespace

TEST_CASE("any_retrying: the same calls as with the policy itself") {
  compare_both([](auto&) { return base; });
  compare_both([](auto&) { return base.when(tenax::when::always).stop(tenax::stop::after_attempts(4)); });
  compare_both(
      [](auto&) { return base.when(tenax::when::exception<network_error>).stop(tenax::stop::after_attempts(4)); });
  compare_both([](auto&) {
    return base.when(tenax::when::result([](int status) { return status == 503; }) ||
                     tenax::when::exception<std::logic_error>);
  });
  compare_both([](auto&) { return base.when(tenax::when::result_is(503)); });
  compare_both([](auto&) { return base.stop(tenax::stop::deadline(300ms)); });
  compare_both(
      [](auto&) { return base.stop(tenax::stop::deadline(300ms).clip_last_wait() || tenax::stop::after_attempts(9)); });
  compare_both([](auto&) { return base.stop(tenax::stop::after_elapsed(300ms) && tenax::stop::after_attempts(2)); });
  compare_both([](auto& c) { return base.stop(tenax::stop::deadline_at(c.now() + 1s)); });
  compare_both([](auto&) { return base.reset_on_progress().stop(tenax::stop::after_attempts(3)); });
  compare_both([](auto&) { return base.attempt_timeout(20ms).stop(tenax::stop::deadline(1s)); });
  compare_both([](auto&) { return base.max_server_wait(100ms); });
  compare_both([](auto&) { return base.max_server_wait(100ms, tenax::too_long::clamp); });
  compare_both([](auto&) { return base.max_server_wait(100ms, tenax::too_long::lengthen); });
  compare_both([](auto&) {
    return base.wait(tenax::wait::first_of(tenax::wait::retry_after, tenax::wait::constant(30ms)))
        .stop(tenax::stop::after_attempts(4));
  });
  compare_both([](auto&) {
    return base.read_hints_with([](auto const& a) {
      return tenax::hint{.verdict = a.number == 2 ? tenax::verdict::no_retry : tenax::verdict::retry, .wait = 5ms};
    });
  });
  compare_both([](auto&) { return base.wait([](tenax::attempt_info const& a) { return a.number * 10ms; }); });
}

TEST_CASE("any_retrying: the same calls through gates") {
  std::vector<std::unique_ptr<tenax::rate_limiter<>>> limiters;
  compare_both([&](auto&) {
    limiters.push_back(std::make_unique<tenax::rate_limiter<>>(tenax::per_second(5).with_burst(2)));
    return base.through(std::ref(*limiters.back()));
  });
  compare_both([&](auto&) {
    limiters.push_back(std::make_unique<tenax::rate_limiter<>>(tenax::per_second(5).with_burst(2)));
    return base.through(std::ref(*limiters.back())).stop(tenax::stop::deadline(500ms));
  });
  std::vector<std::unique_ptr<tenax::circuit_breaker<>>> breakers;
  compare_both([&](auto&) {
    breakers.push_back(std::make_unique<tenax::circuit_breaker<>>());
    limiters.push_back(std::make_unique<tenax::rate_limiter<>>(tenax::per_second(50)));
    return base.through(std::ref(*breakers.back())).through(std::ref(*limiters.back()));
  });
}

TEST_CASE("any_retrying: a destroyed or ended call gives its places back, even those of many gates") {
  std::vector<std::unique_ptr<tenax::bulkhead>> gates;
  for (int i = 0; i < 6; ++i) gates.push_back(std::make_unique<tenax::bulkhead>(tenax::bulkhead_options{.at_once = 1}));
  tenax::any_retrying const retry = tenax::retrying{}
                                        .through(std::ref(*gates[0]))
                                        .through(std::ref(*gates[1]))
                                        .through(std::ref(*gates[2]))
                                        .through(std::ref(*gates[3]))
                                        .through(std::ref(*gates[4]))
                                        .through(std::ref(*gates[5]));
  for (int i = 0; i < 3; ++i) {
    CHECK(retry([&] { return gates[5]->running(); }) == 1U);
    CHECK(gates[0]->running() == 0);
    CHECK(gates[5]->running() == 0);
  }
}

TEST_CASE("any_retrying: results of every type") {
  virtual_time clock;
  tenax::any_retrying const retry =
      tenax::retrying{}
          .when(tenax::when::failed || tenax::when::result([](page const& p) { return p.status == 503; }))
          .environment(std::ref(clock));
  int calls = 0;
  CHECK(retry([&] { return ++calls; }) == 1);
  retry([&] { ++calls; });
  CHECK(calls == 2);
  std::string text = "text";
  CHECK(&retry([&]() -> std::string& { return text; }) == &text);
  calls = 0;
  CHECK(retry([&] { return page{++calls < 3 ? 503 : 200}; }).status == 200);
  CHECK(calls == 3);
  calls = 0;
  auto const code = retry([&] { return ++calls < 3 ? make_error_code(std::errc::timed_out) : std::error_code(); });
  CHECK(!code);
  CHECK(calls == 3);
  calls = 0;
  CHECK(retry([&] {
          ++calls;
          return make_error_code(std::errc::operation_canceled);
        }) == std::errc::operation_canceled);
  CHECK(calls == 1);
}

namespace {

/// As `std::expected`, with an error that is described by its message.
struct answer {
  struct problem {
    std::string text;
    [[nodiscard]] std::string const& message() const { return text; }
  };
  problem why{};

  [[nodiscard]] bool has_value() const { return why.text.empty(); }
  [[nodiscard]] problem const& error() const { return why; }
};
/// As `answer`, with an error that cannot be described.
struct plain_answer {
  int number = 0;

  [[nodiscard]] bool has_value() const { return number == 0; }
  [[nodiscard]] int error() const { return number; }
};

}  // namespace

TEST_CASE("any_retrying: an object that was moved from keeps its policy") {
  STATIC_REQUIRE(std::is_nothrow_move_constructible_v<tenax::any_retrying>);
  STATIC_REQUIRE(std::is_nothrow_move_assignable_v<tenax::any_retrying_of<page, void>>);
  tenax::any_retrying first = tenax::retrying{}.wait(tenax::wait::none).stop(tenax::stop::after_attempts(7));
  tenax::any_retrying const second = std::move(first);
  tenax::any_retrying third;
  third = std::move(first);
  auto const attempts = [](tenax::any_retrying const& policy) {
    return policy.try_call([]() -> int { throw network_error("reset"); }).attempts;
  };
  CHECK(attempts(first) == 7);
  CHECK(attempts(second) == 7);
  CHECK(attempts(third) == 7);
}

TEST_CASE("any_retrying: a log has the same words") {
  auto const words = [](auto const& f, auto const& made) {
    virtual_time clock;
    std::string all;
    auto const log = tenax::log_to([&](std::string_view line) { all.append(line).append("; "); });
    static_cast<void>(made(tenax::retrying{}
                               .when(tenax::when::always)
                               .wait(tenax::wait::constant(1s))
                               .before_sleep(log)
                               .on_give_up(log)
                               .environment(std::ref(clock)))
                          .try_call(f));
    return all;
  };
  auto const same_words = [&](auto const& f) {
    auto const own = words(f, [](auto const& policy) { return policy; });
    CHECK(words(f, [](auto const& policy) { return tenax::any_retrying(policy); }) == own);
    return own;
  };
  CHECK(same_words([] { return answer{{"disk full"}}; }).find("failed: disk full;") != std::string::npos);
  CHECK(same_words([] { return plain_answer{3}; }).find("failed: an error;") != std::string::npos);
  CHECK(same_words([] { return make_error_code(std::errc::timed_out); }).find("failed: Connection timed out;") !=
        std::string::npos);
  CHECK(same_words([] { return answer{}; }).find("returned a result that is to be retried;") != std::string::npos);
  same_words([] { return 7; });
  same_words([] {});
  same_words([]() -> int { throw network_error("reset"); });
}

TEST_CASE("any_retrying: a predicate for one type of numbers sees other numbers, and nothing else") {
  virtual_time clock;
  tenax::any_retrying const retry =
      tenax::retrying{}.when(tenax::when::result([](int n) { return n == 503; })).environment(std::ref(clock));
  int calls = 0;
  retry([&] {
    ++calls;
    return 503L;
  });
  CHECK(calls == 3);
  calls = 0;
  retry([&] {
    ++calls;
    return page{503};
  });
  CHECK(calls == 1);
}

TEST_CASE("any_retrying: a predicate of your own may look at any_result") {
  virtual_time clock;
  tenax::any_retrying const retry = tenax::retrying{}
                                        .when([](tenax::attempt<tenax::any_result> const& a) {
                                          auto const* p = a.result.value().get_if<page>();
                                          return p != nullptr && p->status == 503;
                                        })
                                        .environment(std::ref(clock));
  int calls = 0;
  retry([&] {
    ++calls;
    return page{503};
  });
  CHECK(calls == 3);
}

TEST_CASE("any_retrying: a function for results may take an any_result") {
  virtual_time clock;
  tenax::any_retrying const retry =
      tenax::retrying{}
          .when(tenax::when::result([](tenax::any_result const& r) { return r.get_if<page>() != nullptr; }))
          .environment(std::ref(clock));
  int calls = 0;
  retry([&] {
    ++calls;
    return page{200};
  });
  CHECK(calls == 3);
  CHECK(retry([&] { return ++calls; }) == 4);
}

TEST_CASE("any_retrying: setters change an erased policy, which keeps its parts alive") {
  virtual_time clock;
  tenax::any_retrying retry = [&] {
    tenax::any_retrying const first =
        tenax::retrying{}.when(tenax::when::exception<network_error>).environment(std::ref(clock));
    return tenax::any_retrying(first.stop(tenax::stop::after_attempts(5)).wait(tenax::wait::constant(1s)));
  }();
  int calls = 0;
  auto const fails = [&] {
    ++calls;
    throw network_error("down");
  };
  CHECK_THROWS_AS(retry(fails), network_error);
  CHECK(calls == 5);
  CHECK(clock.now().time_since_epoch() >= 4s);
  calls = 0;
  retry = tenax::any_retrying(retry.max_server_wait(1s));
  CHECK_THROWS_AS(retry(fails), network_error);
  CHECK(calls == 5);
}

TEST_CASE("any_retrying: its limits are changed one at a time") {
  virtual_time clock;
  tenax::any_retrying const given = tenax::retrying{}.environment(std::ref(clock)).stop(tenax::stop::after_attempts(3));
  auto const attempts_of = [](tenax::any_retrying const& retry) {
    int calls = 0;
    tenax::duration least = (tenax::duration::max)();
    auto const r = retry.try_call([&](tenax::attempt_info const& info) {
      least = std::min(least, info.time_left);
      if (++calls == 2) throw tenax::made_progress(network_error("broken"));
      if (calls < 9) throw network_error("down");
    });
    return std::pair(r.attempts, least);
  };
  auto const none = (tenax::duration::max)();
  CHECK(attempts_of(given) == std::pair(3U, none));
  CHECK(attempts_of(given.attempt_timeout(1s)) == std::pair(3U, tenax::duration(1s)));
  CHECK(attempts_of(given.reset_on_progress()) == std::pair(4U, none));
  CHECK(attempts_of(given.reset_on_progress().attempt_timeout(1s)) == std::pair(4U, tenax::duration(1s)));
  CHECK(attempts_of(given.stop(tenax::stop::after_attempts(2)).attempt_timeout(1s)) ==
        std::pair(2U, tenax::duration(1s)));
}

TEST_CASE("any_retrying: blocks and wrapped callables") {
  virtual_time clock;
  tenax::any_retrying const retry = tenax::retrying{}.environment(std::ref(clock));
  int calls = 0;
  for (auto& attempt : retry.attempts()) {
    attempt([&] {
      if (++calls < 3) throw network_error("down");
    });
  }
  CHECK(calls == 3);
  calls = 0;
  auto const wrapped = retry.wrap([&](int add) {
    if (++calls < 3) throw network_error("down");
    return calls + add;
  });
  CHECK(wrapped(10) == 13);
}

TEST_CASE("any_retrying: allocates once when it is made, and not when it is called or copied") {
  if (!tests::own_operator_new) return;
  auto const policy = tenax::retrying{}
                          .when(tenax::when::result([](int status) { return status == 503; }))
                          .wait(tenax::wait::none)
                          .stop(tenax::stop::after_attempts(4));
  auto const before = allocated;
  tenax::any_retrying const retry = policy;
  CHECK(allocated - before == 1);
  auto const copy = retry;
  int sum = copy([] { return 503; }) + retry([] { return 1; });
  sum += copy.try_call([] { return 503; }).result.value();
  CHECK(allocated - before == 1);
  CHECK(sum == 503 + 1 + 503);
}

#if defined(__cpp_lib_jthread)
TEST_CASE("any_retrying: a std::stop_token ends a sleep at once, between attempts and at a gate") {
  bool const at_a_gate = GENERATE(false, true);
  std::stop_source source;
  tenax::rate_limiter gate(tenax::rate{.permits = 1, .per = 1h});
  auto const policy = tenax::retrying{}.wait(tenax::wait::constant(1h)).cancel_with(source.get_token());
  tenax::any_retrying const retry = at_a_gate
                                        ? tenax::any_retrying(policy.wait(tenax::wait::none).through(std::ref(gate)))
                                        : tenax::any_retrying(policy);
  std::jthread const other([&] {
    std::this_thread::sleep_for(5ms);
    source.request_stop();
  });
  auto const begin = std::chrono::steady_clock::now();
  auto const r = retry.try_call([](tenax::attempt_info const& info) -> int {
    CHECK(tenax::stop_token_of(info).stop_possible());
    throw network_error("down");
  });
  CHECK(r.reason == tenax::stop_reason::cancelled);
  CHECK(std::chrono::steady_clock::now() - begin < 5s);
}
#endif

TEST_CASE("any_retrying: a token of another kind ends a sleep within some milliseconds") {
  struct token {
    std::atomic<bool> const* pressed;
    bool stop_requested() const { return *pressed; }
  };
  std::atomic<bool> pressed = false;
  tenax::any_retrying const retry = tenax::retrying{}.wait(tenax::wait::constant(1h)).cancel_with(token{&pressed});
  int calls = 0;
  auto const r = retry.try_call([&]() -> int {
    ++calls;
    std::thread([&] { pressed = true; }).detach();
    throw network_error("down");
  });
  CHECK(r.reason == tenax::stop_reason::cancelled);
  CHECK(calls == 1);
}

TEST_CASE("any_retrying: an attempt knows the limits of its call, and none if there are none") {
  auto const limits_in = [](auto const& policy) {
    return policy([] { return tenax::current_attempt().timed() || tenax::current_attempt().can_stop(); });
  };
  CHECK_FALSE(limits_in(tenax::any_retrying(tenax::retrying{})));
  CHECK(limits_in(tenax::any_retrying(tenax::retrying{}.stop(tenax::stop::deadline(1h)))));
  CHECK(limits_in(tenax::any_retrying(tenax::retrying{}.attempt_timeout(1h))));
}

TEST_CASE("any_retrying: shares counters and their observers with the policy") {
  tenax::counters totals;
  tenax::any_retrying const retry = tenax::retrying{}.wait(tenax::wait::none).observe(std::ref(totals));
  int calls = 0;
  retry([&] {
    if (++calls < 3) throw network_error("down");
  });
  CHECK(totals.read().attempts == 3);
  CHECK(totals.read().succeeded == 1);
}

TEST_CASE("any_retrying: a member that keeps any policy") {
  class client {
   public:
    explicit client(tenax::any_retrying retry = {}) : retry_(std::move(retry)) {}
    int get(int fails) {
      int calls = 0;
      return retry_([&] {
        if (++calls <= fails) throw network_error("down");
        return calls;
      });
    }

   private:
    tenax::any_retrying retry_;
  };
  virtual_time clock;
  client c(tenax::retrying{}
               .when(tenax::when::exception<network_error>)
               .wait(tenax::wait::constant(1s))
               .stop(tenax::stop::after_attempts(3))
               .environment(std::ref(clock)));
  CHECK(c.get(2) == 3);
  CHECK_THROWS_AS(c.get(3), network_error);
  CHECK(clock.now().time_since_epoch() >= 4s);
}

TEST_CASE("any_retrying keeps the name of the calls and the longest wait at gates", "[any_retrying]") {
  tenax::any_retrying const any = tenax::retrying{}.named("catalogue").wait(tenax::wait::none);
  CHECK(std::string(any.try_call([] { return 1; }).name) == "catalogue");
  CHECK(std::string(any.named("other").try_call([] { return 1; }).name) == "other");
  std::string seen;
  static_cast<void>(any([&](tenax::attempt_info const& a) { return seen = a.name; }));
  CHECK(seen == "catalogue");
}
