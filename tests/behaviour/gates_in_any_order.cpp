// SPDX-License-Identifier: MIT
// gates_in_any_order.cpp: calls pass up to four gates of any kind, in any order, in an event loop in virtual time. They
// are cancelled and abandoned at any moment; gates are changed, callbacks and keys throw, and the clock jumps. However
// they end, all calls end, and the gates get everything back.
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <variant>
#include <vector>

#include <tenax/async/callback.hpp>
#include <tenax/gate/adaptive_rate_limiter.hpp>
#include <tenax/gate/adaptive_throttle.hpp>
#include <tenax/gate/bulkhead.hpp>
#include <tenax/gate/circuit_breaker.hpp>
#include <tenax/gate/concurrency_limiter.hpp>
#include <tenax/gate/dry_run.hpp>
#include <tenax/gate/in_flight_retry_budget.hpp>
#include <tenax/gate/keyed.hpp>
#include <tenax/gate/rate_limiter.hpp>
#include <tenax/gate/retry_budget.hpp>
#include <tenax/gate/retry_quota.hpp>
#include <tenax/gate/windowed_retry_budget.hpp>
#include <tenax/tenax.hpp>

#include "at_length.hpp"
#include "catch.hpp"

using namespace std::chrono_literals;
using tenax::admission;
using tenax::duration;
using tenax::time_point;

namespace {

struct thrown : std::runtime_error {
  thrown() : runtime_error("thrown by a callback") {}
};

/// Callbacks and keys throw once, when this counts down to 0.
int throws_after = 0;
void may_throw() {
  if (throws_after > 0 && --throws_after == 0) throw thrown();
}

/// A key of which every operation may throw.
struct throwing_key {
  int value;
  explicit throwing_key(int v) : value(v) {}
  throwing_key(throwing_key const& other) : value(other.value) { may_throw(); }
  throwing_key(throwing_key&& other) : value(other.value) { may_throw(); }  // NOLINT
  throwing_key& operator=(throwing_key const&) = delete;
  ~throwing_key() = default;
  bool operator==(throwing_key const& other) const {
    may_throw();
    return value == other.value;
  }
};
struct throwing_hash {
  std::size_t operator()(throwing_key const& k) const {
    may_throw();
    return static_cast<std::size_t>(k.value);
  }
};
struct throwing_observer {
  void operator()(tenax::attempt_info const&, admission const&) const { may_throw(); }
};

template <class Gate>
using by_key = tenax::keyed<throwing_key, Gate, throwing_hash>;
template <class Gate>
using tried = tenax::dry_run_view<std::reference_wrapper<Gate>, throwing_observer>;

/// Any of these gates: a `std::reference_wrapper` or a view.
template <class... Gates>
struct any_gate {
  static constexpr bool is_gate_view = true;
  struct ticket {
    std::variant<std::monostate, std::pair<int, typename tenax::detail::unwrapped<Gates>::ticket>...> of{};
  };

  std::shared_ptr<std::variant<Gates...>> held;

  template <class Gate>
  explicit any_gate(Gate g) : held(std::make_shared<std::variant<Gates...>>(std::move(g))) {}

  /// Calls `f(gate, ticket)`.
  template <class F>
  auto with(ticket& t, F const& f) const {
    return with(t, f, std::index_sequence_for<Gates...>());
  }
  template <class F, std::size_t... I>
  auto with(ticket& t, F const& f, std::index_sequence<I...>) const {
    decltype(f(*static_cast<tenax::bulkhead*>(nullptr), *static_cast<tenax::bulkhead::ticket*>(nullptr))) result{};
    auto const one = [&]<std::size_t N>(std::integral_constant<std::size_t, N>) {
      if (held->index() != N) return;
      if (t.of.index() != N + 1) t.of.template emplace<N + 1>();
      result = f(tenax::detail::unwrap(std::get<N>(*held)), std::get<N + 1>(t.of).second);
    };
    (one(std::integral_constant<std::size_t, I>()), ...);
    return result;
  }

  admission admit(ticket& t, tenax::attempt_info const& a, time_point now, tenax::waker const& w = {}) const {
    return with(t, [&](auto& gate, auto& own) -> admission {
      if constexpr (requires { gate.admit(own, a, now, w); }) {
        return gate.admit(own, a, now, w);
      } else {
        return gate.admit(own, a, now);
      }
    });
  }
  void step_aside(ticket& t) const {
    with(t, [&](auto& gate, auto& own) {
      if constexpr (requires { gate.step_aside(own); }) gate.step_aside(own);
      return 0;
    });
  }
  void started(ticket& t, time_point now) const {
    with(t, [&](auto& gate, auto& own) {
      if constexpr (requires { gate.started(own, now); }) gate.started(own, now);
      return 0;
    });
  }
  admission reserve_retry(ticket& t, tenax::attempt_info const& a, tenax::feedback::kind how, time_point now,
                          time_point then) const {
    return with(t, [&](auto& gate, auto& own) -> admission {
      if constexpr (requires { gate.reserve_retry(own, a, how, now, then); }) {
        return gate.reserve_retry(own, a, how, now, then);
      } else if constexpr (requires { gate.would_admit(a, now, then); }) {
        return gate.would_admit(a, now, then);
      } else {
        return {};
      }
    });
  }
  void record(ticket& t, tenax::feedback const& f, time_point now) const {
    with(t, [&](auto& gate, auto& own) {
      gate.record(own, f, now);
      return 0;
    });
  }
};
using some_gate =
    any_gate<std::reference_wrapper<tenax::bulkhead>, std::reference_wrapper<tenax::concurrency_limiter>,
             tenax::concurrency_limiter::view, std::reference_wrapper<tenax::rate_limiter<1>>,
             std::reference_wrapper<tenax::rate_limiter<2>>, std::reference_wrapper<tenax::adaptive_rate_limiter>,
             std::reference_wrapper<tenax::circuit_breaker<>>, std::reference_wrapper<tenax::retry_budget>,
             std::reference_wrapper<tenax::windowed_retry_budget>,
             std::reference_wrapper<tenax::in_flight_retry_budget>, std::reference_wrapper<tenax::retry_quota>,
             std::reference_wrapper<tenax::adaptive_throttle>, by_key<tenax::bulkhead>::view,
             by_key<tenax::rate_limiter<1>>::view, by_key<tenax::circuit_breaker<>>::view,
             by_key<tenax::adaptive_rate_limiter>::view, tried<tenax::bulkhead>, tried<tenax::adaptive_rate_limiter>>;

/// An event loop whose clock may be set.
struct event_loop {
  std::multimap<duration, std::function<void()>> events{};
  duration time = 100h;
  duration set_by{};
  tenax::seeded_random random;

  [[nodiscard]] time_point now() const { return time_point(time + set_by); }
  void after(duration d, std::function<void()> f) { events.emplace(time + d, std::move(f)); }
  /// An exception of a callback leaves through the event loop.
  void run_for(duration d) {
    auto const end = time + d;
    while (!events.empty() && events.begin()->first <= end) {
      auto const next = events.extract(events.begin());
      time = std::max(time, next.key());
      try {
        next.mapped()();
      } catch (thrown const&) {
        throws_after = 0;
      }
    }
    time = end;
  }
};
struct timer {
  event_loop* loop;

  [[nodiscard]] time_point now() const { return loop->now(); }
  [[nodiscard]] tenax::random_source& random() const { return loop->random; }
  auto operator()(duration d, std::function<void()> f) const {
    auto live = std::make_shared<bool>(true);
    loop->after(d, [live, f = std::move(f)] {
      if (*live) f();
    });
    return [live] { *live = false; };
  }
  void post(std::function<void()> f) const { loop->after({}, std::move(f)); }
};

template <class Gate, class Options>
auto maker(Options o) {
  return [o] { return may_throw(), Gate(o); };
}
constexpr tenax::keyed_options few_keys{.max_keys = 4, .forget_after = 1s};

class world {
 public:
  explicit world(std::uint64_t seed) : loop_{.random = tenax::seeded_random(seed)} {}

  void run() {
    throws_after = 0;
    for (int i = 0; i < 60; ++i) {
      auto& one = *calls_.emplace_back(std::make_unique<call>());
      auto const begin = ms(6000);
      loop_.after(begin, [this, &one] { start(one); });
      if (below(3) == 0) loop_.after(begin + ms(3000), [&one] { one.handle.cancel(); });
      if (below(5) == 0) loop_.after(begin + ms(3000), [&one] { one.handle = {}; });
    }
    for (int i = 0; i < 40; ++i) loop_.after(ms(9000), [this] { change(); });
    bool const throwing = below(2) == 0;
    for (int i = 0; throwing && i < 30; ++i) loop_.after(ms(9000), [this] { throws_after = 1 + below(10); });
    loop_.run_for(10s);
    throws_after = 0;
    loop_.run_for(3h);
  }

  void check() {
    int running = 0, twice = 0;
    for (auto const& one : calls_) running += one->handle.running() ? 1 : 0, twice += one->ended > 1 ? 1 : 0;
    CHECK(running == 0);
    CHECK(twice == 0);
    calls_.clear();
    loop_.events.clear();
    CHECK(places_.running() == 0);
    CHECK(places_.waiting() == 0);
    CHECK(found_places_.state().in_flight == 0);
    CHECK(found_places_.state().waiting == 0);
    CHECK(found_rate_.state().in_flight == 0);
    CHECK(found_rate_.state().waiting == 0);
    CHECK(in_flight_.in_flight() == 0);
    check_admits(places_);
    check_admits(found_places_);
    check_admits(two_rates_);
    check_admits(found_rate_);
    check_admits(breaker_);
    for (int key = 0; key < 8; ++key) {
      check_admits(places_of_[throwing_key(key)]);
      check_admits(rates_of_[throwing_key(key)]);
      check_admits(breakers_of_[throwing_key(key)]);
      check_admits(found_rates_of_[throwing_key(key)]);
    }
  }

 private:
  struct call {
    tenax::callback_call handle{};
    int ended = 0;
  };

  int below(int n) { return static_cast<int>(loop_.random() % static_cast<std::uint64_t>(n)); }
  duration ms(int most) { return below(most) * 1ms; }

  some_gate gate() {
    auto const one = [](auto& g) { return some_gate(std::ref(g)); };
    auto const of_key = [&](auto& all) { return some_gate(all[throwing_key(below(8))]); };
    switch (below(18)) {
      case 0: return one(places_);
      case 1: return one(found_places_);
      case 2: return some_gate(found_places_.with_priority(static_cast<tenax::priority>(below(5))));
      case 3: return one(rate_);
      case 4: return one(two_rates_);
      case 5: return one(found_rate_);
      case 6: return one(breaker_);
      case 7: return one(budget_);
      case 8: return one(windowed_);
      case 9: return one(in_flight_);
      case 10: return one(quota_);
      case 11: return one(throttle_);
      case 12: return of_key(places_of_);
      case 13: return of_key(rates_of_);
      case 14: return of_key(breakers_of_);
      case 15: return of_key(found_rates_of_);
      case 16: return some_gate(tried<tenax::bulkhead>(std::ref(places_), {}));
      default: return some_gate(tried<tenax::adaptive_rate_limiter>(std::ref(found_rate_), {}));
    }
  }

  void start(call& one) {
    auto const longest = below(3) == 0 ? 0ms : below(2) == 0 ? ms(3000) : (duration::max)();
    auto const policy =
        tenax::retrying{}
            .when(tenax::when::any_exception || tenax::when::result([](int status) { return status >= 400; }))
            .wait(tenax::wait::constant(ms(300)))
            .stop(tenax::stop::after_attempts(1 + static_cast<unsigned>(below(5))) ||
                  tenax::stop::deadline(below(2) == 0 ? 1ms + ms(20'000) : 1h))
            .attempt_timeout(1ms + ms(2000))
            .max_gate_wait(longest)
            .through(gate())
            .through(gate())
            .through(gate())
            .through(gate());
    auto const begin = [this](auto reply) {
      auto const how = below(12);
      if (how == 0) throw std::runtime_error("not started");
      if (how == 1) throw tenax::retry_after(ms(3000), std::runtime_error("throttled"));
      if (how == 2) return;  // never replies
      if (how == 3) return reply(200);
      loop_.after(ms(400), [reply, status = how < 9 ? 200 : how == 9 ? 500 : 404]() mutable { reply(status); });
    };
    one.handle =
        tenax::callback_retry<int>(policy, timer{&loop_}, begin, [&one](tenax::report<int> const&) { ++one.ended; });
  }

  /// Changes a gate, the clock, or tries a change that must be rejected.
  void change() {
    struct still {
      time_point time;
      [[nodiscard]] time_point now() const { return time; }
      static void sleep(duration) {}
    } const env{loop_.now()};
    using seconds = std::chrono::duration<double>;
    using limits = std::numeric_limits<double>;
    auto const rejects = [](auto const& f) { CHECK_THROWS_AS(f(), std::invalid_argument); };
    auto const set = [&](tenax::rate r) { rate_.set(r, env); };
    switch (below(16)) {
      case 0: return places_.set(1 + below(5));
      case 1: return rejects([&] { places_.set(-below(5)); });
      case 2: return found_places_.set(1 + below(4), 5 + below(10));
      case 3: return rejects([&] { found_places_.set(5, 4); });
      case 4: return set(tenax::per_second(1 + below(1000)).with_burst(1 + below(9)));
      case 5: return set({.permits = INT64_MAX, .per = 1ns, .burst = INT64_MAX});
      case 6: set({.permits = 1, .per = (duration::max)() - 1ns}); return set(tenax::per_second(10));
      case 7:
        for (auto const per : {seconds(0), seconds(-1), seconds(limits::quiet_NaN()), seconds(limits::infinity())}) {
          rejects([&] { set({.permits = 1, .per = per}); });
          rejects([&] { found_rate_.set({.permits = 1, .per = per}, env.time); });
        }
        rejects([&] { set({.permits = 0}); });
        return rejects([&] { set({.permits = 1, .per = 1s, .burst = UINT64_MAX}); });
      case 8: rate_.charge(INT64_MAX, env); return set(tenax::per_second(1'000'000'000));
      case 9: found_rate_.charge(below(10), env.time); return rejects([&] { found_rate_.charge(-1, env.time); });
      case 10: return found_rate_.set(tenax::per_second(1 + below(50)), env.time);
      case 11: return found_rate_.resume(env.time);
      case 12: breaker_.isolate(env.time); return breaker_.close(env.time);
      case 13: loop_.set_by = -99h + below(1000) * 1h; return;
      case 14: loop_.set_by -= std::min(loop_.set_by + 99h, ms(3000)); return;
      default:
        throws_after = 1 + below(12);
        places_of_.change(throwing_key(below(8)), [](auto& one) { may_throw(), one.set(2); });
        rates_of_.for_each([](auto&, auto& one) { may_throw(), one.set(tenax::per_second(7)); });
        places_of_.forget_change(throwing_key(below(8)));
        places_of_.forget_idle(env.time);
        throws_after = 0;
    }
  }

  /// Sooner or later, a gate without callers admits one.
  template <class Gate>
  void check_admits(Gate&& gate) {
    for (int second = 0; second < 4000; ++second) {
      typename std::remove_reference_t<Gate>::ticket t;
      if (gate.admit(t, {}, loop_.now()).admitted()) return gate.record(t, {}, loop_.now());
      loop_.time += 1s;
    }
    FAIL_CHECK("a gate does not admit any more");
  }

  event_loop loop_;
  tenax::bulkhead places_{{.at_once = 2, .queue = 4, .max_wait = 2s}};
  tenax::concurrency_limiter found_places_{{.start = 2, .at_most = 8, .queue = 4, .max_wait = 2s}};
  tenax::rate_limiter<1> rate_{tenax::per_second(20).with_burst(3)};
  tenax::rate_limiter<2> two_rates_{tenax::per_second(10).with_burst(2), tenax::per_minute(200).with_burst(20)};
  tenax::adaptive_rate_limiter found_rate_{{.start = tenax::per_second(10), .max_pause = 10s}};
  tenax::circuit_breaker<> breaker_{{.failures = 3, .slow_after = 200ms, .open_for = 500ms}};
  tenax::retry_budget budget_{};
  tenax::windowed_retry_budget windowed_{};
  tenax::in_flight_retry_budget in_flight_{};
  tenax::retry_quota quota_{};
  tenax::adaptive_throttle throttle_{};
  by_key<tenax::bulkhead> places_of_{maker<tenax::bulkhead>(tenax::bulkhead_options{.at_once = 1, .queue = 3}),
                                     few_keys};
  by_key<tenax::rate_limiter<1>> rates_of_{maker<tenax::rate_limiter<1>>(tenax::per_second(5)), few_keys};
  by_key<tenax::circuit_breaker<>> breakers_of_{
      maker<tenax::circuit_breaker<>>(tenax::circuit_breaker_options{.failures = 2}), few_keys};
  by_key<tenax::adaptive_rate_limiter> found_rates_of_{
      maker<tenax::adaptive_rate_limiter>(tenax::adaptive_rate_options{.start = tenax::per_second(5)}), few_keys};
  std::vector<std::unique_ptr<call>> calls_{};  // end before the gates
};

}  // namespace

TEST_CASE("gates in any order: whatever happens to calls, gates, clocks and callbacks, nothing is lost") {
  std::uint64_t const most = tests::in_many_schedules ? 1000 : 200;
  for (std::uint64_t seed = 1; seed <= most; ++seed) {
    CAPTURE(seed);
    auto const one = std::make_unique<world>(seed);
    one->run();
    one->check();
  }
}
