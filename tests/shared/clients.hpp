// SPDX-License-Identifier: MIT
// clients.hpp: machines whose callers send requests to a server with a limit of its own, in virtual time.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <tenax/gate/adaptive_rate_limiter.hpp>
#include <tenax/shared/adaptive_rate_limiter.hpp>

#include "../simulation/servers.hpp"
#include "lua_store.hpp"
#include "machines.hpp"

namespace tests {

/// What a server has answered.
struct answers {
  std::vector<std::pair<tenax::time_point, bool>> all{};

  std::size_t count(bool accepted, tenax::time_point from, tenax::time_point to) const {
    return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](auto const& a) {
      return a.second == accepted && from <= a.first && a.first < to;
    }));
  }
};

/// Sends one request after the other, as a limiter allows.
template <class Limiter>
class client {
 public:
  tenax::duration work{};  ///< from an answer to the next request
  std::function<void(tenax::time_point)> on_send = [](tenax::time_point) {};
  std::function<void(simulation::reply const&)> on_answer = [](simulation::reply const&) {};

  client(timeline& time, Limiter& limiter, std::function<simulation::reply()> server,
         std::function<tenax::duration()> latency)
      : time_(time), limiter_(limiter), server_(std::move(server)), latency_(std::move(latency)) {}
  client(client const&) = delete;

  void start() { ask(); }
  void stop() {
    stopped_ = true;
    ++round_;
    ticket_ = {};
  }

 private:
  void ask() {
    auto const round = ++round_;
    woken_ = false;
    tenax::waker const waker{[](void* self) noexcept { static_cast<client*>(self)->wake(); }, this};
    auto const answer = limiter_.admit(ticket_, {.time_left = std::chrono::hours(1000)}, time_.now, waker);
    if (!answer.admitted()) {
      return time_.after(answer.sleep(), [this, round] {
        if (round == round_) ask();
      });
    }
    on_send(time_.now);
    auto const d = latency_();
    ++round_;
    time_.after(d / 2, [this, d] {
      auto const r = server_();
      time_.after(d / 2, [this, r] { finish(r); });
    });
  }
  void finish(simulation::reply const& r) {
    if (stopped_) return;
    on_answer(r);
    auto const how = r.status == 429 ? tenax::feedback::kind::throttled : tenax::feedback::kind::success;
    limiter_.record(ticket_, {.how = how, .server_wait = r.retry_after, .left = r.left}, time_.now);
    ticket_ = {};
    auto const round = ++round_;
    time_.after(work, [this, round] {
      if (round == round_) ask();
    });
  }
  void wake() {
    if (woken_) return;
    woken_ = true;
    time_.after({}, [this, round = round_] {
      if (round == round_) ask();
    });
  }

  timeline& time_;
  Limiter& limiter_;
  typename Limiter::ticket ticket_{};
  std::function<simulation::reply()> server_;
  std::function<tenax::duration()> latency_;
  std::uint64_t round_ = 0;
  bool woken_ = false, stopped_ = false;
};

/// Machines with clients of one server. With a shared limiter, or with one each.
template <class Limiter = tenax::shared::adaptive_rate_limiter>
class clients {
 public:
  struct machine {
    std::unique_ptr<wire> store;
    std::unique_ptr<deaf_wire> deaf_store;
    std::unique_ptr<Limiter> limiter;
    std::deque<client<Limiter>> callers;
  };
  static constexpr bool shares = std::same_as<Limiter, tenax::shared::adaptive_rate_limiter>;

  timeline time;
  model_server store{time};
  lua_store lua;
  answers seen;
  std::vector<std::pair<tenax::time_point, tenax::time_point>> holds;  ///< when the other side asked for no requests
  std::size_t stale = 0;  ///< requests that were sent nevertheless, 1 ms after a machine knew
  std::deque<machine> all;
  std::vector<std::string> events;
  std::mt19937_64 chance;
  std::function<simulation::reply(tenax::time_point)> server;
  bool deaf = false;  ///< the store has no messages
  tenax::duration fastest = milliseconds(100), slowest = milliseconds(300);

  template <class Server>
  explicit clients(Server s, std::uint64_t seed = 7)
      : chance(seed),
        server([s = std::make_shared<Server>(std::move(s))](tenax::time_point t) { return s->answer(t); }) {
    store.runs = [this](auto const& run, auto const& key, auto const& arguments, auto& message, auto& error) {
      lua.now = store.microseconds_now();
      auto const numbers = lua.run(run.text, key, arguments, error);
      if (!lua.published.empty()) message = lua.published.back().second;
      return numbers;
    };
  }
  ~clients() {
    for (auto& m : all) {
      for (auto& c : m.callers) c.stop();
    }
    time.run_for(seconds(1));
    for (auto& m : all) m.limiter.reset();
    time.run_for(seconds(1));
  }

  template <class Options>
  machine& add(int callers, Options o) {
    auto& m = all.emplace_back();
    m.store = std::make_unique<wire>(time, store);
    if constexpr (shares) {
      o.shared.on_event = [this](tenax::shared::event const& e) {
        events.push_back(std::string(to_string(e.what)) + ": " + std::string(e.why));
      };
      m.deaf_store = std::make_unique<deaf_wire>(*m.store);
      auto const its = deaf ? tenax::shared::store_ref(*m.deaf_store) : tenax::shared::store_ref(*m.store);
      m.limiter = std::make_unique<Limiter>(its, "test", o);
    } else {
      m.limiter = std::make_unique<Limiter>(o);
    }
    for (int i = 0; i < callers; ++i) {
      auto& c = m.callers.emplace_back(
          time, *m.limiter,
          [this] {
            auto const r = server(time.now);
            seen.all.emplace_back(time.now, r.status == 200);
            return r;
          },
          [this] {
            auto const span = static_cast<std::uint64_t>((slowest - fastest).count() + 1);
            return fastest + tenax::duration(static_cast<std::int64_t>(chance() % span));
          });
      c.on_send = [this](tenax::time_point t) {
        stale += static_cast<std::size_t>(std::any_of(holds.end() - std::min<std::ptrdiff_t>(8, std::ssize(holds)),
                                                      holds.end(),
                                                      [&](auto const& h) { return h.first < t && t < h.second; }));
      };
      c.on_answer = [this](simulation::reply const& r) {
        if (r.retry_after) holds.emplace_back(time.now + milliseconds(1), time.now + *r.retry_after);
      };
      time.after(microseconds(chance() % 1000), [&c] { c.start(); });
    }
    return m;
  }
  machine& add(int callers) {
    if constexpr (shares) {
      return add(callers, tenax::shared::adaptive_options{});
    } else {
      return add(callers, tenax::adaptive_rate_options{});
    }
  }
  void run_for(tenax::duration d) { time.run_for(d); }
  std::size_t accepted(tenax::duration last) const { return seen.count(true, time.now - last, time.now); }
  std::size_t refused(tenax::duration last) const { return seen.count(false, time.now - last, time.now); }
};

}  // namespace tests
