// SPDX-License-Identifier: MIT
// suspend_aware_time.hpp: `suspend_aware_time`: an environment whose clock goes on while the machine is suspended.
#pragma once

#include <tenax/environment.hpp>
#include <tenax/platform/boot_time.hpp>

namespace tenax {

/// As `real_time`, but its clock goes on while the machine is suspended (CLOCK_BOOTTIME on Linux): a call that waits
/// for a minute when the lid is closed does not wait for another one when it is opened, and its deadline is then over.
/// `.environment(tenax::suspend_aware_time{})`. A sleep ends as soon as the machine is awake and its time has come;
/// with a `std::stop_token`, within a second of that.
///
/// Its points in time are not those of the steady clock. All policies that share a gate must use the same clock, and
/// `stop::deadline_at` needs a point of this clock: `tenax::suspend_aware_time::now() + 10s`. On systems without
/// CLOCK_BOOTTIME it is the steady clock, which counts suspended time on macOS.
///
/// Thread safety: safe.
struct suspend_aware_time : detail::clock_environment<platform::boot_time> {};

}  // namespace tenax
