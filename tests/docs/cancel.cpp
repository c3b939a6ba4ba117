// SPDX-License-Identifier: MIT
// cancel.cpp: the snippets of docs/reference/cancel.md and docs/how-to/cancel.md.
#include <tenax/cancel.hpp>

#include <atomic>
#include <csignal>
#include <thread>

#include "docs.hpp"

using tenax::stop_reason;

// libc++ before version 20 has std::stop_token only with -fexperimental-library.
#if defined(__cpp_lib_jthread)

namespace {

int connect() { throw network_error("connection refused"); }

}  // namespace

TEST_CASE("cancel: cancel_with") {
  stop_reason reason{};
  // [cancel_with]
  auto const stubborn = tenax::retrying{}.wait(tenax::wait::constant(1h)).stop(tenax::stop::never);

  std::jthread worker([&](std::stop_token token) {
    auto const report = stubborn.cancel_with(token).try_call(connect);
    reason = report.reason;
  });
  std::this_thread::sleep_for(10ms);  // it waits for its second attempt
  worker.request_stop();              // wakes it at once
  worker.join();
  CHECK(reason == stop_reason::cancelled);
  // [/cancel_with]
}

TEST_CASE("cancel: before the first attempt") {
  // [before]
  std::stop_source source;
  source.request_stop();
  auto const policy = tenax::retrying{}.cancel_with(source.get_token());
  CHECK_THROWS_AS(policy(connect), tenax::cancelled);
  // [/before]
}

TEST_CASE("cancel: after an attempt") {
  // [after]
  std::stop_source source;
  auto const policy = tenax::retrying{}.cancel_with(source.get_token());
  auto const fetch = [&]() -> int {
    source.request_stop();
    throw network_error("connection reset");
  };
  CHECK_THROWS_AS(policy(fetch), network_error);  // the last outcome, as always
  // [/after]
  auto const kept = policy.try_call([] { return 7; });
  CHECK(kept.reason == stop_reason::cancelled);
  std::stop_source other;
  auto const value = tenax::retrying{}.cancel_with(other.get_token()).try_call([&] {
    other.request_stop();
    return 7;
  });
  CHECK(value.reason == stop_reason::succeeded);
  CHECK(value.value() == 7);
}

TEST_CASE("cancel: in the operation") {
  std::stop_source source;
  auto const policy = tenax::retrying{}.cancel_with(source.get_token());
  int steps = 0;
  // [operation]
  auto const upload = [&](tenax::attempt_info const& info) {
    for (int part = 0; part < 1000; ++part) {
      if (info.stop_requested()) throw tenax::cancelled();
      if (++steps == 3) source.request_stop();  // for example: the user does
    }
  };
  CHECK(policy.try_call(upload).reason == stop_reason::cancelled);
  CHECK(steps == 3);
  // [/operation]
}

TEST_CASE("cancel: passing the token on") {
  std::stop_source source;
  auto const policy = tenax::retrying{}.cancel_with(source.get_token());
  bool possible = false;
  auto const library_call = [&](std::stop_token token) { possible = token.stop_possible(); };
  // [stop_token_of]
  policy([&](tenax::attempt_info const& info) { library_call(tenax::stop_token_of(info)); });
  // [/stop_token_of]
  CHECK(possible);
}

#endif

TEST_CASE("cancel: a flag") {
  // [flag]
  std::atomic<bool> shutting_down = false;
  auto const policy = tenax::retrying{}.cancel_with(std::ref(shutting_down));
  // [/flag]
  CHECK(policy([] { return 7; }) == 7);
  shutting_down = true;
  CHECK(policy.try_call([] { return 7; }).reason == stop_reason::cancelled);
}

namespace {

// [own_token]
/// Anything with stop_requested() is a token.
struct signal_flag {
  std::sig_atomic_t const volatile* flag;
  bool stop_requested() const { return *flag != 0; }
};
// [/own_token]

}  // namespace

TEST_CASE("cancel: a token of your own") {
  static std::sig_atomic_t volatile interrupted = 0;
  // [use_own_token]
  auto const policy = tenax::retrying{}.cancel_with(signal_flag{&interrupted});
  // [/use_own_token]
  CHECK(policy([] { return 7; }) == 7);
  interrupted = 1;
  CHECK(policy.try_call([] { return 7; }).reason == stop_reason::cancelled);
}

TEST_CASE("cancel: cancellation in virtual time") {
  // [virtual]
  std::atomic<bool> shutting_down = false;
  virtual_time clock;
  clock.after(90s, [&] { shutting_down = true; });
  script<int> down;
  down.throws(network_error("down")).repeats_last();

  auto const policy = tenax::retrying{}
                          .wait(tenax::wait::constant(1min))
                          .stop(tenax::stop::never)
                          .cancel_with(std::ref(shutting_down))
                          .environment(std::ref(clock));
  CHECK(policy.try_call(std::ref(down)).reason == stop_reason::cancelled);
  CHECK(clock.sleeps() == durations{1min, 30s});
  // [/virtual]
}
