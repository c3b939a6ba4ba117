// SPDX-License-Identifier: MIT
// sleeps.cpp: real sleeps that signals interrupt, such as a profiler's timer: they do not become longer.
#include <tenax/tenax.hpp>

#include <chrono>
#include <csignal>

#include <tenax/cancel.hpp>
#include <tenax/suspend_aware_time.hpp>

#include <sys/time.h>

#include "catch.hpp"

using namespace std::chrono_literals;

namespace {

void on_alarm(int) {}

/// During its lifetime, the process gets a signal every 100 us.
class storm_of_signals {
 public:
  storm_of_signals() {
    struct sigaction act{};
    act.sa_handler = on_alarm;
    act.sa_flags = SA_RESTART;
    ::sigaction(SIGALRM, &act, &old_);
    ::itimerval every{};
    every.it_interval.tv_usec = 100;
    every.it_value.tv_usec = 100;
    ::setitimer(ITIMER_REAL, &every, nullptr);
  }
  ~storm_of_signals() {
    ::itimerval const none{};
    ::setitimer(ITIMER_REAL, &none, nullptr);
    ::sigaction(SIGALRM, &old_, nullptr);
  }
  storm_of_signals(storm_of_signals const&) = delete;
  storm_of_signals& operator=(storm_of_signals const&) = delete;

 private:
  struct sigaction old_{};
};

struct flag {
  [[nodiscard]] bool stop_requested() const { return false; }
};

/// Returns how long `sleep` takes: the best of three, because other programs may use this machine.
template <class F>
std::chrono::steady_clock::duration shortest(F const& sleep) {
  auto best = std::chrono::steady_clock::duration::max();
  for (int i = 0; i < 3; ++i) {
    auto const start = std::chrono::steady_clock::now();
    sleep();
    auto const took = std::chrono::steady_clock::now() - start;
    CHECK(took >= 300ms);
    best = std::min(best, took);
  }
  return best;
}

}  // namespace

TEST_CASE("Signals do not lengthen a sleep") {
  storm_of_signals const storm;
  CHECK(shortest([] { tenax::real_time::sleep(300ms); }) < 330ms);
  CHECK(shortest([] { tenax::real_time::sleep(300ms, flag{}); }) < 330ms);
  CHECK(shortest([] { tenax::suspend_aware_time::sleep(300ms); }) < 330ms);
#if defined(__cpp_lib_jthread)
  std::stop_source source;
  CHECK(shortest([&] { tenax::real_time::sleep(300ms, source.get_token()); }) < 330ms);
#endif
}
