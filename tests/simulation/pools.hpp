// SPDX-License-Identifier: MIT
// pools.hpp: simulated servers with workers, whose round trips depend on how many requests they have at once.
#pragma once

#include <algorithm>
#include <cmath>
#include <deque>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

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

/// A server: its pools, and how it serves a request.
struct pool_server {
  explicit pool_server(world& w) : clock(&w) {}

  pool& add(std::function<int(double)> workers, std::function<tenax::duration()> service) {
    return pools.emplace_back(*clock, std::move(workers), std::move(service));
  }

  world* clock;
  std::deque<pool> pools{};
  std::function<void(std::function<void()>)> serve{};
};

/// What a saturated gate reached.
struct reached {
  std::vector<long> good{};             ///< requests that ended in each second
  std::vector<tenax::duration> took{};  ///< their round trips, after the first seconds

  [[nodiscard]] double per_second(std::size_t from, std::size_t to) const {
    long sum = 0;
    for (auto i = from; i < to && i < good.size(); ++i) sum += good[i];
    return static_cast<double>(sum) / static_cast<double>(to - from);
  }
  [[nodiscard]] tenax::duration percentile(double share) {
    auto const at = static_cast<std::ptrdiff_t>(share * static_cast<double>(took.size()));
    std::nth_element(took.begin(), took.begin() + at, took.end());
    return took[static_cast<std::size_t>(at)];
  }
};

/// Sends as many requests through a gate as it admits, for `seconds`. Calls `each_second()` in between.
template <class Gate>
reached saturate(
    world& w, Gate& gate, pool_server& server, std::size_t seconds, std::size_t warm_up,
    std::function<void()> const& each_second = [] {}) {
  reached r;
  r.good.resize(seconds + 1);
  std::function<void()> const fill = [&] {
    for (;;) {
      auto held = std::make_shared<typename Gate::ticket>();
      if (!gate.admit(*held, {}, w.now()).admitted()) return;
      server.serve([&, held, began = w.now()] {
        gate.record(*held, {}, w.now());
        auto const second = static_cast<std::size_t>(w.seconds());
        ++r.good[second < seconds ? second : seconds];
        if (second >= warm_up) r.took.push_back(w.now() - began);
        fill();
      });
    }
  };
  fill();
  for (std::size_t i = 0; i < seconds; ++i) {
    w.run_for(std::chrono::seconds(1));
    each_second();
  }
  return r;
}

}  // namespace simulation
