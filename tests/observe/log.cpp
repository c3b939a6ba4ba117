// SPDX-License-Identifier: MIT
// log.cpp: the line that is written before each sleep.
#include <tenax/observe/log.hpp>

#include <cstdio>
#include <functional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include <tenax/any_retrying.hpp>
#include <tenax/tenax.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "catch.hpp"
#include "gates.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using lines = std::vector<std::string>;

namespace {

/// The log lines of a call of `f`.
template <class Policy, class F>
lines logged(Policy const& policy, F const& f) {
  tenax::testing::virtual_time clock;
  lines log;
  auto const sink = [&](std::string_view line) { log.emplace_back(line); };
  static_cast<void>(policy.environment(std::ref(clock)).before_sleep(tenax::log_to(sink)).try_call(f));
  return log;
}

constexpr auto twice = tenax::retrying{}.wait(tenax::wait::constant(1500ms)).stop(tenax::stop::after_attempts(2));

[[noreturn]] void reset() { throw std::runtime_error("connection reset"); }

}  // namespace

TEST_CASE("Each retry has one line, which says what failed and when the next attempt starts") {
  CHECK(logged(tenax::retrying{}.wait(tenax::wait::sequence{0s, 250ms, 1min}).stop(tenax::stop::after_attempts(4)),
               reset) == lines{"tenax: attempt 1 failed: connection reset; attempt 2 at once",
                               "tenax: attempt 2 failed: connection reset; attempt 3 in 250ms",
                               "tenax: attempt 3 failed: connection reset; attempt 4 in 1min"});
}

TEST_CASE("Waits are rounded to three digits") {
  CHECK(logged(tenax::retrying{}.wait(tenax::wait::sequence{84'237'451ns, 1'234'567us}),
               [] { throw std::runtime_error("reset"); }) ==
        lines{"tenax: attempt 1 failed: reset; attempt 2 in 84.2ms",
              "tenax: attempt 2 failed: reset; attempt 3 in 1.23s"});
}

TEST_CASE("A call that succeeds at the first attempt is not logged") {
  CHECK(logged(twice, [] {}).empty());
}

TEST_CASE("The line contains the server's wait") {
  CHECK(logged(twice, [] { throw tenax::retry_after(1s, std::runtime_error("slow down")); }) ==
        lines{"tenax: attempt 1 failed: slow down; attempt 2 in 1.5s (the server asked for 1s)"});
  CHECK(logged(twice, [] { throw tenax::retry_after(7s, std::runtime_error("slow down")); }) ==
        lines{"tenax: attempt 1 failed: slow down; attempt 2 in 7s (the server asked for 7s)"});
}

TEST_CASE("A server's wait that was shortened is logged with its original length") {
  CHECK(logged(twice.max_server_wait(10s, tenax::too_long::clamp), [] {
          throw tenax::retry_after(1h, std::runtime_error("slow"));
        }) == lines{"tenax: attempt 1 failed: slow; attempt 2 in 10s (the server asked for 1h)"});
}

TEST_CASE("The line describes every kind of outcome") {
  auto const policy = twice.when(tenax::when::always);
  auto const first = [&](auto const& f) { return logged(policy, f).at(0); };
  std::string const end = "; attempt 2 in 1.5s";
  CHECK(first([] { throw 5; }) == "tenax: attempt 1 failed: an exception of another type" + end);
  CHECK(first([] { return 5; }) == "tenax: attempt 1 returned a result that is to be retried" + end);
  CHECK(first([] {}) == "tenax: attempt 1 returned a result that is to be retried" + end);
  CHECK(first([] { return std::make_error_code(std::errc::timed_out); }) ==
        "tenax: attempt 1 failed: " + std::make_error_code(std::errc::timed_out).message() + end);
  CHECK(first([] { return std::error_code(); }) == "tenax: attempt 1 returned a result that is to be retried" + end);

  using text = tests::expected<int, std::string>;
  CHECK(first([] { return text::failure("no route"); }) == "tenax: attempt 1 failed: no route" + end);
  CHECK(first([] { return text(1); }) == "tenax: attempt 1 returned a result that is to be retried" + end);
  using number = tests::expected<int, int>;
  CHECK(first([] { return number::failure(5); }) == "tenax: attempt 1 failed: an error" + end);
  using code = tests::expected<int, std::error_code>;
  CHECK(first([] { return code::failure(std::make_error_code(std::errc::timed_out)); }) ==
        "tenax: attempt 1 failed: " + std::make_error_code(std::errc::timed_out).message() + end);
  using exception = tests::expected<int, std::runtime_error>;
  CHECK(first([] { return exception::failure(std::runtime_error("what")); }) == "tenax: attempt 1 failed: what" + end);
  using classified = tests::expected<int, tenax::with_hint<std::string>>;
  CHECK(first([] { return classified::failure(std::string("text")); }) == "tenax: attempt 1 failed: text" + end);
  using number_with_hint = tests::expected<int, tenax::with_hint<int>>;
  CHECK(first([] { return number_with_hint::failure(5); }) == "tenax: attempt 1 failed: an error" + end);
}

TEST_CASE("Control characters of a message cannot forge lines") {
  CHECK(logged(twice, [] {
          throw std::runtime_error(
              "a\r\nb\tc\x1b[2Jd\x7f"
              "e");
        }) == lines{"tenax: attempt 1 failed: a  b c [2Jd e; attempt 2 in 1.5s"});
}

TEST_CASE(
    "Control characters and Unicode line separators become spaces, and bytes that are not UTF-8 become question "
    "marks") {
  auto const said = [](std::string const& words) {
    auto const line = logged(twice, [&] { throw std::runtime_error(words); }).at(0);
    auto const start = std::string("tenax: attempt 1 failed: ").size();
    return line.substr(start, line.rfind("; attempt 2") - start);
  };
  CHECK(said("a\xc2\x85z") == "a z");        // U+0085, next line
  CHECK(said("a\xc2\x9b[2Jz") == "a [2Jz");  // U+009B begins an escape sequence
  CHECK(said("a\xc2\x80\xc2\x9fz") == "a  z");
  CHECK(said("a\xc2\xa0z") == "a\xc2\xa0z");          // U+00A0, already a space
  CHECK(said("a\xe2\x80\xa8z") == "a z");             // U+2028, line separator
  CHECK(said("a\xe2\x80\xa9z") == "a z");             // U+2029, paragraph separator
  CHECK(said("a\xe2\x80\xaez") == "a z");             // U+202E reverses the rest of the line
  CHECK(said("a\xe2\x80\xa7z") == "a\xe2\x80\xa7z");  // U+2027, a visible character
  CHECK(said("a\x85z") == "a?z");
  CHECK(said("a\x9bz\xff") == "a?z?");
  CHECK(said("\xc3") == "?");
  CHECK(said("\xe6\x97") == "??");
  CHECK(said("\xe6\x97z") == "??z");
  CHECK(said("\xc0\x8a") == "??");            // a newline in two bytes
  CHECK(said("\xe0\x82\x85") == "???");       // U+0085 in three
  CHECK(said("\xed\xa0\x80") == "???");       // a surrogate
  CHECK(said("\xf4\x90\x80\x80") == "????");  // above U+10FFFF
  CHECK(said("\xf0\x9f\x98\x80") == "\xf0\x9f\x98\x80");
  CHECK(said(std::string("a\xc2") + "\n") == "a? ");
}

TEST_CASE("Text in other languages stays as it is") {
  CHECK(logged(twice,
               [] {
                 throw std::runtime_error(
                     "Verbindung \xc3\xbc"
                     "berlastet \xe2\x80\x94 \xe6\x97\xa5\xe6\x9c\xac");
               }) == lines{"tenax: attempt 1 failed: Verbindung \xc3\xbc"
                           "berlastet \xe2\x80\x94 \xe6\x97\xa5\xe6\x9c\xac; attempt 2 in 1.5s"});
}

TEST_CASE("A long message is cut, and the line stays one line") {
  auto const line = logged(twice, [] { throw std::runtime_error(std::string(10'000, 'x')); }).at(0);
  CHECK(line.size() == 511);
  CHECK(line.substr(0, 27) == "tenax: attempt 1 failed: xx");
}

TEST_CASE("A line is not cut inside a character, and nothing follows the cut") {
  for (std::size_t shift = 0; shift < 4; ++shift) {
    std::string words(shift, 'x');
    while (words.size() < 1000) words += "\xf0\x9f\x98\x80";
    auto const line = logged(twice, [&] { throw std::runtime_error(words); }).at(0);
    CHECK(line.size() > 511 - 4);
    CHECK(line.size() <= 511);
    CHECK((line.size() - 25 - shift) % 4 == 0);
    CHECK(line.substr(line.size() - 4) == "\xf0\x9f\x98\x80");
  }
}

TEST_CASE("A FILE* gets the same lines") {
  auto* const file = std::tmpfile();
  REQUIRE(file != nullptr);
  tenax::testing::virtual_time clock;
  static_cast<void>(twice.environment(std::ref(clock)).before_sleep(tenax::log_to(file)).try_call(reset));
  static_cast<void>(twice.environment(std::ref(clock)).before_sleep(tenax::log_to(file)).try_call([] {
    throw std::runtime_error("100 %s %n");
  }));
  std::rewind(file);
  char text[400] = {};
  auto const size = std::fread(text, 1, sizeof text - 1, file);
  std::fclose(file);
  CHECK(std::string(text, size) ==
        "tenax: attempt 1 failed: connection reset; attempt 2 in 1.5s\n"
        "tenax: attempt 1 failed: 100 %s %n; attempt 2 in 1.5s\n");
}

TEST_CASE("Logging does not read the clock") {
  STATIC_REQUIRE_FALSE(decltype(tenax::retrying{}.before_sleep(tenax::log_to(stderr)))::uses_time);
}

TEST_CASE("log_to for on_give_up writes the stop reason and the last outcome") {
  std::vector<std::string> said;
  auto const log = tenax::log_to([&](std::string_view line) { said.emplace_back(line); });
  tenax::testing::virtual_time clock;
  auto const policy = tenax::retrying{}.environment(std::ref(clock)).on_give_up(log);
  (void)policy.try_call([]() -> int { throw std::runtime_error("lost"); });
  (void)policy.try_call([]() -> int { throw tenax::retry_after(1h, std::runtime_error("slow down")); });
  bool const stopped = true;
  struct token {
    bool const* stop;
    bool stop_requested() const { return *stop; }
  };
  (void)policy.cancel_with(token{&stopped}).try_call([] { return 1; });
  CHECK(said ==
        std::vector<std::string>{
            "tenax: gave up after attempt 3 (attempts), which failed: lost",
            "tenax: gave up after attempt 1 (server_wait_too_long), which failed: slow down (the server asked for 1h)",
            "tenax: gave up before the first attempt: cancelled"});
}

TEST_CASE("A wait without end is written in words") {
  auto const endless = [] { throw tenax::retry_after(tenax::duration::max(), std::runtime_error("slow")); };
  CHECK(logged(twice.max_server_wait(10s, tenax::too_long::clamp), endless) ==
        lines{"tenax: attempt 1 failed: slow; attempt 2 in 10s (the server asked for a wait without end)"});
}

TEST_CASE("A line names the field whose wait was not plausible") {
  auto const policy =
      twice.read_hints_with([](auto const&) { return tenax::hint{.wait = 2s, .ignored = "the body's wait"}; });
  CHECK(logged(policy, [] { throw std::runtime_error("slow"); }) ==
        lines{"tenax: attempt 1 failed: slow; attempt 2 in 2s (the server asked for 2s) "
              "(the body's wait ignored: not plausible)"});
}

TEST_CASE("A line about a call that never began contains the gate's reason") {
  tenax::testing::virtual_time clock;
  lines said;
  tests::test_gate gate({tenax::admission::wait_for_server(1h)});
  (void)tenax::retrying{}
      .environment(std::ref(clock))
      .through(std::ref(gate))
      .on_give_up(tenax::log_to([&](std::string_view line) { said.emplace_back(line); }))
      .try_call([] {});
  CHECK(said == lines{"tenax: gave up before the first attempt: server_wait_too_long: a gate waits for longer than "
                      "max_server_wait, as a server asked"});
}

TEST_CASE("A line about a call whose next attempt a gate refused contains the gate's reason") {
  tenax::testing::virtual_time clock;
  lines said;
  tests::test_gate gate({tenax::admission::go(), tenax::admission::refuse("circuit open", 10s)});
  std::string third;
  auto const policy =
      twice.environment(std::ref(clock))
          .through(std::ref(gate))
          .on_give_up([&](tenax::attempt_info const&, tenax::stop_reason, char const* refusal) { third = refusal; })
          .on_give_up(tenax::log_to([&](std::string_view line) { said.emplace_back(line); }));
  if (GENERATE(true, false)) {
    (void)policy.try_call(reset);
  } else {
    (void)tenax::any_retrying(policy).try_call(reset);
  }
  CHECK(third == "circuit open");
  CHECK(said ==
        lines{"tenax: gave up after attempt 1 (refused_by_gate: circuit open), which failed: connection reset"});
}

TEST_CASE("A line begins with the name of the call, if it has one") {
  lines log;
  auto const sink = [&](std::string_view line) { log.emplace_back(line); };
  auto const named = twice.named("cata\nlogue");
  CHECK(logged(named, reset) == lines{"tenax: cata logue: attempt 1 failed: connection reset; attempt 2 in 1.5s"});
  tenax::testing::virtual_time clock;
  static_cast<void>(named.environment(std::ref(clock)).on_give_up(tenax::log_to(sink)).try_call(reset));
  CHECK(log == lines{"tenax: cata logue: gave up after attempt 2 (attempts), which failed: connection reset"});
}
