// SPDX-License-Identifier: MIT
// out_of_memory.cpp: a caller for which a gate's queue has no memory does not displace others.
#include <cstdlib>
#include <deque>
#include <new>

#include <tenax/gate/adaptive_rate_limiter.hpp>

#include "../catch.hpp"
#include "../gates.hpp"

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

TEST_CASE("A limiter that finds no room for another waiter keeps the others") {
  using namespace std::chrono_literals;
  tenax::adaptive_rate_limiter limiter;
  // More than the blocks that a queue keeps for later can hold.
  std::deque<tenax::adaptive_rate_limiter::ticket> tickets(3000);
  auto now = 0s;
  // Asks with all tickets while there is no memory. Returns how many found a place.
  auto const ask_all = [&] {
    std::uint32_t found = 0;
    for (auto& t : tickets) {
      exhausted = true;
      try {
        static_cast<void>(tests::ask(limiter, t, now));
        ++found;
      } catch (std::bad_alloc const&) {
        t = {};
      }
      exhausted = false;
    }
    return found;
  };

  tests::attempted(limiter, tests::kind::success, now);
  auto found = ask_all();
  CHECK(found < tickets.size());
  CHECK(limiter.state().waiting == found);
  for (auto& t : tickets) t = {};
  CHECK(limiter.state().waiting == 0);

  // Admissions that are given back are allowed as well.
  for (auto& t : tickets) CHECK(tests::asked(limiter, t, now += 1s) == tests::verdict::go);
  tests::tell(limiter, tickets.back(), tests::kind::throttled, now);
  found = ask_all();
  CHECK(found < tickets.size());
  CHECK(limiter.state().waiting == found);
  CHECK(limiter.state().in_flight == 0);
  tickets.clear();
  CHECK(limiter.state().waiting == 0);
}
