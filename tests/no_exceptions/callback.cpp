// SPDX-License-Identifier: MIT
// callback.cpp: calls in event loops that call back, in a build without exceptions.
#include <tenax/async/callback.hpp>

#include <functional>
#include <vector>

#include <tenax/tenax.hpp>

#include "check.hpp"

using namespace std::chrono_literals;

namespace {

/// Timers in virtual time: each one fires at once.
struct instant {
  tenax::time_point time{};
  std::vector<tenax::callback_alarm> set{};

  tenax::time_point now() const { return time; }
  void operator()(tenax::duration d, tenax::callback_alarm f) {
    time += d;
    set.push_back(std::move(f));
  }
  void run() {
    for (std::size_t i = 0; i < set.size(); ++i) {
      auto const alarm = set[i];
      alarm();
    }
  }
};

}  // namespace

int main() {
  auto const policy = tenax::retrying{}
                          .when(tenax::when::result([](int status) { return status == 503; }))
                          .wait(tenax::wait::constant(100ms))
                          .attempt_timeout(1s)
                          .stop(tenax::stop::after_attempts(3));
  int ended = 0;
  {
    instant timer;
    auto const start = [](tenax::attempt_info const& info, auto reply) { reply(info.number < 3 ? 503 : 200); };
    auto const call = tenax::callback_retry(policy, std::ref(timer), start, [&](tenax::report<int> const& r) {
      ++ended;
      CHECK(r.succeeded());
      CHECK(r.waited == 200ms);
    });
    timer.run();
    CHECK(ended == 1);
  }
  {
    // An attempt that exceeded its time limit has no outcome, because there is no exception to tell it with.
    instant timer;
    auto const start = [](auto const&) {};
    auto const call = tenax::callback_retry<int>(policy, std::ref(timer), start, [&](tenax::report<int> const& r) {
      ++ended;
      CHECK(!r.succeeded());
      CHECK(!r.has_value());
    });
    timer.run();
    CHECK(ended == 2);
  }
  {
    instant timer;
    auto const start = [](auto const&) {};
    auto call = tenax::callback_retry<int>(policy, std::ref(timer), start, [&](tenax::report<int> const& r) {
      ++ended;
      CHECK(r.reason == tenax::stop_reason::cancelled);
    });
    call.cancel();
    CHECK(ended == 3);
  }
}
