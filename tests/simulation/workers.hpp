// SPDX-License-Identifier: MIT
// workers.hpp: simulated workers that share a gate, in front of a server.
#pragma once

#include <cstdint>
#include <functional>

#include "servers.hpp"
#include "world.hpp"

namespace simulation {

/// Number of workers, duration, and the round-trip time of a request.
struct workforce {
  int workers = 1;
  tenax::duration time{};
  tenax::duration least_travel = std::chrono::milliseconds(10);
  tenax::duration most_travel = std::chrono::microseconds(10100);
  std::uint64_t seed = 7;
  unsigned delayed = 0;  ///< this many of a thousand requests take up to `delay` longer in one direction
  tenax::duration delay{};
};

/// Called for each request: when it arrived at the server, in seconds, and whether it was accepted.
using witness = std::function<void(double, bool)>;

/// Workers that send one request after another through `gate` to `server`. Each refused request ends its call: this
/// measures the gate alone, without retries.
template <class Gate, class Server>
void run_workers(Gate& gate, Server& server, workforce const& force, witness const& see) {
  auto const policy = tenax::retrying{}.when(tenax::when::never).through(std::ref(gate)).policy();
  world world(force.seed);
  auto const travel = [&] {
    auto const usual = tenax::draw_between(world.random(), force.least_travel, force.most_travel) / 2;
    if (force.delayed == 0 || world.random()() % 1000 >= force.delayed) return usual;
    return usual + tenax::draw_between(world.random(), tenax::duration(), force.delay);
  };
  auto const send = [&](auto answer) {
    world.after(travel(), [&, answer] {
      auto const r = server.answer(world.now());
      see(world.seconds(), r.status == 200);
      world.after(travel(), [answer, r] { answer(r); });
    });
  };
  std::function<void()> const work = [&] { start_call(world, policy, send, [&](reply const&) { work(); }); };
  for (int i = 0; i < force.workers; ++i) work();
  world.run_for(force.time);
}

}  // namespace simulation
