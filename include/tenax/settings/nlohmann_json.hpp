// SPDX-License-Identifier: MIT
// settings/nlohmann_json.hpp: `retry_settings` from and to the JSON values of nlohmann/json.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include <tenax/detail/reject.hpp>
#include <tenax/settings/detail/read_settings.hpp>
#include <tenax/settings/error.hpp>
#include <tenax/settings/text.hpp>
#include <tenax/settings/to_text.hpp>

#include <nlohmann/json.hpp>

namespace tenax {

namespace detail {

[[noreturn, gnu::cold]] inline void reject_json(std::string const& path, std::string const& sentence) {
  raise(settings_error("tenax: settings: " + (path.empty() ? "the document" : path) + ": " + sentence, path));
}

template <class Json>
void read_json_value(Json const& value, std::size_t index, std::string const& path, retry_settings& s) {
  std::string text;
  if (value.is_string()) {
    text = value.template get_ref<typename Json::string_t const&>();
  } else if (index == 0 && value.is_number()) {
    text = value.dump();
  } else {
    constexpr char const* right[] = {"a number such as 5",        "a string such as \"exponential(100ms..5s).full\"",
                                     "a string such as \"30s\"",  "a string such as \"30s\"",
                                     "a string such as \"5min\"", "a string such as \"2s\""};
    reject_json(path, "must be " + std::string(right[index]) + ", but is " +
                          (value.is_structured() ? std::string(value.type_name()) : value.dump()));
  }
  settings_reader r(text);
  read_value(r, index, s);
  if (!r.good()) reject_json(path, place_in(text, r.mistake_at()) + ": " + r.mistake());
}

}  // namespace detail

/// Reads settings from a JSON object whose members are named as the settings, with the values of
/// `settings_from_text` as strings; `attempts` may be a number:
/// `{"attempts": 5, "wait": "exponential(100ms..5s).full", "deadline": "30s"}`.
/// Or from a string with all settings. What is not named stays as in `defaults`. `path`: where the value stands in the
/// document, for messages, such as "/retry".
///
/// Throws `settings_error` for an unknown member and a value that cannot be understood; its place is the path.
template <class Json>
[[nodiscard]] retry_settings settings_from_json(Json const& json, retry_settings const& defaults = {},
                                                std::string const& path = {}) {
  auto settings = defaults;
  if (json.is_string()) {
    auto const& text = json.template get_ref<typename Json::string_t const&>();
    detail::settings_reader r(text);
    detail::read_settings(r, settings);
    if (!r.good()) detail::reject_json(path, detail::place_in(text, r.mistake_at()) + ": " + r.mistake());
    return settings;
  }
  if (!json.is_object()) {
    detail::reject_json(path, "must be an object such as {\"attempts\": 5}, but is " + std::string(json.type_name()));
  }
  for (auto const& member : json.items()) {
    auto const index = detail::setting_index(member.key());
    if (index == detail::settings_count) detail::reject_json(path, detail::unknown_setting(member.key()));
    detail::read_json_value(member.value(), index, path + "/" + member.key(), settings);
  }
  return settings;
}

/// For `json.get<tenax::retry_settings>()`: as `settings_from_json`.
template <class Json>
  requires nlohmann::detail::is_basic_json<Json>::value
void from_json(Json const& json, retry_settings& settings) {
  settings = settings_from_json(json, settings);
}

/// For `nlohmann::json value = settings`: an object with the members of `to_text`.
///
/// Throws `std::invalid_argument` for settings that make no policy.
template <class Json>
  requires nlohmann::detail::is_basic_json<Json>::value
void to_json(Json& json, retry_settings const& settings) {
  detail::check_settings(settings);
  retry_settings const defaults;
  json = Json::object();
  for (std::size_t i = 0; i < detail::settings_count; ++i) {
    auto value = detail::value_text(settings, i);
    if (i > 1 && value == detail::value_text(defaults, i)) continue;
    auto& member = json[std::string(detail::setting_names[i])];
    if (i == 0 && settings.attempts != retry_settings::unlimited) {
      member = settings.attempts;
    } else {
      member = std::move(value);
    }
  }
}

}  // namespace tenax
