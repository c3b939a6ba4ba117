// SPDX-License-Identifier: MIT
// pools.hpp: simulated servers with workers, whose round trips depend on how many requests they have at once.
#pragma once

#include <cmath>
#include <deque>
#include <functional>
#include <utility>

#include "world.hpp"

namespace simulation {

/// A time between `low` and `high`.
inline tenax::duration between(world& w, tenax::duration low, tenax::duration high) {
  return tenax::draw_between(w.random(), low, high);
}

/// A time with an exponential distribution.
inline tenax::duration exponential(world& w, tenax::duration mean) {
  double const u = (static_cast<double>(w.random()() >> 11) + 0.5) / 9007199254740992.0;
  return tenax::duration(static_cast<std::int64_t>(-std::log(u) * static_cast<double>(mean.count())));
}

/// Workers that serve requests first come, first served, from a queue without a bound.
class pool {
 public:
  /// `workers(seconds)`: the number of workers. `service()`: how long a request takes.
  pool(world& w, std::function<int(double)> workers, std::function<tenax::duration()> service)
      : world_(w), workers_(std::move(workers)), service_(std::move(service)) {}

  void serve(std::function<void()> done) {
    queue_.push_back(std::move(done));
    start();
  }

  /// All workers stop for `d`, and go on then.
  void pause(tenax::duration d) {
    stopped_until_ = world_.now() + d;
    world_.after(d, [this] { start(); });
  }

 private:
  void start() {
    while (!queue_.empty() && busy_ < workers_(world_.seconds()) && world_.now() >= stopped_until_) {
      ++busy_;
      work(service_(), std::move(queue_.front()));
      queue_.pop_front();
    }
  }
  void work(tenax::duration d, std::function<void()> done) {
    world_.after(d, [this, done = std::move(done), began = world_.now(), d]() mutable {
      // A pause that began meanwhile makes the request longer.
      if (stopped_until_ > began && stopped_until_ > world_.now()) {
        return work(stopped_until_ - world_.now(), std::move(done));
      }
      --busy_;
      done();
      start();
    });
  }

  world& world_;
  std::function<int(double)> workers_;
  std::function<tenax::duration()> service_;
  std::deque<std::function<void()>> queue_{};
  int busy_ = 0;
  tenax::time_point stopped_until_{};
};

}  // namespace simulation
