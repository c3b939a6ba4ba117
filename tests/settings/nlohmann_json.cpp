// SPDX-License-Identifier: MIT
// nlohmann_json.cpp: settings from and to JSON.
#include <tenax/settings/nlohmann_json.hpp>

#include "catch.hpp"

using namespace std::chrono_literals;
using nlohmann::json;
using tenax::retry_settings;
using tenax::settings_from_json;

TEST_CASE("Settings are read from a JSON object, or from a string") {
  auto const document = json::parse(R"({"retry": {"attempts": 5, "wait": "exponential(100ms..5s).full",
                                        "deadline": "30s", "server_wait": "1min.clamp"}})");
  retry_settings const expected{
      .attempts = 5, .deadline = 30s, .server_wait = {.max = 1min, .action = tenax::too_long::clamp}};
  CHECK(settings_from_json(document["retry"]) == expected);
  CHECK(document["retry"].get<retry_settings>() == expected);
  CHECK(settings_from_json(json("attempts=5 deadline=30s server_wait=1min.clamp")) == expected);
  CHECK(settings_from_json(json::object(), {.attempts = 9}).attempts == 9);
  CHECK(settings_from_json(json{{"attempts", "unlimited"}}).attempts == retry_settings::unlimited);
  CHECK(nlohmann::ordered_json::parse(R"({"attempts": 2})").get<retry_settings>().attempts == 2);
}

TEST_CASE("Settings that are written as JSON and read again are the same") {
  for (auto const& s : {retry_settings{}, retry_settings{.attempts = retry_settings::unlimited, .elapsed = 3s},
                        retry_settings{.attempts = 2, .server_wait = {.max = 0s}, .attempt_timeout = 1s}}) {
    json const written = s;
    CHECK(json::parse(written.dump()).get<retry_settings>() == s);
  }
  CHECK(json(retry_settings{.deadline = 30s}).dump() ==
        "{\"attempts\":3,\"deadline\":\"30s\",\"wait\":\"exponential(100ms..5s).full\"}");
  CHECK_THROWS_AS(json(retry_settings{.attempts = 0}), std::invalid_argument);
}

TEST_CASE("A wrong member or value of JSON is named with its path and what to write") {
  // Quotation marks are written as apostrophes.
  auto const read = [](std::string text) {
    for (auto& c : text) c = c == '\'' ? '"' : c;
    return settings_from_json(json::parse(text), {}, "/retry");
  };
  CHECK_THROWS_WITH(read("{'atempts': 3}"),
                    "tenax: settings: /retry: \"atempts\" is not a setting; did you mean \"attempts\"?");
  CHECK_THROWS_WITH(read("{'deadline': 30}"),
                    "tenax: settings: /retry/deadline: must be a string such as \"30s\", but is 30");
  CHECK_THROWS_WITH(read("{'deadline': null}"),
                    "tenax: settings: /retry/deadline: must be a string such as \"30s\", but is null");
  CHECK_THROWS_WITH(read("{'wait': ['none']}"), Catch::Contains("/retry/wait: must be a string such as "
                                                                "\"exponential(100ms..5s).full\", but is array"));
  CHECK_THROWS_WITH(read("{'attempts': true}"),
                    "tenax: settings: /retry/attempts: must be a number such as 5, but is true");
  CHECK_THROWS_WITH(read("{'attempts': -3}"),
                    "tenax: settings: /retry/attempts: character 1: attempts needs a number before \"-3\"");
  CHECK_THROWS_WITH(read("{'attempts': 2.5}"), Catch::Contains("attempts must be a whole number"));
  CHECK_THROWS_WITH(read("{'wait': 'expnential(1s)'}"),
                    "tenax: settings: /retry/wait: character 1: \"expnential\" is not a wait; did you mean "
                    "\"exponential\"?");
  CHECK_THROWS_WITH(read("3"), "tenax: settings: /retry: must be an object such as {\"attempts\": 5}, but is number");
  CHECK_THROWS_WITH(settings_from_json(json("attempts=x")),
                    "tenax: settings: the document: character 10: attempts needs a number before \"x\"");
}
