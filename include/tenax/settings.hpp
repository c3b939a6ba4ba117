// SPDX-License-Identifier: MIT
// settings.hpp: policies from configurations: `retry_settings`, from and to text, and from environment variables.
#pragma once

#include <tenax/settings/environment.hpp>
#include <tenax/settings/error.hpp>
#include <tenax/settings/retry_settings.hpp>
#include <tenax/settings/text.hpp>
#include <tenax/settings/to_text.hpp>
