// SPDX-License-Identifier: MIT
// callbacks.cpp: the snippets about callback_retry, of docs/how-to/bring-your-own-event-loop.md and
// docs/reference/async.md.
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <tenax/async/callback.hpp>
#include <tenax/gate/rate_limiter.hpp>

#include "docs.hpp"

namespace {

class event_loop {
 public:
  tenax::time_point now() const { return now_; }
  void after(tenax::duration d, std::function<void()> f) {
    timers_.emplace(now_ + d, std::move(f));
  }
  void post(std::function<void()> f) { after(0s, std::move(f)); }
  void run() {
    while (!timers_.empty()) {
      auto const next = timers_.extract(timers_.begin());
      now_ = next.key();
      next.mapped()();
    }
  }

 private:
  tenax::time_point now_{};
  std::multimap<tenax::time_point, std::function<void()>> timers_;
};

/// A client that calls back.
struct client {
  event_loop& loop;
  int requests = 0;
  int stopped = 0;

  int get(std::string const&, std::function<void(int)> f) {
    loop.after(20ms, [f, status = ++requests < 3 ? 503 : 200] { f(status); });
    return requests;
  }
  void never(std::function<void(int)> const&) { ++requests; }
  void stop(int) { ++stopped; }
};

auto const polite = tenax::retrying{}
                        .when(tenax::when::result([](int status) { return status == 503; }))
                        .wait(tenax::wait::constant(100ms));

// [timer]
/// Everything that callback_retry can use of an event loop. Only the first function is necessary.
struct timers {
  event_loop* loop;

  void operator()(tenax::duration d, tenax::callback_alarm f) const { loop->after(d, f); }
  tenax::time_point now() const { return loop->now(); }
  void post(std::function<void()> f) const { loop->post(std::move(f)); }
};
// [/timer]

}  // namespace

TEST_CASE("callback_retry in five lines") {
  event_loop loop;
  client http{loop};
  std::string const url = "/albums";
  int got = 0;
  // [call]
  auto const timer = [&](tenax::duration d, tenax::callback_alarm f) { loop.after(d, f); };
  auto const start = [&](tenax::callback_reply<int> reply) { http.get(url, reply); };
  auto const done = [&](tenax::report<int> r) { got = r.value(); };

  auto const call = tenax::callback_retry(polite, timer, start, done);
  loop.run();
  CHECK(got == 200);
  CHECK(http.requests == 3);
  // [/call]
}

TEST_CASE("callback_retry with everything") {
  event_loop loop;
  client http{loop};
  std::string const url = "/albums";
  // [limits]
  tenax::rate_limiter limiter(tenax::per_second(10));
  auto const patient = polite.attempt_timeout(1s).through(std::ref(limiter));

  auto const start = [&](tenax::attempt_info const& info, tenax::callback_reply<int> reply) {
    auto const id = http.get(url + "?attempt=" + std::to_string(info.number), reply);
    return [&, id] { http.stop(id); };  // for an attempt that takes too long, and for cancel()
  };
  auto call = tenax::callback_retry(patient, timers{&loop}, start, [&](tenax::report<int> r) {
    CHECK(r.reason == tenax::stop_reason::cancelled);
  });
  call.cancel();
  CHECK(!call.running());
  CHECK(http.stopped == 1);
  // [/limits]
}

TEST_CASE("callback_retry and exceptions") {
  event_loop loop;
  int attempts = 0;
  bool failed = false;
  // [fail]
  auto const start = [&](tenax::callback_reply<int> reply) {
    ++attempts;
    reply.fail(network_error("connection reset"));
  };
  tenax::callback_retry(tenax::retrying{}, timers{&loop}, start, [&](tenax::report<int> r) {
    failed = r.result.exception_as<network_error>() != nullptr;
  }).detach();
  // [/fail]
  loop.run();
  CHECK(attempts == 3);
  CHECK(failed);
}
