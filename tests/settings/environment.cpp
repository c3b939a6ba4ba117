// SPDX-License-Identifier: MIT
// environment.cpp: settings from environment variables.
#include <tenax/settings/environment.hpp>

#include <cstdlib>
#include <vector>

#include "catch.hpp"

using namespace std::chrono_literals;
using tenax::retry_settings;

namespace {

retry_settings read(std::vector<char const*> variables, retry_settings const& defaults = {}) {
  variables.push_back(nullptr);
  return tenax::settings_from_environment("APP_RETRY", defaults, variables.data());
}

}  // namespace

TEST_CASE("Settings are read from environment variables") {
  CHECK(read({"HOME=/root", "APP_RETRY_ATTEMPTS=7", "APP_RETRY_WAIT= constant(1s) "}) ==
        retry_settings{.attempts = 7,
                       .wait = {.kind = tenax::wait_kind::constant, .jitter = tenax::jitter_kind::none, .first = 1s}});
  CHECK(read({"APP_RETRY=attempts=4 deadline=10s"}) == retry_settings{.attempts = 4, .deadline = 10s});
  CHECK(read({}, {.attempts = 8}).attempts == 8);
  CHECK(tenax::settings_from_environment("APP_RETRY", {}, nullptr) == retry_settings{});
}

TEST_CASE("A variable for one setting takes precedence, in any order, and an empty one counts as not set") {
  CHECK(read({"APP_RETRY_ATTEMPTS=7", "APP_RETRY=attempts=4 deadline=10s"}) ==
        retry_settings{.attempts = 7, .deadline = 10s});
  CHECK(read({"APP_RETRY_ATTEMPTS=", "APP_RETRY=attempts=4"}).attempts == 4);
  CHECK(read({"APP_RETRY="}, {.attempts = 6}).attempts == 6);
}

TEST_CASE("Variables with another prefix are left alone") {
  CHECK(read({"APP_RETRYABLE=x", "APP_RETR=x", "XAPP_RETRY=x", "APP_RETRY", "=x", ""}) == retry_settings{});
}

TEST_CASE("A wrong environment variable is named with the nearest right one") {
  CHECK_THROWS_WITH(read({"APP_RETRY_ATEMPTS=3"}),
                    "tenax: environment variable APP_RETRY_ATEMPTS: \"atempts\" is not a setting; did you mean "
                    "\"attempts\"?");
  CHECK_THROWS_WITH(read({"APP_RETRY_ATEMPTS="}), Catch::Contains("did you mean"));
  CHECK_THROWS_WITH(
      read({"APP_RETRY_DEADLINE=30"}),
      "tenax: environment variable APP_RETRY_DEADLINE: character 3: deadline needs a unit: ns, us, ms, s, "
      "min, h or d, as in 30s");
  CHECK_THROWS_WITH(read({"APP_RETRY_DEADLINE=3s 4"}), Catch::Contains("cannot be understood before \"4\""));
  CHECK_THROWS_WITH(
      read({"APP_RETRY=attempts=0"}),
      "tenax: environment variable APP_RETRY: character 10: attempts must be from 1 to 4294967294, but is "
      "0");
  try {
    static_cast<void>(read({"APP_RETRY_\n=3"}));
    CHECK(false);
  } catch (tenax::settings_error const& e) {
    CHECK(e.place() == "APP_RETRY_ ");
  }
}

TEST_CASE("The environment of the process is read") {
#if defined(_WIN32)
  _putenv("TENAX_TEST_RETRY_ATTEMPTS=11");
#else
  setenv("TENAX_TEST_RETRY_ATTEMPTS", "11", 1);
#endif
  CHECK(tenax::settings_from_environment("TENAX_TEST_RETRY").attempts == 11);
}
