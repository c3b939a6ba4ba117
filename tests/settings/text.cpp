// SPDX-License-Identifier: MIT
// text.cpp: settings from text and back, and the sentence for each mistake.
#include <tenax/settings/text.hpp>

#include <limits>
#include <string>

#include <tenax/settings/to_text.hpp>

#include "catch.hpp"

using namespace std::chrono_literals;
using tenax::jitter_kind;
using tenax::retry_settings;
using tenax::settings_from_text;
using tenax::to_text;
using tenax::too_long;
using tenax::try_settings_from_text;
using tenax::wait_kind;

namespace {

constexpr auto none = retry_settings::no_limit;

std::string mistake_in(std::string const& text) {
  auto const parsed = try_settings_from_text(text);
  CHECK_FALSE(parsed);
  CHECK(parsed.value == retry_settings{});
  std::string const start = "tenax: settings: ";
  REQUIRE(parsed.mistake.substr(0, start.size()) == start);
  CHECK(parsed.mistake.substr(start.size(), parsed.place.size()) == parsed.place);
  return parsed.mistake.substr(start.size());
}

}  // namespace

TEST_CASE("Settings are read from text") {
  CHECK(settings_from_text("attempts=5 wait=exponential(100ms..5s).full deadline=30s") ==
        retry_settings{.attempts = 5, .wait = {.first = 100ms, .max = 5s}, .deadline = 30s});
  CHECK(settings_from_text("") == retry_settings{});
  CHECK(settings_from_text(" \t\r\n attempts=7\n") == retry_settings{.attempts = 7});
  CHECK(settings_from_text("attempts=unlimited elapsed=1min\ndeadline=none") ==
        retry_settings{.attempts = retry_settings::unlimited, .elapsed = 1min});
  CHECK(settings_from_text("server_wait=0s.ignore attempt_timeout=1.5s") ==
        retry_settings{.server_wait = {.max = 0s, .action = too_long::ignore}, .attempt_timeout = 1500ms});
  CHECK(settings_from_text("server_wait=unlimited.give_up") == retry_settings{.server_wait = {.max = none}});
  CHECK(settings_from_text("server_wait=2min.lengthen").server_wait.action == too_long::lengthen);
}

TEST_CASE("What the text does not name stays as in the defaults") {
  retry_settings const defaults{.attempts = 9, .wait = {.kind = wait_kind::constant, .first = 1s}, .deadline = 1min};
  auto const s = settings_from_text("attempts=2", defaults);
  CHECK(s.attempts == 2);
  CHECK(s.wait == defaults.wait);
  CHECK(s.deadline == 1min);
  CHECK(settings_from_text("deadline=none", defaults).deadline == none);
  CHECK(settings_from_text("wait=linear(2s)", defaults).wait.jitter == jitter_kind::none);
  CHECK(try_settings_from_text("deadline=5s attempts=0", defaults).value == defaults);
}

TEST_CASE("Every wait and every jitter can be written") {
  auto const wait_of = [](char const* text) { return settings_from_text("wait=" + std::string(text)).wait; };
  using settings = tenax::wait_settings;
  auto const plain = [](settings s) {
    s.jitter = jitter_kind::none;
    return s;
  };
  CHECK(wait_of("none") == settings{.kind = wait_kind::none});
  CHECK(wait_of("constant(0s)") == plain({.kind = wait_kind::constant, .first = 0s}));
  CHECK(wait_of("constant(1s).full") == settings{.kind = wait_kind::constant, .first = 1s});
  CHECK(wait_of("linear(1s..9s)") == plain({.kind = wait_kind::linear, .first = 1s, .max = 9s, .step = 1s}));
  CHECK(wait_of("linear(1s, step=2s)") == plain({.kind = wait_kind::linear, .first = 1s, .max = none, .step = 2s}));
  CHECK(wait_of("exponential(1s)") == plain({.first = 1s, .max = none}));
  CHECK(wait_of("exponential(1s..1min , factor=1.25 ).equal") ==
        settings{.jitter = jitter_kind::equal, .first = 1s, .max = 1min, .factor = 1.25});
  CHECK(wait_of("fibonacci(1s..8s).additive(5ms)") ==
        settings{.kind = wait_kind::fibonacci, .jitter = jitter_kind::additive, .first = 1s, .max = 8s, .most = 5ms});
  CHECK(wait_of("polynomial(1s..8s,exponent=3)") ==
        plain({.kind = wait_kind::polynomial, .first = 1s, .max = 8s, .exponent = 3}));
  CHECK(wait_of("sequence(1s, 5s,30s).proportional(7%)") == settings{.kind = wait_kind::sequence,
                                                                     .jitter = jitter_kind::proportional,
                                                                     .waits = {1s, 5s, 30s},
                                                                     .size = 3,
                                                                     .share = 0.07});
  CHECK(wait_of("uniform(1s..2s)") == settings{.kind = wait_kind::uniform, .first = 1s, .max = 2s});
  CHECK(wait_of("decorrelated(1s..2s)") == settings{.kind = wait_kind::decorrelated, .first = 1s, .max = 2s});
}

TEST_CASE("Times have units and are exact") {
  auto const time = [](char const* text) { return settings_from_text("deadline=" + std::string(text)).deadline; };
  CHECK(time("1ns") == 1ns);
  CHECK(time("2us") == 2us);
  CHECK(time("0.3s") == 300ms);
  CHECK(time("1.000000001s") == 1'000'000'001ns);
  CHECK(time("1.0000000005s") == 1'000'000'001ns);
  CHECK(time("1.5min") == 90s);
  CHECK(time("2h") == 2h);
  CHECK(time("365d") == 365 * 24h);
  CHECK(time("9223372036.854775806s") == none - 1ns);
  CHECK(mistake_in("deadline=9223372036.854775807s") == "character 10: deadline must be less than 292 years");
  CHECK(mistake_in("deadline=999999999999999999d") == "character 10: deadline must be less than 292 years");
}

TEST_CASE("Settings that are written and read again are the same, in words as well") {
  for (auto const* const text :
       {"attempts=5 wait=exponential(100ms..5s).full deadline=30s", "attempts=3 wait=exponential(100ms..5s).full",
        "attempts=unlimited wait=none", "attempts=1 wait=constant(1500ms)",
        "attempts=3 wait=linear(1s..9s,step=2s).equal elapsed=90s", "attempts=3 wait=linear(1s)",
        "attempts=3 wait=exponential(1ns,factor=1.25).additive(1us)", "attempts=3 wait=fibonacci(1s..1d)",
        "attempts=3 wait=polynomial(1s..8s,exponent=3).proportional(12.5%)",
        "attempts=3 wait=sequence(0s,1s,1h).proportional(0.001%) server_wait=1h.clamp",
        "attempts=3 wait=uniform(0s..2s) server_wait=unlimited", "attempts=3 wait=decorrelated(1s..2s) server_wait=0s",
        "attempts=3 wait=none server_wait=5min.lengthen attempt_timeout=250ms"}) {
    auto const read = settings_from_text(text);
    CHECK(to_text(read) == text);
    CHECK(settings_from_text(to_text(read)) == read);
  }
}

TEST_CASE("Numbers that no text can say are not written") {
  CHECK_THROWS_AS(to_text({.attempts = 0}), std::invalid_argument);
  CHECK_THROWS_AS(to_text({.deadline = -1s}), std::invalid_argument);
  CHECK_THROWS_WITH(to_text({.wait = {.factor = 1e9}}), Catch::Contains("factor must be from 1 to 1000000"));
  CHECK_THROWS_AS(to_text({.wait = {.factor = std::numeric_limits<double>::quiet_NaN()}}), std::invalid_argument);
  CHECK_THROWS_WITH(to_text({.wait = {.kind = wait_kind::polynomial, .exponent = 64}}), Catch::Contains("at most 63"));
  CHECK_THROWS_WITH(to_text({.wait = {.kind = wait_kind::uniform, .max = none}}), Catch::Contains("must be finite"));
  // A third needs more digits than are written, so the nearest decimal is.
  CHECK(to_text({.wait = {.factor = 4.0 / 3}}) ==
        "attempts=3 wait=exponential(100ms..5s,factor=1.33333333333333).full");
}

TEST_CASE("A wrong name is named with its place and the nearest right one") {
  CHECK(mistake_in("atempts=3") == "character 1: \"atempts\" is not a setting; did you mean \"attempts\"?");
  CHECK(mistake_in("attempts=3 wiat=none") == "character 12: \"wiat\" is not a setting; did you mean \"wait\"?");
  CHECK(mistake_in("attempts=3\n\n  Deadline=3s") ==
        "line 3, character 3: \"Deadline\" is not a setting; did you mean \"deadline\"?");
  CHECK(mistake_in("attempt-timeout=1s") ==
        "character 1: \"attempt-timeout\" is not a setting; did you mean \"attempt_timeout\"?");
  CHECK(mistake_in("timeout=1s") == "character 1: \"timeout\" is not a setting; did you mean \"deadline\"?");
  CHECK(mistake_in("max_retries=3") ==
        "character 1: \"max_retries\" is not a setting; write \"attempts\", which counts the first call as well");
  CHECK(mistake_in("when=503") ==
        "character 1: \"when\" is not a setting: the code decides which failures are retried, with .when(...)");
  CHECK(mistake_in("gate=rate") ==
        "character 1: \"gate\" is not a setting: the code decides which gates a call passes, with .through(...)");
  CHECK(mistake_in("colour=1") ==
        "character 1: \"colour\" is not a setting; write attempts, wait, deadline, elapsed, server_wait or "
        "attempt_timeout");
  CHECK(mistake_in("wait=exponentail(1s)") ==
        "character 6: \"exponentail\" is not a wait; did you mean \"exponential\"?");
  CHECK(mistake_in("wait=expo(1s)") == "character 6: \"expo\" is not a wait; did you mean \"exponential\"?");
  CHECK(mistake_in("wait=fixed(1s)") == "character 6: \"fixed\" is not a wait; did you mean \"constant\"?");
  CHECK(mistake_in("wait=constant(1s).ful") == "character 19: \"ful\" is not a jitter; did you mean \"full\"?");
  CHECK(mistake_in("wait=constant(1s).proportion") ==
        "character 19: \"proportion\" is not a jitter; did you mean \"proportional(20%)\"?");
  CHECK(mistake_in("wait=exponential(1s,fator=3)") ==
        "character 21: \"fator\" is not an option of this wait; did you mean \"factor\"?");
  CHECK(mistake_in("server_wait=1s.clip") ==
        "character 16: \"clip\" is not known after server_wait; did you mean \"clamp\"?");
  CHECK(mistake_in("deadline=5sec") == "character 11: deadline: \"sec\" is not a unit; did you mean \"s\"?");
}

TEST_CASE("A wrong value is named with its place and a right one") {
  CHECK(mistake_in("attempts=0") == "character 10: attempts must be from 1 to 4294967294, but is 0");
  CHECK(mistake_in("attempts=-1") == "character 10: attempts needs a number before \"-1\"");
  CHECK(mistake_in("attempts=4294967295") == "character 10: attempts must be from 1 to 4294967294, but is 4294967295");
  CHECK(mistake_in("attempts=2.5") == "character 10: attempts must be a whole number");
  CHECK(mistake_in("attempts=") == "character 10: attempts needs a number at the end");
  CHECK(mistake_in("attempts=1111111111111111") == "character 10: attempts: a number has at most 15 digits here");
  CHECK(mistake_in("attempts=3 attempts=4") == "character 12: attempts is set twice");
  CHECK(mistake_in("attempts 3") == "character 9: \"=\" is expected after \"attempts\", as in attempts=5");
  CHECK(mistake_in("attempts=3,wait=none") == "character 11: settings are separated by blanks; leave out the \",\"");
  CHECK(mistake_in("=3") == "character 1: a setting is NAME=VALUE, such as attempts=5; that is expected before \"=3\"");
  CHECK(mistake_in("deadline=30") == "character 12: deadline needs a unit: ns, us, ms, s, min, h or d, as in 30s");
  CHECK(mistake_in("deadline=5m") ==
        "character 11: deadline: \"m\" is not a unit; write \"min\" for minutes or \"ms\" for milliseconds");
  CHECK(mistake_in("deadline=-1s") == "character 10: deadline must not be negative");
  CHECK(mistake_in("deadline=0s") == "character 10: deadline must be more than zero");
  CHECK(mistake_in("deadline=30s.clip") ==
        "character 13: the code shortens the last wait, with stop::deadline(d).clip_last_wait()");
  CHECK(mistake_in("deadline=30s!") == "character 13: deadline: the value cannot be understood before \"!\"");
  CHECK(mistake_in("wait=") == "character 6: wait needs a strategy, such as exponential(100ms..5s).full, at the end");
  CHECK(mistake_in("wait=exponential") ==
        "character 17: exponential needs its times in brackets, as in exponential(100ms..5s), at the end");
  CHECK(mistake_in("wait=exponential(5s..1s)") ==
        "character 22: exponential: the second time (1s) must not be less than the first one (5s)");
  CHECK(mistake_in("wait=uniform(1s)") ==
        "character 16: uniform needs two times, as in uniform(100ms..5s), before \")\"");
  CHECK(mistake_in("wait=exponential(1s") == "character 20: \")\" is expected at the end");
  CHECK(mistake_in("wait=exponential(1s,factor=0.5)") == "character 28: factor must be from 1 to 1000000");
  CHECK(mistake_in("wait=sequence(1s,1s,1s,1s,1s,1s,1s,1s,1s)") ==
        "character 39: a sequence has at most 8 waits in settings");
  CHECK(mistake_in("wait=constant(1s).proportional(120%)") == "character 32: proportional must be at most 100%");
  CHECK(mistake_in("wait=constant(1s).proportional(0.2)") ==
        "character 35: proportional needs a percentage, as in 20%, before \")\"");
  CHECK(mistake_in("wait=none.full") ==
        "character 10: this wait is random or zero, so it has no jitter; leave out .full");
}

TEST_CASE("A hostile text forges no line of a log") {
  auto const mistake = mistake_in("\x1b[2J\nattempts=1");
  CHECK(mistake.find('\n') == std::string::npos);
  CHECK(mistake.find('\x1b') == std::string::npos);
  auto const long_name = mistake_in(std::string(1000, 'a') + "=1");
  CHECK(long_name.size() < 200);
  CHECK_THROWS_AS(settings_from_text("x"), tenax::settings_error);
  try {
    static_cast<void>(settings_from_text("attempts=3\nx"));
  } catch (tenax::settings_error const& e) {
    CHECK(e.place() == "line 2, character 1");
    CHECK(std::string(e.what()).find("line 2, character 1: \"x\" is not a setting") != std::string::npos);
  }
}
