// SPDX-License-Identifier: MIT
// fmt.cpp: tests <tenax/fmt.hpp>: the exact texts of everything that can be formatted.
#include <tenax/fmt.hpp>

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

#include <tenax/any_retrying.hpp>
#include <tenax/gate/retry_budget.hpp>
#include <tenax/http/hint_reader.hpp>
#include <tenax/observe/counters.hpp>
#include <tenax/settings.hpp>
#include <tenax/tenax.hpp>
#include <tenax/testing/script.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "catch.hpp"

using namespace std::chrono_literals;

namespace {

struct network_error : std::runtime_error {
  using runtime_error::runtime_error;
};

struct page {};

/// A result with a text for log lines.
struct answer {
  int code = 200;
};

struct reply {
  bool has_value() const { return ok; }
  std::error_code error() const { return make_error_code(std::errc::timed_out); }
  bool ok = false;
};

template <class E>
tenax::caught_exception caught(E const& e) {
  return tenax::caught_exception(std::make_exception_ptr(e), &e);
}

/// Returns one line of a policy's explanation, without its label.
template <class Policy>
std::string line(std::string_view label, Policy const& policy) {
  auto const text = fmt::format("\n{}\n", policy);
  auto const begin = text.find(fmt::format("\n{}:", label));
  REQUIRE(begin != text.npos);
  auto const words = text.find_first_not_of(' ', begin + label.size() + 2);
  return text.substr(words, text.find('\n', words) - words);
}

/// A user-defined predicate whose text contains an "or".
struct this_or_that : tenax::when::operators {
  bool operator()(tenax::attempt_info const&) const { return true; }
  template <class Out>
  void describe(Out& out) const {
    out.text("this or that");
  }
};

struct token {
  bool stop_requested() const { return false; }
};

struct open_gate {
  struct ticket {};
  tenax::admission admit(ticket&, tenax::attempt_info const&, tenax::time_point) { return tenax::admission::go(); }
  void record(ticket&, tenax::feedback const&, tenax::time_point) {}
};

/// The error of a call that says how long to wait.
struct throttled {
  bool has_value() const { return false; }
  tenax::with_hint<std::string> error() const { return tenax::retry_after(2s, std::string("slow down")); }
};

struct named_gate : open_gate {
  template <class Out>
  void describe(Out& out) const {
    out.text("a limit of ");
    out.number(10);
    out.text(" a second");
  }
};

}  // namespace

template <>
struct tenax::result_traits<answer> {
  static constexpr bool can_fail = true;
  static constexpr bool failed(answer const& a) { return a.code >= 500; }
  template <class Out>
  static void describe(answer const& a, Out& out) {
    out.text(a.code >= 500 ? "busy\n" : "fine");
  }
};

TEST_CASE("A duration is written as people write it") {
  CHECK(fmt::format("{}", tenax::human(1500ms)) == "1.5s");
  CHECK(fmt::format("{}", tenax::human(250ms)) == "250ms");
  CHECK(fmt::format("{}", tenax::human(0s)) == "0s");
  CHECK(fmt::format("{}", tenax::human(150s)) == "2min 30s");
  CHECK(fmt::format("{}", tenax::human(tenax::duration::max())) == "for ever");
}

TEST_CASE("Width and alignment work as for a string") {
  CHECK(fmt::format("[{:8}]", tenax::human(1500ms)) == "[1.5s    ]");
  CHECK(fmt::format("[{:>8}]", tenax::human(1500ms)) == "[    1.5s]");
  CHECK(fmt::format("[{:*^{}}]", tenax::stop_reason::cancelled, 13) == "[**cancelled**]");
}

TEST_CASE("An optional duration is written as its duration, or as none") {
  CHECK(fmt::format("{}", tenax::optional_duration(2s)) == "2s");
  CHECK(fmt::format("{}", tenax::optional_duration()) == "none");
}

TEST_CASE("Of an attempt's numbers, those that are set are written") {
  CHECK(fmt::format("{}", tenax::attempt_info{}) == "attempt 1");
  CHECK(fmt::format("{}", tenax::attempt_info{.number = 3, .elapsed = 350ms, .waited = 300ms}) ==
        "attempt 3, elapsed 350ms, waited 300ms");
  CHECK(fmt::format("{}", tenax::attempt_info{.upcoming_wait = 10s, .server_wait = 9s}) ==
        "attempt 1, next wait 10s (the server asked for 9s)");
  CHECK(fmt::format("{}", tenax::attempt_info{.upcoming_wait = 10s, .server_wait = tenax::duration::max()}) ==
        "attempt 1, next wait 10s (the server asked for a wait without end)");
}

TEST_CASE("An attempt is written with its outcome") {
  tenax::attempt_info const numbers{.number = 2, .upcoming_wait = 1s};

  SECTION("values") {
    tenax::outcome<int> const number(7);
    CHECK(fmt::format("{}", tenax::attempt<int>{numbers, number}) == "attempt 2 returned 7, next wait 1s");
    tenax::outcome<void> const nothing;
    CHECK(fmt::format("{}", tenax::attempt<void>{numbers, nothing}) == "attempt 2 returned, next wait 1s");
    tenax::outcome<page> const other(page{});
    CHECK(fmt::format("{}", tenax::attempt<page>{numbers, other}) == "attempt 2 returned a value, next wait 1s");
    std::string text = "a reference";
    tenax::outcome<std::string&> const reference(text);
    CHECK(fmt::format("{}", tenax::attempt<std::string&>{numbers, reference}) ==
          "attempt 2 returned a reference, next wait 1s");
  }
  SECTION("a long value is cut") {
    tenax::outcome<std::string> const exact(std::string(60, 'x')), longer(std::string(61, 'x'));
    CHECK(fmt::format("{}", tenax::attempt<std::string>{{}, exact}) == "attempt 1 returned " + std::string(60, 'x'));
    CHECK(fmt::format("{}", tenax::attempt<std::string>{{}, longer}) ==
          "attempt 1 returned " + std::string(60, 'x') + "...");
  }
  SECTION("exceptions") {
    std::runtime_error const reset("connection reset");
    tenax::outcome<int> const failed(caught(reset));
    CHECK(fmt::format("{}", tenax::attempt<int>{numbers, failed}) ==
          "attempt 2 failed: connection reset, next wait 1s");
    tenax::outcome<int> const odd(tenax::caught_exception(std::make_exception_ptr(42)));
    CHECK(fmt::format("{}", tenax::attempt<int>{{}, odd}) == "attempt 1 failed: an exception of another type");
  }
  SECTION("errors that were returned") {
    tenax::outcome<std::error_code> const code(make_error_code(std::errc::timed_out));
    auto const message = make_error_code(std::errc::timed_out).message();
    CHECK(fmt::format("{}", tenax::attempt<std::error_code>{{}, code}) == "attempt 1 failed: " + message);
    tenax::outcome<reply> const bad(reply{}), good(reply{true});
    CHECK(fmt::format("{}", tenax::attempt<reply>{{}, bad}) == "attempt 1 failed: " + message);
    CHECK(fmt::format("{}", tenax::attempt<reply>{{}, good}) == "attempt 1 returned a value");
  }
  SECTION("an error inside of an error with a hint") {
    tenax::outcome<throttled> const slow(throttled{});
    CHECK(fmt::format("{}", tenax::attempt<throttled>{{}, slow}) == "attempt 1 failed: slow down");
  }
  SECTION("the words of result_traits, as in a log line") {
    tenax::outcome<answer> const bad(answer{503}), good(answer{});
    CHECK(fmt::format("{}", tenax::attempt<answer>{{}, bad}) == "attempt 1 failed: busy ");
    CHECK(fmt::format("{}", tenax::attempt<answer>{{}, good}) == "attempt 1 returned: fine");
  }
  SECTION("text from outside cannot forge lines, and keeps its letters") {
    std::runtime_error const forged("oops\nERROR: größer\x1b[31m");
    tenax::outcome<int> const failed(caught(forged));
    CHECK(fmt::format("{}", tenax::attempt<int>{{}, failed}) == "attempt 1 failed: oops ERROR: größer [31m");
    std::runtime_error const steering("a\xc2\x9b[2J\xe2\x80\xa8z\xff");
    tenax::outcome<int> const steered(caught(steering));
    CHECK(fmt::format("{}", tenax::attempt<int>{{}, steered}) == "attempt 1 failed: a [2J z?");
  }
  SECTION("a long value is cut between characters") {
    std::string words = "x";
    while (words.size() < 100) words += "\xc3\xbc";
    tenax::outcome<std::string> const longer(words);
    CHECK(fmt::format("{}", tenax::attempt<std::string>{{}, longer}) ==
          "attempt 1 returned " + words.substr(0, 59) + "...");
  }
}

TEST_CASE("An outcome is written as in the text of its attempt, and the source of a wait in words") {
  CHECK(fmt::format("{}", tenax::outcome<int>(7)) == "returned 7");
  CHECK(fmt::format("{}", tenax::outcome<void>()) == "returned");
  CHECK(fmt::format("{:>12}", tenax::outcome<int>(7)) == "  returned 7");
  CHECK(fmt::format("{}", tenax::capture([]() -> int { throw std::runtime_error("a\nb"); })) == "failed: a b");
  CHECK(fmt::format("{}", tenax::capture([]() -> int { throw 7; })) == "failed: an exception of another type");
  CHECK(fmt::format("{}", tenax::wait_source::strategy) == "the policy");
  CHECK(fmt::format("{}", tenax::wait_source::server) == "the server");
}

TEST_CASE("Every stop reason is written in words") {
  using tenax::stop_reason;
  CHECK(fmt::format("{}", stop_reason::succeeded) == "succeeded");
  CHECK(fmt::format("{}", stop_reason::not_retryable) == "not retryable");
  CHECK(fmt::format("{}", stop_reason::attempts) == "out of attempts");
  CHECK(fmt::format("{}", stop_reason::deadline) == "out of time");
  CHECK(fmt::format("{}", stop_reason::cancelled) == "cancelled");
  CHECK(fmt::format("{}", stop_reason::refused_by_gate) == "refused by a gate");
  CHECK(fmt::format("{}", stop_reason::server_forbids) == "forbidden by the server");
  CHECK(fmt::format("{}", stop_reason::server_wait_too_long) == "the server's wait is too long");
  CHECK(fmt::format("{}", stop_reason::expired_on_entry) == "no time for a first attempt");
  CHECK(fmt::format("{}", static_cast<stop_reason>(200)) == "unknown");
}

TEST_CASE("A report is written in one line") {
  tenax::testing::virtual_time clock;
  auto const policy = tenax::retrying{}.wait(tenax::wait::constant(2s)).environment(std::ref(clock));

  SECTION("of a success") {
    tenax::testing::script<int> flaky;
    flaky.throws(network_error("connection reset")).returns(42);
    CHECK(fmt::format("{}", policy.try_call(std::ref(flaky))) ==
          "succeeded after 2 attempts, elapsed 2s, waited 2s; the last one returned 42");
  }
  SECTION("of a failure") {
    tenax::testing::script<void> down;
    down.throws(network_error("connection refused")).repeats_last();
    CHECK(fmt::format("{}", policy.try_call(std::ref(down))) ==
          "gave up after 3 attempts, out of attempts, elapsed 4s, waited 4s; the last one failed: connection "
          "refused");
  }
  SECTION("of a wait that the server asked for") {
    tenax::testing::script<int> closed;
    closed.throws(tenax::retry_after(1h, network_error("closed")));
    CHECK(fmt::format("{}", policy.try_call(std::ref(closed))) ==
          "gave up after 1 attempt, the server's wait is too long (the server asked for 1h); the last one "
          "failed: closed");
  }
  SECTION("of a call that never began") {
    auto const late = policy.stop(tenax::stop::deadline_at(clock.now()));
    CHECK(fmt::format("{}", late.try_call([] { return 1; })) ==
          "gave up after 0 attempts, no time for a first attempt");
  }
}

TEST_CASE("Counters are written in one line") {
  tenax::counters counters;
  CHECK(fmt::format("{}", counters.read()) == "0 calls (0 succeeded, 0 gave up), 0 attempts, 0 retries");
  tenax::testing::virtual_time clock;
  auto const policy =
      tenax::retrying{}.wait(tenax::wait::constant(2s)).environment(std::ref(clock)).observe(std::ref(counters));
  int calls = 0;
  policy([&] {
    if (++calls == 1) throw network_error("once");
  });
  CHECK(fmt::format("{}", counters.read()) == "1 call (1 succeeded, 0 gave up), 2 attempts, 1 retry, waits of 2s");
}

TEST_CASE("A worst case is written in words") {
  auto const text = [](tenax::worst_case_bounds bounds) { return fmt::format("{}", bounds); };
  auto const endless = tenax::duration::max();
  CHECK(text({1, true, 0s, 0s}) == "1 attempt, no waiting");
  CHECK(text({3, true, 5s, 5s}) == "3 attempts, 5s of waiting");
  CHECK(text({3, true, 10min, 300ms}) == "3 attempts, 300ms of waiting, or 10min if a server asks for it");
  CHECK(text({3, true, endless, 300ms}) == "3 attempts, 300ms of waiting, or without limit if a server asks for it");
  CHECK(text({3, true, endless, endless}) == "3 attempts, waiting without limit");
  CHECK(text({0, false, 30s, 30s}) == "attempts without limit, 30s of waiting");
}

TEST_CASE("The explanation of the default policy") {
  CHECK(fmt::format("{}", tenax::retrying{}) ==
        "retries:     exceptions of type std::runtime_error or results that say they failed\n"
        "waits:       exponential from 100ms, at most 5s, full jitter: 0s..100ms, 0s..200ms\n"
        "stops:       after 3 attempts\n"
        "server wait: obeyed up to 5min; above that, the call gives up\n"
        "worst case:  3 attempts, 300ms of waiting, or 10min if a server asks for it");
}

TEST_CASE("The explanation of a policy with all parts, with and without its driver") {
  open_gate open;
  named_gate named;
  auto const polite =
      tenax::retrying{}
          .when(tenax::when::exception<std::bad_alloc> || tenax::when::result([](int status) { return status == 429; }))
          .wait(tenax::wait::first_of(tenax::wait::only_if(tenax::when::exception<std::bad_alloc>, tenax::wait::none),
                                      tenax::wait::retry_after + tenax::wait::uniform(0s, 500ms),
                                      tenax::wait::exponential({.base = 1s, .max = 30s})))
          .stop(tenax::stop::after_attempts(5) || tenax::stop::deadline(2min))
          .max_server_wait(1min)
          .through(std::ref(open))
          .through(std::ref(named));
  auto const text =
      "gates:       a gate, then a limit of 10 a second\n"
      "retries:     exceptions of type std::bad_alloc or results that your function selects\n"
      "waits:       after exceptions of type std::bad_alloc, no wait\n"
      "             else what the server asks for plus a random wait from 0s to 500ms\n"
      "             else exponential from 1s, at most 30s: 1s, 2s, 4s, 8s\n"
      "stops:       after 5 attempts or before a wait that would end after 2min\n"
      "server wait: obeyed up to 1min; above that, the call gives up\n"
      "worst case:  5 attempts, 2min of waiting";
  CHECK(fmt::format("{}", polite) == text);

  auto const without_driver = []<class... Parts>(tenax::policy<Parts...> const& p) { return fmt::format("{}", p); };
  CHECK(without_driver(polite) == text);

  CHECK(line("worst case", polite.stop(tenax::stop::after_attempts(5))) ==
        "5 attempts, waiting without limit at the gates");
  CHECK(line("worst case", polite.max_gate_wait(1s).wait(tenax::wait::none).stop(tenax::stop::never)) ==
        "attempts without limit, waiting without limit");
  tenax::retry_budget budget;
  auto const guarded =
      tenax::retrying{}.wait(tenax::wait::constant(1s)).through(std::ref(budget)).max_server_wait(1min);
  CHECK(line("worst case", guarded) == "3 attempts, 2s of waiting, or 2min if a server asks for it");
  CHECK(line("worst case", guarded.stop(tenax::stop::never)) == "attempts without limit, waiting without limit");
  CHECK(line("gates", polite.max_gate_wait(250ms)) ==
        "a gate, then a limit of 10 a second; an attempt waits there for at most 250ms");
  CHECK(line("gates", polite.max_gate_wait(0ms)) == "a gate, then a limit of 10 a second; no attempt waits there");
}

TEST_CASE("The explanation of a wait that is always the same says it once") {
  auto const waits = [](auto strategy, std::uint32_t attempts) {
    return line("waits", tenax::retrying{}.wait(strategy).stop(tenax::stop::after_attempts(attempts)));
  };
  for (std::uint32_t const attempts : {2u, 3u}) {
    CHECK(waits(tenax::wait::constant(1s), attempts) == "1s");
    CHECK(waits(tenax::wait::sequence{1s}, attempts) == "1s");
    CHECK(waits(tenax::wait::none, attempts) == "no wait");
  }
  CHECK(waits(tenax::wait::exponential({.base = 1s}), 2) == "exponential from 1s: 1s");
  CHECK(waits(tenax::wait::constant(1s).full(), 2) == "1s, full jitter: 0s..1s");
}

TEST_CASE("The explanation says what is retried") {
  auto const text = [](auto predicate) { return line("retries", tenax::retrying{}.when(predicate)); };
  auto const own = [](tenax::attempt_info const&) { return true; };
  CHECK(text(own) == "a predicate of your own");
  CHECK(text(tenax::when::any_exception || own) == "any exception or a predicate of your own");
  CHECK(text(tenax::when::any_error && own) == "(results that say they failed and a predicate of your own)");
  CHECK(text(!tenax::when::exception<std::logic_error, std::bad_alloc>) ==
        "anything but (exceptions of type std::logic_error or std::bad_alloc)");
  CHECK(text(tenax::when::never) == "nothing");
}

TEST_CASE("The explanation has brackets where \"and\" meets \"or\"") {
  auto const text = [](auto predicate) { return line("retries", tenax::retrying{}.when(predicate)); };
  auto const a = tenax::when::any_exception;
  auto const b = tenax::when::always;
  auto const c = tenax::when::any_error;
  CHECK(text((a || b) && c) == "((any exception or every outcome, including values) and results that say they failed)");
  CHECK(text(a && (b || c)) == "(any exception and (every outcome, including values or results that say they failed))");
  CHECK(text((a && b) || c) == "(any exception and every outcome, including values) or results that say they failed");
  CHECK(text(a || b || c) == "any exception or every outcome, including values or results that say they failed");
  CHECK(text(a && !(b || c)) ==
        "(any exception and anything but (every outcome, including values or results that say they failed))");
  CHECK(text(tenax::when::exception<std::logic_error, std::bad_alloc> && b) ==
        "((exceptions of type std::logic_error or std::bad_alloc) and every outcome, including values)");
  CHECK(
      text(tenax::when::failed && b) ==
      "((exceptions of type std::runtime_error or results that say they failed) and every outcome, including values)");
  CHECK(text(this_or_that{} && c) == "((this or that) and results that say they failed)");

  auto const stops = [](auto condition) { return line("stops", tenax::retrying{}.stop(condition)); };
  auto const five = tenax::stop::after_attempts(5);
  auto const nine = tenax::stop::after_attempts(9);
  auto const soon = tenax::stop::deadline(10s);
  CHECK(stops((five || soon) && nine) ==
        "once both hold: (after 5 attempts or before a wait that would end after 10s) and (after 9 attempts)");
  CHECK(stops((five && soon) || nine) ==
        "(once both hold: (after 5 attempts) and (before a wait that would end after 10s)) or after 9 attempts");
  CHECK(line("stops", tenax::retrying{}.stop(five && soon).cancel_with(token{})) ==
        "(once both hold: (after 5 attempts) and (before a wait that would end after 10s)), or when cancelled");

  auto const waits = [](auto w) {
    return line("waits", tenax::retrying{}.wait(w).stop(tenax::stop::after_attempts(1)));
  };
  auto const one = tenax::wait::constant(1s);
  auto const two = tenax::wait::constant(2s);
  CHECK(waits(tenax::wait::chain(one, two) + tenax::wait::none) == "(1s, then 2s) plus no wait");
  CHECK(waits(tenax::wait::chain(one, two + tenax::wait::none)) == "1s, then 2s plus no wait");
  CHECK(waits(tenax::wait::at_most(5s, one + two)) == "(1s plus 2s), at most 5s");
  CHECK(waits(one + tenax::wait::at_most(5s, two)) == "1s plus (2s, at most 5s)");
  CHECK(waits(tenax::wait::chain(tenax::wait::first_of(tenax::wait::retry_after, one), two)) ==
        "(what the server asks for, else 1s), then 2s");
}

TEST_CASE("The explanation says how the policy waits") {
  auto const text = [](auto strategy, std::int64_t attempts = 4) {
    return line("waits", tenax::retrying{}.wait(strategy).stop(tenax::stop::after_attempts(attempts)));
  };
  SECTION("it lists the waits where they differ") {
    CHECK(text(tenax::wait::linear({.first = 1s, .step = 2s})) == "linear from 1s in steps of 2s: 1s, 3s, 5s");
    CHECK(text(tenax::wait::exponential({.base = 1s, .factor = 1.5}).proportional(0.1)) ==
          "exponential from 1s by a factor of 1.5, give or take 10%: 900ms..1.1s, 1.35s..1.65s, "
          "2.025s..2.475s");
    CHECK(text(tenax::wait::decorrelated({.base = 100ms, .max = 1s})) ==
          "decorrelated from 100ms to 1s: 100ms..300ms, 100ms..900ms, 100ms..1s");
  }
  SECTION("it lists only waits that can happen, and at most four") {
    auto const growing = tenax::wait::fibonacci({.unit = 1s, .max = 8s});
    CHECK(text(growing, 1) == "fibonacci in units of 1s, at most 8s");
    CHECK(text(growing, 2) == "fibonacci in units of 1s, at most 8s: 1s");
    CHECK(text(growing, 5) == "fibonacci in units of 1s, at most 8s: 1s, 1s, 2s, 3s");
    CHECK(text(growing, 6) == "fibonacci in units of 1s, at most 8s: 1s, 1s, 2s, 3s, ...");
    CHECK(line("waits", tenax::retrying{}.wait(growing).stop(tenax::stop::never)) ==
          "fibonacci in units of 1s, at most 8s: 1s, 1s, 2s, 3s, ...");
  }
  SECTION("it lists equal waits once, and only if the description does not say it") {
    CHECK(text(tenax::wait::none) == "no wait");
    CHECK(text(tenax::wait::constant(2s)) == "2s");
    CHECK(text(tenax::wait::constant(2s).equal()) == "2s, equal jitter: 1s..2s each time");
    CHECK(text(tenax::wait::uniform(1s, 3s)) == "a random wait from 1s to 3s");
  }
  SECTION("it lists no waits that depend on the server or the outcome") {
    CHECK(text([](tenax::attempt<int> const&) { return 1s; }) == "a wait of your own");
    CHECK(text(tenax::wait::max_of(tenax::wait::retry_after, tenax::wait::linear())) ==
          "the longer of (what the server asks for) and (linear from 1s in steps of 1s)");
  }
  SECTION("it calls a strategy of your own") {
    CHECK(text([](tenax::attempt_info const& a) { return a.number * 10ms; }) == "a wait of your own: 10ms, 20ms, 30ms");
  }
}

TEST_CASE("The explanation says when the policy stops") {
  auto const text = [](auto condition) { return line("stops", tenax::retrying{}.stop(condition)); };
  auto const own = [](tenax::attempt_info const&) { return true; };
  CHECK(text(tenax::stop::after_attempts(1)) == "after 1 attempt");
  CHECK(text(own) == "when your condition says so");
  CHECK(text(tenax::stop::never) == "never");

  CHECK(line("stops", tenax::retrying{}.cancel_with(token{})) == "after 3 attempts, or when cancelled");
}

TEST_CASE("The explanation says what happens to a server's wait") {
  using tenax::too_long;
  auto const text = [](tenax::any_duration max, too_long action) {
    return line("server wait", tenax::retrying{}.max_server_wait(max, action));
  };
  CHECK(text(10s, too_long::give_up) == "obeyed up to 10s; above that, the call gives up");
  CHECK(text(10s, too_long::clamp) == "obeyed up to 10s; longer ones are shortened to that");
  CHECK(text(10s, too_long::ignore) == "obeyed up to 10s; longer ones are ignored");
  CHECK(text(0s, too_long::give_up) == "never waited for: the call gives up");
  CHECK(text(0s, too_long::clamp) == "ignored");
  CHECK(text(0s, too_long::ignore) == "ignored");
  CHECK(text(tenax::duration::max(), too_long::give_up) == "obeyed, however long");
}

TEST_CASE("The explanation says if a policy has no limits") {
  CHECK(line("worst case", tenax::retrying{}.stop(tenax::stop::never)) ==
        "attempts without limit, waiting without limit");
  CHECK(line("worst case", tenax::retrying{}.wait(tenax::wait::constant(1ms)).stop(tenax::stop::never)) ==
        "attempts without limit, waiting without limit");
  CHECK(line("worst case", tenax::retrying{}.wait(tenax::wait::none).stop(tenax::stop::never).max_server_wait(0s)) ==
        "attempts without limit, no waiting");
}

TEST_CASE("The explanation of a policy from settings is that of the policy written in code") {
  namespace stop = tenax::stop;
  auto const explain = [](std::string_view text) {
    return fmt::format("{}", tenax::settings_from_text(text).timed_policy());
  };
  auto const base = tenax::retrying{};
  CHECK(explain("") == fmt::format("{}", base));
  CHECK(explain("attempts=5 wait=exponential(1s..30s,factor=3).equal deadline=1min server_wait=0s.ignore") ==
        fmt::format("{}", base.wait(tenax::wait::exponential({.base = 1s, .factor = 3, .max = 30s}).equal())
                              .stop(stop::after_attempts(5) || stop::deadline(1min))
                              .max_server_wait(0s, tenax::too_long::ignore)));
  CHECK(explain("attempts=9 wait=uniform(0s..500ms)") ==
        fmt::format("{}", base.wait(tenax::wait::uniform(0s, 500ms)).stop(stop::after_attempts(9))));
  CHECK(
      explain("attempts=9 wait=sequence(1s,5s,2s) elapsed=9s") ==
      fmt::format(
          "{}", base.wait(tenax::wait::sequence{1s, 5s, 2s}).stop(stop::after_attempts(9) || stop::after_elapsed(9s))));
  CHECK(explain("attempts=unlimited wait=none") == fmt::format("{}", base.wait(tenax::wait::none).stop(stop::never)));
  CHECK(explain("attempts=2 attempt_timeout=2s") ==
        fmt::format("{}", base.stop(stop::after_attempts(2)).attempt_timeout(2s)));
}

TEST_CASE("The explanation says that attempts are counted from the start again after progress") {
  auto const again = tenax::retrying{}.reset_on_progress();
  CHECK(line("progress", again) == "attempts are counted from the start again, and so are waits");
  CHECK(line("waits", again) == line("waits", tenax::retrying{}));
  CHECK(line("worst case", again) == "attempts without limit, waiting without limit");
  CHECK(fmt::format("{}", tenax::retrying{}).find("progress") == std::string::npos);
  CHECK(fmt::format("{}", tenax::any_retrying(again)) == fmt::format("{}", again));
}

TEST_CASE("The explanation says where hints are read") {
  auto const own = tenax::retrying{}.read_hints_with([](auto const&) { return tenax::hint{}; });
  CHECK(line("hints", own) == "from a reader of your own");
  namespace http = tenax::http;
  auto const strict = http::hint_reader{}.headers(http::profile::strict);
  CHECK(line("hints", tenax::retrying{}.read_hints_with(http::hint_reader{})) == "from headers");
  CHECK(line("hints", tenax::retrying{}.read_hints_with(strict)) == "from headers, read strictly");
  auto const no_delay = [](std::string_view) { return tenax::optional_duration(); };
  CHECK(line("hints", tenax::retrying{}.read_hints_with(strict.body(no_delay))) ==
        "from headers, read strictly, and from bodies");
}

TEST_CASE("The explanation of an any_retrying follows its setters") {
  auto const base = tenax::retrying{}.wait(tenax::wait::constant(1s));
  tenax::any_retrying const given = base;
  auto const same = [](auto const& changed, auto const& expected) {
    auto const text = fmt::format("{}", expected);
    CHECK(fmt::format("{}", changed) == text);
    CHECK(fmt::format("{}", tenax::any_retrying(changed)) == text);
  };
  same(given.max_server_wait(1s), base.max_server_wait(1s));
  same(given.attempt_timeout(2s), base.attempt_timeout(2s));
  same(given.named("catalogue"), base.named("catalogue"));
  same(given.reset_on_progress(), base.reset_on_progress());
  auto const own = [](auto const&) { return tenax::hint{}; };
  same(tenax::any_retrying(base.read_hints_with(own)).named("x"), base.read_hints_with(own).named("x"));
}

TEST_CASE("The name of a call stands before everything else") {
  auto const named = tenax::retrying{}.wait(tenax::wait::none).named("catalogue");
  CHECK(fmt::format("{}", tenax::attempt_info{.number = 2, .name = "catalogue"}) == "catalogue: attempt 2");
  CHECK(fmt::format("{}", named.try_call([] { return 1; })).substr(0, 35) == "catalogue: succeeded after 1 attemp");
  CHECK(fmt::format("{}", named) ==
        "name:        catalogue\n" + fmt::format("{}", tenax::retrying{}.wait(tenax::wait::none)));
}

TEST_CASE("An incomplete character at the end is removed") {
  CHECK(tenax::detail::without_torn_end("abc") == "abc");
  CHECK(tenax::detail::without_torn_end("") == "");
  CHECK(tenax::detail::without_torn_end("ab\xc3\xbc") == "ab\xc3\xbc");
  CHECK(tenax::detail::without_torn_end("ab\xc3") == "ab");
  CHECK(tenax::detail::without_torn_end("ab\xe6\x97") == "ab");
  CHECK(tenax::detail::without_torn_end("ab\xe6\x97\xa5") == "ab\xe6\x97\xa5");
  CHECK(tenax::detail::without_torn_end("ab\xf0\x9f\x98") == "ab");
  CHECK(tenax::detail::without_torn_end("ab\xf0\x9f\x98\x80") == "ab\xf0\x9f\x98\x80");
  CHECK(tenax::detail::without_torn_end("\x80\x80\x80\x80") == "\x80\x80\x80\x80");
}

TEST_CASE("An any_retrying explains itself like the policy that it was made of") {
  tenax::counters totals;
  open_gate gate;
  auto const same = [](auto const& policy) {
    CHECK(fmt::format("{}", tenax::any_retrying(policy)) == fmt::format("{}", policy));
    CHECK(fmt::format("{}", tenax::any_retrying(tenax::any_retrying(policy))) == fmt::format("{}", policy));
  };
  same(tenax::retrying{});
  same(tenax::retrying{}.when(tenax::when::exception<network_error> && tenax::when::failed).observe(std::ref(totals)));
  same(tenax::retrying{}
           .wait(tenax::wait::exponential({.base = 100ms, .max = 5s}).full())
           .stop(tenax::stop::after_attempts(5) || tenax::stop::deadline(30s)));
  same(tenax::retrying{}.wait(tenax::wait::first_of(tenax::wait::retry_after, tenax::wait::constant(1s))));
  same(tenax::retrying{}.through(std::ref(gate)).cancel_with(token{}).attempt_timeout(3s));
  same(tenax::retrying{}.when(tenax::when::result_is(503)).max_server_wait(1min, tenax::too_long::clamp));
  same(tenax::retrying{}.stop(tenax::stop::deadline(1s).clip_last_wait() && tenax::stop::after_attempts(2)));

  auto const own = tenax::retrying{}.when(tenax::when::result([](page const&) { return true; }));
  CHECK(fmt::format("{}", tenax::any_retrying_of<page>(own)) == fmt::format("{}", own));
  tenax::any_retrying const changed = tenax::any_retrying(own).stop(tenax::stop::after_attempts(7));
  CHECK(fmt::format("{}", changed) == fmt::format("{}", own.stop(tenax::stop::after_attempts(7))));
}
