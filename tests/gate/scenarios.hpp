// SPDX-License-Identifier: MIT
// scenarios.hpp: workers that share a gate, in front of a server of the simulated world.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <optional>

#include "../../examples/simulation/servers.hpp"
#include "../../examples/simulation/world.hpp"
#include "stale_watch.hpp"

namespace tests {

struct tally {
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;
  std::uint64_t stale = 0;        // see `stale_watch`
  std::uint64_t longest_run = 0;  // of refusals
};

/// What is seen of each request: when, and whether it was accepted.
using witness = std::function<void(double, bool)>;

/// `workers` that send one request after another through `limiter` to `server`, each on its way for half of `least` to
/// `most` there and half of it back.
template <class Server>
tally run_workers(tenax::adaptive_rate_limiter& limiter, Server& server, int workers, tenax::duration time,
                  tenax::duration least, tenax::duration most, std::uint64_t seed, witness const& see = {}) {
  simulation::world world(seed);
  tally all;
  std::uint64_t run = 0;
  stale_watch gate(limiter);
  // Each refused request is a call of its own that ended: the limiter alone is under test.
  auto const policy = tenax::retrying{}.when(tenax::when::never).through(std::ref(gate)).policy();
  std::function<void()> work;
  auto const travel = [&] { return tenax::draw_between(world.random(), least, most) / 2; };
  auto const send = [&](auto answer) {
    world.after(travel(), [&, answer] {
      auto const r = server.answer(world.now());
      bool const good = r.status == 200;
      good ? ++all.accepted : ++all.refused;
      run = good ? 0 : run + 1;
      all.longest_run = run > all.longest_run ? run : all.longest_run;
      if (see) see(world.seconds(), good);
      world.after(travel(), [answer, r] { answer(r); });
    });
  };
  work = [&] { simulation::start_call(world, policy, send, [&](simulation::reply const&) { work(); }); };
  for (int i = 0; i < workers; ++i) work();
  world.run_for(time);
  all.stale = gate.stale();
  return all;
}

}  // namespace tests
