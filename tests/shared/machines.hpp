// SPDX-License-Identifier: MIT
// machines.hpp: machines that share a limit through a store, in virtual time.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <tenax/shared/rate_limiter.hpp>

#include "model_script.hpp"

namespace tests {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// Things that happen, in order of their times.
class timeline {
 public:
  tenax::time_point now{tenax::duration(seconds(1000))};

  void at(tenax::time_point when, std::function<void()> what) {
    events_.emplace(when < now ? now : when, std::move(what));
  }
  void after(tenax::duration d, std::function<void()> what) { at(now + d, std::move(what)); }
  void run_for(tenax::duration d) {
    auto const end = now + d;
    while (!events_.empty() && events_.begin()->first <= end) {
      auto event = events_.extract(events_.begin());
      at_once_ = event.key() == now ? at_once_ + 1 : 0;
      if (at_once_ > 100'000) throw std::runtime_error("time stands still: callers ask again and again");
      now = event.key();
      event.mapped()();
    }
    now = end;
  }
  /// A clock for calls of gates.
  struct clock {
    timeline* line;
    tenax::time_point now() const { return line->now; }
    void sleep(tenax::duration) const {}
    tenax::random_source& random() const { return tenax::this_thread_random(); }
  };
  clock environment() { return {this}; }

 private:
  std::multimap<tenax::time_point, std::function<void()>> events_;
  int at_once_ = 0;  ///< events at this moment
};

/// A server with keys, whose clock is ahead by `clock_ahead`.
struct model_server {
  timeline& time;
  std::map<std::string, model_script> keys{};
  bool up = true;
  tenax::duration clock_ahead = std::chrono::hours(500'000);
  std::uint64_t questions = 0;
  std::uint64_t permits = 0;
  std::vector<std::function<void(std::string const&, std::int64_t)>> listeners{};

  /// Runs a script, in place of the model: returns the answer, the message if there is one, and an error.
  std::function<std::vector<std::int64_t>(tenax::shared::script const&, std::string const& key,
                                          std::vector<std::int64_t> const& arguments, std::int64_t& message,
                                          std::string& error)>
      runs{};

  std::int64_t microseconds_now() const { return (time.now.time_since_epoch() + clock_ahead).count() / 1000; }
};

/// A store as one machine sees it: answers take a while, and may be lost.
struct wire {
  timeline& time;
  model_server& server;
  std::function<tenax::duration()> delay = [] { return tenax::duration(microseconds(100)); };
  std::function<bool()> loses = [] { return false; };
  bool refuses = false;  ///< errors at once, in place of no answers, while the server is away

  void eval(tenax::shared::script const& run, std::string_view key, std::span<std::int64_t const> arguments,
            tenax::shared::completion done) {
    auto shared = std::make_shared<tenax::shared::completion>(std::move(done));
    ++server.questions;
    // A lost answer: neither comes nor is known to be lost.
    if (!server.up && !refuses) return lost_.push_back(std::move(shared));
    std::vector<std::int64_t> const copy(arguments.begin(), arguments.end());
    time.after(delay(), [this, shared, copy, run, name = std::string(key)] {
      if (!server.up) {
        if (refuses) return (*shared)({.error = "connection refused"}, time.now);
        return lost_.push_back(shared);
      }
      std::int64_t message = -1;
      auto error = std::make_shared<std::string>();
      auto const answer = server.runs ? server.runs(run, name, copy, message, *error)
                                      : server.keys[name].run(copy, server.microseconds_now(), message, *error);
      if (!answer.empty()) server.permits += static_cast<std::uint64_t>(answer[2]);
      if (message >= 0) {
        for (auto const& l : server.listeners) l(name, message);
      }
      if (loses()) return lost_.push_back(shared);
      time.after(delay(), [this, shared, answer, error] {
        (*shared)(error->empty() ? tenax::shared::reply{.numbers = answer} : tenax::shared::reply{.error = *error},
                  time.now);
      });
    });
  }
  void listen(std::string_view channel, tenax::shared::listener l) {
    server.listeners.push_back([this, l, name = std::string(channel)](std::string const& key, std::int64_t n) {
      if (key == name) time.after(delay(), [this, l, n] { l(n, time.now); });
    });
  }

  std::vector<std::shared_ptr<tenax::shared::completion>> lost_{};
};

/// A store without messages.
struct deaf_wire {
  wire& store;

  void eval(tenax::shared::script const& run, std::string_view key, std::span<std::int64_t const> arguments,
            tenax::shared::completion done) {
    store.eval(run, key, arguments, std::move(done));
  }
};

/// A caller that calls again and again.
class caller {
 public:
  tenax::duration timeout = seconds(60);
  tenax::duration pause_after_failure = milliseconds(1);
  tenax::duration work{};           ///< between two calls
  std::uint64_t most = UINT64_MAX;  ///< calls
  std::uint64_t went = 0, gave_up = 0, refused = 0;
  tenax::duration longest_wait{};
  std::function<void(tenax::time_point)> on_go = [](tenax::time_point) {};

  caller(timeline& time, tenax::shared::rate_limiter& limiter) : time_(time), limiter_(limiter) {}
  caller(caller const&) = delete;

  void start() {
    if (went + gave_up + refused >= most) return;
    began_ = time_.now;
    ask();
  }
  void stop() {
    most = 0;
    ++round_;
    ticket_ = {};
  }

 private:
  void ask() {
    auto const round = ++round_;
    woken_ = false;
    auto const left = timeout - (time_.now - began_);
    tenax::waker const waker{[](void* self) noexcept { static_cast<caller*>(self)->wake(); }, this};
    auto const answer = limiter_.admit(ticket_, {.time_left = left}, time_.now, waker);
    if (answer.admitted()) {
      ++went;
      longest_wait = std::max(longest_wait, time_.now - began_);
      on_go(time_.now);
      limiter_.record(ticket_, {}, time_.now);
      ticket_ = {};
      return again(work);
    }
    bool const too_late = answer.at_most ? left <= tenax::duration::zero() : answer.delay > left;
    if (answer.refused() || too_late) {
      ++(answer.refused() ? refused : gave_up);
      ticket_ = {};
      return again(pause_after_failure);
    }
    time_.after(std::min(answer.sleep(), std::max(left, tenax::duration::zero())), [this, round] {
      if (round == round_) ask();
    });
  }
  void again(tenax::duration d) {
    auto const round = ++round_;
    time_.after(d, [this, round] {
      if (round == round_) start();
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
  tenax::shared::rate_limiter& limiter_;
  tenax::shared::rate_limiter::ticket ticket_;
  tenax::time_point began_{};
  std::uint64_t round_ = 0;
  bool woken_ = false;
};

/// Counts what happens in windows.
struct usage {
  std::deque<tenax::time_point> times{};

  void add(tenax::time_point t) { times.push_back(t); }
  /// The most that happened in a window of this length.
  std::size_t most_in(tenax::duration window) const {
    std::size_t most = 0;
    for (std::size_t first = 0, last = 0; last < times.size(); ++last) {
      while (times[first] + window <= times[last]) ++first;
      most = std::max(most, last - first + 1);
    }
    return most;
  }
  std::size_t between(tenax::time_point from, tenax::time_point to) const {
    return static_cast<std::size_t>(
        std::count_if(times.begin(), times.end(), [&](auto t) { return from <= t && t < to; }));
  }
};

/// Machines with callers, which share one limit.
template <class... Rates>
class machines {
 public:
  struct machine {
    std::unique_ptr<wire> store;
    std::unique_ptr<tenax::shared::rate_limiter> limiter;
    std::deque<caller> callers;
  };

  timeline time;
  model_server server{time};
  usage used;
  std::deque<machine> all;
  std::vector<std::string> events;
  std::mt19937_64 chance{7};

  explicit machines(Rates... rates) : rates_(rates...) {}

  machine& add(int callers, tenax::shared::options o = {}) {
    auto& m = all.emplace_back();
    m.store = std::make_unique<wire>(time, server);
    o.on_event = [this](tenax::shared::event const& e) {
      events.push_back(std::string(to_string(e.what)) + ": " + std::string(e.why));
    };
    std::apply([&](auto... r) { m.limiter = std::make_unique<tenax::shared::rate_limiter>(*m.store, "test", o, r...); },
               rates_);
    for (int i = 0; i < callers; ++i) {
      auto& c = m.callers.emplace_back(time, *m.limiter);
      c.on_go = [this](tenax::time_point t) { used.add(t); };
    }
    return m;
  }
  void start() {
    for (auto& m : all) {
      for (auto& c : m.callers) time.after(microseconds(chance() % 1000), [&c] { c.start(); });
    }
  }
  void run_for(tenax::duration d) { time.run_for(d); }
  /// A delay between the two, each time another one.
  std::function<tenax::duration()> between(tenax::duration low, tenax::duration high) {
    return [this, low, high] {
      return low + tenax::duration(
                       static_cast<std::int64_t>(chance() % static_cast<std::uint64_t>((high - low).count() + 1)));
    };
  }
  ~machines() {
    for (auto& m : all) {
      for (auto& c : m.callers) c.stop();
    }
    time.run_for(seconds(1));
    for (auto& m : all) m.limiter.reset();
    time.run_for(seconds(1));
  }

 private:
  std::tuple<Rates...> rates_;
};

}  // namespace tests
