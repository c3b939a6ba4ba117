// SPDX-License-Identifier: MIT
// random_seed.cpp: the operating system seeds each thread's random source, at its first draw.
#include <tenax/tenax.hpp>

#include <cerrno>
#include <csignal>
#include <functional>
#include <future>
#include <stdexcept>
#include <thread>
#include <vector>

#include <tenax/http/idempotency_key.hpp>

#include <sched.h>
#include <sys/random.h>
#if defined(__linux__)
#include <sys/syscall.h>
#endif
#include <sys/wait.h>
#include <unistd.h>

#include "catch.hpp"

using namespace std::chrono_literals;

namespace {

thread_local int seeds_asked_for = 0;
thread_local bool no_entropy = false;

}  // namespace

// Replaces the C library's function, so that the test sees when a seed is requested.
extern "C" int getentropy(void* buffer, std::size_t length) {
  ++seeds_asked_for;
  if (no_entropy) {
    errno = ENOSYS;
    return -1;
  }
  return ::getrandom(buffer, length, 0) == static_cast<::ssize_t>(length) ? 0 : -1;
}

namespace {

/// Records the requested sleeps; random numbers come from the thread's own source.
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

namespace {

/// Returns the waits of two children of one process that has drawn before, followed by the waits of that process.
/// `start` makes a child, and returns 0 in it, as fork does. That process is a child of this one, made in the same way.
template <class Start>
std::vector<std::vector<tenax::duration>> waits_of_children(Start const& start) {
  int ends[2] = {};
  REQUIRE(::pipe(ends) == 0);
  auto const send = [&ends] {
    auto const mine = waits();
    auto const written = ::write(ends[1], mine.data(), 2 * sizeof mine[0]);
    return written == static_cast<::ssize_t>(2 * sizeof mine[0]) ? 0 : 1;
  };
  auto const end_of = [](::pid_t child) {
    int status = 1;
    ::waitpid(child, &status, 0);
    return status;
  };
  ::pid_t const parent = start();
  REQUIRE(parent >= 0);
  if (parent == 0) {
    static_cast<void>(waits());  // seeds the source before the children are made
    for (int i = 0; i < 2; ++i) {
      ::pid_t const child = start();
      if (child == 0) ::_exit(send());
      if (child < 0 || end_of(child) != 0) ::_exit(1);
    }
    ::_exit(send());
  }
  CHECK(end_of(parent) == 0);
  std::vector<std::vector<tenax::duration>> all(3, std::vector<tenax::duration>(2));
  for (auto& theirs : all) {
    REQUIRE(::read(ends[0], theirs.data(), 2 * sizeof theirs[0]) == static_cast<::ssize_t>(2 * sizeof theirs[0]));
  }
  ::close(ends[0]);
  ::close(ends[1]);
  return all;
}

void check_that_all_differ(std::vector<std::vector<tenax::duration>> const& all) {
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) CHECK(all[i] != all[j]);
  }
}

}  // namespace

TEST_CASE("A forked child waits differently than its parent and its siblings") {
  static_cast<void>(waits());
  auto all = waits_of_children([] { return ::fork(); });
  all.push_back(waits());
  check_that_all_differ(all);
}

#if defined(__linux__) && (defined(__x86_64__) || defined(__aarch64__))
TEST_CASE("Children that the C library does not know, with the same process id, wait differently") {
  static_cast<void>(waits());
  // Every child is process 1 in its own PID namespace, as a supervisor in a container makes them. Where namespaces are
  // not permitted, the children are made without.
  auto all = waits_of_children([] {
    auto const clone = [](int flags) {
      return static_cast<::pid_t>(
          ::syscall(SYS_clone, static_cast<unsigned long>(flags | SIGCHLD), nullptr, nullptr, nullptr, nullptr));
    };
    auto const child = clone(CLONE_NEWPID);
    return child >= 0 ? child : clone(0);
  });
  all.push_back(waits());
  check_that_all_differ(all);
}
#endif

TEST_CASE("reseed() makes every thread's source seed itself again, once") {
  in_a_new_thread([] {
    static_cast<void>(waits());
    CHECK(seeds_asked_for == 1);
    std::promise<void> reseeded;
    std::promise<void> drawn;
    std::thread other([&] {
      static_cast<void>(waits());
      drawn.set_value();
      reseeded.get_future().wait();
      auto const before = seeds_asked_for;
      static_cast<void>(waits());
      static_cast<void>(waits());
      CHECK(seeds_asked_for == before + 1);
    });
    drawn.get_future().wait();
    tenax::reseed();
    reseeded.set_value();
    other.join();
    static_cast<void>(waits());
    static_cast<void>(waits());
    CHECK(seeds_asked_for == 2);
  });
}

TEST_CASE("No seed is requested before the first draw, and then only one") {
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

TEST_CASE("If the system's random source fails, threads still wait differently") {
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

TEST_CASE("Without getentropy, idempotency keys still come from the system, not from a source for jitter") {
  in_a_new_thread([] {
    no_entropy = true;
    auto const first = tenax::http::make_idempotency_key();
    auto const second = tenax::http::make_idempotency_key();
    CHECK(first != second);
    CHECK(seeds_asked_for == 2);  // one for each key, and none for this thread's source
  });
}
