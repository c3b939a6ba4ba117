// SPDX-License-Identifier: MIT
// presets.hpp: policies with a name, and the server and the crowd that show what they do. Those of other projects have
// the numbers of their documentation.
#pragma once

#include <string>
#include <string_view>

namespace explorer {

struct preset {
  std::string_view name, title, policy, other, world;
};

inline constexpr preset presets[] = {
    {"defaults", "The defaults", "attempts=3 wait=exponential(100ms..5s).full", "",
     "clients=1000 every=10s for=10min latency=20ms..120ms outage=2min..4min capacity=150/s"},
    {"tasks", "500 tasks: constant waits, and fibonacci", "attempts=unlimited wait=constant(5s)",
     "attempts=unlimited wait=fibonacci(1s..1min)",
     "clients=500 calls=1 start=together for=10min latency=20ms..120ms outage=0s..5min"},
    {"tasks_jitter", "500 tasks: exponential waits, without and with jitter",
     "attempts=unlimited wait=exponential(1s..1min)", "attempts=unlimited wait=exponential(1s..1min).full",
     "clients=500 calls=1 start=together for=10min latency=20ms..120ms outage=0s..5min"},
    {"hour", "1800 requests an hour, with and without a rate limiter",
     "attempts=5 wait=exponential(1s..1min).equal deadline=5min gate=rate(1800/h,burst=10)",
     "attempts=5 wait=exponential(1s..1min).equal deadline=5min",
     "clients=20 every=30s for=2h limit=fixed(1800/h) retry_after=exact gates=shared"},
    {"threads", "Threads share a strict limit", "attempts=5 wait=exponential(100ms..5s).full gate=rate(10/s)",
     "attempts=5 wait=exponential(100ms..5s).full", "clients=50 every=4s for=5min limit=sliding(10/s) gates=shared"},
    {"budget", "A retry budget after an outage", "attempts=5 wait=exponential(1s..20s).full attempt_timeout=2s",
     "attempts=5 wait=exponential(1s..20s).full attempt_timeout=2s gate=budget",
     "clients=1000 every=10s for=5min outage=1min..2min status=no_answer capacity=110/s queue=1min"},
    {"aws", "AWS SDK, standard mode of 2026, with and without its quota",
     "attempts=3 wait=exponential(50ms..20s).full throttled_wait=exponential(1s..20s).full server_wait=5s.lengthen "
     "gate=quota(aws_2026)",
     "attempts=3 wait=exponential(50ms..20s).full throttled_wait=exponential(1s..20s).full server_wait=5s.lengthen",
     "clients=1000 every=5s for=5min outage=1min..2min capacity=220/s gates=shared"},
    {"grpc", "gRPC service config, with and without retry throttling",
     "attempts=4 wait=exponential(100ms..1s).proportional(20%) gate=budget(10,10%)",
     "attempts=4 wait=exponential(100ms..1s).proportional(20%)",
     "clients=500 every=1s for=5min outage=1min..2min capacity=600/s gates=each"},
    {"mongodb", "MongoDB driver, with and without its quota",
     "attempts=6 wait=exponential(100ms..10s).full gate=quota(mongodb)", "attempts=6 wait=exponential(100ms..10s).full",
     "clients=500 every=1s for=5min limit=bucket(300/s,burst=100) gates=shared"},
    {"stripe", "Stripe client", "attempts=3 wait=exponential(500ms..2s).equal when=no_answer,409,500,502,503,504",
     "attempts=3 wait=constant(500ms) when=no_answer,409,500,502,503,504",
     "clients=500 every=5s for=5min outage=1min..90s errors=2% capacity=120/s queue=5s"},
};

/// All of them: a preset a line, its parts separated by tabs.
inline std::string list_presets() {
  std::string out;
  for (auto const& p : presets) {
    for (auto const part : {p.name, p.title, p.policy, p.other, p.world})
      out.append(part).append(part.data() == p.world.data() ? "\n" : "\t");
  }
  return out;
}

}  // namespace explorer
