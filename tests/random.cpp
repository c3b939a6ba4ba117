// SPDX-License-Identifier: MIT
// random.cpp: random draws stay in their interval, equal seeds give equal sequences, threads and processes differ.
#include <tenax/random.hpp>

#include <random>
#include <thread>

#if defined(TENAX_POSIX)
#include <sys/wait.h>
#include <unistd.h>
#endif

#include "catch.hpp"

using namespace std::chrono_literals;
using tenax::duration;

static_assert(std::uniform_random_bit_generator<tenax::random_source>);
static_assert(std::uniform_random_bit_generator<tenax::seeded_random>);

TEST_CASE("A seed gives the published sequence of SplitMix64") {
  tenax::seeded_random zero(0);
  CHECK(zero() == 0xe220a8397b1dcdaf);
  CHECK(zero() == 0x6e789e6aa1b965f4);
  CHECK(zero() == 0x06c45d188009454f);

  tenax::seeded_random other(1234567);
  CHECK(other() == 6457827717110365317U);
  CHECK(other() == 3203168211198807973U);
  CHECK(other() == 9817491932198370423U);
}

TEST_CASE("Equal seeds give equal sequences, different seeds different ones") {
  tenax::seeded_random a(42), b(42), c(43);
  auto const first = a();
  CHECK(first == b());
  CHECK(first != c());
  auto copy = a;
  CHECK(copy() == a());
}

TEST_CASE("A draw reaches the low end and stays below the high end") {
  tenax::fixed_random low(tenax::lowest_draw), middle(tenax::middle_draw), high(tenax::highest_draw);
  CHECK(tenax::draw_between(low, 2s, 6s) == 2s);
  CHECK(tenax::draw_between(middle, 2s, 6s) == 4s);
  CHECK(tenax::draw_between(high, 2s, 6s) == 6s - 1ns);
  CHECK(tenax::draw_between(high, 0ns, 1ns) == 0ns);
  CHECK(tenax::draw_between(high, 0ns, duration::max()) == duration::max() - 1ns);
  CHECK(tenax::draw_between(low, 0ns, duration::max()) == 0ns);
  CHECK(tenax::draw_between(high, duration::max() - 2ns, duration::max()) == duration::max() - 1ns);
}

TEST_CASE("A draw from an empty interval is its low end") {
  tenax::fixed_random high(tenax::highest_draw);
  CHECK(tenax::draw_between(high, 5s, 5s) == 5s);
  CHECK(tenax::draw_between(high, 5s, 3s) == 5s);
  CHECK(tenax::draw_between(high, 0s, 0s) == 0s);
}

TEST_CASE("Draws are spread evenly") {
  tenax::seeded_random random(7);
  constexpr int draws = 20'000;
  int tenths[10] = {};
  for (int i = 0; i < draws; ++i) ++tenths[tenax::draw_between(random, 0ns, 1000ns).count() / 100];
  // 2000 each, with a standard deviation of 42.
  for (int const n : tenths) {
    CHECK(n > 2'000 - 5 * 42);
    CHECK(n < 2'000 + 5 * 42);
  }
}

TEST_CASE("Draws can be made in constant expressions") {
  constexpr auto draw = [](std::uint64_t seed) {
    tenax::seeded_random random(seed);
    return tenax::draw_between(random, 1s, 2s);
  };
  STATIC_REQUIRE(draw(1) >= 1s);
  STATIC_REQUIRE(draw(1) < 2s);
  STATIC_REQUIRE(draw(1) != draw(2));
}

TEST_CASE("Every thread has a source of its own") {
  auto const* here = &tenax::this_thread_random();
  std::uint64_t const mine = tenax::this_thread_random()();
  CHECK(here == &tenax::this_thread_random());
  CHECK(mine != tenax::this_thread_random()());

  tenax::random_source const* there = nullptr;
  std::uint64_t theirs = 0;
  std::thread([&] {
    there = &tenax::this_thread_random();
    theirs = tenax::this_thread_random()();
  }).join();
  CHECK(here != there);
  CHECK(mine != theirs);
}

// QEMU reports a page of zeros in children, and does not provide it.
#if defined(TENAX_POSIX) && !defined(TENAX_TEST_EMULATED)
TEST_CASE("A forked child does not continue the sequence of its parent") {
  static_cast<void>(tenax::this_thread_random()());
  int channel[2] = {};
  REQUIRE(::pipe(channel) == 0);
  auto const child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    auto const drawn = tenax::this_thread_random()();
    ::_exit(::write(channel[1], &drawn, sizeof drawn) == sizeof drawn ? 0 : 1);
  }
  auto const mine = tenax::this_thread_random()();
  std::uint64_t theirs = 0;
  CHECK(::read(channel[0], &theirs, sizeof theirs) == sizeof theirs);
  int status = -1;
  CHECK(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  CHECK(mine != theirs);
  ::close(channel[0]);
  ::close(channel[1]);
}
#endif
