// SPDX-License-Identifier: MIT
// world.hpp: makes a server and its clients out of a compact text:
//   clients=1000 every=10s for=10min latency=20ms..80ms outage=1min..2min status=503 retry_after=exact capacity=500/s
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tenax/random.hpp>

#include "policy.hpp"

namespace explorer {

enum class limit_kind : unsigned char { none, bucket, fixed, sliding };
enum class gates_of : unsigned char { each, shared, off };

/// The most attempts that a simulation makes, so that no text keeps a page busy.
inline constexpr std::uint64_t most_attempts = 3'000'000;

/// A server and its clients, as the text says it.
struct world {
  std::int64_t clients = 100;
  tenax::duration every = std::chrono::seconds(10);  ///< between the beginnings of two calls of a client
  tenax::duration length = std::chrono::minutes(10);
  std::int64_t calls = 0;  ///< of each client; 0 means until the end
  std::int64_t seed = 1;
  bool together = false;  ///< all clients begin at time 0
  gates_of gates = gates_of::each;

  tenax::duration latency_least = std::chrono::milliseconds(50), latency_most = std::chrono::milliseconds(50);
  tenax::duration outage_from{}, outage_to{};
  double errors = 0;  ///< the share of requests that fail for no reason
  int status = 503;   ///< of an outage and of these errors; 0 means that no answer comes
  limit_kind limit = limit_kind::none;
  tenax::rate rate{};
  bool sends_exact = false;  ///< Retry-After has the time until the limit or the outage ends
  tenax::optional_duration retry_after{};
  std::int64_t capacity = 0;  ///< requests per second; 0 means that the server is never busy
  tenax::duration queue = std::chrono::seconds(1);
};

/// Reads the text of a world. Returns the sentence about the first mistake, or nothing.
inline std::string read_world(std::string_view text, world& w) {
  reader r(text);
  while (r.more()) {
    auto const name = r.word();
    if (name.empty() || !r.take("="))
      return "a setting is NAME=VALUE, such as clients=1000; that is expected " +
             (name.empty() ? r.here() : "after \"" + name + "\"");
    auto const choice = [&](char const* choices, auto... of) {
      auto const word = r.word();
      int i = 0, found = -1;
      ((word == of ? static_cast<void>(found = i) : static_cast<void>(0), ++i), ...);
      if (found < 0) r.fail(name + ": \"" + word + "\" is not known; write " + choices);
      return found;
    };
    if (name == "clients") {
      w.clients = r.whole("clients", 1, 10'000);
    } else if (name == "every") {
      w.every = r.time("every", true);
    } else if (name == "for") {
      w.length = r.time("for", true);
    } else if (name == "calls") {
      w.calls = r.whole("calls", 1, 1'000'000);
    } else if (name == "seed") {
      w.seed = r.whole("seed", 0, 4'294'967'295);
    } else if (name == "start") {
      w.together = choice("together or spread", "spread", "together") == 1;
    } else if (name == "gates") {
      w.gates = static_cast<gates_of>(choice("each, shared or off", "each", "shared", "off") & 3);
    } else if (name == "latency") {
      w.latency_least = w.latency_most = r.time("latency");
      if (r.take("..")) w.latency_most = r.time("latency");
      if (w.latency_most < w.latency_least) return "latency: the second time must not be less than the first one";
    } else if (name == "outage") {
      w.outage_from = r.time("outage"), r.need(".."), w.outage_to = r.time("outage");
      if (r.good() && w.outage_to <= w.outage_from) return "outage: the second time must be later than the first one";
    } else if (name == "errors") {
      w.errors = r.percent("errors");
    } else if (name == "status") {
      w.status = r.take("no_answer") ? 0 : static_cast<int>(r.whole("status", 400, 599));
    } else if (name == "limit") {
      w.limit = static_cast<limit_kind>(
          choice("bucket(100/s,burst=20), fixed(100/min) or sliding(100/min)", "none", "bucket", "fixed", "sliding") &
          3);
      std::string cpp;
      if (w.limit != limit_kind::none) r.need("("), w.rate = read_rate(r, cpp), r.need(")");
      if (r.good() && w.limit != limit_kind::bucket && w.rate.burst != 1) return "limit: only a bucket has a burst";
    } else if (name == "retry_after") {
      w.sends_exact = r.take("exact");
      w.retry_after.reset();
      if (!w.sends_exact && !r.take("none")) w.retry_after = r.time("retry_after");
    } else if (name == "capacity") {
      w.capacity = r.whole("capacity", 1, 1'000'000), r.need("/s");
    } else if (name == "queue") {
      w.queue = r.time("queue");
    } else {
      return "the setting \"" + name +
             "\" is not known; write clients, every, for, calls, start, gates, seed, latency, outage, errors, status, "
             "limit, retry_after, capacity or queue";
    }
    if (!r.good()) return r.mistake();
    if (auto const c = r.next(); c != '\0' && c != ' ' && c != '\n' && c != '\t')
      return name + ": the value cannot be understood " + r.here();
  }
  return {};
}

/// The server of a world. Times count from the beginning of the simulation.
class server {
 public:
  struct answer {
    std::int64_t at;  ///< when the client has it, in nanoseconds
    reply what;
  };

  explicit server(world const& w) : world_(w), random_(static_cast<std::uint64_t>(w.seed) ^ 0x5e7fe7) {
    if (w.limit == limit_kind::none) return;
    period_ = w.rate.per.value().count();
    if (w.limit == limit_kind::sliding) admitted_.assign(w.rate.permits, -period_);
    step_ = period_ / static_cast<std::int64_t>(w.rate.permits);
  }

  /// The answer to a request that arrives at `t`. Times of requests do not fall.
  answer ask(std::int64_t t) {
    auto const back = t + tenax::draw_between(random_, world_.latency_least, world_.latency_most).count();
    if (t >= world_.outage_from.count() && t < world_.outage_to.count())
      return {back, {world_.status, field(world_.outage_to.count() - t)}};
    if (auto const busy = until_permitted(t); busy > 0) return {back, {429, field(busy)}};
    auto done = back;
    if (world_.capacity != 0) {
      auto const begin = free_ > t ? free_ : t;
      if (begin - t > world_.queue.count()) return {back, {503, field(begin - t - world_.queue.count())}};
      free_ = begin + 1'000'000'000 / world_.capacity;
      done += free_ - t;
    }
    // One draw a request, so that two policies see the same errors.
    if (world_.errors > 0 && static_cast<double>(random_() >> 11) * 0x1p-53 < world_.errors)
      return {done, {world_.status, {}}};
    return {done, {200, {}}};
  }

 private:
  /// Retry-After has whole seconds, rounded up.
  [[nodiscard]] tenax::optional_duration field(std::int64_t left) const {
    auto const d = world_.sends_exact ? tenax::optional_duration(tenax::duration(left)) : world_.retry_after;
    if (!d) return d;
    return tenax::duration((d->count() + 999'999'999) / 1'000'000'000 * 1'000'000'000);
  }

  /// 0 and takes a permit, or the time until there is one.
  std::int64_t until_permitted(std::int64_t t) {
    switch (world_.limit) {
      case limit_kind::none: return 0;
      case limit_kind::bucket: {
        auto const room = step_ * static_cast<std::int64_t>(world_.rate.burst - 1);
        if (next_ > t + room) return next_ - t - room;
        next_ = (next_ > t ? next_ : t) + step_;
        return 0;
      }
      case limit_kind::fixed:
        if (t / period_ != window_) window_ = t / period_, used_ = 0;
        if (used_ == world_.rate.permits) return (window_ + 1) * period_ - t;
        ++used_;
        return 0;
      case limit_kind::sliding: break;
    }
    auto& oldest = admitted_[used_];
    if (oldest + period_ > t) return oldest + period_ - t;
    oldest = t;
    used_ = used_ + 1 == admitted_.size() ? 0 : used_ + 1;
    return 0;
  }

  world const& world_;
  tenax::seeded_random random_;
  std::int64_t period_ = 1, step_ = 1, next_ = 0, window_ = 0, free_ = 0;
  std::uint64_t used_ = 0;
  std::vector<std::int64_t> admitted_{};
};

}  // namespace explorer
