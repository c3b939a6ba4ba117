// SPDX-License-Identifier: MIT
// settings.cpp: the snippets of docs/reference/settings.md and docs/how-to/policies-from-a-configuration.md.
#include <tenax/settings.hpp>

#include "docs.hpp"

namespace {

// [member]
class catalogue {
 public:
  explicit catalogue(tenax::retry_settings const& settings) : retry_(settings.policy()) {}

  /// Takes a new configuration while the program runs.
  void configure(tenax::retry_settings const& settings) { retry_ = settings.policy(); }

  std::string page(std::string const& name) const {
    return retry_([&] { return fetch(name); });
  }

 private:
  std::string fetch(std::string const& name) const { return "page " + name; }

  tenax::configured_retrying<> retry_;
};
// [/member]

}  // namespace

TEST_CASE("settings: as plain data") {
  // [data]
  tenax::retry_settings const settings{
      .attempts = 5, .wait = {.first = 100ms, .max = 5s}, .deadline = 30s};
  auto const polite = settings.policy().when(tenax::when::exception<network_error>);
  // [/data]
  CHECK(polite([] { return 7; }) == 7);
  catalogue c(settings);
  c.configure({.attempts = 2});
  CHECK(c.page("1") == "page 1");
}

TEST_CASE("settings: from and to text") {
  // [text]
  auto const settings =
      tenax::settings_from_text("attempts=5 wait=exponential(100ms..5s).full deadline=30s");
  CHECK(settings.attempts == 5);
  CHECK(tenax::to_text(settings) == "attempts=5 wait=exponential(100ms..5s).full deadline=30s");
  // [/text]

  // [mistake]
  auto const parsed = tenax::try_settings_from_text("attempts=5 dedline=30s");
  CHECK(parsed.mistake ==
        "tenax: settings: character 12: \"dedline\" is not a setting; did you mean \"deadline\"?");
  // [/mistake]
  auto retry = tenax::configured_retrying<>(tenax::retry_settings().policy());
  auto const reload = [&](std::string const& text) {
    // [parsed]
    if (auto const reloaded = tenax::try_settings_from_text(text)) {
      retry = reloaded.value.policy();
    } else {
      std::fprintf(stderr, "%s\n", reloaded.mistake.c_str());  // and the old policy stays
    }
    // [/parsed]
  };
  reload("attempts=5");
  CHECK(tenax::worst_case(retry).attempts == 5);
  reload("attempts=none, please");
  CHECK(tenax::worst_case(retry).attempts == 5);
}

TEST_CASE("settings: from environment variables") {
  char const* variables[] = {"CATALOGUE_RETRY_ATTEMPTS=7", nullptr};
  // [environment]
  tenax::retry_settings const defaults{.attempts = 5, .deadline = 30s};
  auto const settings = tenax::settings_from_environment("CATALOGUE_RETRY", defaults);
  // [/environment]
  CHECK(settings == defaults);
  CHECK(tenax::settings_from_environment("CATALOGUE_RETRY", defaults, variables).attempts == 7);
}

TEST_CASE("settings: a limit on the time of an attempt") {
  // [timed]
  auto const settings = tenax::settings_from_text("attempts=3 attempt_timeout=2s");
  auto const timed = settings.timed_policy();
  auto const left = timed([](tenax::attempt_info const& a) { return a.time_left; });
  // [/timed]
  CHECK(left == 2s);
}
