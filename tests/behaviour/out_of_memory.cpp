// SPDX-License-Identifier: MIT
// out_of_memory.cpp: callers wait at gates without memory of their own: queues are linked through the tickets. A hedged
// call without memory for an attempt ends.
#include <coroutine>
#include <cstdlib>
#include <deque>
#include <functional>
#include <new>

#include <tenax/async/coroutine_hedged.hpp>
#include <tenax/gate/adaptive_rate_limiter.hpp>
#include <tenax/gate/bulkhead.hpp>
#include <tenax/gate/retry_budget.hpp>

#include "../catch.hpp"
#include "../gates.hpp"
#include "../scheduler.hpp"

namespace {

thread_local bool exhausted = false;

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size, std::nothrow_t const&) noexcept {
  return exhausted ? nullptr : std::malloc(size == 0 ? 1 : size);
}
[[gnu::noinline]] void* operator new(std::size_t size) {
  if (void* p = operator new(size, std::nothrow)) return p;
  throw std::bad_alloc();
}
// After inlining these, g++ warns that free() does not match new.
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }

TEST_CASE("Any number of callers waits at an adaptive limiter while there is no memory") {
  using namespace std::chrono_literals;
  tenax::adaptive_rate_limiter limiter;
  std::deque<tenax::adaptive_rate_limiter::ticket> tickets(3000);
  auto now = 0s;
  // Asks with all tickets while there is no memory.
  auto const ask_all = [&] {
    exhausted = true;
    for (auto& t : tickets) static_cast<void>(tests::ask(limiter, t, now));
    exhausted = false;
  };

  tests::attempted(limiter, tests::kind::success, now);
  ask_all();
  CHECK(limiter.state().waiting == tickets.size());
  for (auto& t : tickets) t = {};
  CHECK(limiter.state().waiting == 0);

  // Admissions that are withdrawn are allowed as well.
  for (auto& t : tickets) CHECK(tests::asked(limiter, t, now += 1s) == tests::verdict::go);
  tests::tell(limiter, tickets.back(), tests::kind::throttled, now);
  ask_all();
  CHECK(limiter.state().waiting == tickets.size());
  CHECK(limiter.state().in_flight == 0);
  tickets.clear();
  CHECK(limiter.state().waiting == 0);
}

TEST_CASE("Any number of callers waits at a bulkhead while there is no memory") {
  tenax::bulkhead places({.at_once = 1, .queue = 3000});
  std::deque<tenax::bulkhead::ticket> tickets(3001);
  exhausted = true;
  for (auto& t : tickets) static_cast<void>(tests::ask(places, t));
  exhausted = false;
  CHECK(places.waiting() == 3000);
  tickets.clear();
  CHECK(places.running() == 0);
}

namespace {

/// A sleep that never ends.
struct endless {
  std::suspend_always operator()(tenax::duration, tenax::wake_signal&) const { return {}; }
};

}  // namespace

TEST_CASE("A hedged call in coroutines ends if there is no memory for an attempt") {
  // The gate is asked just before the attempt's coroutine is made.
  struct uses_up {
    struct ticket {};
    tenax::admission admit(ticket&, tenax::attempt_info const&, tenax::time_point) const {
      exhausted = true;
      return {};
    }
    void record(ticket&, tenax::feedback const&, tenax::time_point) const {}
  } gate;
  tenax::retry_budget budget;
  auto reads = tenax::hedging(budget).through(std::ref(gate));
  bool attempted = false;
  auto const read = [&]() -> tests::task<int> {
    attempted = true;
    co_return 1;
  };
  auto call = tenax::coroutine::hedged<tests::task>(reads, endless(), read);
  call.start();
  exhausted = false;
  REQUIRE(call.done());
  CHECK_THROWS_AS(call.get(), std::bad_alloc);
  CHECK(!attempted);
}
