// SPDX-License-Identifier: MIT
// asio_interruption.hpp: the tests of the driver for an Asio that can cancel operations. Include it after
// asio_cases.hpp.

namespace CASES {

/// An initiating function whose operation never completes unless it is cancelled.
struct endless {
  timer pause;
  int calls = 0;

  explicit endless(net::io_context& io) : pause(io) {}
  template <class Token>
  auto operator()(Token&& token) {
    ++calls;
    pause.expires_after(24h);
    return pause.async_wait(std::forward<Token>(token));
  }
};

/// An operation that ends during its cancellation.
template <class Token>
auto until_cancelled(Token&& token) {
  return net::async_initiate<Token, void(error_code)>(
      [](auto handler) {
        auto slot = net::get_associated_cancellation_slot(handler);
        auto kept = std::make_shared<decltype(handler)>(std::move(handler));
        slot.assign([kept](net::cancellation_type_t) {
          auto ended = std::move(*kept);
          std::move(ended)(error_code(net::error::operation_aborted));
        });
      },
      token);
}

}  // namespace CASES

TEST_CASE(NET ": an attempt that takes too long is cancelled, and counts as a failure", TAG) {
  world w;
  auto const policy = steady.attempt_timeout(100ms);
  SECTION("of an awaitable") {
    int calls = 0;
    auto const operation = [&]() -> awaitable<int> {
      if (++calls < 3) co_await forever();
      co_return calls;
    };
    CHECK(w.run(driver::async_retry(policy, operation)) == 3);
    CHECK(calls == 3);
    CHECK(w.passed() >= 2 * 100ms + 2 * 1s);
    CHECK(w.passed() < 2 * 100ms + 2 * 1s + 10ms);
  }
  SECTION("of an awaitable, to the end") {
    CHECK_THROWS_AS(w.run(driver::async_retry(policy, [] { return forever(); })), tenax::attempt_timed_out);
    auto const picky =
        policy.when(tenax::when::exception<tenax::attempt_timed_out>).stop(tenax::stop::after_attempts(5));
    CHECK(w.run(driver::async_try_retry(picky, [] { return forever(); })).attempts == 5);
  }
  SECTION("of an initiating function") {
    endless operation(w.io);
    error_code error;
    auto const picky = policy.when(tenax::when::error(net::error::timed_out));
    driver::async_retry(w.io, picky, std::ref(operation), [&](error_code e) { error = e; });
    w.pass(3s);
    CHECK(error == net::error::timed_out);
    CHECK(operation.calls == 3);
  }
  SECTION("that ends in time") {
    flaky operation{1, 99ms};
    CHECK(w.run(driver::async_retry(policy, std::ref(operation))) == 2);
  }
}

TEST_CASE(NET ": a cancellation slot ends a call immediately", TAG) {
  world w;
  net::cancellation_signal signal;
  std::optional<stop_reason> reason;
  bool told_cancelled = false;
  struct watching {
    bool& told;
    struct ticket {};
    tenax::admission admit(ticket&, tenax::attempt_info const&, tenax::time_point) { return {}; }
    void record(ticket&, tenax::feedback const& f, tenax::time_point) {
      told = told || f.how == tenax::feedback::kind::cancelled;
    }
  } gate{told_cancelled};
  auto const policy = steady.through(std::ref(gate));
  auto const ended = net::bind_cancellation_slot(signal.slot(), [&](auto report) { reason = report.reason; });

  SECTION("in a wait") {
    flaky operation{9};
    driver::async_try_retry(w.io, policy, [&] { return operation(); }, ended);
    w.pass(500ms);
    signal.emit(net::cancellation_type::terminal);
    w.settle();
    CHECK(operation.calls == 1);
  }
  SECTION("in an attempt that is a coroutine") {
    driver::async_try_retry(w.io, policy, [] { return forever(); }, ended);
    w.settle();
    signal.emit(net::cancellation_type::terminal);
    w.settle();
    CHECK(told_cancelled);
  }
  SECTION("in an attempt that is an initiating function") {
    endless operation(w.io);
    driver::async_try_retry(w.io, policy, std::ref(operation), ended);
    w.settle();
    signal.emit(net::cancellation_type::terminal);
    w.settle();
    CHECK(operation.calls == 1);
    CHECK(told_cancelled);
  }
  CHECK(reason == stop_reason::cancelled);
}

TEST_CASE(NET ": a cancellation slot ends a call at every step", TAG) {
  auto const hasty = steady.attempt_timeout(24h);
  tenax::retry_budget budget;
  tenax::hedging hedging(budget, {.after = 24h}, still_time());
  auto const ends = [](int steps, auto const& start) {
    world w;
    net::cancellation_signal signal;
    bool ended = false;
    start(w.io, net::bind_cancellation_slot(signal.slot(), [&](auto...) { ended = true; }));
    for (int i = 0; i < steps; ++i) w.io.poll_one();
    CHECK_FALSE(ended);
    signal.emit(net::cancellation_type::terminal);
    w.settle();
    return ended;
  };
  for (int steps = 0; steps < 12; ++steps) {
    CAPTURE(steps);
    CHECK(ends(steps, [&](auto& io, auto end) { driver::async_try_retry(io, steady, forever, end); }));
    CHECK(ends(steps, [&](auto& io, auto end) { driver::async_try_retry(io, hasty, forever, end); }));
    CHECK(ends(steps, [&](auto& io, auto end) { driver::async_retry(io, steady, forever, end); }));
    CHECK(ends(steps, [&](auto& io, auto end) { driver::async_retry(io, hasty, forever, end); }));
    CHECK(ends(steps, [&](auto& io, auto end) { net::co_spawn(io, driver::async_hedged(hedging, forever), end); }));
  }
}

TEST_CASE(NET ": a handler's slot is used only where the handler runs", TAG) {
  for (int round = 0; round < 50; ++round) {
    net::thread_pool pool(2);
    auto const strand = net::make_strand(pool.get_executor());
    net::cancellation_signal signal;
    bool ended = false;
    auto const operation = [&](auto token) {
      return net::async_initiate<decltype(token), void(error_code)>(
          [&](auto handler) {
            net::post(pool, [handler = std::move(handler)]() mutable { std::move(handler)(refused); });
          },
          token);
    };
    auto const policy =
        tenax::retrying{}.wait(tenax::wait::none).stop(tenax::stop::after_attempts(20)).attempt_timeout(24h);
    auto const end = [&](error_code) { ended = true; };
    net::post(strand, [&] {
      driver::async_retry(pool, policy, operation,
                          net::bind_executor(strand, net::bind_cancellation_slot(signal.slot(), end)));
    });
    for (int i = 0; i < 20; ++i) net::post(strand, [&] { signal.emit(net::cancellation_type::terminal); });
    pool.join();
    CHECK(ended);
  }
}

TEST_CASE(NET ": a call that can be interrupted may run on a strand", TAG) {
  world w;
  auto const policy = steady.attempt_timeout(100ms);
  auto const check = [&](auto const& strand) {
    flaky_initiation operation(w.io, {refused});
    auto const call = [&](auto token) { return operation(std::move(token)); };
    int ended = 0;
    auto const end = [&](error_code, std::size_t) { ended += strand.running_in_this_thread(); };
    driver::async_retry(strand, policy, call, end);
    driver::async_retry(policy, call, net::bind_executor(strand, end));
    w.pass(3s);
    CHECK(ended == 2);
  };
  check(net::make_strand(w.io));
  check(net::make_strand(net::make_strand(w.io)));
  check(net::make_strand(net::any_io_executor(w.io.get_executor())));
}

TEST_CASE(NET ": an attempt is not cancelled by the slot handler of the last attempt", TAG) {
  world w;
  net::cancellation_signal signal;
  int calls = 0;
  int late = 0;
  std::function<void()> answer;
  auto const operation = [&](auto token) {
    return net::async_initiate<decltype(token), void(error_code)>(
        [&](auto handler) {
          if (++calls == 1) {
            net::get_associated_cancellation_slot(handler).assign([&](net::cancellation_type_t) { ++late; });
            net::post(w.io, [handler = std::move(handler)]() mutable { std::move(handler)(refused); });
          } else {  // this operation cannot be cancelled
            auto const kept = std::make_shared<decltype(handler)>(std::move(handler));
            answer = [kept] { std::move (*kept)(error_code()); };
          }
        },
        token);
  };
  bool ended = false;
  driver::async_retry(w.io, steady, operation,
                      net::bind_cancellation_slot(signal.slot(), [&](error_code) { ended = true; }));
  w.pass(2s);
  REQUIRE(calls == 2);
  signal.emit(net::cancellation_type::terminal);
  w.settle();
  CHECK(late == 0);
  CHECK_FALSE(ended);
  answer();
  answer = {};
  w.settle();
  CHECK(ended);
}

TEST_CASE(NET ": what cancels an operation is not destroyed while it runs, and not kept after the call", TAG) {
  struct watched {
    int* alive;
    bool const* runs;
    bool* destroyed_early;
    watched(int* a, bool const* r, bool* d) : alive(a), runs(r), destroyed_early(d) { ++*alive; }
    watched(watched const&) = delete;
    watched& operator=(watched const&) = delete;
    ~watched() {
      --*alive;
      if (*runs) *destroyed_early = true;
    }
  };
  world w;
  bool runs = false, destroyed_early = false;
  int alive = 0, started = 0, ended = 0;
  // Completes while it is cancelled, and keeps its handler in the slot.
  auto const operation = [&](auto token) {
    return net::async_initiate<decltype(token), void(error_code)>(
        [&](auto handler) {
          ++started;
          auto slot = net::get_associated_cancellation_slot(handler);
          auto const kept = std::make_shared<decltype(handler)>(std::move(handler));
          auto const own = std::make_shared<watched>(&alive, &runs, &destroyed_early);
          slot.assign([&runs, kept, own](net::cancellation_type_t) {
            runs = true;
            (*kept)(error_code(net::error::operation_aborted));
            runs = false;
          });
        },
        token);
  };
  SECTION("a call whose attempts take too long") {
    auto const policy = steady.wait(tenax::wait::none).attempt_timeout(10ms);
    driver::async_retry(w.io, policy, operation, [&ended](error_code e) { ended += e == net::error::timed_out; });
    driver::async_retry(net::any_io_executor(w.io.get_executor()), policy, operation,
                        [&ended](error_code e) { ended += e == net::error::timed_out; });
    w.pass(1s);
    CHECK(ended == 2);
    CHECK(started >= 4);
  }
  SECTION("a hedged call that is cancelled") {
    tenax::retry_budget budget({.ratio = 1});
    tenax::hedging hedging(budget, {.after = 5ms}, still_time());
    net::cancellation_signal signal;
    driver::async_hedged(w.io, hedging, operation,
                         net::bind_cancellation_slot(signal.slot(), [&](error_code) { ++ended; }));
    w.pass(20ms);
    signal.emit(net::cancellation_type::terminal);
    w.settle();
    CHECK(ended == 1);
    CHECK(started == 2);
  }
  CHECK_FALSE(destroyed_early);
  CHECK(alive == 0);
}

TEST_CASE(NET ": an operation that throws before it is under way leaves nothing that keeps the call alive", TAG) {
  world w;
  tenax::bulkhead one({.at_once = 1});
  auto const operation = [](auto token) {
    return net::async_initiate<decltype(token), void(error_code)>(
        [](auto) { throw network_error("cannot even start"); }, token);
  };
  auto const policy = steady.through(std::ref(one)).attempt_timeout(24h);
  driver::async_retry(w.io, policy, operation, [](error_code) {});
  CHECK_THROWS_AS(w.settle(), network_error);
  CHECK(one.running() == 0);
}

#if defined(__cpp_lib_jthread)
TEST_CASE(NET ": an operation that stops its own call before it is under way is cancelled", TAG) {
  world w;
  std::stop_source source;
  endless operation(w.io);
  std::optional<stop_reason> reason;
  auto const call = [&](auto token) {
    source.request_stop();
    return operation(std::move(token));
  };
  driver::async_try_retry(w.io, steady.cancel_with(source.get_token()), call,
                          [&](auto report) { reason = report.reason; });
  w.settle();
  CHECK(reason == stop_reason::cancelled);
}
#endif

#if defined(__cpp_lib_jthread)
TEST_CASE(NET ": cancelling a coroutine ends the call that it awaits", TAG) {
  world w;
  net::cancellation_signal signal;
  bool ended = false;
  SECTION("without a token") {
    auto call = []() -> awaitable<void> { co_await driver::async_retry(steady, [] { return forever(); }); };
    net::co_spawn(w.io, call(), net::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr) { ended = true; }));
  }
  SECTION("with a token") {
    std::stop_source source;
    auto call = [&source]() -> awaitable<void> {
      auto const policy = steady.cancel_with(source.get_token());
      co_await driver::async_retry(policy, [] { return forever(); });
    };
    net::co_spawn(w.io, call(), net::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr) { ended = true; }));
    w.settle();
  }
  w.settle();
  CHECK_FALSE(ended);
  signal.emit(net::cancellation_type::terminal);
  w.settle();
  CHECK(ended);
}
#endif

TEST_CASE(NET ": an operation may replace the coroutine's cancellation state", TAG) {
  world w;
  net::cancellation_signal signal;
  bool ended = false;
  int calls = 0;
  auto const operation = [&]() -> awaitable<void> {
    ++calls;
    co_await net::this_coro::reset_cancellation_state(
        [](net::cancellation_type_t type) { return type; },
        [big = std::array<int, 64>{}](net::cancellation_type_t type) { return big[0] == 0 ? type : type; });
    throw network_error("down");
  };
  auto call = [&]() -> awaitable<void> { co_await driver::async_retry(steady, operation); };
  net::co_spawn(w.io, call(), net::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr) { ended = true; }));
  w.pass(500ms);
  CHECK_FALSE(ended);
  signal.emit(net::cancellation_type::total);
  w.settle();
  CHECK(ended);
  CHECK(calls == 1);
}

#if defined(__cpp_lib_jthread)
TEST_CASE(NET ": a stop token cancels the current attempt", TAG) {
  world w;
  std::stop_source source;
  auto const policy = steady.cancel_with(source.get_token());
  std::optional<stop_reason> reason;
  driver::async_try_retry(w.io, policy, [] { return forever(); }, [&](auto report) { reason = report.reason; });
  w.settle();
  CHECK_FALSE(reason);
  source.request_stop();
  w.settle();
  CHECK(reason == stop_reason::cancelled);
}
#endif

#if defined(__cpp_lib_jthread)
TEST_CASE(NET ": an operation that takes the token gets the policy's token", TAG) {
  world w;
  std::stop_source source;
  bool possible = false;
  auto const operation = [&](tenax::attempt_info const& info) -> awaitable<void> {
    possible = tenax::stop_token_of(info).stop_possible();
    co_return;
  };
  w.run(driver::async_retry(steady.cancel_with(source.get_token()), operation));
  CHECK(possible);
}
#endif
