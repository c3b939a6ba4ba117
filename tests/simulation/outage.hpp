// SPDX-License-Identifier: MIT
// outage.hpp: simulates many clients of a server that is down for a while: requests sent, and answers in time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <type_traits>
#include <vector>

#include "servers.hpp"
#include "world.hpp"

namespace simulation {

struct outage {
  int clients = 1000;
  tenax::duration every =
      std::chrono::seconds(10);  ///< each client makes a call, whether or not the last one has ended
  double capacity = 110;         ///< requests per second
  tenax::duration patience = std::chrono::seconds(2);  ///< how long a client waits for one answer
  tenax::duration begins = std::chrono::seconds(60), ends = std::chrono::seconds(120),
                  whole = std::chrono::seconds(300);
  outage_kind kind = outage_kind::refuses;
  overload when_overloaded = overload::queues;

  /// Calls per second.
  [[nodiscard]] double demand() const noexcept { return clients / std::chrono::duration<double>(every).count(); }
};

/// In each second: requests that were sent, and answers that came in time.
struct course {
  explicit course(tenax::duration whole)
      : offered(static_cast<std::size_t>(whole / std::chrono::seconds(1))), good(offered.size()) {}

  std::vector<std::int64_t> offered;
  std::vector<std::int64_t> good;
};

/// Runs the simulation. `policy_of(client)` returns the policy of a client.
template <class PolicyOf>
course run(outage const& o, PolicyOf policy_of) {
  std::deque<std::remove_cvref_t<decltype(policy_of(0).policy())>> policies;
  world world(2026);
  queueing_server server(o.capacity, o.patience, o.when_overloaded);
  server.outage(tenax::time_point(o.begins), tenax::time_point(o.ends), o.kind);
  course seen(o.whole);
  auto const second = [&] {
    return static_cast<std::size_t>(world.now().time_since_epoch() / std::chrono::seconds(1));
  };
  auto const send = [&](auto answer) {
    if (second() < seen.offered.size()) ++seen.offered[second()];
    server.serve(world, [&, answer](reply const& r) {
      if (r.status == 200 && second() < seen.good.size()) ++seen.good[second()];
      answer(r);
    });
  };
  std::function<void(int)> call = [&](int client) {
    start_call(world, policies[static_cast<std::size_t>(client)], send, [](reply const&) {});
    world.after(o.every, [&call, client] { call(client); });
  };
  for (int i = 0; i < o.clients; ++i) {
    policies.push_back(policy_of(i).policy());
    world.after(tenax::draw_between(world.random(), tenax::duration(), o.every), [&call, i] { call(i); });
  }
  world.run_for(o.whole);
  return seen;
}

}  // namespace simulation
