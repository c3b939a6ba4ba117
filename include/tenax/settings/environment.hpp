// SPDX-License-Identifier: MIT
// settings/environment.hpp: `retry_settings` from environment variables: MYAPP_RETRY, MYAPP_RETRY_ATTEMPTS, ...
#pragma once

#include <string>
#include <string_view>

#include <tenax/detail/reject.hpp>
#include <tenax/platform/environment_variables.hpp>
#include <tenax/settings/detail/read_settings.hpp>
#include <tenax/settings/error.hpp>
#include <tenax/settings/text.hpp>

namespace tenax {

namespace detail {

[[noreturn, gnu::cold]] inline void reject_variable(std::string_view name, std::string const& sentence) {
  auto const place = safe_text(name, 64);
  raise(settings_error("tenax: environment variable " + place + ": " + sentence, place));
}

/// Reads one variable for one setting, whose index is `settings_count` for the text of all settings.
inline void read_variable(std::string_view name, std::string_view value, std::size_t index, retry_settings& s) {
  settings_reader r(value);
  if (index == settings_count) {
    read_settings(r, s);
  } else {
    read_value(r, index, s);
  }
  if (!r.good()) reject_variable(name, place_in(value, r.mistake_at()) + ": " + r.mistake());
}

}  // namespace detail

/// Reads settings from environment variables that begin with `prefix`, such as "MYAPP_RETRY". The variable of that name
/// has the text of all settings, and a variable such as `MYAPP_RETRY_ATTEMPTS` or `MYAPP_RETRY_WAIT` the value of one,
/// which takes precedence. An empty variable counts as not set. What is not set stays as in `defaults`.
///
/// The prefix belongs to these settings: throws `settings_error` for a variable that begins with it and `_` and names
/// no setting, and for a value that cannot be understood. `variables`: texts `NAME=VALUE`, ended by a null pointer, as
/// `environ` and the third parameter of `main`; null for none.
///
/// Thread safety: safe while no thread changes the environment.
[[nodiscard]] inline retry_settings settings_from_environment(
    std::string_view prefix, retry_settings const& defaults = {},
    char const* const* variables = platform::environment_variables()) {
  auto settings = defaults;
  if (variables == nullptr) return settings;
  // First the text of all settings, then single ones.
  for (bool const single : {false, true}) {
    for (auto const* v = variables; *v != nullptr; ++v) {
      std::string_view const variable = *v;
      auto const name = variable.substr(0, variable.find('='));
      if (name.size() >= variable.size() || name.substr(0, prefix.size()) != prefix) continue;
      auto const value = variable.substr(name.size() + 1);
      auto rest = name.substr(prefix.size());
      if (rest.empty() ? single : !single || rest.front() != '_') continue;
      std::string setting;
      for (char const c : rest.substr(rest.empty() ? 0 : 1)) setting += detail::lower(c);
      auto const index = detail::setting_index(setting);
      if (single && index == detail::settings_count) detail::reject_variable(name, detail::unknown_setting(setting));
      if (!value.empty()) detail::read_variable(name, value, index, settings);
    }
  }
  return settings;
}

}  // namespace tenax
