// SPDX-License-Identifier: MIT
// adaptive_rate_limiter.cpp: the adaptive rate limiter against simulated servers, and driven by hand.
#include <tenax/gate/adaptive_rate_limiter.hpp>

#include <atomic>
#include <functional>
#include <vector>

#include <tenax/gate/call.hpp>
#include <tenax/http/hint_reader.hpp>
#include <tenax/tenax.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "../at_length.hpp"
#include "../catch.hpp"
#include "../gates.hpp"
#include "behaviour/scenarios.hpp"

using namespace std::chrono_literals;
using simulation::tells;
using tenax::adaptive_rate_limiter;
using tests::run_an_hour;
using tests::run_workers;

namespace {

/// A server that also answers with quota header fields.
template <class Server>
struct saying {
  Server server;
  std::vector<tenax::http::header> headers;

  simulation::reply answer(tenax::time_point now) {
    auto r = server.answer(now);
    auto const said = tenax::http::detail::to_allowance(tenax::http::quota(headers, tenax::http::wall_time()));
    r.left.limit = said.limit;
    r.left.window = said.window;
    return r;
  }
};

/// Waits until the request is admitted, and moves the time on.
void admitted(adaptive_rate_limiter& limiter, adaptive_rate_limiter::ticket& t, tenax::duration& now) {
  for (;;) {
    auto const answer = tests::ask(limiter, t, now);
    if (answer.admitted()) return;
    now += answer.delay;
  }
}

/// Makes one request that is answered immediately. Returns when it was sent.
tenax::duration request(adaptive_rate_limiter& limiter, tenax::duration& now, tenax::feedback const& answer = {}) {
  adaptive_rate_limiter::ticket t;
  admitted(limiter, t, now);
  limiter.record(t, answer, tenax::time_point(now));
  return now;
}

}  // namespace

TEST_CASE("One hour against 15 requests in 30 seconds: the limit is unknown") {
  for (int const workers : {1, 4, 16}) {
    for (auto const how : {tells::seconds_rounded_up, tells::seconds_rounded_down}) {
      adaptive_rate_limiter limiter;
      simulation::rolling_window server(15, 30s, how);
      auto const all = run_an_hour(limiter, server, workers);
      CAPTURE(workers, all.accepted, all.refused);
      CHECK(all.accepted >= 1740);
      CHECK(all.refused <= 40);
      CHECK(all.stale == 0);
    }
  }
}

TEST_CASE("One hour against 15 requests in 30 seconds: the limit is given as an option") {
  for (int const workers : {1, 4, 16}) {
    adaptive_rate_limiter limiter({.limit = {.permits = 15, .per = 30s}});
    simulation::rolling_window server(15, 30s, tells::seconds_rounded_up);
    auto const all = run_an_hour(limiter, server, workers);
    CAPTURE(workers, all.accepted, all.refused);
    CHECK(all.accepted >= 1782);
    CHECK(all.refused <= 2);
  }
}

TEST_CASE("One hour against 15 requests in 30 seconds: the server reports the remaining requests") {
  for (int const workers : {1, 4, 16}) {
    adaptive_rate_limiter limiter;
    simulation::rolling_window server(15, 30s, tells::seconds_rounded_up, true);
    auto const all = run_an_hour(limiter, server, workers);
    CAPTURE(workers, all.accepted, all.refused);
    CHECK(all.accepted >= 1782);
    CHECK(all.refused <= 2);
    CHECK(all.stale == 0);
  }
}

TEST_CASE("One hour against 15 requests in 30 seconds: the server announces the limit") {
  std::vector<std::vector<tenax::http::header>> const ways{
      {{"RateLimit-Policy", "\"x\";q=15;w=30"}},
      {{"RateLimit-Limit", "15, 15;w=30"}},
      {{"X-RateLimit-Limit", "15;w=30"}},
  };
  for (auto const& headers : ways) {
    for (int const workers : {1, 4, 16}) {
      for (bool const tells_left : {false, true}) {
        adaptive_rate_limiter limiter;
        saying<simulation::rolling_window> server{{15, 30s, tells::seconds_rounded_up, tells_left}, headers};
        auto const all = run_an_hour(limiter, server, workers);
        CAPTURE(headers[0].name, workers, tells_left, all.accepted, all.refused);
        CHECK(all.accepted >= 1782);
        CHECK(all.refused <= 2);
        CHECK(all.stale == 0);
      }
    }
  }
}

TEST_CASE("An announced limit that is too high is corrected by refusals; one that is too low is obeyed") {
  for (int const workers : {1, 4, 16}) {
    adaptive_rate_limiter limiter;
    saying<simulation::rolling_window> liar{{15, 30s, tells::seconds_rounded_up},
                                            {{"RateLimit-Policy", "\"x\";q=39;w=60"}}};
    auto const all = run_an_hour(limiter, liar, workers);
    CAPTURE(workers, all.accepted, all.refused);
    CHECK(all.accepted >= 1730);
    CHECK(all.refused <= 40);
    CHECK(all.stale == 0);

    adaptive_rate_limiter obedient;
    saying<simulation::rolling_window> modest{{15, 30s, tells::seconds_rounded_up},
                                              {{"RateLimit-Policy", "\"x\";q=21;w=60"}}};
    auto const fewer = run_an_hour(obedient, modest, workers);
    CHECK(fewer.refused == 0);
    CHECK(fewer.accepted >= 1240);
    CHECK(fewer.accepted <= 1261);
  }
}

TEST_CASE("The rate stays half a percent below an announced limit, and earlier requests are compensated") {
  tenax::time_point now{};
  adaptive_rate_limiter limiter({.start = tenax::per_second(10)});
  for (int i = 0; i < 3; ++i) {
    adaptive_rate_limiter::ticket t;
    while (!limiter.admit(t, {}, now).admitted()) now += 1ms;
    if (i == 2) limiter.record(t, {.left = {.limit = 60, .window = 1min}}, now);
  }
  CHECK(limiter.state().rate == Approx(0.995));
  CHECK(limiter.state().doing == tenax::adaptive_rate_state::phase::steady);
  adaptive_rate_limiter::ticket t;
  auto const next = limiter.admit(t, {}, now);
  REQUIRE(next.waits());
  CHECK(now + next.delay >= tenax::time_point(3015ms));  // the requests of three seconds were sent
  CHECK(now + next.delay <= tenax::time_point(3016ms));

  // The same limit again changes nothing, a lower one is obeyed, and a higher one is used, up to the limit of the
  // options.
  auto const say = [&](adaptive_rate_limiter& to, std::uint64_t limit) {
    adaptive_rate_limiter::ticket told;
    while (!to.admit(told, {}, now).admitted()) now += 10ms;
    to.record(told, {.left = {.limit = limit, .window = 1min}}, now);
    return to.state().rate;
  };
  t = {};
  CHECK(say(limiter, 60) == Approx(0.995));
  CHECK(say(limiter, 30) == Approx(0.4975));
  CHECK(say(limiter, 120) == Approx(1.99));
  adaptive_rate_limiter with_limit({.limit = tenax::per_minute(60)});
  CHECK(say(with_limit, 120) == Approx(0.995));
  CHECK(say(with_limit, 30) == Approx(0.4975));

  // Implausible values announce nothing.
  adaptive_rate_limiter unimpressed({.start = tenax::per_second(10)});
  CHECK(say(unimpressed, 0) == Approx(10));
  adaptive_rate_limiter::ticket endless;
  while (!unimpressed.admit(endless, {}, now).admitted()) now += 10ms;
  unimpressed.record(endless, {.left = {.limit = 60, .window = tenax::duration::max()}}, now);
  CHECK(unimpressed.state().rate == Approx(10));
}

TEST_CASE("A limit of a few requests a day is not exceeded") {
  tenax::rate const ten{.permits = 10, .per = 24h};
  adaptive_rate_limiter limiter({.limit = ten});
  tenax::duration now{};
  auto const first = request(limiter, now);
  CHECK(request(limiter, now) - first >= ten.interval());

  adaptive_rate_limiter told;
  auto const before = request(told, now, {.left = {.limit = 10, .window = 24h}});
  CHECK(request(told, now) - before >= ten.interval());

  // Nor is a period of nearly the longest duration.
  adaptive_rate_limiter hardly({.limit = {.permits = 1, .per = tenax::duration::max() - 1ns}});
  now = 0ns;
  request(hardly, now, {.left = {.limit = 1, .window = tenax::duration::max() - 1ns}});
  adaptive_rate_limiter::ticket t;
  CHECK(tests::ask(hardly, t, now).delay > 24h * 365 * 50);
}

TEST_CASE("If more was sent than is announced, the next request waits for one window at most") {
  adaptive_rate_limiter limiter;
  tenax::duration now{};
  for (int i = 0; i < 200; ++i) request(limiter, now, {.left = {.limit = 100, .window = 1min}});
  auto const last = request(limiter, now, {.left = {.limit = 10, .window = 1min}});
  auto const waited = request(limiter, now) - last;
  CHECK(waited >= 54s);
  CHECK(waited <= 1min);
}

TEST_CASE("A limit that is announced after its window has ended delays no request") {
  adaptive_rate_limiter limiter;
  tenax::duration now{};
  adaptive_rate_limiter::ticket t;
  admitted(limiter, t, now);
  now += 3s;
  limiter.record(t, {.left = {.limit = 10, .window = 1s}}, tenax::time_point(now));
  CHECK(tests::asked(limiter, t, now) == tests::verdict::go);
}

TEST_CASE("If other clients use an announced limit, the remaining requests count") {
  tenax::time_point now{};
  adaptive_rate_limiter limiter;
  adaptive_rate_limiter::ticket t;
  REQUIRE(limiter.admit(t, {}, now).admitted());
  limiter.record(t, {.left = {.remaining = 4, .limit = 60, .reset = 50s, .window = 1min}}, now);
  auto const next = limiter.admit(t, {}, now);
  REQUIRE(next.waits());
  CHECK(next.delay == 10s);
  now += next.delay;
  REQUIRE(limiter.admit(t, {}, now).admitted());
  limiter.record(t, {.left = {.remaining = 59, .limit = 60, .reset = 1s, .window = 1min}}, now);
  auto const then = limiter.admit(t, {}, now);
  REQUIRE(then.waits());
  CHECK(then.delay >= 1005ms);
  CHECK(then.delay <= 1006ms);
}

TEST_CASE("The limiter follows a limit that halves and recovers, with few threads and with many") {
  double goodput = 0, steady = 0, wasted = 0;
  int cells = 0;
  for (int const threads : {2, 32}) {
    for (double const limit : {2.0, 10.0, 100.0}) {
      for (double const advertised : {1.0, 1.3}) {
        if (!tests::in_many_schedules && (limit > 50 || advertised > 1)) continue;
        for (auto const how : {tells::nothing, tells::seconds_rounded_up}) {
          auto const true_rate = [limit](double t) { return t >= 300 && t < 600 ? limit / 2 : limit; };
          simulation::strict_interval server(true_rate, how);
          auto const permits = static_cast<std::uint64_t>(std::llround(10 * limit * advertised));
          adaptive_rate_limiter limiter({.start = {.permits = permits, .per = 10s}});
          std::uint64_t run = 0, longest_run = 0;
          double good = 0, steady_good = 0, steady_bad = 0;
          auto const all =
              run_workers(limiter, server, {.workers = threads, .time = 15min}, [&](double t, bool accepted) {
                good += accepted ? 1 : 0;
                if (std::fmod(t, 300) >= 150) (accepted ? steady_good : steady_bad) += 1;
                run = accepted ? 0 : run + 1;
                if (t > 20 && run > longest_run) longest_run = run;
              });
          CAPTURE(threads, limit, advertised, how == tells::nothing);
          CHECK(all.stale == 0);
          CHECK(longest_run <= 5);
          CHECK(steady_good / (limit * 375) >= 0.95);
          goodput += good / (limit * 750);
          steady += steady_good / (limit * 375);
          wasted += steady_bad / (steady_good + steady_bad);
          ++cells;
        }
      }
    }
  }
  CHECK(goodput / cells >= 0.92);
  CHECK(steady / cells >= 0.97);
  // Without the high limits, at which refusals are rarer.
  CHECK(wasted / cells <= (tests::in_many_schedules ? 0.004 : 0.005));
}

TEST_CASE("A pause stops all callers, and then they go one by one") {
  adaptive_rate_limiter limiter({.start = tenax::per_second(10)});
  tenax::time_point now{};
  adaptive_rate_limiter::ticket first;
  REQUIRE(limiter.admit(first, {}, now).admitted());
  std::vector<adaptive_rate_limiter::ticket> others(8);
  for (auto& t : others) CHECK(limiter.admit(t, {}, now).waits());

  limiter.record(first, {.how = tenax::feedback::kind::throttled, .server_wait = 5s}, now + 50ms);
  std::vector<tenax::time_point> admitted;
  auto waiting = others.begin();
  for (now += 60ms; waiting != others.end(); now += 10ms) {
    for (auto it = waiting; it != others.end(); ++it) {
      if (!limiter.admit(*it, {}, now).admitted()) continue;
      CHECK(it == waiting);  // in order of arrival
      admitted.push_back(now);
      limiter.record(*it, {}, now);
      ++waiting;
    }
  }
  CHECK(admitted.front() >= tenax::time_point(5s + 50ms));
  for (std::size_t i = 1; i < admitted.size(); ++i) CHECK(admitted[i] - admitted[i - 1] >= 10ms);
  CHECK(limiter.state().in_flight == 0);
  CHECK(limiter.state().waiting == 0);
  CHECK(limiter.state().throttled == 1);
}

TEST_CASE("No pause is longer than max_pause, whatever the server says") {
  for (tenax::duration const absurd : {tenax::duration(301s), tenax::duration(24h), tenax::duration(30 * 24h),
                                       tenax::any_duration(9999999999s).value(), tenax::duration::max()}) {
    adaptive_rate_limiter limiter;
    tenax::duration now{};
    request(limiter, now);
    request(limiter, now, {.how = tests::kind::throttled, .server_wait = absurd});
    CHECK(limiter.state().paused_until == tenax::time_point(now + 5min));
    adaptive_rate_limiter::ticket early, asks, others;
    auto const answer = tests::ask(limiter, early, now);
    CHECK(answer.waits());
    CHECK(answer.asked_by_server);
    CHECK(answer.delay == 5min);  // not more: this is max_server_wait
    CHECK(tests::ask(limiter, others, now).delay <= 5min);
    early = {};
    CHECK(tests::asked(limiter, others, now + 5min - 1ns) == tests::verdict::wait);
    CHECK(tests::asked(limiter, others, now + 5min) == tests::verdict::go);
  }
  // Even after a pause that was too short, which makes later pauses longer.
  adaptive_rate_limiter limiter;
  tenax::duration now{};
  request(limiter, now);
  request(limiter, now, {.how = tests::kind::throttled, .server_wait = 1s});
  request(limiter, now, {.how = tests::kind::throttled, .server_wait = 5min});
  CHECK(limiter.state().paused_until == tenax::time_point(now + 5min));
  // The option can make it shorter and longer.
  for (tenax::duration const longest : {tenax::duration(10s), tenax::duration(2h)}) {
    adaptive_rate_limiter other({.max_pause = longest});
    now = 0s;
    request(other, now);
    request(other, now, {.how = tests::kind::throttled, .server_wait = 24h});
    CHECK(other.state().paused_until == tenax::time_point(now + longest));
  }
}

TEST_CASE("After a pause that was cut, one request asks again, and the others wait for its answer") {
  using verdict = tests::verdict;
  adaptive_rate_limiter limiter;
  tenax::duration now{};
  request(limiter, now);
  request(limiter, now, {.how = tests::kind::throttled, .server_wait = 24h});
  now += 5min;
  adaptive_rate_limiter::ticket asks, second, third;
  CHECK(tests::asked(limiter, asks, now) == verdict::go);
  now += 10s;
  auto const waits = tests::ask(limiter, second, now);
  CHECK(waits.waits());
  CHECK(waits.asked_by_server);
  CHECK(waits.delay <= 100ms);                             // the answer may come at any moment
  CHECK(tests::asked(limiter, asks, now) == verdict::go);  // asked again: still admitted
  auto const report = [&](tenax::feedback const& f) { limiter.record(asks, f, tenax::time_point(now)); };

  SECTION("accepted: requests go one by one") {
    report({});
    CHECK(tests::asked(limiter, second, now) == verdict::go);
    CHECK(tests::asked(limiter, third, now) == verdict::wait);
    CHECK(tests::asked(limiter, third, now + 1s) == verdict::go);
  }
  SECTION("rejected for another reason, or failed: the pause is over as well") {
    report({.how = GENERATE(tests::kind::answered, tests::kind::failure)});
    CHECK(tests::asked(limiter, second, now) == verdict::go);
    CHECK(tests::asked(limiter, third, now + 1s) == verdict::go);
  }
  SECTION("refused again: another pause, without a lower rate") {
    auto const rate = limiter.state().rate;
    report({.how = tests::kind::throttled, .server_wait = 24h});
    CHECK(limiter.state().rate == rate);
    CHECK(limiter.state().paused_until == tenax::time_point(now + 5min));
    CHECK(tests::asked(limiter, second, now + 5min) == verdict::go);
    CHECK(tests::asked(limiter, third, now + 5min + 1min) == verdict::wait);
  }
  SECTION("cancelled or abandoned: another request asks, alone") {
    if (GENERATE(true, false)) {
      report({.how = GENERATE(tests::kind::cancelled, tests::kind::unknown)});
    } else {
      asks = {};
    }
    CHECK(tests::asked(limiter, second, now + 100ms) == verdict::go);
    CHECK(tests::asked(limiter, third, now + 10s) == verdict::wait);
    limiter.record(second, {}, tenax::time_point(now + 10s));
    CHECK(tests::asked(limiter, third, now + 10s) == verdict::go);
  }
  SECTION("it hangs: after another pause, another request asks") {
    now -= 10s;
    auto const end = now + 5min;
    CHECK(tests::asked(limiter, second, end - 1ms) == verdict::wait);
    CHECK(tests::asked(limiter, second, end) == verdict::go);
    CHECK(tests::asked(limiter, third, end + 1min) == verdict::wait);
  }
  SECTION("resume() ends this state as well") {
    limiter.resume(tenax::time_point(now));
    CHECK(tests::asked(limiter, second, now) == verdict::go);
  }
}

TEST_CASE("resume() ends a pause") {
  adaptive_rate_limiter limiter;
  tenax::duration now{};
  request(limiter, now);
  request(limiter, now, {.how = tests::kind::throttled, .server_wait = 4min});
  now += 1s;
  limiter.resume(tenax::time_point(now));
  CHECK(limiter.state().paused_until <= tenax::time_point(now));
  CHECK(request(limiter, now) <= 2s);
  // The lower rate after the refusal is undone as well.
  CHECK(limiter.state().rate == Approx(10));
  // The remaining quota:
  request(limiter, now, {.left = {.remaining = 0, .reset = 3min}});
  CHECK(limiter.state().paused_until == tenax::time_point(now + 3min));
  limiter.resume(tenax::time_point(now));
  auto const before = now;
  CHECK(request(limiter, now) - before <= 1s);
  limiter.resume();  // in real time; without a pause
  CHECK(limiter.state().in_flight == 0);
}

TEST_CASE("After resume(), a refusal does not lower the rate by the time before the pause") {
  // The computer was started long ago.
  for (auto const start : {tenax::duration(0), tenax::duration(10000h)}) {
    adaptive_rate_limiter limiter({.start = tenax::per_second(4)});
    auto now = start;
    for (int i = 0; i < 12; ++i) request(limiter, now);
    request(limiter, now, {.how = tests::kind::throttled});
    limiter.resume(tenax::time_point(now));
    for (int i = 0; i < 3; ++i) request(limiter, now);
    request(limiter, now, {.how = tests::kind::throttled, .server_wait = 2s});
    CHECK(limiter.state().rate > 1);
  }
}

TEST_CASE("An answer without remaining requests for an absurdly long time does not stop the limiter") {
  for (tenax::duration const reset :
       {tenax::duration(1h), tenax::any_duration(1609844400s).value(), tenax::duration::max()}) {
    adaptive_rate_limiter limiter;
    tenax::duration now{};
    tenax::feedback const f{.left = {.remaining = 0, .limit = 60, .reset = reset}};
    request(limiter, now, f);
    auto const before = now;
    CHECK(limiter.state().paused_until == tenax::time_point(now + 5min));
    adaptive_rate_limiter::ticket t;
    CHECK(tests::ask(limiter, t, now).asked_by_server);
    t = {};
    CHECK(request(limiter, now, f) - before == 5min);
    // Accepted, although nothing was left: the server is no longer trusted.
    for (int i = 0; i < 20; ++i) request(limiter, now, f);
    CHECK(now - before < 5min + 5s);
  }
  // Remaining requests are not spread over an absurdly long time.
  adaptive_rate_limiter limiter;
  tenax::duration now{}, last{};
  tenax::feedback const few{.left = {.remaining = 3, .limit = 60, .reset = tenax::duration::max()}};
  for (int i = 0; i < 10; ++i) {
    auto const sent = request(limiter, now, few);
    CHECK(sent - last <= 5min);
    last = sent;
  }
  // A reset in the past, or now, is ignored.
  adaptive_rate_limiter odd;
  now = 0s;
  for (int i = 0; i < 10; ++i)
    request(odd, now, {.left = {.remaining = 0, .reset = GENERATE(tenax::duration(0s), tenax::duration(-24h))}});
  CHECK(now < 2s);
}

TEST_CASE("An implausible announced limit is ignored") {
  struct said {
    std::uint64_t limit;
    tenax::duration window;
  };
  for (auto const& [limit, window] : {said{1, 32 * 24h}, said{1'000'000, 365 * 24h}, said{1, 25h},
                                      said{1, tenax::duration::max()}, said{5, -1h}, said{5, 0s}}) {
    adaptive_rate_limiter limiter;
    tenax::duration now{};
    for (int i = 0; i < 10; ++i) request(limiter, now, {.left = {.limit = limit, .window = window}});
    CHECK(now < 2s);
  }
  adaptive_rate_limiter limiter;
  tenax::duration now{};
  request(limiter, now, {.left = {.limit = 31, .window = 31 * 24h}});
  CHECK(limiter.state().rate == Approx(0.995 / 86400));
}

TEST_CASE("One absurd wait does not stop a limiter that policies share") {
  tenax::testing::virtual_time clock;
  adaptive_rate_limiter limiter;
  auto const says = [](tenax::duration wait) {
    return [wait]() -> int { throw tenax::retry_after(wait, std::runtime_error("429")); };
  };
  auto const base = tenax::retrying{}.wait(tenax::wait::constant(10ms)).environment(std::ref(clock));
  auto const p = base.through(std::ref(limiter));
  auto const fine = [] { return 7; };
  SECTION("Retry-After: 9999999999") {
    CHECK(p.try_call(says(tenax::any_duration(9999999999s).value())).reason ==
          tenax::stop_reason::server_wait_too_long);
    // Callers that accept only shorter waits give up; others wait as long as their policy accepts.
    auto const impatient = p.max_server_wait(10s).try_call(fine);
    CHECK(impatient.reason == tenax::stop_reason::server_wait_too_long);
    auto const deadline = p.stop(tenax::stop::deadline(30s)).try_call(fine);
    CHECK(deadline.reason == tenax::stop_reason::expired_on_entry);
    CHECK(clock.slept() == 0s);
    CHECK(p(fine) == 7);
    CHECK(clock.slept() <= 5min + 1s);
  }
  SECTION("a wait of a day, from a policy that accepts it, stops other callers for five minutes") {
    auto const patient = p.max_server_wait(48h).stop(tenax::stop::after_attempts(1));
    CHECK(patient.try_call(says(24h)).reason == tenax::stop_reason::attempts);
    CHECK(p(fine) == 7);
    CHECK(clock.slept() <= 5min + 1s);
  }
  SECTION("clamp") {
    auto const clamps = p.max_server_wait(1min, tenax::too_long::clamp).stop(tenax::stop::after_attempts(1));
    CHECK(clamps.try_call(says(24h)).reason == tenax::stop_reason::attempts);
    CHECK(limiter.state().paused_until <= clock.now() + 61s);
    CHECK(p(fine) == 7);
    CHECK(clock.slept() <= 1min + 1s);
  }
  SECTION("ignore") {
    auto const ignores = p.max_server_wait(5min, tenax::too_long::ignore).stop(tenax::stop::after_attempts(1));
    CHECK(ignores.try_call(says(24h)).reason == tenax::stop_reason::attempts);
    CHECK(p(fine) == 7);
    CHECK(clock.slept() <= 5s);
  }
  SECTION("without a policy") {
    adaptive_rate_limiter alone;
    auto permit = alone.acquire(tenax::duration::max(), tenax::detail::no_token{}, clock);
    permit.record({.how = tests::kind::throttled, .server_wait = tenax::duration::max()}, clock);
    CHECK(alone.acquire(1h, tenax::detail::no_token{}, clock));
    CHECK(clock.slept() <= 5min + 1s);
    tenax::call_through(limiter, fine, clock);
    CHECK_THROWS(tenax::call_through(limiter, says(30 * 24h), clock));
    CHECK(tenax::call_through(limiter, fine, clock) == 7);
    CHECK(clock.slept() <= 10min + 2s);
  }
}

TEST_CASE("A small tool uses the first part of a quota immediately, and the rest is spread") {
  // GitHub without a token: 60 requests an hour, as its answers say.
  std::uint64_t used = 0;
  tenax::duration now{};
  auto const send = [&](adaptive_rate_limiter& limiter) {
    adaptive_rate_limiter::ticket t;
    admitted(limiter, t, now);
    ++used;
    limiter.record(t, {.left = {.remaining = 60 - used, .limit = 60, .reset = 1h - now}}, tenax::time_point(now));
  };
  SECTION("five calls") {
    adaptive_rate_limiter limiter;
    for (int i = 0; i < 5; ++i) send(limiter);
    CHECK(now < 1s);
  }
  SECTION("the whole quota") {
    adaptive_rate_limiter limiter;
    while (used < 15) send(limiter);
    CHECK(now < 3s);
    while (used < 60) send(limiter);
    CHECK(now > 58min);
    CHECK(now <= 1h);
  }
  SECTION("the whole quota is spread, or half of it") {
    adaptive_rate_limiter even({.at_once = 0});
    for (int i = 0; i < 5; ++i) send(even);
    CHECK(now > 3min);
    now = 0s;
    used = 0;
    adaptive_rate_limiter half({.at_once = 0.5});
    while (used < 30) send(half);
    CHECK(now < 4s);
    while (used < 60) send(half);
    CHECK(now > 56min);
  }
  SECTION("a tool that is started repeatedly does not get a first part each time") {
    for (int run = 0; run < 4; ++run) {
      adaptive_rate_limiter limiter;
      for (int i = 0; i < 5; ++i) send(limiter);
    }
    CHECK(now > 1min);
  }
  SECTION("if the whole quota is unknown, the most that was left is used instead") {
    adaptive_rate_limiter limiter;
    for (int i = 0; i < 59; ++i) {
      request(limiter, now, {.left = {.remaining = 59U - static_cast<unsigned>(i), .reset = 1h - now}});
    }
    CHECK(now > 55min);
  }
  SECTION("a quota of millions is not limited to the first guess") {
    adaptive_rate_limiter limiter;
    std::uint64_t left = 50'000'000;
    for (int i = 0; i < 1000; ++i) request(limiter, now, {.left = {.remaining = left--, .reset = 24h - now}});
    CHECK(now < 3s);
  }
}

TEST_CASE("A limiter is not slower than at_least") {
  adaptive_rate_limiter limiter({.start = tenax::per_second(50), .at_least = tenax::per_second(5)});
  tenax::duration now{};
  for (int i = 0; i < 200; ++i)
    request(limiter, now, {.how = i % 3 == 0 ? tests::kind::throttled : tests::kind::success});
  CHECK(limiter.state().rate >= 5);
  auto const rejected = [](tenax::adaptive_rate_options const& o) {
    return tests::rejection([&] {
      adaptive_rate_limiter const bad(o);
      return 0;
    });
  };
  CHECK(rejected({.limit = tenax::per_second(2), .at_least = tenax::per_second(3)}) ==
        "tenax: adaptive_rate_limiter: at_least must not be above limit, per second, but is 3");
  CHECK(rejected({.at_least = tenax::per_second(3).with_burst(2)}) ==
        "tenax: adaptive_rate_limiter: burst must be 1: requests are paced, but is 2");
  CHECK(rejected({.at_once = 1.5}) == "tenax: adaptive_rate_limiter: at_once must be from 0 to 1, but is 1.5");
  CHECK(rejected({.max_pause = 0s}) == "tenax: adaptive_rate_limiter: max_pause must be more than zero, but is 0s");
  // The limit that the server announces, and the limit of the options, still hold.
  adaptive_rate_limiter told({.at_least = tenax::per_second(5)});
  now = 0s;
  request(told, now, {.left = {.limit = 60, .window = 1min}});
  CHECK(told.state().rate == Approx(0.995));
}

TEST_CASE("A clock that is set back delays no request") {
  adaptive_rate_limiter limiter;
  tenax::duration now = 10h;
  for (int i = 0; i < 10; ++i) request(limiter, now);
  now = 1h;
  auto before = now;
  request(limiter, now);
  CHECK(now - before <= 1s);
  request(limiter, now, {.how = tests::kind::throttled, .server_wait = 10s});
  now = 0s;
  CHECK(request(limiter, now) <= 11s);
  CHECK(limiter.state().paused_until <= tenax::time_point(11s));
  request(limiter, now, {.left = {.remaining = 4, .limit = 60, .reset = 50s}});
  before = now -= 1min;
  CHECK(request(limiter, now) - before <= 11s);
  CHECK(limiter.state().rate > 1);
}

TEST_CASE("keep_until of an adaptive limiter") {
  auto const kept = [](adaptive_rate_limiter const& limiter, tenax::duration now) {
    return limiter.keep_until(tenax::time_point(now)).time_since_epoch();
  };
  adaptive_rate_limiter limiter({.start = tenax::per_second(10)});
  tenax::duration now = 10s;
  CHECK(kept(limiter, now) <= now);
  request(limiter, now);
  CHECK(kept(limiter, now) >= now);  // the next request has to wait
  CHECK(kept(limiter, now) <= now + 101ms);
  request(limiter, now, {.how = tests::kind::throttled, .server_wait = 1min});
  CHECK(kept(limiter, now) >= now + 1min);
  CHECK(kept(limiter, now) <= now + 10min);

  adaptive_rate_limiter slow;
  now = 0s;
  request(slow, now, {.left = {.limit = 60, .window = 1min}});
  CHECK(kept(slow, now) >= now + 10s);
  CHECK(kept(slow, now) <= now + 11s);
}

TEST_CASE("Hours without requests after the first refusal do not lower the estimate of the limit") {
  adaptive_rate_limiter limiter({.start = tenax::per_second(2)});
  simulation::token_bucket server(0.5, 15, tells::seconds_rounded_up);
  tenax::duration now{};
  int accepted = 0;
  auto const send = [&] {
    adaptive_rate_limiter::ticket t;
    admitted(limiter, t, now);
    auto const r = server.answer(tenax::time_point(now));
    bool const good = r.status != 429;
    accepted += good ? 1 : 0;
    now += 200ms;
    limiter.record(t, {.how = good ? tests::kind::success : tests::kind::throttled, .server_wait = r.retry_after},
                   tenax::time_point(now));
    return good;
  };
  while (send()) {
  }
  now += 8h;
  accepted = 0;
  for (auto const end = now + 10min; now < end;) send();
  CHECK(accepted >= 290);  // of 315
}

TEST_CASE("A refusal after hours without requests hardly lowers the rate") {
  for (int const soon : {1, 2, 4}) {  // the number of the request that is refused
    adaptive_rate_limiter limiter({.start = tenax::per_second(2)});
    auto now = tenax::duration(1000h);
    request(limiter, now);
    for (int day = 0; day < 3; ++day) {
      now += 24h;
      for (int i = 1; i < soon; ++i) request(limiter, now);
      request(limiter, now, {.how = tests::kind::throttled, .server_wait = 1s});
      request(limiter, now);
    }
    CAPTURE(soon);
    CHECK(limiter.state().rate > 0.1);
  }
}

TEST_CASE("A limiter that has returned to its given limit stays there") {
  adaptive_rate_limiter limiter({.limit = tenax::per_second(10)});
  tenax::duration now{}, last = -1min;
  auto const run_until = [&](tenax::duration end, tenax::duration interval) {
    while (now < end) {
      adaptive_rate_limiter::ticket t;
      admitted(limiter, t, now);
      bool const good = now - last >= interval;
      if (good) last = now;
      limiter.record(t, {.how = good ? tests::kind::success : tests::kind::throttled, .server_wait = good ? 0s : 5s},
                     tenax::time_point(now));
    }
  };
  run_until(5min, 1s);
  CHECK(limiter.state().rate < 1);
  run_until(10min, 90ms);
  CHECK(limiter.state().rate == Approx(9.95));
  CHECK(limiter.state().doing == tenax::adaptive_rate_state::phase::steady);
}

TEST_CASE("Refusals of one generation lower the rate once") {
  adaptive_rate_limiter limiter({.start = tenax::per_second(1000)});
  tenax::time_point now{};
  std::vector<adaptive_rate_limiter::ticket> sent(10);
  for (auto& t : sent) {
    while (!limiter.admit(t, {}, now).admitted()) now += 1ms;
  }
  limiter.record(sent[0], {.how = tenax::feedback::kind::throttled}, now);
  auto const after_one = limiter.state();
  CHECK(after_one.generation == 1);
  for (std::size_t i = 1; i < sent.size(); ++i) {
    limiter.record(sent[i], {.how = tenax::feedback::kind::throttled}, now);
  }
  CHECK(limiter.state().generation == 1);
  CHECK(limiter.state().rate == after_one.rate);
}

TEST_CASE("Callers that leave delay no other caller") {
  adaptive_rate_limiter limiter({.start = tenax::per_second(10)});
  tenax::time_point now{};
  adaptive_rate_limiter::ticket first, last;
  CHECK(limiter.admit(first, {}, now).how == tenax::admission::kind::go);
  {
    std::vector<adaptive_rate_limiter::ticket> impatient(5);
    for (auto& t : impatient) CHECK(limiter.admit(t, {}, now).how == tenax::admission::kind::wait);
    CHECK(limiter.admit(last, {}, now).how == tenax::admission::kind::wait);
    CHECK(limiter.state().waiting == 6);
    impatient[2] = {};
    CHECK(limiter.state().waiting == 5);
  }
  CHECK(limiter.state().waiting == 1);
  CHECK(limiter.admit(last, {}, now + 101ms).how == tenax::admission::kind::go);
  CHECK(limiter.state().in_flight == 2);
  first = {};
  last = {};
  CHECK(limiter.state().in_flight == 0);
}

TEST_CASE("A pause withdraws the admission of a caller that waited at another gate") {
  adaptive_rate_limiter limiter({.start = tenax::per_second(10)});
  tenax::time_point now{};
  adaptive_rate_limiter::ticket a, b;
  CHECK(limiter.admit(a, {}, now).how == tenax::admission::kind::go);
  now += 101ms;
  CHECK(limiter.admit(b, {}, now).how == tenax::admission::kind::go);
  CHECK(limiter.admit(b, {}, now).how == tenax::admission::kind::go);  // asked again: still admitted
  limiter.record(a, {.how = tenax::feedback::kind::throttled, .server_wait = 2s}, now);
  CHECK(limiter.admit(b, {}, now).how == tenax::admission::kind::wait);
  CHECK(limiter.state().in_flight == 0);
}

TEST_CASE("Used alone: a permit takes the result of the request") {
  tenax::testing::virtual_time clock;
  adaptive_rate_limiter limiter({.start = tenax::per_second(2)});
  auto permit = limiter.acquire(tenax::duration::max(), tenax::detail::no_token{}, clock);
  REQUIRE(permit);
  permit.record({.how = tenax::feedback::kind::throttled, .server_wait = 3s}, clock);
  auto const late = limiter.acquire(1s, tenax::detail::no_token{}, clock);
  CHECK_FALSE(late);
  CHECK(late.result() == tenax::acquired::timed_out);
  CHECK(clock.slept() == 0s);
  CHECK(limiter.state().waiting == 0);
  auto const next = limiter.acquire(1min, tenax::detail::no_token{}, clock);
  CHECK(next);
  CHECK(clock.slept() >= 3s);
}

TEST_CASE("Invalid rates, and rates that it could not keep, are rejected") {
  using tests::rejection;
  auto const given = [](tenax::adaptive_rate_options const& o) {
    return rejection([&] {
      adaptive_rate_limiter const limiter(o);
      return 0;
    });
  };
  std::string const no_burst = "tenax: adaptive_rate_limiter: burst must be 1: requests are paced, but is 5";
  CHECK(given({.start = tenax::per_second(10).with_burst(5)}) == no_burst);
  CHECK(given({.limit = tenax::per_second(10).with_burst(5)}) == no_burst);
  CHECK(given({.start = {.permits = 0}}) == "tenax: rate: permits must be at least 1, but is 0");
  // Even if the option is not needed.
  CHECK(given({.start = tenax::per_second(10).with_burst(5), .limit = tenax::per_second(10)}) == no_burst);
}

TEST_CASE("Phases have names") {
  using phase = tenax::adaptive_rate_state::phase;
  CHECK(std::string(to_string(phase::start)) == "start");
  CHECK(std::string(to_string(phase::search)) == "search");
  CHECK(std::string(to_string(phase::steady)) == "steady");
  CHECK(std::string(to_string(phase::probe)) == "probe");
}

TEST_CASE("Reports of callers that were not admitted, or have already reported, are ignored") {
  tenax::testing::virtual_time clock;
  adaptive_rate_limiter limiter({.start = tenax::per_second(2)});
  auto first = limiter.acquire(tenax::duration::max(), tenax::detail::no_token{}, clock);
  auto second = limiter.acquire(0s, tenax::detail::no_token{}, clock);
  REQUIRE(first);
  REQUIRE_FALSE(second);
  second.record({.how = tenax::feedback::kind::throttled}, clock);
  CHECK(limiter.state().in_flight == 1);
  first.record({}, clock);
  first.record({.how = tenax::feedback::kind::throttled}, clock);
  CHECK(limiter.state().in_flight == 0);
  CHECK(limiter.state().throttled == 0);

  // A caller that waits keeps its place.
  adaptive_rate_limiter::ticket waits;
  REQUIRE(limiter.admit(waits, {}, clock.now()).how == tenax::admission::kind::wait);
  limiter.record(waits, {.how = tenax::feedback::kind::throttled}, clock.now());
  CHECK(limiter.state().in_flight == 0);
  CHECK(limiter.state().throttled == 0);
  CHECK(limiter.state().waiting == 1);
  waits = {};
  CHECK(limiter.state().waiting == 0);
}

TEST_CASE("A first request that is refused while others are under way hardly lowers the rate") {
  // Which of the first requests is refused, how many others are under way, and what came first, must not matter: none
  // was accepted, so nothing is known about the limit.
  for (auto const wait : {5us, 1'000us, 1'000'000us}) {
    for (unsigned const others : {0U, 1U, 5U}) {
      for (unsigned const refused : {0U, others / 2, others}) {
        CAPTURE(wait.count(), others, refused);
        adaptive_rate_limiter limiter({.start = tenax::per_second(1000)});
        std::vector<adaptive_rate_limiter::ticket> tickets(others + 1);
        auto now = 0us;
        for (auto& t : tickets) {
          REQUIRE(tests::asked(limiter, t, now) == tests::verdict::go);
          now += 2ms;
        }
        limiter.record(tickets[refused], {.how = tests::kind::throttled, .server_wait = wait}, tenax::time_point(now));
        CHECK(limiter.state().rate >= 250);
        for (auto& t : tickets) tests::tell(limiter, t, tests::kind::success, now);
        CHECK(limiter.state().rate >= 250);
        adaptive_rate_limiter::ticket next;
        CHECK(tests::asked(limiter, next, now + wait + 4ms) == tests::verdict::go);
      }
    }
  }
}

TEST_CASE("Eight threads together keep the limit") {
  constexpr int each = tests::at_length ? 65'000 : 6'500;
  // Time advances with every question, so that a thread that is interrupted holds up no other for long.
  adaptive_rate_limiter limiter({.start = tenax::per_second(100'000), .at_least = tenax::per_second(1000)});
  std::atomic<tenax::duration::rep> clock{0};
  std::atomic<std::uint64_t> admitted{0}, throttled{0}, abandoned{0};
  tests::in_eight_threads([&](int thread) {
    tenax::seeded_random random(static_cast<std::uint64_t>(thread));
    std::uint64_t in = 0, refused = 0, gone = 0;
    for (int i = 0; i < each; ++i) {
      tenax::duration now{};
      adaptive_rate_limiter::ticket t;
      auto const ask = [&] {
        now = tenax::duration(clock.fetch_add(500'000));
        return tests::asked(limiter, t, now) == tests::verdict::go;
      };
      bool go = ask();
      if (!go && random() % 8 == 0) continue;  // gives up
      while (!go) go = ask();
      ++in;
      auto const how = random() % 2048;
      if (how == 0) {
        limiter.record(t, {.how = tests::kind::throttled, .server_wait = 5us}, tenax::time_point(now + 1us));
        ++refused;
      } else if (how % 8 == 1) {
        ++gone;
      } else {
        tests::tell(limiter, t, tests::kind::success, now + 1us);
      }
    }
    admitted += in;
    throttled += refused;
    abandoned += gone;
  });
  auto const state = limiter.state();
  CHECK(state.in_flight == 0);
  CHECK(state.waiting == 0);
  CHECK(state.admitted == admitted);
  CHECK(state.throttled == throttled);
  CHECK(admitted > 4 * static_cast<std::uint64_t>(each));
  CHECK(throttled > 0);
  CHECK(abandoned > static_cast<std::uint64_t>(each) / 10);
}

TEST_CASE("A limit that is set while the limiter works binds at once, and a caller that waits is woken") {
  struct counter {
    int calls = 0;
    [[nodiscard]] tenax::waker waker() noexcept {
      return {[](void* self) noexcept { ++static_cast<counter*>(self)->calls; }, this};
    }
  };
  adaptive_rate_limiter limiter({.start = tenax::per_second(1), .at_least = tenax::per_minute(1)});
  adaptive_rate_limiter::ticket sent, first;
  counter c;
  REQUIRE(limiter.admit(sent, {}, tenax::time_point()).admitted());
  CHECK(limiter.admit(first, {}, tenax::time_point(), c.waker()).delay >= 1s);
  limiter.set(tenax::per_second(10), tenax::time_point(10ms));
  CHECK(c.calls == 1);
  CHECK(limiter.state().rate == Approx(9.95));
  CHECK(limiter.admit(first, {}, tenax::time_point(10ms), c.waker()).delay <= 91ms);
  // An answer to a request of the old rate says nothing about the new one.
  limiter.record(sent, {.how = tests::kind::throttled, .server_wait = tenax::duration(1s)}, tenax::time_point(20ms));
  CHECK(limiter.state().rate == Approx(9.95));
  CHECK(limiter.state().paused_until == tenax::time_point(1020ms));
  limiter.set(tenax::per_second(5), tenax::time_point(30ms));
  CHECK(limiter.state().paused_until == tenax::time_point(1020ms));  // the server's wait is kept
  CHECK(limiter.admit(first, {}, tenax::time_point(1020ms), c.waker()).admitted());
  CHECK(tests::rejection([&] {
          limiter.set(tenax::per_hour(1), tenax::time_point(2s));
          return 0;
        }).find("at_least must not be above limit") != std::string::npos);
  CHECK(tests::rejection([&] {
          limiter.set(tenax::rate{.permits = 0}, tenax::time_point(2s));
          return 0;
        }) == "tenax: rate: permits must be at least 1, but is 0");
  CHECK(limiter.state().rate == Approx(4.975));
}

TEST_CASE("A charge delays the next request by as many intervals") {
  adaptive_rate_limiter limiter({.limit = tenax::per_second(10)});
  auto const wait_at = [&](tenax::duration now) {
    adaptive_rate_limiter::ticket t;
    auto const answer = limiter.admit(t, {}, tenax::time_point(now));
    return answer.admitted() ? 0s : answer.delay;
  };
  SECTION("before the first request") {
    limiter.charge(9, tenax::time_point(1s));
    CHECK(wait_at(1s) > 800ms);
    CHECK(wait_at(1s) < 910ms);
  }
  SECTION("after a request") {
    CHECK(wait_at(1s) == 0s);
    limiter.charge(0, tenax::time_point(1s));
    CHECK(wait_at(1s) < 101ms);
    limiter.charge(10, tenax::time_point(1s));
    CHECK(wait_at(1s) > 1s);
    CHECK(wait_at(1s) < 1200ms);
    CHECK(wait_at(2200ms) == 0s);
  }
  SECTION("of another rate, when the rate changes") {
    limiter.charge(99, tenax::time_point(1s));
    CHECK(wait_at(1s) > 9s);
    limiter.set(tenax::per_minute(1), tenax::time_point(1s));
    CHECK(wait_at(1s) > 99min);
    limiter.set(tenax::per_second(100), tenax::time_point(1500ms));
    CHECK(wait_at(1500ms) < 600ms);
  }
  SECTION("of any number") {
    limiter.charge(INT64_MAX, tenax::time_point(1s));
    limiter.charge(INT64_MAX, tenax::time_point(1s));
    limiter.charge(INT64_MAX, tenax::time_point(1s));
    CHECK(wait_at(2s) > 24h * 365 * 200);
  }
  CHECK(tests::rejection([&] {
          limiter.charge(-1, tenax::time_point());
          return 0;
        }) == "tenax: adaptive_rate_limiter::charge: n must not be negative, but is -1");
}
