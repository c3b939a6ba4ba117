// SPDX-License-Identifier: MIT
// Threads at a shared limit, with a store that answers on a thread of its own, late, with errors, or not at all.
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <tenax/cancel.hpp>
#include <tenax/shared/pause.hpp>
#include <tenax/shared/rate_limiter.hpp>

#include "catch.hpp"
#include "model_script.hpp"

using namespace std::chrono_literals;

namespace {

/// A store in this process. Answers in order, on a thread.
class local_store {
 public:
  std::atomic<bool> fails{false};

  local_store() : thread_([this](std::stop_token const& stop) { run(stop); }) {}

  void eval(tenax::shared::script const&, std::string_view key, std::span<std::int64_t const> arguments,
            tenax::shared::completion done) {
    std::lock_guard const lock(mutex_);
    questions_.push_back({std::string(key), {arguments.begin(), arguments.end()}, std::move(done)});
    changed_.notify_all();
  }
  void listen(std::string_view, tenax::shared::listener l) {
    std::lock_guard const lock(mutex_);
    listeners_.push_back(std::move(l));
  }

 private:
  struct question {
    std::string key;
    std::vector<std::int64_t> arguments;
    tenax::shared::completion done;
  };

  void run(std::stop_token const& stop) {
    std::mt19937 chance{3};
    for (std::unique_lock lock(mutex_);;) {
      changed_.wait(lock, stop, [&] { return !questions_.empty(); });
      if (questions_.empty()) return;
      auto q = std::move(questions_.front());
      questions_.erase(questions_.begin());
      auto const now = std::chrono::steady_clock::now().time_since_epoch() / 1us + 1'000'000;
      std::int64_t message = -1;
      std::string error;
      auto const answer = keys_[q.key].run(q.arguments, now, message, error);
      auto const listeners = listeners_;
      lock.unlock();
      if (message >= 0) {
        for (auto const& l : listeners) l(message);
      }
      if (chance() % 40 == 0) q.done = {};  // no answer
      if (fails) q.done({.error = "out of order"});
      q.done({.numbers = answer});
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<question> questions_;
  std::vector<tenax::shared::listener> listeners_;
  std::map<std::string, tests::model_script> keys_;
  std::jthread thread_;
};

}  // namespace

TEST_CASE("Threads take permits, give up, change and pause a shared limit at the same time", "[shared]") {
  local_store store;
  std::atomic<int> went{0};
  std::atomic<int> events{0};
  {
    tenax::shared::options const o{.on_event = [&](tenax::shared::event const&) { ++events; }};
    tenax::shared::rate_limiter a(store, "limit", o, tenax::per_second(5000).with_burst(100));
    tenax::shared::rate_limiter b(store, "limit", o, tenax::per_second(5000).with_burst(100));
    tenax::shared::pause held(store, "pause", o);
    auto const end = std::chrono::steady_clock::now() + 300ms;
    // On a busy machine it takes longer until something has happened.
    auto const goes_on = [&] {
      auto const now = std::chrono::steady_clock::now();
      return now < end || ((went <= 20 || events == 0) && now < end + 1min);
    };
    std::vector<std::jthread> threads;  // before what they use goes
    for (int i = 0; i < 6; ++i) {
      threads.emplace_back([&, i] {
        auto& mine = i % 2 == 0 ? a : b;
        std::mt19937 chance(static_cast<unsigned>(i));
        while (goes_on()) {
          std::stop_source stop;
          auto const timeout = std::chrono::microseconds(chance() % 3000);
          if (chance() % 50 == 0) stop.request_stop();
          went +=
              mine.acquire({.timeout = timeout, .weight = 1 + chance() % 3}, stop.get_token()) == tenax::acquired::yes;
          tenax::shared::pause::ticket t;
          if (held.admit(t, {}, tenax::time_point(std::chrono::steady_clock::now().time_since_epoch())).admitted()) {
            held.record(t, {}, tenax::time_point(std::chrono::steady_clock::now().time_since_epoch()));
          }
        }
      });
    }
    threads.emplace_back([&] {
      for (int i = 0; goes_on(); ++i) {
        a.charge(3);
        if (i % 8 == 0) b.pause(2ms);
        if (i % 16 == 0) held.begin(1ms);
        if (i % 16 == 1) a.resume();
        if (i % 10 == 0) b.set(tenax::per_second(4000 + i).with_burst(100));
        store.fails = i % 12 == 5;
        (void)a.state();
        std::this_thread::sleep_for(2ms);
      }
      store.fails = false;
    });
  }
  CHECK(went > 20);
  CHECK(events > 0);
}

namespace {

/// A store that never answers, and whose messages come when the test says so.
struct silent_store {
  std::vector<tenax::shared::completion> questions{};
  tenax::shared::listener listener{};

  void eval(tenax::shared::script const&, std::string_view, std::span<std::int64_t const>,
            tenax::shared::completion done) {
    questions.push_back(std::move(done));
  }
  void listen(std::string_view, tenax::shared::listener l) { listener = std::move(l); }
};

constexpr std::int64_t a_minute = 60'000'000;  // microseconds

}  // namespace

TEST_CASE("A limit is not destroyed while its observer is told something, and then tells nothing", "[shared]") {
  silent_store store;
  std::atomic<bool> begun{false}, may_end{false}, ended{false};
  std::atomic<int> told{0};
  auto const observer = [&](tenax::shared::event const&) {
    ++told;
    begun = true;
    while (!may_end) std::this_thread::sleep_for(1ms);
    ended = true;
  };
  tenax::shared::options const o{.store_timeout = 24h, .on_event = observer};
  auto held = std::make_unique<tenax::shared::pause>(store, "pause", o);
  tenax::shared::pause::ticket t;
  CHECK(held->admit(t, {}, tenax::real_time::now()).admitted());
  held->record(t, {}, tenax::real_time::now());
  REQUIRE(store.questions.size() == 1);  // keeps what the store knows of the limit alive
  std::jthread const message([&] { store.listener(a_minute); });
  while (!begun) std::this_thread::sleep_for(1ms);
  std::jthread const other([&] {
    std::this_thread::sleep_for(20ms);
    may_end = true;
  });
  held.reset();
  CHECK(ended);
  CHECK(store.listener(0));
  CHECK(store.listener(a_minute));
  store.questions.clear();
  CHECK(told == 1);
  CHECK(store.questions.empty());
}

TEST_CASE("An observer may destroy its limit", "[shared]") {
  silent_store store;
  std::unique_ptr<tenax::shared::pause> held;
  int told = 0;
  auto const observer = [&](tenax::shared::event const&) {
    ++told;
    held.reset();
  };
  held = std::make_unique<tenax::shared::pause>(store, "pause", tenax::shared::options{.on_event = observer});
  store.listener(a_minute);
  CHECK(told == 1);
  CHECK(held == nullptr);
}
