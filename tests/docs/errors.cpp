// SPDX-License-Identifier: MIT
// errors.cpp: the snippets of docs/reference/errors.md and docs/how-to/errors-without-exceptions.md.
#include <optional>
#include <system_error>
#include <utility>
#include <variant>

#include <tenax/testing/no_waits.hpp>

#include "docs.hpp"
#include "gates.hpp"
#include "support.hpp"

using docs::play;
using docs::run;
using tenax::stop_reason;

// [reply]
struct reply {
  int code;
  std::string text;
};

template <>
struct tenax::result_traits<reply> {
  static constexpr bool can_fail = true;
  static bool failed(reply const& r) { return r.code != 0; }

  // The rest is optional.
  static tenax::hint read_hint(reply const& r) {
    if (r.code == 404) return {.verdict = tenax::verdict::no_retry};
    if (r.code == 429) return {.verdict = tenax::verdict::retry, .wait = 2s, .throttled = true};
    return {};
  }
  template <class Out>
  static void describe(reply const& r, Out& out) {
    out.text(r.text);
  }
};
// [/reply]

namespace {

using tests::expected;

response get(int status) { return {status, ""}; }

}  // namespace

TEST_CASE("errors: plain values") {
  tenax::testing::no_waits const quick;
  // [plain_values]
  auto const read = [](int fd) { return fd == 3 ? -1 : 42; };  // -1: try again
  CHECK(tenax::retrying{}.try_call(read, 3).attempts == 1);    // a value like any other
  auto const policy = tenax::retrying{}.when(tenax::when::result([](int n) { return n < 0; }));
  CHECK(policy.try_call(read, 3).attempts == 3);
  // [/plain_values]
}

TEST_CASE("errors: permanent") {
  // [permanent]
  auto const fetch = [](int status) {
    response r = get(status);
    if (r.status == 404) throw tenax::permanent(network_error("no such page"));
    if (r.status != 200) throw network_error("try again");
    return r;
  };
  CHECK_THROWS_AS(tenax::retrying{}(fetch, 404), network_error);  // after one attempt
  // [/permanent]
  CHECK(tenax::retrying{}.when(tenax::when::always).try_call(fetch, 404).attempts == 1);
  CHECK(tenax::retrying{}.try_call(fetch, 404).reason == stop_reason::not_retryable);
}

TEST_CASE("errors: retry_after") {
  // [retry_after]
  script<int> throttled;
  throttled.throws(tenax::retry_after(30s, network_error("slow down"))).returns(7);

  virtual_time clock;
  auto const report = tenax::retrying{}.environment(std::ref(clock)).try_call(std::ref(throttled));
  CHECK(report.value() == 7);
  CHECK(report.waited == 30s);
  // [/retry_after]
  CHECK_THROWS_AS(tenax::retry_after(-1s, 7), std::invalid_argument);
}

TEST_CASE("errors: with_hint") {
  // [with_hint]
  script<int> broken;
  broken.throws(tenax::permanent(17));  // an int cannot be derived from
  try {
    tenax::retrying{}(std::ref(broken));
  } catch (tenax::with_hint<int> const& e) {
    CHECK(e.error() == 17);
  }
  // [/with_hint]
  CHECK(broken.calls() == 1);
}

TEST_CASE("errors: hint") {
  // [hint]
  using tenax::hint;
  script<int> gone;
  gone.throws(
      tenax::with_hint(network_error("410 gone"), hint{.verdict = tenax::verdict::forbidden}));
  CHECK(tenax::retrying{}.try_call(std::ref(gone)).reason == tenax::stop_reason::server_forbids);
  // [/hint]
}

TEST_CASE("errors: in an expected") {
  // [in_expected]
  using error = tenax::with_hint<std::string>;
  auto const lookup = [](std::string const& name) -> expected<int, error> {
    if (name.empty())
      return expected<int, error>::failure(tenax::permanent(std::string("no name")));
    return 42;
  };
  auto const report = tenax::retrying{}.try_call(lookup, "");
  CHECK(report.reason == tenax::stop_reason::not_retryable);
  CHECK(report.attempts == 1);
  // [/in_expected]
  CHECK(report.value().error().error() == "no name");
}

TEST_CASE("errors: cancelled, refused and expired") {
  tests::test_gate gate({tenax::admission::refuse("circuit open", 10s)});
  auto const policy = tenax::retrying{}.through(std::ref(gate));
  auto const fetch = [] { return 7; };
  // [refused]
  try {
    policy(fetch);
  } catch (tenax::refused const& e) {
    std::printf("%s\n", e.what());  // the gate's reason
    CHECK(e.retry_after() == 10s);  // when the gate may admit the call, if it knows
  }
  // [/refused]
  // [expired]
  auto const too_late =
      tenax::retrying{}.stop(tenax::stop::deadline_at(tenax::real_time::now() - 1s));
  CHECK_THROWS_AS(too_late(fetch), tenax::expired);
  // [/expired]
  // [cancelled]
  auto const user_pressed_escape = []() -> int { throw tenax::cancelled(); };
  CHECK(tenax::retrying{}.when(tenax::when::always).try_call(user_pressed_escape).attempts == 1);
  // [/cancelled]
}

TEST_CASE("errors: error codes") {
  virtual_time clock;
  int calls = 0;
  auto const connect = [&] {
    return ++calls < 3 ? make_error_code(std::errc::timed_out) : std::error_code();
  };
  auto const retry = tenax::retrying{}.environment(std::ref(clock));
  // [error_code]
  std::error_code const e = retry(connect);  // a set std::error_code is retried by default
  // [/error_code]
  CHECK(!e);
  CHECK(calls == 3);

  calls = 0;
  // [some_error_codes]
  auto const timeouts = retry.when(tenax::when::error(std::errc::timed_out));
  // [/some_error_codes]
  CHECK(!timeouts(connect));
  CHECK(timeouts([] { return make_error_code(std::errc::permission_denied); }) ==
        std::errc::permission_denied);
}

TEST_CASE("errors: expected") {
  virtual_time clock;
  auto const retry = tenax::retrying{}.environment(std::ref(clock));
  // [expected]
  int calls = 0;
  auto const parse = [&]() -> expected<int, std::string> {
    if (++calls < 3) return expected<int, std::string>::failure("not ready");
    return 42;
  };
  CHECK(retry(parse).value() == 42);  // works with any type that has has_value() and error()
  // [/expected]
}

TEST_CASE("errors: a result type of your own") {
  script<reply> lines;
  lines.returns(reply{1, "busy"})
      .returns(reply{429, "slow down"})
      .returns(reply{404, "no such thing"});
  virtual_time clock;
  std::string first_line;
  auto const keep = [&](std::string_view line) {
    if (first_line.empty()) first_line = line;
  };
  auto const report = tenax::retrying{}
                          .wait(tenax::wait::constant(1s))
                          .before_sleep(tenax::log_to(keep))
                          .environment(std::ref(clock))
                          .try_call(std::ref(lines));
  CHECK(report.reason == stop_reason::not_retryable);
  CHECK(report.value().code == 404);
  CHECK(clock.sleeps() == durations{1s, 2s});
  CHECK(first_line == "tenax: attempt 1 failed: busy; attempt 2 in 1s");
  script<reply> busy;
  busy.returns({1, "busy"}).returns({2, "broken"}).returns({0, ""});
  // [some_replies]
  auto const while_busy = tenax::when::result([](reply const& r) { return r.code == 1; });
  // [/some_replies]
  CHECK(play(tenax::retrying{}.when(while_busy), busy) == run{2, stop_reason::not_retryable});
}

TEST_CASE("errors: the report instead of exceptions") {
  virtual_time clock;
  auto const retry = tenax::retrying{}.environment(std::ref(clock));
  auto const fetch = []() -> int { throw network_error("down"); };
  int fallback = 0;
  // [report]
  auto const report = retry.try_call(fetch);
  if (!report.succeeded()) {
    if (auto const* e = report.result.exception_as<network_error>()) std::printf("%s\n", e->what());
    fallback = -1;
  }
  // [/report]
  CHECK(fallback == -1);
}
