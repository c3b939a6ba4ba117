// SPDX-License-Identifier: MIT
// fmt.hpp: formatters for {fmt} 9.1 and newer: durations, attempts, reports, and whole policies in plain words.
//
//   fmt::print("{}\n", policy)                   what is retried, how it waits, when it stops, the worst case: 5 lines
//   fmt::print("{}\n", policy.try_call(f))       succeeded after 3 attempts, elapsed 352ms, waited 300ms; ...
//   fmt::print("{:>8}\n", tenax::human(1500ms))  1.5s, as wide as a string would be
//
// attempt_info, attempt<T>, optional_duration, stop_reason, worst_case_bounds and counters::snapshot can be printed in
// the same way.
#pragma once

#include <tenax/fmt/description.hpp>
#include <tenax/fmt/policy.hpp>
#include <tenax/fmt/report.hpp>
