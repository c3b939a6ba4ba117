// SPDX-License-Identifier: MIT
// observers.cpp: the snippets of docs/reference/observers.md and docs/how-to/log.md.
#include <tenax/observe/counters.hpp>

#include "docs.hpp"

using tenax::stop_reason;

namespace {

/// Two failures, then a value.
script<int> flaky() {
  script<int> lines;
  lines.throws(network_error("connection reset")).throws(network_error("timed out")).returns(7);
  return lines;
}

// [observer]
/// Measures the longest wait, and counts the calls that gave up.
struct stopwatch {
  tenax::duration longest{};
  int gave_up = 0;

  void before_sleep(tenax::attempt_info const& a) { longest = std::max(longest, a.upcoming_wait); }
  void on_give_up(tenax::attempt_info const&, tenax::stop_reason) { ++gave_up; }
};
// [/observer]

}  // namespace

TEST_CASE("observers: the text of an error") {
  std::string said;
  auto const base = tenax::retrying{}.when(tenax::when::never);
  // [error_text]
  auto const policy = base.after_attempt([&](auto const& a) {
    auto const* error = a.result.template exception_as<std::exception>();  // or null
    said = error != nullptr ? error->what() : "not a std::exception";
  });
  // [/error_text]
  static_cast<void>(policy.try_call([]() -> int { throw network_error("reset"); }));
  CHECK(said == "reset");
  static_cast<void>(policy.try_call([]() -> int { throw 7; }));
  CHECK(said == "not a std::exception");
  CHECK(policy([] { return 7; }) == 7);
  CHECK(said == "not a std::exception");
}

TEST_CASE("observers: hooks") {
  virtual_time clock;
  std::vector<std::string> events;
  auto const tell = [&events](std::string text) { events.push_back(std::move(text)); };
  auto const base = tenax::retrying{}.wait(tenax::wait::constant(2s)).environment(std::ref(clock));
  // [hooks]
  auto const policy = base.before_attempt([&](tenax::attempt_info const& a) {
                            tell("starting " + std::to_string(a.number));
                          })
                          .after_attempt([&](tenax::attempt<int> const& a) {
                            tell(a.result.has_value() ? "a value" : "an exception");
                          })
                          .before_sleep([&](tenax::attempt_info const& a) {
                            tell(a.upcoming_wait == 2s ? "waiting 2 s" : "waiting");
                          })
                          .on_success([&](tenax::attempt<int> const& a) {
                            tell("got " + std::to_string(a.result.value()));
                          })
                          .on_give_up([&](tenax::attempt_info const&, tenax::stop_reason why) {
                            tell(to_string(why));
                          });
  // [/hooks]
  script<int> lines;
  lines.throws(network_error("reset")).returns(7);
  policy(std::ref(lines));
  CHECK(events == std::vector<std::string>{"starting 1", "an exception", "waiting 2 s",
                                           "starting 2", "a value", "got 7"});
  events.clear();
  static_cast<void>(policy.stop(tenax::stop::after_attempts(1)).try_call([]() -> int {
    throw network_error("down");
  }));
  CHECK(events == std::vector<std::string>{"starting 1", "an exception", "attempts"});
}

TEST_CASE("observers: observe") {
  virtual_time clock;
  auto const base = tenax::retrying{}.wait(tenax::wait::constant(2s)).environment(std::ref(clock));
  // [observe]
  stopwatch watch;
  auto const policy = base.observe(std::ref(watch));
  // [/observe]
  auto lines = flaky();
  policy(std::ref(lines));
  CHECK(watch.longest == 2s);
  CHECK(watch.gave_up == 0);
}

TEST_CASE("observers: log_to") {
  virtual_time clock;
  // [log_to]
  auto const policy =
      tenax::retrying{}.wait(tenax::wait::exponential()).before_sleep(tenax::log_to(stderr));
  // [/log_to]
  std::string lines;
  // [log_to_function]
  auto const to_my_logger = [&](std::string_view line) { lines.append(line).append("\n"); };
  auto const logged =
      tenax::retrying{}.wait(tenax::wait::exponential()).before_sleep(tenax::log_to(to_my_logger));
  // [/log_to_function]
  script<int> played;
  played.throws(network_error("connection reset"))
      .throws(tenax::retry_after(1s, network_error("429 Too Many Requests")))
      .returns(7);
  logged.environment(std::ref(clock))(std::ref(played));
  lines.pop_back();
  CHECK(lines == docs::text("text/log.txt"));
  STATIC_REQUIRE_FALSE(decltype(policy)::uses_time);
}

TEST_CASE("observers: log_to at the end") {
  virtual_time clock;
  std::string lines;
  // [log_end]
  auto const to_my_logger = [&](std::string_view line) { lines.append(line); };
  auto const policy = tenax::retrying{}.on_give_up(tenax::log_to(to_my_logger));
  // [/log_end]
  script<int> down;
  down.throws(network_error("connection refused"))
      .throws(network_error("connection refused"))
      .throws(network_error("connection refused"));
  (void)policy.environment(std::ref(clock)).try_call(std::ref(down));
  CHECK(lines == docs::text("text/log_end.txt"));
}

TEST_CASE("observers: named") {
  virtual_time clock;
  std::string lines;
  auto const to_my_logger = [&](std::string_view line) { lines.append(line); };
  auto const base = tenax::retrying{}.wait(tenax::wait::constant(1s));
  // [named]
  auto const policy = base.named("catalogue").before_sleep(tenax::log_to(to_my_logger));
  // [/named]
  script<int> once;
  once.throws(network_error("connection reset")).returns(7);
  CHECK(policy.environment(std::ref(clock)).try_call(std::ref(once)).name ==
        std::string("catalogue"));
  CHECK(lines == docs::text("text/log_named.txt"));
}

TEST_CASE("observers: counters") {
  virtual_time clock;
  auto const base = tenax::retrying{}.wait(tenax::wait::constant(2s)).environment(std::ref(clock));
  // [counters]
  tenax::counters totals;
  auto const policy = base.observe(std::ref(totals));
  auto const fetch = policy.wrap(flaky());
  // [/counters]
  auto copy = fetch;
  CHECK(copy() == 7);
  // [read]
  CHECK(totals.read() ==
        tenax::counters::snapshot{
            .attempts = 3, .retries = 2, .succeeded = 1, .gave_up = 0, .waiting = 4s});
  CHECK(totals.read().ended(tenax::stop_reason::succeeded) == 1);
  // [/read]
}

TEST_CASE("observers: the end of a call") {
  virtual_time clock;
  std::string said;
  auto const base = tenax::retrying{}.environment(std::ref(clock));
  // [end]
  auto const policy = base.on_give_up([&](tenax::attempt_info const& a, tenax::stop_reason why) {
    said = "gave up after " + std::to_string(a.number) + " attempts: " + to_string(why);
  });
  // [/end]
  static_cast<void>(policy.try_call([]() -> int { throw network_error("down"); }));
  CHECK(said == "gave up after 3 attempts: attempts");
}
