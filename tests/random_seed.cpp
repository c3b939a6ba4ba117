// SPDX-License-Identifier: MIT
// random_seed.cpp: the thread's own source of randomness is seeded by the operating system, at its first draw.
#include <tenax/tenax.hpp>

#include <cerrno>
#include <functional>
#include <stdexcept>
#include <thread>
#include <vector>

#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include "catch.hpp"

using namespace std::chrono_literals;

namespace {

thread_local int seeds_asked_for = 0;
thread_local bool no_entropy = false;

}  // namespace

// Stands in front of the C library's, so that the test sees who asks for a seed and when.
extern "C" int getentropy(void* buffer, std::size_t length) {
  ++seeds_asked_for;
  if (no_entropy) {
    errno = ENOSYS;
    return -1;
  }
  return ::getrandom(buffer, length, 0) == static_cast<::ssize_t>(length) ? 0 : -1;
}

namespace {

/// Remembers what it is asked to sleep; draws come from the thread's own source.
struct remembering {
  std::vector<tenax::duration>* sleeps;
  [[nodiscard]] tenax::time_point now() const { return {}; }
  void sleep(tenax::duration d) const { sleeps->push_back(d); }
};

/// The jittered waits of a call in this thread.
std::vector<tenax::duration> waits() {
  std::vector<tenax::duration> sleeps;
  static_cast<void>(
      tenax::retrying{}.wait(tenax::wait::constant(1h).full()).environment(remembering{&sleeps}).try_call([] {
        throw std::runtime_error("down");
      }));
  return sleeps;
}

template <class F>
void in_a_new_thread(F f) {
  std::thread(f).join();
}

}  // namespace

TEST_CASE("Two threads wait differently") {
  std::vector<tenax::duration> a, b;
  in_a_new_thread([&] { a = waits(); });
  in_a_new_thread([&] { b = waits(); });
  REQUIRE(a.size() == 2);
  CHECK(a != b);
  CHECK(a[0] != a[1]);
}

TEST_CASE("A forked child waits differently than its parent") {
  static_cast<void>(waits());  // seeded before the fork
  int ends[2] = {};
  REQUIRE(::pipe(ends) == 0);
  auto const child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    auto const theirs = waits();
    auto const written = ::write(ends[1], theirs.data(), 2 * sizeof theirs[0]);
    ::_exit(written == static_cast<::ssize_t>(2 * sizeof theirs[0]) ? 0 : 1);
  }
  auto const ours = waits();
  std::vector<tenax::duration> theirs(2);
  REQUIRE(::read(ends[0], theirs.data(), 2 * sizeof theirs[0]) == static_cast<::ssize_t>(2 * sizeof theirs[0]));
  int status = 1;
  ::waitpid(child, &status, 0);
  ::close(ends[0]);
  ::close(ends[1]);
  CHECK(status == 0);
  CHECK(ours != theirs);
}

TEST_CASE("No seed is asked for before the first draw, and one only") {
  in_a_new_thread([] {
    constexpr tenax::retrying policy{};
    CHECK(policy([] { return 1; }) == 1);
    CHECK(policy.when(tenax::when::result_is(5))([] { return 1; }) == 1);
    CHECK(policy.try_call([] { return 1; }).succeeded());
    int n = 0;
    CHECK(policy.wait(tenax::wait::none)([&] { return ++n < 3 ? throw std::runtime_error("down") : n; }) == 3);
    CHECK(seeds_asked_for == 0);
    static_cast<void>(waits());
    CHECK(seeds_asked_for == 1);
    static_cast<void>(waits());
    CHECK(seeds_asked_for == 1);
  });
}

TEST_CASE("Without the system's randomness, threads still wait differently") {
  std::vector<tenax::duration> a, b;
  in_a_new_thread([&] {
    no_entropy = true;
    a = waits();
    CHECK(seeds_asked_for == 1);
    std::thread([&] {
      no_entropy = true;
      b = waits();
    }).join();
  });
  CHECK(a != b);
}
