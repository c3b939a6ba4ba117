// SPDX-License-Identifier: MIT
// settings_json.cpp: the snippets about JSON of docs/reference/settings.md.
#include <tenax/settings/nlohmann_json.hpp>

#include "docs.hpp"

TEST_CASE("settings: from and to JSON") {
  // [json]
  auto const document = nlohmann::json::parse(
      R"({"retry": {"attempts": 5, "wait": "exponential(100ms..5s).full", "deadline": "30s"}})");
  auto const settings = tenax::settings_from_json(document["retry"], {}, "/retry");
  nlohmann::json const written = settings;
  CHECK(written == document["retry"]);
  // [/json]
  CHECK(settings.deadline == 30s);
}
