// SPDX-License-Identifier: MIT
// crowd.hpp: clients with the same policy call a server in virtual time. Each client is a `tenax::retry_loop`, so the
// engine is the one of the library's drivers. Include it in one file of a program.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "crowd_result.hpp"
#include "world.hpp"

namespace explorer {

namespace detail {

/// The lengths of calls, exact to a sixteenth of their value.
class lengths {
 public:
  void add(std::int64_t ns) {
    auto const n = static_cast<std::uint64_t>(ns) | 16;
    auto const octave = static_cast<unsigned>(std::bit_width(n)) - 5;
    ++counts_[octave * 16 + (n >> octave) - 16];
    ++sum_;
  }
  [[nodiscard]] std::int64_t below(unsigned percent) const {
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen * 100 >= sum_ * percent) return static_cast<std::int64_t>(16 + i % 16) << (i / 16);
    }
    return 0;
  }

 private:
  std::array<std::uint32_t, 60 * 16> counts_{};
  std::uint64_t sum_ = 0;
};

template <class Policy>
struct client {
  Policy policy;
  std::vector<std::unique_ptr<any_gate>> own{};
  tenax::seeded_random arrivals, jitter;
  std::optional<tenax::retry_loop<Policy const&>> loop{};
  std::int64_t began = 0, calls = 0;
  reply answer{};
  bool flying = false;
};

/// The next event of each client, earliest first; of events at the same time, that of the client with the least number.
class agenda {
  struct event {
    std::int64_t at;
    std::uint32_t who;
    bool operator<(event const& other) const { return at < other.at || (at == other.at && who < other.who); }
  };

 public:
  void add(std::int64_t at, std::uint32_t who) {
    events_.push_back({at, who});
    auto i = events_.size() - 1;
    for (; i > 0 && events_[i] < events_[(i - 1) / 4]; i = (i - 1) / 4) std::swap(events_[i], events_[(i - 1) / 4]);
  }
  [[nodiscard]] event const& first() const { return events_.front(); }
  /// Gives the first event another time, which is not earlier.
  void move_first(std::int64_t at) {
    event const e{at, events_.front().who};
    std::size_t i = 0;
    auto const n = events_.size();
    for (;;) {
      auto const child = 4 * i + 1;
      if (child >= n) break;
      auto least = child;
      auto const end = child + 4 < n ? child + 4 : n;
      for (auto c = child + 1; c < end; ++c) {
        if (events_[c] < events_[least]) least = c;
      }
      if (!(events_[least] < e)) break;
      events_[i] = events_[least];
      i = least;
    }
    events_[i] = e;
  }

 private:
  std::vector<event> events_{};
};

template <bool Clips>
crowd_result run(settings const& s, world const& w) {
  using policy_type = decltype(s.policy<Clips, true>(any_gates{}));
  constexpr auto never = (std::numeric_limits<std::int64_t>::max)();
  crowd_result out;
  auto const length = w.length.count();
  out.slot =
      (length + static_cast<std::int64_t>(crowd_result::slots) - 1) / static_cast<std::int64_t>(crowd_result::slots);
  auto const count = [&](crowd_result::kind k, std::int64_t t) {
    ++out.all[k];
    if (t < length) ++out.by[k][static_cast<std::size_t>(t / out.slot)];
  };
  auto const add_gates = [&](std::vector<std::unique_ptr<any_gate>>& to) {
    for (auto const& g : s.gates) to.push_back(g.make(g));
  };
  std::vector<std::unique_ptr<any_gate>> shared;
  if (w.gates == gates_of::shared) add_gates(shared);

  server there(w);
  lengths took;
  agenda next;
  std::vector<client<policy_type>> clients;
  clients.reserve(static_cast<std::size_t>(w.clients));
  for (std::uint32_t i = 0; i < w.clients; ++i) {
    auto const seed = (static_cast<std::uint64_t>(w.seed) << 32) + 2 * std::uint64_t{i};
    auto& c =
        clients.emplace_back(client<policy_type>{.policy = s.policy<Clips, true>(any_gates{}),
                                                 .arrivals = tenax::seeded_random(seed * 0x9e3779b97f4a7c15),
                                                 .jitter = tenax::seeded_random((seed + 1) * 0x9e3779b97f4a7c15)});
    if (w.gates == gates_of::each) add_gates(c.own);
    next.add(w.together ? 0 : tenax::draw_between(c.arrivals, {}, w.every).count(), i);
  }
  for (auto& c : clients) c.policy.gates.list = w.gates == gates_of::shared ? &shared : &c.own;

  // Time 0 of a gate may be a special one; the simulation begins at one second.
  auto const point = [](std::int64_t t) { return tenax::time_point(tenax::duration(t + 1'000'000'000)); };
  std::int64_t now = 0;
  // Calls that a gate refuses make no attempt, and still take steps.
  std::uint64_t steps = 0;
  while ((now = next.first().at) < length) {
    if (out.all[crowd_result::load] == most_attempts || ++steps == 3 * most_attempts) {
      out.full = true;
      break;
    }
    auto& c = clients[next.first().who];
    tenax::decision d;
    if (c.flying) {
      c.flying = false;
      count(c.answer.status == 200   ? crowd_result::good
            : c.answer.status == 429 ? crowd_result::throttled
                                     : crowd_result::failed,
            now);
      if (c.answer.status == 200) out.last_good = now;
      d = c.loop->finish_attempt(tenax::outcome<reply>(c.answer), point(now));
    } else {
      if (!c.loop) {
        c.loop.emplace(c.policy, point(now), &c.jitter);
        c.began = now;
        ++out.calls;
      }
      d = c.loop->start_attempt(point(now));
    }
    if (d.waits()) {
      auto const wait = d.delay.count();
      next.move_first(wait > never - now ? never : now + wait);
    } else if (d.starts()) {
      count(crowd_result::load, now);
      auto answer = there.ask(now);
      auto const limit = c.loop->info().time_left.count();
      if (answer.at - now > limit) {
        answer = {now + limit, {0, {}}};
        ++out.late;
      }
      c.answer = answer.what;
      c.flying = true;
      next.move_first(answer.at);
    } else {
      d.reason == tenax::stop_reason::succeeded ? ++out.succeeded : ++out.gave_up;
      if (d.reason == tenax::stop_reason::refused_by_gate) ++out.refused;
      if (now - c.began > out.longest) out.longest = now - c.began;
      took.add(now - c.began);
      c.loop.reset();
      auto again = c.began + tenax::draw_between(c.arrivals, w.every / 2, w.every + w.every / 2).count();
      next.move_first(++c.calls == w.calls ? never : again > now ? again : now + 1);
    }
  }
  out.ended = now < length ? now : length;
  out.median = took.below(50);
  out.most_95 = took.below(95);

  // Recovered: the first slot after the outage from which on, for three slots, answers are 9 of 10 of those before it.
  auto const from = static_cast<std::size_t>(w.outage_from.count() / out.slot);
  auto const to = static_cast<std::size_t>((w.outage_to.count() + out.slot - 1) / out.slot);
  if (w.outage_to.count() > 0 && from >= 2 && to + 3 < crowd_result::slots) {
    auto const& good = out.by[crowd_result::good];
    std::uint64_t before = 0;
    for (std::size_t i = 1; i < from; ++i) before += good[i];
    for (std::size_t i = to; i + 3 <= crowd_result::slots && out.recovery < 0; ++i) {
      std::uint64_t const after = good[i] + good[i + 1] + good[i + 2];
      if (after * (from - 1) * 10 >= before * 3 * 9)
        out.recovery = static_cast<std::int64_t>(i) * out.slot - w.outage_to.count();
    }
  }
  return out;
}

}  // namespace detail

crowd_result run_crowd(settings const& s, world const& w) {
  return s.clips ? detail::run<true>(s, w) : detail::run<false>(s, w);
}

}  // namespace explorer
