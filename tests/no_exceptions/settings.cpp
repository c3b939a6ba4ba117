// SPDX-License-Identifier: MIT
// settings.cpp: settings are read, and mistakes found, without exceptions.
#include <system_error>

#include <tenax/settings.hpp>

#include "check.hpp"

int main() {
  auto const parsed = tenax::try_settings_from_text("attempts=2 wait=none");
  CHECK(static_cast<bool>(parsed));
  int calls = 0;
  auto const fails = [&] {
    ++calls;
    return std::make_error_code(std::errc::timed_out);
  };
  CHECK(static_cast<bool>(parsed.value.policy()(fails)));
  CHECK(calls == 2);
  CHECK(!tenax::try_settings_from_text("atempts=2"));
  CHECK(tenax::to_text(parsed.value) == "attempts=2 wait=none");
  return failed_checks;
}
