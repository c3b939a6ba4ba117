// SPDX-License-Identifier: MIT
// board.hpp: the three functions of a board without an operating system.
#pragma once

#include <chrono>
#include <cstddef>

// [platform]
namespace tenax_platform {

/// Time since some moment; it never goes back.
std::chrono::nanoseconds now() noexcept;

/// Waits for `d`, which is more than zero, or less: tenax looks at the clock and calls again.
void sleep(std::chrono::nanoseconds d);

/// Fills `bytes` with randomness. False if there is none: waits are then seeded by the clock.
bool random_bytes(void* bytes, std::size_t size) noexcept;

}  // namespace tenax_platform
// [/platform]
