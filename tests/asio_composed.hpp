// SPDX-License-Identifier: MIT
// asio_composed.hpp: tests that a call is a composed operation of Asio in full. Comes after asio_interruption.hpp.

namespace CASES {

inline net::cancellation_type const every_type[] = {net::cancellation_type::terminal, net::cancellation_type::partial,
                                                    net::cancellation_type::total};

/// An initiating function whose handler is called by a thread of its own.
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

/// Starts calls of every kind: `start(policy)` for a policy with and without a token and a time limit.
template <class Start>
void with_every_policy(Start const& start) {
  auto const hasty = steady.attempt_timeout(24h);
  start(steady);
  start(hasty);
#if defined(__cpp_lib_jthread)
  std::stop_source source;
  start(steady.cancel_with(source.get_token()));
  start(hasty.cancel_with(source.get_token()));
#endif
}

/// A gate at which everything waits.
struct full_gate {
  struct ticket {};
  tenax::admission admit(ticket&, tenax::attempt_info const&, tenax::time_point) const {
    return tenax::admission::wait(24h);
  }
  void report(ticket&, tenax::feedback const&, tenax::time_point) const {}
};

/// A gate that counts what it hears.
struct listening {
  int successes = 0, failures = 0, cancelled = 0;
  struct ticket {};
  tenax::admission admit(ticket&, tenax::attempt_info const&, tenax::time_point) const { return {}; }
  void report(ticket&, tenax::feedback const& f, tenax::time_point) {
    if (f.how == tenax::feedback::kind::success) ++successes;
    if (f.how == tenax::feedback::kind::failure) ++failures;
    if (f.how == tenax::feedback::kind::cancelled) ++cancelled;
  }
};

}  // namespace CASES

TEST_CASE(NET ": a call keeps its own context running, and that of its handler", TAG) {
  auto const check = [](auto const& start) {
    net::io_context io;
    net::thread_pool pool(1);
    std::vector<std::thread> threads;
    std::atomic<int> got = 0;
    start(io, pool, threads, got);
    io.run();  // the attempt is answered through this context, so that it must not return before
    CHECK_FALSE(threads.empty());
    for (auto& thread : threads) thread.join();
    CHECK(io.stopped());
    CHECK(io.poll() == 0);
    pool.join();
    CHECK(got == 7);
  };
  with_every_policy([&](auto const& policy) {
    check([&](auto& io, auto& pool, auto& threads, auto& got) {
      driver::async_retry(io, policy, answers_elsewhere{threads},
                          net::bind_executor(pool.get_executor(), [&](error_code, int n) { got = n; }));
    });
    check([&](auto& io, auto& pool, auto& threads, auto& got) {
      driver::async_retry(net::make_strand(io), policy, answers_elsewhere{threads},
                          net::bind_executor(net::make_strand(pool), [&](error_code, int n) { got = n; }));
    });
    check([&](auto& io, auto& pool, auto& threads, auto& got) {
      driver::async_try_retry(
          net::any_io_executor(io.get_executor()), policy, answers_elsewhere{threads},
          net::bind_executor(pool.get_executor(), [&](auto report) { got = report.result.value().value(); }));
    });
    check([&](auto& io, auto& pool, auto& threads, auto& got) {
      auto const operation = [&]() -> awaitable<int> {
        co_return co_await answers_elsewhere{threads}(net::use_awaitable_t<>());
      };
      driver::async_retry(io, policy, operation,
                          net::bind_executor(pool.get_executor(), [&](std::exception_ptr, int n) { got = n; }));
    });
    check([&](auto& io, auto&, auto& threads, auto& got) {
      driver::async_retry(io, policy, answers_elsewhere{threads}, [&](error_code, int n) { got = n; });
    });
  });
}

TEST_CASE(NET ": every type of cancellation ends a call at once, whatever its policy and its step", TAG) {
  auto const ends = [](auto type, int steps, auto const& start) {
    world w;
    net::cancellation_signal signal;
    bool ended = false;
    start(w.io, net::bind_cancellation_slot(signal.slot(), [&](auto...) { ended = true; }));
    for (int i = 0; i < steps; ++i) w.io.poll_one();
    CHECK_FALSE(ended);
    signal.emit(type);
    w.settle();
    return ended;
  };
  auto const fails = []() -> awaitable<void> {
    throw network_error("down");
    co_return;
  };
  full_gate gate;
  for (auto const type : every_type) {
    for (int steps = 0; steps < 8; ++steps) {
      CAPTURE(static_cast<int>(type), steps);
      with_every_policy([&](auto const& policy) {
        auto const gated = policy.through(std::ref(gate));
        CHECK(ends(type, steps, [&](auto& io, auto end) { driver::async_retry(io, policy, forever, end); }));
        CHECK(ends(type, steps, [&](auto& io, auto end) { driver::async_try_retry(io, policy, forever, end); }));
        CHECK(ends(type, steps, [&](auto& io, auto end) { driver::async_retry(io, policy, fails, end); }));
        CHECK(ends(type, steps, [&](auto& io, auto end) { driver::async_retry(io, gated, forever, end); }));
        CHECK(ends(type, steps, [&](auto& io, auto end) { driver::async_try_retry(io, gated, forever, end); }));
        CHECK(ends(type, steps, [&](auto& io, auto end) {
          auto const pause = std::make_shared<timer>(io, 24h);
          driver::async_retry(io, policy, [pause](auto token) { return pause->async_wait(std::move(token)); }, end);
        }));
      });
    }
  }
}

TEST_CASE(NET ": a coroutine that hears every type of cancellation does so in a call", TAG) {
  for (auto const type : every_type) {
    with_every_policy([&](auto const& policy) {
      world w;
      net::cancellation_signal signal;
      bool ended = false;
      auto call = [](auto own) -> awaitable<void> {
        co_await net::this_coro::reset_cancellation_state(net::enable_total_cancellation());
        co_await driver::async_retry(own, forever);
      };
      net::co_spawn(w.io, call(policy),
                    net::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr) { ended = true; }));
      w.settle();
      CHECK_FALSE(ended);
      signal.emit(type);
      w.settle();
      CHECK(ended);
    });
  }
}

TEST_CASE(NET ": an attempt is told the type of the cancellation", TAG) {
  for (auto const type : every_type) {
    with_every_policy([&](auto const& policy) {
      world w;
      net::cancellation_signal signal;
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
      auto const check = [&](auto const& operation) {
        heard = net::cancellation_type::none;
        driver::async_retry(w.io, policy, operation, net::bind_cancellation_slot(signal.slot(), [](auto...) {}));
        w.settle();
        signal.emit(type);
        w.settle();
        CHECK(heard == type);
      };
      check(listens);
      check([&]() -> awaitable<void> { co_await listens(net::use_awaitable_t<>()); });
    });
  }
}

TEST_CASE(NET ": an attempt's time limit ends with the deadline", TAG) {
  world w;
  auto const policy = steady.wait(wait::none).stop(stop::deadline(100ms)).attempt_timeout(80ms);
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
  SECTION("also if it is the only limit") {
    auto const only = steady.stop(stop::deadline(100ms)).attempt_timeout(tenax::duration::max());
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
    auto const policy = steady.wait(wait::constant(tenax::duration::max()));
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

TEST_CASE(NET ": an advisor can have cancelled operations retried", TAG) {
  world w;
  flaky_initiation operation(w.io, {net::error::operation_aborted});
  auto const again = [](auto const& a) {
    return tenax::hint{.directive =
                           a.result.value().has_value() ? tenax::hint::advice::none : tenax::hint::advice::retry};
  };
  error_code error = refused;
  driver::async_retry(w.io, steady.advised_by(again), std::ref(operation),
                      [&](error_code e, std::size_t) { error = e; });
  w.pass(3s);
  CHECK(operation.calls == 2);
  CHECK_FALSE(error);
}

TEST_CASE(NET ": a context that is destroyed with calls that wait leaves nothing behind", TAG) {
  tenax::bulkhead one({.at_once = 1});
  auto const held = std::make_shared<int>();
  {
    net::io_context io;
    with_every_policy([&](auto const& policy) {
      auto const gated = policy.through(std::ref(one));
      for (int i = 0; i < 2; ++i) {
        driver::async_retry(io, gated, [held] { return forever(); }, [held](auto...) {});
        driver::async_try_retry(io, gated, [held] { return forever(); }, [held](auto...) {});
        driver::async_retry(
            io, policy,
            [held, pause = std::make_shared<timer>(io, 24h)](auto token) {
              return pause->async_wait(std::move(token));
            },
            [held](auto...) {});
      }
    });
    io.poll();
    CHECK(one.running() == 1);
  }
  CHECK(one.running() == 0);
  CHECK(held.use_count() == 1);
}
