// SPDX-License-Identifier: MIT
// messages.cpp: 500 tasks each send a message through a server that accepts one per second, or 170: how long that
// takes, and how many calls it needs, with different wait strategies. Coroutines in simulated time.
#include <chrono>
#include <cstdint>
#include <string_view>

#include <tenax/fmt.hpp>
#include <tenax/gate/adaptive_rate_limiter.hpp>
#include <tenax/tenax.hpp>

#include "../simulation/tasks.hpp"

using namespace std::chrono_literals;

// Accepts `rate` requests in every second of its clock.
class quota {
 public:
  explicit quota(int rate) : rate_(rate) {}
  bool operator()(double t) {
    if (auto const second = static_cast<std::int64_t>(t); second != second_) {
      second_ = second;
      left_ = rate_;
    }
    return left_ > 0 && left_-- > 0;
  }

 private:
  int rate_;
  int left_ = 0;
  std::int64_t second_ = -1;
};

template <class Policy>
void send_all(std::string_view name, int rate, Policy const& policy) {
  simulation::world world(2015);
  simulation::server server(world, quota(rate));
  simulation::start_tasks(world, server, policy);
  while (server.accepted() < simulation::tasks) world.run_for(1min);
  std::uint64_t calls = 0;
  std::uint32_t peak = 0;
  for (auto const n : server.calls()) {
    calls += n;
    peak = std::max(peak, n);
  }
  fmt::print("{:<38} {:>8.0f} s {:>9} {:>6}\n", name, server.last(), calls, peak);
}

int main() {
  constexpr auto endless = tenax::retrying{}.stop(tenax::stop::never);
  for (int const rate : {1, 170}) {
    fmt::print("{}a server that accepts {} per second\n{:<38} {:>10} {:>9} {:>6}\n", rate == 1 ? "" : "\n", rate,
               "wait", "done after", "calls", "peak/s");
    auto const row = [&](std::string_view name, auto const& strategy) {
      send_all(name, rate, endless.wait(strategy));
      send_all("  .full()", rate, endless.wait(strategy.full()));
    };
    row("constant(5s)", tenax::wait::constant(5s));
    row("fibonacci({.unit = 1s, .max = 60s})", tenax::wait::fibonacci({.unit = 1s, .max = 60s}));
    row("exponential({.base = 1s, .max = 60s})", tenax::wait::exponential({.base = 1s, .max = 60s}));

    // The wait strategy does not matter here: the limiter decides when each task may send.
    tenax::adaptive_rate_limiter limiter;
    send_all("none, through an adaptive limiter", rate, endless.wait(tenax::wait::none).through(std::ref(limiter)));
  }
}
