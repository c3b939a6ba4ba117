// SPDX-License-Identifier: MIT
// rate_limiter.cpp: when permits are granted, in which order, and that no span of time exceeds the limit.
#include <tenax/gate/rate_limiter.hpp>

#include <algorithm>
#include <atomic>
#include <functional>
#include <queue>
#include <tuple>
#include <vector>

#include <tenax/tenax.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "../at_length.hpp"
#include "../catch.hpp"
#include "../gates.hpp"

using namespace std::chrono_literals;
using tenax::acquired;
using tenax::per_hour;
using tenax::per_second;
using tenax::rate_limiter;
using tenax::testing::virtual_time;
using tests::ask;
using tests::asked;
using tests::attempted;
using tests::kind;
using tests::tell;
using tests::verdict;
using durations = std::vector<tenax::duration>;
using no_token = tenax::detail::no_token;

static_assert(tenax::gate<rate_limiter<>>);
static_assert(tenax::gate<rate_limiter<2>>);
static_assert(!std::is_copy_constructible_v<rate_limiter<>> && !std::is_move_constructible_v<rate_limiter<>>);
static_assert(per_second(3).interval() == 333333334ns);

// Fractions, as numbers of a configuration are.
constexpr bool is_rate(tenax::rate r, std::uint64_t permits, tenax::any_duration per) {
  return r.permits == permits && r.per.value() == per.value() && r.burst == 1;
}
static_assert(is_rate(per_second(2.5), 1, 400ms));
static_assert(is_rate(per_second(0.5), 1, 2s));
static_assert(is_rate(per_second(0.5f), 1, 2s));
static_assert(is_rate(per_second(1.1), 11, 10s));
static_assert(is_rate(per_second(1.005), 201, 200s));
static_assert(is_rate(per_second(1 / 3.0), 1, 3s));
static_assert(is_rate(per_second(1000.5), 2001, 2s));
static_assert(is_rate(per_second(10.0), 10, 1s));
static_assert(is_rate(per_second(1e10), 10'000'000'000, 1s));
static_assert(is_rate(tenax::per_minute(0.1), 1, 10min));
static_assert(is_rate(tenax::per_minute(1.5), 1, 40s));
static_assert(is_rate(per_hour(0.25), 1, 4h));
static_assert(is_rate(per_second(1e-6), 1, 1'000'000s));
static_assert(per_hour(1).interval() == 1h);

namespace {

struct moment {
  tenax::duration::rep t;
  tenax::time_point now() const { return tenax::time_point(tenax::duration(t)); }
  static void sleep(tenax::duration) {}
};

struct stop_flag {
  bool const* flag;
  bool stop_requested() const { return *flag; }
};

/// The moments at which `n` permits were granted.
template <class Limiter>
std::vector<tenax::duration> moments(Limiter& limiter, virtual_time& clock, int n) {
  std::vector<tenax::duration> result;
  for (int i = 0; i < n; ++i) {
    CHECK(limiter.acquire({}, no_token{}, clock) == acquired::yes);
    result.push_back(clock.now().time_since_epoch());
  }
  return result;
}

/// Counts how often a caller is woken.
struct wakes {
  int count = 0;
  tenax::waker lend() noexcept {
    return {[](void* w) noexcept { ++static_cast<wakes*>(w)->count; }, this};
  }
};

template <class Limiter, std::size_t N>
constexpr bool has_set = requires(Limiter& l, tenax::rate const (&rates)[N]) { l.set(rates); };
static_assert(has_set<rate_limiter<2>, 2> && !has_set<rate_limiter<2>, 1> && !has_set<rate_limiter<2>, 3>);

}  // namespace

TEST_CASE("Any fraction of a permit per second is kept, to a millionth of a millionth of its time") {
  for (double x = 1e-6; x < 1e9; x *= 1.37) {
    auto const r = per_second(x);
    CAPTURE(x, r.permits, r.per.value().count());
    CHECK(static_cast<double>(r.permits) / (static_cast<double>(r.per.value().count()) * 1e-9) ==
          Approx(x).epsilon(1e-12));
    CHECK_NOTHROW(rate_limiter(r));
  }
}

TEST_CASE("Permits come evenly") {
  virtual_time clock;
  rate_limiter limiter(per_second(10));
  CHECK(moments(limiter, clock, 4) == durations{0ms, 100ms, 200ms, 300ms});
}

TEST_CASE("A rate may be given in braces, as options of other gates") {
  virtual_time clock;
  tenax::rate_limiter limiter({.permits = 1, .per = 2s});
  STATIC_REQUIRE(std::same_as<decltype(limiter), tenax::rate_limiter<1>>);
  CHECK(limiter.try_acquire(1, clock));
  CHECK(limiter.wait_hint(1, clock) == 2s);
  tenax::rate_limiter<> member({.permits = 1, .per = 2s, .burst = 2});
  CHECK(member.try_acquire(2, clock));
  STATIC_REQUIRE_FALSE(std::is_convertible_v<tenax::rate, tenax::rate_limiter<1>>);
}

TEST_CASE("After a pause the whole burst is available together, and never more") {
  virtual_time clock;
  rate_limiter limiter(per_second(10).with_burst(3));
  CHECK(moments(limiter, clock, 5) == durations{0ms, 0ms, 0ms, 100ms, 200ms});
  clock.advance(1h - 200ms);
  CHECK(moments(limiter, clock, 5) == durations{1h, 1h, 1h, 1h + 100ms, 1h + 200ms});
}

TEST_CASE("Weights take several permits at once") {
  virtual_time clock;
  rate_limiter limiter(per_second(10).with_burst(5));
  CHECK(limiter.try_acquire(4, clock));
  CHECK_FALSE(limiter.try_acquire(2, clock));
  CHECK(limiter.wait_hint(2, clock) == 100ms);
  CHECK(limiter.try_acquire(1, clock));
  CHECK(limiter.acquire({.weight = 5}, no_token{}, clock) == acquired::yes);
  CHECK(clock.now().time_since_epoch() == 500ms);
}

TEST_CASE("A failed try_acquire takes nothing") {
  virtual_time clock;
  rate_limiter limiter(per_second(1));
  CHECK(limiter.try_acquire(1, clock));
  for (int i = 0; i < 10; ++i) CHECK_FALSE(limiter.try_acquire(1, clock));
  clock.advance(1s);
  CHECK(limiter.try_acquire(1, clock));
}

TEST_CASE("An acquire that would exceed its timeout returns immediately and takes nothing") {
  virtual_time clock;
  rate_limiter limiter(per_second(1));
  CHECK(limiter.acquire({.timeout = 0s}, no_token{}, clock) == acquired::yes);
  CHECK(limiter.acquire({.timeout = 999ms}, no_token{}, clock) == acquired::timed_out);
  CHECK(clock.slept() == 0s);
  CHECK(limiter.acquire({.timeout = 1s}, no_token{}, clock) == acquired::yes);
  CHECK(clock.slept() == 1s);
}

TEST_CASE("A cancelled acquire gives its permit back") {
  virtual_time clock;
  rate_limiter limiter(per_second(1));
  CHECK(limiter.try_acquire(1, clock));
  bool stop = false;
  clock.after(300ms, [&] { stop = true; });
  CHECK(limiter.acquire({}, stop_flag{&stop}, clock) == acquired::cancelled);
  CHECK(clock.now().time_since_epoch() == 300ms);
  CHECK(limiter.wait_hint(1, clock) == 700ms);
}

TEST_CASE("Several limits hold together") {
  virtual_time clock;
  rate_limiter limiter(per_second(10), per_hour(3600).with_burst(3));
  CHECK(moments(limiter, clock, 5) == durations{0ms, 100ms, 200ms, 1s, 2s});
}

TEST_CASE("Invalid parameters are rejected") {
  virtual_time clock;
  rate_limiter limiter(per_second(10).with_burst(2));
  CHECK_THROWS_AS(rate_limiter(per_second(0)), std::invalid_argument);
  CHECK_THROWS_AS(rate_limiter(per_second(1).with_burst(0)), std::invalid_argument);
  CHECK_THROWS_AS(rate_limiter(tenax::rate{.permits = 1, .per = 0s}), std::invalid_argument);
  CHECK_THROWS_AS(rate_limiter(per_second(10), per_hour(1'000'000).with_burst(9)), std::invalid_argument);
  CHECK_THROWS_AS(rate_limiter(per_second(10), per_second(10)), std::invalid_argument);
  CHECK_THROWS_AS(limiter.try_acquire(0, clock), std::invalid_argument);
  CHECK_THROWS_AS(limiter.try_acquire(3, clock), std::invalid_argument);
  CHECK_THROWS_AS(limiter.acquire({.weight = 3}, no_token{}, clock), std::invalid_argument);
  CHECK_THROWS_AS(limiter.acquire({.timeout = -1s}, no_token{}, clock), std::invalid_argument);
}

TEST_CASE("The error for a limit that never applies names it and says what to do") {
  auto const pair = [](tenax::rate const& a, tenax::rate const& b) {
    return tests::rejection([&] {
      rate_limiter const limiter(a, b);
      return 0;
    });
  };
  std::string const start = "tenax: rate_limiter: limit ";
  CHECK(pair(per_second(10), per_hour(500)) ==
        start +
            "1 never applies beside limit 2; give limit 2, the slower one, a burst with .with_burst(n), or leave "
            "limit 1 out");
  CHECK(pair(per_hour(500), per_second(10)) ==
        start +
            "2 never applies beside limit 1; give limit 1, the slower one, a burst with .with_burst(n), or leave "
            "limit 2 out");
  CHECK(pair(per_second(10), per_second(10)) == start + "2 never applies beside limit 1; leave limit 2 out");
  CHECK(pair(per_second(10), per_hour(500).with_burst(50)) == "accepted");
}

TEST_CASE("Counts below one are rejected by name, and not taken for huge ones") {
  using tests::rejection;
  CHECK(rejection([] { return per_second(-1); }) == "tenax: per_second must be at least 1, but is -1");
  CHECK(rejection([] { return per_second(0); }) == "tenax: per_second must be at least 1, but is 0");
  auto const above = [](char const* is) {
    return std::string("tenax: per_second must be above 0 and at most 1e15, but is ") + is;
  };
  CHECK(rejection([] { return per_second(0.0); }) == above("0"));
  CHECK(rejection([] { return per_second(-2.5); }) == above("-2.5"));
  CHECK(rejection([] { return per_second(1e16); }) == above("1e+16"));
  CHECK(rejection([] { return per_second(std::numeric_limits<double>::infinity()); }) == above("inf"));
  CHECK_THROWS_AS(per_second(std::numeric_limits<double>::quiet_NaN()), std::invalid_argument);
  CHECK(rejection([] { return tenax::per_minute(1e-9); }) ==
        "tenax: per_minute must be at least one permit in 292 years, but is 1e-09");
  CHECK(rejection([] { return tenax::per_minute(-2); }) == "tenax: per_minute must be at least 1, but is -2");
  CHECK(rejection([] { return per_hour(-3); }) == "tenax: per_hour must be at least 1, but is -3");
  CHECK(rejection([] { return per_hour(3).with_burst(-4); }) ==
        "tenax: rate::with_burst must be at least 1, but is -4");
  CHECK(rejection([] {
          tenax::rate r;
          r.permits = static_cast<std::uint64_t>(-1);
          rate_limiter const limiter(r);
          return 0;
        }) == "tenax: rate: permits must be at least 1, but is -1");
}

TEST_CASE("Every result of acquire has a name") {
  CHECK(std::string(to_string(acquired::yes)) == "acquired");
  CHECK(std::string(to_string(acquired::timed_out)) == "timed out");
  CHECK(std::string(to_string(acquired::cancelled)) == "cancelled");
  CHECK(std::string(to_string(acquired::refused)) == "refused");
}

TEST_CASE("Calls wait at the limiter before every attempt, and obey their deadline") {
  virtual_time clock;
  rate_limiter limiter(per_second(1));
  auto const policy = tenax::retrying{}.wait(tenax::wait::none).through(std::ref(limiter)).environment(std::ref(clock));
  int calls = 0;
  auto const report = policy.try_call([&] {
    if (++calls < 3) throw std::runtime_error("lost");
  });
  CHECK(report.attempts == 3);
  CHECK(clock.now().time_since_epoch() == 2s);

  auto const hasty = policy.stop(tenax::stop::deadline(500ms));
  CHECK(hasty.try_call([] {}).reason == tenax::stop_reason::expired_on_entry);
  CHECK(clock.now().time_since_epoch() == 2s);
  CHECK(limiter.wait_hint(1, clock) == 1s);  // nothing was taken
}

TEST_CASE("Calls with a weight share a limit with calls without one") {
  virtual_time clock;
  rate_limiter limiter(per_second(1).with_burst(3));
  auto const base = tenax::retrying{}.environment(std::ref(clock)).wait(tenax::wait::none);
  auto const search = base.through(limiter.with_weight(3));
  auto const read = base.through(std::ref(limiter));
  std::vector<tenax::duration> sent;
  auto const send = [&] { sent.push_back(clock.now().time_since_epoch()); };
  search(send);
  read(send);
  search(send);
  read(send);
  CHECK(sent == std::vector<tenax::duration>{0s, 1s, 4s, 5s});

  CHECK_FALSE(search.stop(tenax::stop::deadline(500ms)).try_call(send));
  CHECK(limiter.wait_hint(3, clock) == 3s);  // nothing was taken
  CHECK_THROWS_AS(limiter.with_weight(4), std::invalid_argument);
  CHECK_THROWS_AS(limiter.with_weight(0), std::invalid_argument);
}

TEST_CASE("No span of time sees more than rate times span plus burst, whatever the callers do") {
  tenax::seeded_random random(7);
  for (int round = 0; round < 200; ++round) {
    auto const burst = 1 + random() % 5;
    auto const limit = tenax::rate{.permits = 1 + random() % 20, .per = 1s, .burst = burst};
    rate_limiter limiter(limit);
    std::vector<rate_limiter<>::ticket> waiting;
    std::vector<tenax::time_point> admitted;
    tenax::time_point now{};
    for (int step = 0; step < 400; ++step) {
      now += tenax::draw_between(random, 0ms, 200ms);
      if (random() % 3 != 0) waiting.emplace_back();
      for (auto it = waiting.begin(); it != waiting.end();) {
        auto const answer = limiter.admit(*it, {}, now);
        if (answer.how == tenax::admission::kind::go) {
          limiter.record(*it, {}, now);
          admitted.push_back(now);
          it = waiting.erase(it);
        } else if (random() % 16 == 0) {
          it = waiting.erase(it);  // gives up
        } else {
          ++it;
        }
      }
    }
    for (std::size_t i = 0; i < admitted.size(); ++i) {
      for (std::size_t j = i; j < admitted.size(); ++j) {
        auto const span = std::chrono::duration<double>(admitted[j] - admitted[i]).count();
        auto const most =
            span / std::chrono::duration<double>(limit.interval()).count() + static_cast<double>(burst) + 1e-6;
        REQUIRE(static_cast<double>(j - i + 1) <= most);
      }
    }
  }
}

TEST_CASE("A failed try_acquire leaves nothing behind, even after a late caller") {
  rate_limiter limiter(per_second(10));
  CHECK(attempted(limiter, kind::success));
  rate_limiter<>::ticket late;
  CHECK(ask(limiter, late).delay == 100ms);
  CHECK(asked(limiter, late, 150ms) == verdict::go);
  virtual_time clock;
  clock.advance(210ms);
  CHECK_FALSE(limiter.try_acquire(1, clock));
  CHECK(limiter.wait_hint(1, clock) == 40ms);
}

TEST_CASE("A caller that waits longer because of a late caller gives its place back") {
  rate_limiter limiter(per_second(10));
  CHECK(attempted(limiter, kind::success));
  rate_limiter<>::ticket late, next;
  CHECK(ask(limiter, late).delay == 100ms);
  CHECK(ask(limiter, next).delay == 200ms);
  CHECK(asked(limiter, late, 190ms) == verdict::go);
  CHECK(ask(limiter, next, 200ms).delay == 90ms);
  virtual_time clock;
  clock.advance(200ms);
  CHECK(limiter.wait_hint(1, clock) == 190ms);
  next = {};
  CHECK(limiter.wait_hint(1, clock) == 90ms);
}

TEST_CASE("Several limits: a caller that waits longer because of a late caller gives its place back") {
  rate_limiter limiter(per_second(10), per_hour(7200).with_burst(4));
  CHECK(attempted(limiter, kind::success));
  rate_limiter<2>::ticket late, next;
  CHECK(ask(limiter, late).delay == 100ms);
  CHECK(ask(limiter, next).delay == 200ms);
  CHECK(asked(limiter, late, 190ms) == verdict::go);
  CHECK(ask(limiter, next, 200ms).delay == 90ms);
  next = {};
  virtual_time clock;
  clock.advance(200ms);
  CHECK(limiter.wait_hint(1, clock) == 90ms);
  clock.advance(100ms);
  CHECK(moments(limiter, clock, 3) == durations{300ms, 400ms, 500ms});
}

TEST_CASE("A record of an attempt that was not admitted takes no permit") {
  rate_limiter limiter(per_second(10));
  CHECK(attempted(limiter, kind::success));
  {
    rate_limiter<>::ticket waits;
    CHECK(ask(limiter, waits).delay == 100ms);
    tell(limiter, waits, kind::cancelled);
  }
  CHECK(limiter.wait_hint(1, moment{0}) == 100ms);
}

TEST_CASE("A ticket takes the weight of the gate that it is used with") {
  rate_limiter limiter(per_second(1).with_burst(3));
  auto const both = limiter.with_weight(2);
  rate_limiter<>::ticket t;
  CHECK(asked(both, t) == verdict::go);
  tell(both, t, kind::success);
  CHECK(asked(limiter, t) == verdict::go);
  tell(limiter, t, kind::success);
  CHECK(asked(limiter, t) == verdict::wait);
}

TEST_CASE("A burst whose permits take longer than the range of time is used up as well") {
  // A hundred permits of three years each, after four years.
  constexpr auto year = std::chrono::hours(24 * 365);
  rate_limiter limiter(tenax::rate{.permits = 1, .per = 3 * year, .burst = 100});
  int had = 0;
  while (had < 200 && limiter.try_acquire(1, moment{tenax::duration(4 * year).count()})) ++had;
  CHECK(had >= 40);
  CHECK(had <= 102);

  // Two permits of two hundred years each count as one, and that limit is kept.
  rate_limiter slow(tenax::rate{.permits = 1, .per = 200 * year, .burst = 2});
  CHECK(slow.try_acquire(1, moment{0}));
  CHECK_FALSE(slow.try_acquire(1, moment{tenax::duration(100 * year).count()}));
  CHECK(slow.try_acquire(1, moment{tenax::duration(200 * year).count()}));
}

TEST_CASE("Rates of any size are reached, and never exceeded") {
  struct asked_rate {
    std::uint64_t permits;
    std::uint64_t weight;
    tenax::duration per = 1s;
  };
  constexpr std::uint64_t block = 1 << 20;
  asked_rate const all[] = {{30'000'000, block},
                            {350'000'000, block},
                            {600'000'000, block},
                            {1'250'000'000, block},
                            {3'500'000'000, block},
                            {12'500'000'000, block},
                            {12'500'000'000, 64},
                            {1'250'000'000, 1500},
                            {30'000'000, 1},
                            {350'000'000, 3},
                            {999'999'937, 1},
                            {7'000'000'001, 1460},
                            {100'000'000'000'000, block},
                            {123'457, 1},
                            {3, 1},
                            {1000, 1, 1h},
                            {1, 1, 24h * 365},
                            {7, 1, 24h * 365},
                            {1'000'000'000'000'003, block, 1h}};
  for (auto const& [permits, weight, per] : all) {
    CAPTURE(permits, weight, per.count());
    rate_limiter limiter(tenax::rate{.permits = permits, .per = per, .burst = 2 * weight});
    // Starts late enough for the fastest ticks to have wrapped, and again after a pause.
    for (auto const start : {tenax::duration(5h), tenax::duration(3000h)}) {
      if (start > 5h && per > 24h) continue;  // would not end in time
      virtual_time clock;
      clock.advance(start);
      int const blocks = per > 24h ? 50 : 20'000;
      for (int i = 0; i < blocks + 2; ++i) {  // two together
        if (limiter.acquire({.weight = weight}, no_token{}, clock) != acquired::yes) FAIL("not had");
      }
      auto const took = static_cast<long double>((clock.now().time_since_epoch() - start).count());
      auto const ideal = static_cast<long double>(per.count()) * static_cast<long double>(weight) * blocks /
                         static_cast<long double>(permits);
      CHECK(took >= ideal - 1);
      CHECK(took <= ideal * 1.0001L + 1);
    }
  }
}

TEST_CASE("The burst of a fast rate is available together, in any parts, and not more") {
  for (std::uint64_t const permits : {3ULL, 30'000'000ULL, 999'999'937ULL, 1'250'000'000ULL, 12'500'000'000ULL}) {
    CAPTURE(permits);
    rate_limiter limiter(tenax::rate{.permits = permits, .per = 1s, .burst = 1000});
    moment const now{3'600'000'000'000};
    for (int i = 0; i < 300; ++i) CHECK(limiter.try_acquire(1, now));
    for (int i = 0; i < 100; ++i) CHECK(limiter.try_acquire(7, now));
    CHECK_FALSE(limiter.try_acquire(1, now));
    CHECK(limiter.try_acquire(1000, moment{now.t + 1000'000'000'000}));
  }
}

TEST_CASE("An acquire without a timeout waits for any time, and does not wrap at the end of time") {
  rate_limiter limiter(tenax::rate{.permits = 1, .per = 200 * std::chrono::hours(24 * 365)});
  auto const late = tenax::time_point(tenax::duration::max() - 1h);
  rate_limiter<>::ticket first, second, third;
  CHECK(limiter.admit(first, {}, late).admitted());
  auto const answer = limiter.admit(second, {}, late);
  CHECK(answer.delay == 200 * std::chrono::hours(24 * 365));
  CHECK(limiter.admit(third, {}, late).delay > answer.delay);
  CHECK(limiter.admit(third, {.time_left = 1h}, late).waits());
  CHECK(limiter.keep_until(late) == tenax::time_point::max());
}

TEST_CASE("keep_until of a rate limiter") {
  rate_limiter limiter(per_second(10).with_burst(5), per_hour(3600).with_burst(20));
  auto const at = [](tenax::duration d) { return tenax::time_point(d); };
  CHECK(limiter.keep_until(at(7s)) == at(7s));
  CHECK(limiter.try_acquire(5, moment{7'000'000'000}));
  CHECK(limiter.keep_until(at(7s)) == at(12s));
  CHECK(limiter.keep_until(at(13s)) == at(13s));
  auto const all = limiter.with_weight(5);
  rate_limiter<2>::ticket went, waits;
  CHECK(asked(all, went, 20s) == verdict::go);
  CHECK(asked(limiter, waits, 20s) == verdict::wait);
  CHECK(limiter.keep_until(at(20s)) == tenax::time_point::max());
  waits = {};
  CHECK(limiter.keep_until(at(20s)) == at(25s));
}

TEST_CASE("Eight threads with try_acquire get all permits, and none twice") {
  constexpr std::uint64_t each = tests::at_length ? 130'000 : 13'000;
  constexpr std::uint64_t burst = 1000;
  rate_limiter limiter(tenax::rate{.permits = 250'000, .per = 1s, .burst = burst});
  std::atomic<tenax::duration::rep> clock{0};
  std::atomic<std::uint64_t> got{0};
  tests::in_eight_threads([&](int) {
    std::uint64_t own = 0;
    for (std::uint64_t i = 0; i < each; ++i) own += limiter.try_acquire(1, moment{clock.fetch_add(1000)}) ? 1 : 0;
    got += own;
  });
  // One try per microsecond, and one permit every four. At the end, a thread may be late for the last permits.
  auto const all = burst + (8 * each - 1) / 4;
  CHECK(got <= all);
  CHECK(got >= all - 8);
}

TEST_CASE("Callers that wake late keep their order, and do not wake together") {
  /// 2000 callers arrive together, and wake up to `late` after the moment that they were given.
  auto const serve = [](auto& limiter, tenax::duration late) {
    using limiter_type = std::remove_reference_t<decltype(limiter)>;
    constexpr std::size_t callers = 2000;
    struct wake {
      tenax::duration when;
      std::size_t who;
      bool operator>(wake const& other) const { return std::tie(when, who) > std::tie(other.when, other.who); }
    };
    tenax::seeded_random random(1);
    std::vector<typename limiter_type::ticket> tickets(callers);
    std::priority_queue<wake, std::vector<wake>, std::greater<>> wakes;
    for (std::size_t i = 0; i < callers; ++i) wakes.push({tenax::duration(1s) + i * 1ns, i});
    std::vector<std::size_t> order;
    std::vector<tenax::duration> times;
    std::size_t asks = 0;
    while (!wakes.empty()) {
      auto const [now, who] = wakes.top();
      wakes.pop();
      ++asks;
      auto const answer = limiter.admit(tickets[who], {}, tenax::time_point(now));
      if (answer.admitted()) {
        tell(limiter, tickets[who], kind::success);
        order.push_back(who);
        times.push_back(now);
      } else {
        wakes.push({now + answer.delay + tenax::draw_between(random, 0ns, late), who});
      }
    }
    CHECK(std::is_sorted(order.begin(), order.end()));
    CHECK(asks <= 10 * callers);
    for (std::size_t i = 1; i < callers; ++i) {
      if (times[i] - times[i - 1] < 1ms) FAIL("too early: " << i);
    }
    // Only the delay of each caller itself is lost.
    CHECK(times.back() <= 1s + callers * (1ms + late / 2) + callers * late / 20);
  };
  for (auto const late : {tenax::duration(10us), tenax::duration(60us), tenax::duration(500us)}) {
    CAPTURE(late.count());
    rate_limiter one(tenax::per_second(1000));
    serve(one, late);
    rate_limiter two(tenax::per_second(1000), tenax::per_hour(2'000'000).with_burst(1'000'000));
    serve(two, late);
  }
}

TEST_CASE("A caller that comes very late is served next, and delays others only briefly") {
  rate_limiter limiter(tenax::per_second(1));
  rate_limiter<>::ticket first, late, next, last;
  CHECK(asked(limiter, first, 0s) == verdict::go);
  CHECK(asked(limiter, late, 0s) == verdict::wait);
  CHECK(asked(limiter, next, 0s) == verdict::wait);
  CHECK(asked(limiter, last, 0s) == verdict::wait);
  CHECK(asked(limiter, next, 2s) == verdict::go);
  CHECK(asked(limiter, late, 2500ms) == verdict::wait);
  CHECK(asked(limiter, last, 3s) == verdict::wait);
  CHECK(asked(limiter, late, 3s) == verdict::go);
  CHECK(asked(limiter, last, 4s) == verdict::go);
  // An hour later, no caller has to wait for permits that were late then.
  CHECK(limiter.try_acquire(1, moment{3'600'000'000'000}));
}

TEST_CASE("Eight threads that wait, come late and give up get no permit twice, and lose none") {
  constexpr int each = tests::at_length ? 130'000 : 13'000;
  constexpr int burst = 10;
  rate_limiter limiter(tenax::rate{.permits = 250'000, .per = 1s, .burst = burst});
  std::atomic<tenax::duration::rep> clock{0};
  std::atomic<std::int64_t> admitted{0}, told{0}, given_up{0};
  tests::in_eight_threads([&](int thread) {
    tenax::seeded_random random(static_cast<std::uint64_t>(thread));
    std::int64_t in = 0, out = 0, gone = 0;
    for (int i = 0; i < each; ++i) {
      rate_limiter<>::ticket t;
      auto answer = verdict::wait;
      for (auto patience = 1 + random() % 4; patience > 0 && answer == verdict::wait; --patience) {
        answer = asked(limiter, t, tenax::duration(clock.fetch_add(1000)));
        rate_limiter<>::ticket moved(std::move(t));
        t = std::move(moved);
      }
      if (answer != verdict::go) {
        ++gone;
      } else if (++in; random() % 4 != 0) {
        tell(limiter, t, kind::success);
        ++out;
      }
    }
    admitted += in;
    told += out;
    given_up += gone;
  });
  CHECK(admitted + given_up == 8 * each);
  CHECK(told > each);
  CHECK(given_up > 0);
  CHECK(admitted <= clock / 4000 + burst);
  // After all moments have passed, as many permits are available as at first.
  moment const later{clock + 8LL * each * 4000};
  for (int i = 0; i < burst; ++i) CHECK(limiter.try_acquire(1, later));
  CHECK_FALSE(limiter.try_acquire(1, later));
}

TEST_CASE("A new rate applies to permits that are used and to callers that wait") {
  virtual_time clock;
  rate_limiter limiter(per_second(1).with_burst(4));
  CHECK(limiter.try_acquire(4, clock));
  CHECK(limiter.wait_hint(1, clock) == 1s);
  limiter.set(per_second(10).with_burst(4), clock);  // four used permits stay four used permits
  CHECK(limiter.wait_hint(1, clock) == 100ms);
  CHECK(limiter.wait_hint(4, clock) == 400ms);
  limiter.set(per_hour(1).with_burst(4), clock);
  CHECK(limiter.wait_hint(1, clock) == 1h);
  limiter.set(tenax::rate{.permits = 1'250'000'000, .per = 1s, .burst = 4}, clock);
  CHECK(limiter.wait_hint(1, clock) <= 1ns);
  limiter.set(per_second(1), clock);  // a smaller burst: what is beyond it is owed
  CHECK(limiter.wait_hint(1, clock) >= 3s);
  CHECK(limiter.wait_hint(1, clock) <= 4s + 1ns);
  CHECK_THROWS_AS(limiter.try_acquire(2, clock), std::invalid_argument);
}

TEST_CASE("An unused limiter has the burst of its new rate, and no more") {
  virtual_time clock;
  clock.advance(24h);
  rate_limiter limiter(per_second(1));
  for (auto const r : {per_second(10).with_burst(7), per_second(1000000).with_burst(3), per_hour(2).with_burst(5)}) {
    limiter.set(r, clock);
    std::uint64_t got = 0;
    while (limiter.try_acquire(1, clock)) ++got;
    CHECK(got == r.burst);
    clock.advance(10h);
  }
}

TEST_CASE("A faster rate wakes callers that wait, in order, and a slower one delays them") {
  wakes first, second;
  rate_limiter limiter(per_hour(1));
  rate_limiter<>::ticket used, a, b;
  auto const at = [](tenax::duration d) { return tenax::time_point(d); };
  CHECK(limiter.admit(used, {}, at(0s)).admitted());
  CHECK(limiter.admit(a, {}, at(0s), first.lend()).delay == 1h);
  CHECK(limiter.admit(b, {}, at(0s), second.lend()).delay == 2h);
  limiter.set(per_second(1), moment{0});
  CHECK(first.count == 1);
  CHECK(limiter.admit(a, {}, at(500ms), first.lend()).delay == 500ms);
  limiter.set(per_second(2), moment{500'000'000});
  CHECK(limiter.admit(a, {}, at(500ms), first.lend()).delay == 250ms);
  CHECK(limiter.admit(a, {}, at(750ms), first.lend()).admitted());
  CHECK(second.count == 1);
  CHECK(limiter.admit(b, {}, at(750ms), second.lend()).delay == 500ms);
  limiter.set(per_hour(1), moment{750'000'000});
  CHECK(limiter.admit(b, {}, at(1250ms), second.lend()).delay > 50min);
  limiter.set(per_second(1), moment{1'250'000'000});
  CHECK(limiter.admit(b, {}, at(3s), second.lend()).admitted());
}

TEST_CASE(
    "A caller that wants more than a smaller burst goes when all permits are there, and leaves the rest as a debt") {
  virtual_time clock;
  rate_limiter limiter(per_second(1).with_burst(5));
  CHECK(limiter.try_acquire(5, clock));
  auto const heavy = limiter.with_weight(5);
  rate_limiter<>::ticket t;
  CHECK(asked(heavy, t, 0s) == verdict::wait);
  limiter.set(per_second(1).with_burst(2), clock);
  CHECK(asked(heavy, t, 4s) == verdict::wait);
  CHECK(asked(heavy, t, 5s) == verdict::go);
  CHECK(limiter.wait_hint(1, moment{5'000'000'000}) == 4s);
}

TEST_CASE("A rate that makes no sense is refused and leaves the old one") {
  virtual_time clock;
  rate_limiter limiter(per_second(2));
  CHECK_THROWS_AS(limiter.set(tenax::rate{.permits = 0, .per = 1s, .burst = 1}, clock), std::invalid_argument);
  CHECK_THROWS_AS(limiter.set(tenax::rate{.permits = 1, .per = 0s, .burst = 1}, clock), std::invalid_argument);
  CHECK(limiter.try_acquire(1, clock));
  CHECK(limiter.wait_hint(1, clock) == 500ms);
  rate_limiter two(per_second(9), per_hour(450).with_burst(50));
  CHECK_THROWS_WITH(two.set({per_second(9), per_hour(450)}, clock), Catch::Contains("limit 1 never applies"));
  two.set({per_second(20), per_hour(450).with_burst(50)}, clock);
  CHECK(two.try_acquire(1, clock));
  CHECK(two.wait_hint(1, clock) == 50ms);
}

TEST_CASE("Charged permits are owed, however many they are and however fast the rate is") {
  virtual_time clock;
  rate_limiter limiter(per_second(10).with_burst(5));
  limiter.charge(0, clock);
  limiter.charge(25, clock);
  CHECK_FALSE(limiter.try_acquire(1, clock));
  CHECK(limiter.wait_hint(1, clock) == 2100ms);
  clock.advance(2100ms);
  CHECK(limiter.try_acquire(1, clock));
  CHECK_FALSE(limiter.try_acquire(1, clock));

  rate_limiter fast(tenax::rate{.permits = 1'250'000'000, .per = 1s, .burst = 1000});
  fast.charge(1000, clock);
  fast.charge(std::int64_t(1'250'000'000) * 3600, clock);  // one hour
  for (int i = 0; i < 60; ++i) {
    clock.advance(59900ms);
    CHECK_FALSE(fast.try_acquire(1, clock));
  }
  CHECK(fast.wait_hint(1, clock) >= 5s);
  CHECK(fast.wait_hint(1, clock) <= 7s);
  CHECK(fast.keep_until(clock.now()) > clock.now() + 5s);
  clock.advance(7s);
  CHECK(fast.try_acquire(1000, clock));
  CHECK(tests::rejection([&] {
          fast.charge(-1, clock);
          return 0;
        }) == "tenax: rate_limiter::charge: weight must not be negative, but is -1");
  CHECK(fast.wait_hint(1, clock) <= 1ns);
  fast.charge(INT64_MAX, clock);
  fast.charge(INT64_MAX, clock);
  CHECK_FALSE(fast.try_acquire(1, clock));
  CHECK(fast.wait_hint(1, clock) > 200 * 365 * 24h);

  rate_limiter two(per_second(10).with_burst(5), per_hour(450).with_burst(50));
  two.charge(10, clock);
  CHECK(two.wait_hint(1, clock) == 600ms);
}

TEST_CASE("A limiter that starts empty, or is drained, has no permits at first") {
  virtual_time clock;
  clock.advance(1h);
  rate_limiter limiter(tenax::start_empty, per_second(10).with_burst(5));
  CHECK_FALSE(limiter.try_acquire(1, clock));
  clock.advance(100ms);
  CHECK(limiter.try_acquire(1, clock));
  CHECK_FALSE(limiter.try_acquire(1, clock));
  clock.advance(1h);
  CHECK(limiter.try_acquire(4, clock));
  limiter.drain(clock);
  CHECK_FALSE(limiter.try_acquire(1, clock));
  CHECK(limiter.wait_hint(5, clock) == 500ms);
  limiter.drain(clock);  // nothing more
  CHECK(limiter.wait_hint(5, clock) == 500ms);
  rate_limiter two(tenax::start_empty, per_second(9).with_burst(9), per_hour(450).with_burst(50));
  CHECK_FALSE(two.try_acquire(1, clock));
  clock.advance(8s);
  CHECK(two.try_acquire(1, clock));
  CHECK_FALSE(two.try_acquire(1, clock));
}

TEST_CASE("Eight threads take permits while the rate changes, and never more than the fastest rate allows") {
  constexpr std::uint64_t each = tests::at_length ? 60'000 : 6'000;
  rate_limiter limiter(per_second(1000));
  std::atomic<tenax::duration::rep> clock{0};
  std::atomic<std::uint64_t> got{0};
  tests::in_eight_threads([&](int thread) {
    std::uint64_t own = 0;
    for (std::uint64_t i = 0; i < each; ++i) {
      moment const now{clock.fetch_add(1000)};
      if (thread == 0 && i % 16 == 0) {
        // From ticks of a nanosecond to ticks of a fraction, and back.
        limiter.set(i % 32 == 0 ? tenax::rate{.permits = 250'000, .per = 1s, .burst = 3} : per_second(1000), now);
      } else if (thread == 1 && i % 64 == 0) {
        limiter.charge(1, now);
      } else {
        own += limiter.try_acquire(1, now) ? 1 : 0;
      }
    }
    got += own;
  });
  CHECK(got >= 1);
  CHECK(got <= 8 * each / 4 + 3 + each / 16);
  clock += 3'600'000'000'000;
  CHECK(limiter.try_acquire(1, moment{clock}));
}
