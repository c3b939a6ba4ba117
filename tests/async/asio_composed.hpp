// SPDX-License-Identifier: MIT
// asio_composed.hpp: tests that a call is a composed operation of Asio. Include it after asio_interruption.hpp.

namespace CASES {

inline net::cancellation_type const every_type[] = {net::cancellation_type::terminal, net::cancellation_type::partial,
                                                    net::cancellation_type::total};

/// An initiating function whose handler is called by another thread.
struct answers_elsewhere {
  std::vector<std::thread>& threads;

  template <class Token>
  auto operator()(Token&& token) const {
    return net::async_initiate<Token, void(error_code, int)>(
        [this](auto handler) {
          threads.emplace_back([handler = std::move(handler)]() mutable {
            std::this_thread::sleep_for(3ms);
            std::move(handler)(error_code(), 7);
          });
        },
        token);
  }
};

/// A gate at which all callers wait while it is full.
struct full_gate {
  bool full = true;
  struct ticket {};
  tenax::admission admit(ticket&, tenax::attempt_info const&, tenax::time_point) const {
    return full ? tenax::admission::wait(24h) : tenax::admission::go();
  }
  void record(ticket&, tenax::feedback const&, tenax::time_point) const {}
};

/// Calls `use` with `policy` unchanged, with a token, with a time limit, and with both.
template <class Policy, class Use>
void in_every_way(Policy const& policy, Use const& use) {
  auto const hasty = policy.attempt_timeout(24h);
  use(policy);
  use(hasty);
#if defined(__cpp_lib_jthread)
  std::stop_source source;
  use(policy.cancel_with(source.get_token()));
  use(hasty.cancel_with(source.get_token()));
#endif
}

// One type each, because every combination is compiled separately.
using any_coroutine = std::function<awaitable<void>()>;
struct sets_flag {
  bool* ended;
  template <class... Args>
  void operator()(Args const&...) const {
    *ended = true;
  }
};

/// A gate that counts the feedback that it gets.
struct listening {
  int successes = 0, failures = 0, cancelled = 0;
  std::vector<tenax::optional_duration> server_waits{};
  struct ticket {};
  tenax::admission admit(ticket&, tenax::attempt_info const&, tenax::time_point) const { return {}; }
  void record(ticket&, tenax::feedback const& f, tenax::time_point) {
    if (f.how == tenax::feedback::kind::success) ++successes;
    if (f.how == tenax::feedback::kind::failure) ++failures;
    if (f.how == tenax::feedback::kind::cancelled) ++cancelled;
    server_waits.push_back(f.server_wait);
  }
};

}  // namespace CASES

TEST_CASE(NET ": a call keeps its own context and its handler's context running", TAG) {
  auto const check = [](bool strands, auto const& start) {
    net::io_context io;
    net::thread_pool pool(1);
    std::vector<std::thread> threads;
    std::atomic<int> got = 0;
    net::any_io_executor here = io.get_executor();
    net::any_io_executor there = pool.get_executor();
    if (strands) here = net::make_strand(here), there = net::make_strand(there);
    start(here, there, threads, got);
    io.run();  // the attempt completes through this context
    CHECK_FALSE(threads.empty());
    for (auto& thread : threads) thread.join();
    CHECK(io.stopped());
    io.restart();
    CHECK(io.poll() == 0);
    pool.join();
    CHECK(got == 7);
  };
  in_every_way(steady, [&](auto const& policy) {
    for (bool const strands : {false, true}) {
      check(strands, [&](auto const& here, auto const& there, auto& threads, auto& got) {
        driver::async_retry(here, policy, answers_elsewhere{threads},
                            net::bind_executor(there, [&](error_code, int n) { got = n; }));
      });
    }
    check(false, [&](auto const& here, auto const& there, auto& threads, auto& got) {
      auto const operation = [&]() -> awaitable<int> {
        co_return co_await answers_elsewhere{threads}(net::use_awaitable_t<>());
      };
      driver::async_retry(here, policy, operation,
                          net::bind_executor(there, [&](std::exception_ptr, int n) { got = n; }));
    });
  });
}

TEST_CASE(NET ": every type of cancellation ends a call immediately, with every policy and at every step", TAG) {
  full_gate gate;
  auto const fails = []() -> awaitable<void> {
    throw network_error("down");
    co_return;
  };
  in_every_way(steady.through(std::ref(gate)), [&](auto const& policy) {
    auto const check = [&](auto const& start) {
      for (auto const type : every_type) {
        for (int steps = 0; steps < 8; ++steps) {
          world w;
          net::cancellation_signal signal;
          bool ended = false;
          start(w.io, net::bind_cancellation_slot(signal.slot(), sets_flag{&ended}));
          for (int i = 0; i < steps; ++i) w.io.poll_one();
          CHECK_FALSE(ended);
          signal.emit(type);
          w.settle();
          CAPTURE(static_cast<int>(type), steps);
          CHECK(ended);
        }
      }
    };
    auto const coroutine = [&](any_coroutine const& operation) {
      check([&](auto& io, auto end) { driver::async_retry(io, policy, operation, end); });
      check([&](auto& io, auto end) { driver::async_try_retry(io, policy, operation, end); });
    };
    gate.full = true;  // a wait at a gate
    coroutine(forever);
    gate.full = false;  // an attempt, and a wait
    coroutine(forever);
    coroutine(fails);
    check([&](auto& io, auto end) {
      auto const pause = std::make_shared<timer>(io, 24h);
      driver::async_retry(io, policy, [pause](auto token) { return pause->async_wait(std::move(token)); }, end);
    });
  });
}

TEST_CASE(NET ": a coroutine that accepts every type of cancellation does so in a call", TAG) {
  in_every_way(steady, [&](auto const& policy) {
    for (auto const type : every_type) {
      world w;
      net::cancellation_signal signal;
      bool ended = false;
      auto call = [](auto own) -> awaitable<void> {
        co_await net::this_coro::reset_cancellation_state(net::enable_total_cancellation());
        co_await driver::async_retry(own, any_coroutine(forever));
      };
      net::co_spawn(w.io, call(policy), net::bind_cancellation_slot(signal.slot(), sets_flag{&ended}));
      w.settle();
      CHECK_FALSE(ended);
      signal.emit(type);
      w.settle();
      CHECK(ended);
    }
  });
}

TEST_CASE(NET ": an attempt gets the type of the cancellation", TAG) {
  auto heard = net::cancellation_type::none;
  auto const listens = [&](auto token) {
    return net::async_initiate<decltype(token), void(error_code)>(
        [&](auto handler) {
          auto slot = net::get_associated_cancellation_slot(handler);
          auto kept = std::make_shared<decltype(handler)>(std::move(handler));
          slot.assign([kept, &heard](net::cancellation_type_t t) {
            heard = t;
            auto ended = std::move(*kept);
            std::move(ended)(error_code(net::error::operation_aborted));
          });
        },
        token);
  };
  auto const check = [&](auto const& policy, auto const& operation) {
    for (auto const type : every_type) {
      world w;
      net::cancellation_signal signal;
      bool ended = false;
      driver::async_retry(w.io, policy, operation, net::bind_cancellation_slot(signal.slot(), sets_flag{&ended}));
      w.settle();
      heard = net::cancellation_type::none;
      signal.emit(type);
      w.settle();
      CHECK(ended);
      CHECK(heard == type);
    }
  };
  any_coroutine const coroutine = [&]() -> awaitable<void> { co_await listens(net::use_awaitable_t<>()); };
  check(steady, coroutine);
  check(steady.attempt_timeout(24h), coroutine);
  check(steady, listens);
  check(steady.attempt_timeout(24h), listens);
}

TEST_CASE(NET ": an attempt's time limit does not exceed the deadline", TAG) {
  world w;
  auto const policy = steady.wait(tenax::wait::none).stop(tenax::stop::deadline(100ms)).attempt_timeout(80ms);
  std::vector<tenax::duration> left;
  SECTION("of a coroutine") {
    auto const hangs = [&](tenax::attempt_info const& info) -> awaitable<void> {
      left.push_back(info.time_left);
      co_await forever();
    };
    auto const report = w.run(driver::async_try_retry(policy, hangs));
    CHECK(report.attempts == 2);
    CHECK(report.result.exception_as<tenax::attempt_timed_out>() != nullptr);
    REQUIRE(left.size() == 2);
    CHECK(left[0] == 80ms);
    CHECK(left[1] <= 20ms);
    CHECK(w.passed() < 105ms);
  }
  SECTION("of an initiating function") {
    endless operation(w.io);
    std::optional<tenax::duration> ended;
    driver::async_retry(w.io, policy, std::ref(operation), [&](error_code) { ended = w.passed(); });
    w.pass(200ms);
    CHECK(operation.calls == 2);
    REQUIRE(ended);
    CHECK(*ended < 105ms);
  }
  SECTION("even if it is the only limit") {
    auto const only = steady.stop(tenax::stop::deadline(100ms)).attempt_timeout(tenax::duration::max());
    CHECK_THROWS_AS(w.run(driver::async_retry(only, forever)), tenax::attempt_timed_out);
    CHECK(w.passed() < 105ms);
  }
}

TEST_CASE(NET ": waits and time limits without end do not end", TAG) {
  world w;
  net::cancellation_signal signal;
  bool ended = false;
  auto const end = net::bind_cancellation_slot(signal.slot(), [&](auto...) { ended = true; });
  SECTION("a wait") {
    auto const policy = steady.wait(tenax::wait::constant(tenax::duration::max()));
    SECTION("that can be interrupted") { driver::async_retry(w.io, policy.attempt_timeout(1s), flaky{9}, end); }
    SECTION("of a coroutine") { driver::async_retry(w.io, policy, flaky{9}, end); }
  }
  SECTION("a time limit") { driver::async_retry(w.io, steady.attempt_timeout(tenax::duration::max()), forever, end); }
  w.pass(5s);
  CHECK_FALSE(ended);
  signal.emit(net::cancellation_type::terminal);
  w.settle();
  CHECK(ended);
}

TEST_CASE(NET ": an operation that was cancelled from outside is not retried", TAG) {
  world w;
  listening gate;
  auto const policy = steady.through(std::ref(gate));
  error_code const aborted = net::error::operation_aborted;
  auto const throws = [&]() -> awaitable<void> {
    throw net_system_error(aborted);
    co_return;
  };
  SECTION("an initiating function") {
    flaky_initiation operation(w.io, {aborted});
    std::optional<stop_reason> reason;
    driver::async_try_retry(w.io, policy, std::ref(operation), [&](auto report) { reason = report.reason; });
    w.pass(3s);
    CHECK(reason == stop_reason::cancelled);
    CHECK(operation.calls == 1);
  }
  SECTION("a coroutine") {
    auto const report = w.run(driver::async_try_retry(policy, throws));
    CHECK(report.reason == stop_reason::cancelled);
    CHECK(report.attempts == 1);
    CHECK(report.result.exception_as<net_system_error>() != nullptr);
  }
  SECTION("a coroutine that can be interrupted") {
    auto const report = w.run(driver::async_try_retry(policy.attempt_timeout(1s), throws));
    CHECK(report.reason == stop_reason::cancelled);
    CHECK(report.attempts == 1);
  }
  CHECK(gate.cancelled == 1);
  CHECK(gate.failures == 0);
}

TEST_CASE(NET ": a hint reader can make cancelled operations be retried", TAG) {
  world w;
  flaky_initiation operation(w.io, {net::error::operation_aborted});
  auto const again = [](auto const& a) {
    return tenax::hint{.verdict = a.result.value().has_value() ? tenax::verdict::none : tenax::verdict::retry};
  };
  error_code error = refused;
  driver::async_retry(w.io, steady.read_hints_with(again), std::ref(operation),
                      [&](error_code e, std::size_t) { error = e; });
  w.pass(3s);
  CHECK(operation.calls == 2);
  CHECK_FALSE(error);
}

TEST_CASE(NET ": a context that is destroyed with waiting calls leaks nothing", TAG) {
  tenax::bulkhead one({.at_once = 1});
  auto const held = std::make_shared<int>();
  {
    net::io_context io;
    auto const gated = steady.through(std::ref(one));
    auto const start = [&](auto const& policy) {
      for (int i = 0; i < 2; ++i) driver::async_retry(io, policy, [held] { return forever(); }, [held](auto...) {});
    };
    start(gated);
    start(gated.attempt_timeout(24h));
    auto const pause = std::make_shared<timer>(io, 24h);
    driver::async_retry(
        io, steady, [held, pause](auto token) { return pause->async_wait(std::move(token)); }, [held](auto...) {});
    io.poll();
    CHECK(one.running() == 1);
  }
  CHECK(one.running() == 0);
  CHECK(held.use_count() == 1);
}
