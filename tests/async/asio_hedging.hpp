// SPDX-License-Identifier: MIT
// asio_hedging.hpp: the tests of hedged calls in Asio. Include it after asio_composed.hpp.

TEST_CASE(NET ": a slow attempt is joined by another one, and the first result wins", TAG) {
  world w;
  tenax::retry_budget budget;
  tenax::hedging hedging(budget, {.after = 50ms}, still_time());
  int calls = 0, cancelled = 0;
  // The first attempt takes a second, the others ten milliseconds.
  auto const operation = [&]() -> awaitable<int> {
    auto const number = ++calls;
    timer pause(co_await net::this_coro::executor, number == 1 ? 1000ms : 10ms);
    error_code error;
    co_await pause.async_wait(net::redirect_error(net::use_awaitable, error));
    if (error) ++cancelled;
    co_return number;
  };
  SECTION("in time") {
    CHECK(w.run(driver::async_hedged(hedging, operation)) == 2);
    CHECK(w.passed() >= 60ms);
    CHECK(w.passed() < 65ms);
    CHECK(calls == 2);
    CHECK(cancelled == 1);
    CHECK(hedging.hedged() == 1);
    CHECK(w.run(driver::async_hedged(hedging, operation)) == 3);
    CHECK(hedging.hedged() == 1);
    CHECK(hedging.seen().count() == 2);
  }
  SECTION("without a budget, not at all") {
    for (int i = 0; i < 5; ++i) budget.count(tenax::feedback::kind::failure);
    CHECK(w.run(driver::async_hedged(hedging, operation)) == 1);
    CHECK(calls == 1);
  }
  SECTION("as one attempt of a retry that has a time limit") {
    auto const hasty = steady.attempt_timeout(30ms);
    CHECK(w.run(driver::async_retry(hasty, [&] { return driver::async_hedged(hedging, operation); })) == 2);
    CHECK(calls == 2);
    CHECK(cancelled == 1);
  }
}

TEST_CASE(NET ": a hedged call fails only when all attempts have failed", TAG) {
  world w;
  tenax::retry_budget budget;
  tenax::hedging hedging(budget, {.after = 50ms, .at_most = 3}, still_time());
  int calls = 0;
  SECTION("one succeeds") {
    auto const operation = [&]() -> awaitable<int> {
      auto const number = ++calls;
      timer pause(co_await net::this_coro::executor, number == 2 ? 10ms : 200ms);
      co_await pause.async_wait(net::use_awaitable);
      if (number == 2) throw network_error("down");
      co_return number;
    };
    CHECK(w.run(driver::async_hedged(hedging, operation)) == 1);
    CHECK(calls == 3);
  }
  SECTION("none does") {
    flaky operation{9, 120ms};
    CHECK_THROWS_AS(w.run(driver::async_hedged(hedging, std::ref(operation))), network_error);
    CHECK(operation.calls == 3);
  }
}

TEST_CASE(NET ": a hedged call ends only once, even if an attempt ends during its cancellation", TAG) {
  world w;
  tenax::retry_budget budget;
  tenax::hedging hedging(budget, {.after = 50ms}, still_time());
  int calls = 0;
  auto const operation = [&]() -> awaitable<int> {
    auto const number = ++calls;
    if (number == 1) co_await until_cancelled(net::use_awaitable_t<>());
    co_return number;
  };
  CHECK(w.run(driver::async_hedged(hedging, operation)) == 2);
  CHECK(calls == 2);
}

TEST_CASE(NET ": an exception of a budget is thrown by the hedged call", TAG) {
  struct broken : std::exception {};
  struct throwing {
    int good;
    bool reports = false;
    struct ticket {};
    tenax::admission admit(ticket&, tenax::attempt_info const&, tenax::time_point) {
      if (good-- == 0) throw broken();
      return {};
    }
    void record(ticket&, tenax::feedback const&, tenax::time_point) const {
      if (reports) throw broken();
    }
  };
  world w;
  int fails = 0;
  auto const check = [&](throwing budget) {
    tenax::hedging hedging(budget, {.after = 50ms}, still_time());
    CHECK_THROWS_AS(w.run(driver::async_hedged(hedging, flaky{fails, 100ms})), broken);
  };
  check({.good = 0});
  check({.good = 1});
  fails = 9;
  check({.good = 2, .reports = true});
  // A value stays, whatever is thrown when the winner and the loser end.
  throwing budget{.good = 2, .reports = true};
  tenax::hedging hedging(budget, {.after = 50ms}, still_time());
  CHECK(w.run(driver::async_hedged(hedging, flaky{0, 100ms})) == 1);
}

TEST_CASE(NET ": a hedge that the budget refused is tried again after the next delay", TAG) {
  struct budget_that_opens {
    struct ticket {};
    still_clock::time_point opens;
    tenax::admission admit(ticket&, tenax::attempt_info const& info, tenax::time_point) const {
      return info.number == 1 || still_clock::now() >= opens ? tenax::admission::go()
                                                             : tenax::admission::refuse("empty");
    }
    void record(ticket&, tenax::feedback const&, tenax::time_point) const {}
  };
  world w;
  budget_that_opens budget{.opens = still_clock::now() + 15ms};
  tenax::hedging hedging(budget, {.after = 10ms, .at_most = 3}, still_time());
  std::vector<tenax::duration> started;
  auto const operation = [&]() -> awaitable<void> {
    started.push_back(w.passed());
    timer pause(co_await net::this_coro::executor, 100ms);
    co_await pause.async_wait(net::use_awaitable);
  };
  w.run(driver::async_hedged(hedging, operation));
  REQUIRE(started.size() == 3);
  CHECK(started[1] >= 20ms);
  CHECK(started[1] < 23ms);
  CHECK(started[2] < started[1] + 12ms);
}

TEST_CASE(NET ": hedges pass the gates", TAG) {
  world w;
  tenax::retry_budget budget({.tokens = 1000});
  tenax::rate_limiter limiter(tenax::rate{.permits = 20, .per = 1s, .burst = 1});
  int requests = 0;
  auto const slow = [&]() -> awaitable<void> {
    ++requests;
    timer pause(co_await net::this_coro::executor, 300ms);
    co_await pause.async_wait(net::use_awaitable);
  };
  auto const ten_calls = [&](auto const& call) {
    int ended = 0;
    for (int i = 0; i < 10; ++i) {
      net::co_spawn(w.io, call(), [&](std::exception_ptr) { ++ended; });
      w.pass(100ms);
      CHECK(requests <= 20 * tenax::duration(w.passed()) / 1s + 1);
    }
    w.pass(2s);
    CHECK(ended == 10);
  };
  SECTION("of the hedging") {
    auto hedging = tenax::hedging(budget, {.after = 50ms}, still_time()).through(std::ref(limiter));
    ten_calls([&] { return driver::async_hedged(hedging, slow); });
    CHECK(hedging.hedged() > 0);
  }
  SECTION("of the policy") {
    tenax::hedging hedging(budget, {.after = 50ms}, still_time());
    auto const in_every_way = [&](auto const& policy) {
      ten_calls([&] { return driver::async_retry(policy, [&] { return driver::async_hedged(hedging, slow); }); });
      CHECK(hedging.hedged() > 0);
    };
    SECTION("in the coroutine itself") { in_every_way(steady.through(std::ref(limiter))); }
    SECTION("in a call with a time limit") { in_every_way(steady.through(std::ref(limiter)).attempt_timeout(24h)); }
  }
}

TEST_CASE(NET ": a hedge gives its permits back to the gates, and reports how it ended", TAG) {
  world w;
  tenax::retry_budget budget;
  tenax::bulkhead two({.at_once = 2});
  listening gate;
  int calls = 0;
  auto const operation = [&]() -> awaitable<int> {
    auto const number = ++calls;
    timer pause(co_await net::this_coro::executor, number == 1 ? 1000ms : 10ms);
    co_await pause.async_wait(net::use_awaitable);
    co_return number;
  };
  auto hedging = tenax::hedging(budget, {.after = 50ms}, still_time()).through(std::ref(two)).through(std::ref(gate));
  CHECK(w.run(driver::async_hedged(hedging, operation)) == 2);
  CHECK(two.running() == 0);
  CHECK(gate.successes == 1);
  CHECK(gate.cancelled == 1);
}

TEST_CASE(NET ": a server's wait in a hedge reaches the policy's gates only as far as the policy obeys it", TAG) {
  world w;
  tenax::retry_budget budget({.tokens = 1000});
  listening gate;
  int calls = 0;
  auto const operation = [&]() -> awaitable<void> {
    timer pause(co_await net::this_coro::executor, ++calls == 1 ? 1000ms : 10ms);
    co_await pause.async_wait(net::use_awaitable);
    throw tenax::retry_after(30 * 24h, std::runtime_error("slow down"));
  };
  tenax::hedging hedging(budget, {.after = 50ms}, still_time());
  auto const hear = [&](auto const& policy) {
    auto const call = [&] { return driver::async_hedged(hedging, operation); };
    CHECK_THROWS_AS(w.run(driver::async_retry(policy.through(std::ref(gate)), call)), std::runtime_error);
    return gate.server_waits;
  };
  auto const once = steady.stop(tenax::stop::after_attempts(1));
  using waits = std::vector<tenax::optional_duration>;
  SECTION("by default") { CHECK(hear(once) == waits{5min, 5min}); }
  SECTION("cut") { CHECK(hear(once.max_server_wait(10s, tenax::too_long::clamp)) == waits{10s, 10s}); }
  SECTION("ignored") { CHECK(hear(once.max_server_wait(10s, tenax::too_long::ignore)) == waits(2)); }
}

TEST_CASE(NET ": a hedged call that is cancelled while it waits at a gate ends immediately", TAG) {
  world w;
  tenax::retry_budget budget;
  full_gate full;
  auto hedging = tenax::hedging(budget, {.after = 10ms}, still_time()).through(std::ref(full));
  net::cancellation_signal signal;
  std::exception_ptr error;
  int calls = 0;
  auto const operation = [&]() -> awaitable<void> {
    ++calls;
    co_await forever();
  };
  SECTION("with its first attempt") {
    net::co_spawn(w.io, driver::async_hedged(hedging, operation),
                  net::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr e) { error = e; }));
    w.pass(50ms);
    CHECK(calls == 0);
  }
  SECTION("with another one") {
    tenax::hedging plain(budget, {.after = 10ms}, still_time());
    // The policy admits the first attempt and is full afterwards.
    struct fills_up {
      int places;
      struct ticket {};
      tenax::admission admit(ticket&, tenax::attempt_info const&, tenax::time_point) {
        return places-- > 0 ? tenax::admission::go() : tenax::admission::wait(24h);
      }
      void record(ticket&, tenax::feedback const&, tenax::time_point) const {}
    } one{1};
    auto const policy = steady.through(std::ref(one));
    auto call = [&]() -> awaitable<void> {
      co_await driver::async_retry(policy, [&] { return driver::async_hedged(plain, operation); });
    };
    net::co_spawn(w.io, call(), net::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr e) { error = e; }));
    w.pass(50ms);
    CHECK(calls == 1);
    CHECK(one.places < 0);
    signal.emit(net::cancellation_type::terminal);
    w.settle();
    CHECK(error != nullptr);
    return;
  }
  CHECK(error == nullptr);
  signal.emit(net::cancellation_type::terminal);
  w.settle();
  CHECK(error != nullptr);
}

TEST_CASE(NET ": a hedged call within a retried call knows the time that is left", TAG) {
  world w;
  tenax::retry_budget budget;
  tenax::hedging hedging(budget, {.after = 30ms, .at_most = 8}, still_time());
  std::vector<tenax::duration> left;
  auto const operation = [&](tenax::attempt_info const& info) -> awaitable<void> {
    left.push_back(info.time_left);
    co_await forever();
  };
  auto const policy = steady.attempt_timeout(100ms).stop(tenax::stop::after_attempts(1));
  CHECK_THROWS(w.run(driver::async_retry(policy, [&] { return driver::async_hedged(hedging, operation); })));
  REQUIRE(left.size() == 4);
  CHECK(left[0] <= 100ms);
  CHECK(left[0] > 95ms);
  CHECK(left[3] <= 10ms);
  left.clear();
  net::cancellation_signal signal;
  net::co_spawn(w.io, driver::async_hedged(hedging, operation),
                net::bind_cancellation_slot(signal.slot(), [](std::exception_ptr) {}));
  w.pass(50ms);
  signal.emit(net::cancellation_type::terminal);
  w.settle();
  REQUIRE(left.size() == 2);
  CHECK(left[1] == tenax::duration::max());
}

TEST_CASE(NET ": an attempt that ignores its cancellation holds back the result only if the hedging waits for losers",
          TAG) {
  world w;
  tenax::retry_budget budget;
  listening gate;
  auto const held = std::make_shared<int>();
  int calls = 0;
  // The first attempt takes a second, even if it is cancelled.
  auto const operation = [held, &calls]() -> awaitable<int> {
    auto const number = ++calls;
    co_await net::this_coro::reset_cancellation_state(net::disable_cancellation());
    timer pause(co_await net::this_coro::executor, number == 1 ? 1000ms : 10ms);
    co_await pause.async_wait(net::use_awaitable);
    co_return number + *held;
  };
  SECTION("by default, it waits") {
    tenax::hedging hedging(budget, {.after = 20ms}, still_time());
    CHECK(w.run(driver::async_hedged(hedging, operation)) == 2);
    CHECK(w.passed() >= 1000ms);
  }
  SECTION("not if it abandons them") {
    auto hedging =
        tenax::hedging(budget, {.after = 20ms, .abandon_losers = true}, still_time()).through(std::ref(gate));
    CHECK(w.run(driver::async_hedged(hedging, operation)) == 2);
    CHECK(w.passed() < 35ms);
    CHECK(held.use_count() > 2);  // held by the attempt that is still under way
    CHECK(gate.successes == 1);
    CHECK(hedging.under_way() == 1);
    w.pass(1s);
    CHECK(hedging.under_way() == 0);
    CHECK(held.use_count() == 2);
    CHECK(gate.successes == 2);
    CHECK(hedging.seen().count() == 1);
  }
}

TEST_CASE(NET ": attempts that are abandoned may outlive the any_retrying whose gates they passed", TAG) {
  world w;
  tenax::retry_budget budget;
  listening gate;
  tenax::hedging reads(budget, {.after = 20ms, .abandon_losers = true}, still_time());
  int calls = 0;
  auto const operation = [&calls]() -> awaitable<int> {
    auto const number = ++calls;
    co_await net::this_coro::reset_cancellation_state(net::disable_cancellation());
    timer pause(co_await net::this_coro::executor, number == 1 ? 50ms : 1000ms);
    co_await pause.async_wait(net::use_awaitable);
    co_return number;
  };
  {
    tenax::any_retrying const policy = tenax::retrying{}.through(std::ref(gate));
    CHECK(w.run(driver::async_retry(policy, [&] { return driver::async_hedged(reads, operation); })) == 1);
  }
  CHECK(reads.under_way() == 1);
  CHECK(gate.successes == 1);
  w.pass(1s);  // the hedge tells the gate how it ended
  CHECK(reads.under_way() == 0);
  CHECK(gate.successes == 2);
}

TEST_CASE(NET ": a hedge starts when a gate wakes it, and gates are told that it starts", TAG) {
  struct starting {
    int starts = 0;
    struct ticket {};
    tenax::admission admit(ticket&, tenax::attempt_info const&, tenax::time_point) const { return {}; }
    void started(ticket&, tenax::time_point) { ++starts; }
    void record(ticket&, tenax::feedback const&, tenax::time_point) const {}
  };
  world w;
  tenax::retry_budget budget;
  tenax::bulkhead two({.at_once = 2, .queue = 2});
  starting gate;
  tenax::bulkhead::ticket other;
  REQUIRE(two.admit(other, {}, {}).admitted());
  std::vector<tenax::duration> started;
  auto const operation = [&]() -> awaitable<void> {
    started.push_back(w.passed());
    timer pause(co_await net::this_coro::executor, started.size() == 1 ? 1000ms : 10ms);
    co_await pause.async_wait(net::use_awaitable);
  };
  timer later(w.io, 70ms);
  later.async_wait([&](error_code) { other = {}; });
  SECTION("of the hedging") {
    auto hedging = tenax::hedging(budget, {.after = 50ms}, still_time()).through(std::ref(two)).through(std::ref(gate));
    w.run(driver::async_hedged(hedging, operation));
  }
  SECTION("of the policy") {
    tenax::hedging hedging(budget, {.after = 50ms}, still_time());
    auto const policy = steady.through(std::ref(two)).through(std::ref(gate));
    w.run(driver::async_retry(policy, [&] { return driver::async_hedged(hedging, operation); }));
    CHECK(hedging.counts() == tenax::hedge_counts{.calls = 1, .hedges = 1, .won = 1, .lost = 0});
  }
  REQUIRE(started.size() == 2);
  CHECK(started[1] >= 70ms);
  CHECK(started[1] < 74ms);
  CHECK(gate.starts == 2);
  CHECK(two.running() == 0);
}

TEST_CASE(NET ": a hedge asks a gate again as early as the gate says", TAG) {
  struct often {
    int asked = 0;
    struct ticket {};
    tenax::admission admit(ticket&, tenax::attempt_info const& info, tenax::time_point) {
      if (info.number == 1 || ++asked == 3) return {};
      return tenax::admission::wait(24h, 5ms);
    }
    void record(ticket&, tenax::feedback const&, tenax::time_point) const {}
  } gate;
  world w;
  tenax::retry_budget budget;
  auto hedging = tenax::hedging(budget, {.after = 50ms}, still_time()).through(std::ref(gate));
  int calls = 0;
  auto const operation = [&]() -> awaitable<void> {
    timer pause(co_await net::this_coro::executor, ++calls == 1 ? 1000ms : 10ms);
    co_await pause.async_wait(net::use_awaitable);
  };
  w.run(driver::async_hedged(hedging, operation));
  CHECK(w.passed() < 80ms);
}

/// An initiating function: the first operation takes a second, the others ten milliseconds.
struct slow_once {
  net::io_context& io;
  std::vector<error_code> errors{};  ///< of the operations, in their order
  int calls = 0;
  int cancelled = 0;

  template <class Token>
  auto operator()(Token&& token) {
    return net::async_initiate<Token, void(error_code, int)>(
        [this](auto handler) {
          auto const number = ++calls;
          auto const pause = std::make_shared<timer>(io, number == 1 ? 1000ms : 10ms);
          auto const slot = net::get_associated_cancellation_slot(handler);
          auto const executor = net::get_associated_executor(handler, io.get_executor());
          auto step = [this, number, pause, handler = std::move(handler)](error_code e) mutable {
            if (e) ++cancelled;
            auto const i = static_cast<std::size_t>(number) - 1;
            std::move(handler)(!e && i < errors.size() ? errors[i] : e, number);
          };
          pause->async_wait(net::bind_cancellation_slot(slot, net::bind_executor(executor, std::move(step))));
        },
        token);
  }
};

TEST_CASE(NET ": an initiating function is hedged, and the call takes any completion token", TAG) {
  world w;
  tenax::retry_budget budget;
  tenax::hedging hedging(budget, {.after = 50ms}, still_time());
  slow_once operation{w.io};
  auto const initiation = [&](auto token) { return operation(std::move(token)); };
  auto const informed = [&](tenax::attempt_info const& info, auto token) {
    CHECK(info.number == static_cast<unsigned>(operation.calls) + 1);
    return operation(std::move(token));
  };
  int got = 0;
  auto const handler = [&](error_code error, int number) {
    CHECK(!error);
    got = number;
  };
  SECTION("in a coroutine") { got = w.run(driver::async_hedged(hedging, initiation)); }
  SECTION("with a handler") { driver::async_hedged(w.io, hedging, informed, handler); }
  SECTION("with a token that has an executor") {
    driver::async_hedged(hedging, initiation, net::bind_executor(w.io.get_executor(), handler));
  }
  SECTION("as an attempt of a retry") {
    auto const hedged = [&](auto token) { return driver::async_hedged(w.io, hedging, initiation, std::move(token)); };
    driver::async_retry(w.io, steady, hedged, handler);
  }
  w.pass(70ms);
  CHECK(got == 2);
  CHECK(operation.calls == 2);
  CHECK(operation.cancelled == 1);
  CHECK(hedging.counts() == tenax::hedge_counts{.calls = 1, .hedges = 1, .won = 1, .lost = 0});
}

TEST_CASE(NET ": a hedged initiating function fails when all its operations have failed, and can be cancelled", TAG) {
  world w;
  tenax::retry_budget budget;
  listening gate;
  auto hedging = tenax::hedging(budget, {.after = 50ms}, still_time()).through(std::ref(gate));
  slow_once operation{w.io, {refused, net::error::host_unreachable}};
  auto const initiation = [&](auto token) { return operation(std::move(token)); };
  std::optional<error_code> got;
  auto const handler = [&](error_code error, int) { got = error; };
  SECTION("all fail") {
    driver::async_hedged(w.io, hedging, initiation, handler);
    w.pass(1010ms);
    CHECK(got == refused);
  }
  SECTION("cancelled") {
    net::cancellation_signal signal;
    driver::async_hedged(w.io, hedging, initiation, net::bind_cancellation_slot(signal.slot(), handler));
    w.pass(55ms);
    CHECK(operation.calls == 2);
    signal.emit(net::cancellation_type::terminal);
    w.settle();
    CHECK(got == net::error::operation_aborted);
    CHECK(operation.cancelled == 2);
    CHECK(gate.cancelled == 2);
  }
  SECTION("the initiating function throws") {
    auto const throws = [&](auto token) {
      if (operation.calls == 1) throw network_error("no sockets");
      return operation(std::move(token));
    };
    driver::async_hedged(w.io, hedging, throws, handler);
    CHECK_THROWS_AS(w.pass(60ms), network_error);
    w.pass(1s);
    CHECK(!got);
    CHECK(operation.cancelled == 1);
  }
}

TEST_CASE(NET ": the share of hedged calls is the one that the percentile sets", TAG) {
  struct generous {
    struct ticket {};
    tenax::admission admit(ticket&, tenax::attempt_info const&, tenax::time_point) const { return {}; }
    void record(ticket&, tenax::feedback const&, tenax::time_point) const {}
  };
  std::mt19937_64 random(1);
  std::exponential_distribution<> exponential(1 / 20.0);
  std::lognormal_distribution<> log_normal(3, 1);
  std::uniform_real_distribution<> uniform(0, 1);
  auto const tenth = [&] { return uniform(random) < 0.1 ? 200.0 : 10 + 10 * uniform(random); };
  // In units of a quarter of a millisecond, so that the steps of virtual time have no influence.
  auto const share = [&](double percentile, auto latency) {
    world w;
    generous budget;
    tenax::hedging hedging(budget, {.after = 200ms, .percentile = percentile}, still_time());
    auto const operation = [&]() -> awaitable<void> {
      timer pause(co_await net::this_coro::executor, std::chrono::milliseconds(std::lround(4 * latency())));
      co_await pause.async_wait(net::use_awaitable);
    };
    int left = 7'000;
    std::uint64_t learned = 0;
    auto const worker = [&]() -> awaitable<void> {
      while (left-- > 0) {
        if (left == 5'000) learned = hedging.hedged();
        co_await driver::async_hedged(hedging, operation);
      }
    };
    for (int i = 0; i < 100; ++i) net::co_spawn(w.io, worker(), [](std::exception_ptr) {});
    while (left > -100) w.pass(100ms);
    return static_cast<double>(hedging.hedged() - learned) / 5'000;
  };
  auto const check = [&](double percentile, double least, double most, auto latency) {
    auto const hedged = share(percentile, latency);
    CAPTURE(percentile, hedged);
    CHECK(hedged > least);
    CHECK(hedged < most);
  };
  check(0.5, 0.42, 0.52, [&] { return log_normal(random); });
  check(0.95, 0.032, 0.058, [&] { return exponential(random); });
  check(0.95, 0.032, 0.058, [&] { return log_normal(random); });
  // All of the slowest tenth take the same time, so none takes longer than the percentile.
  check(0.95, -1, 0.02, tenth);
}
