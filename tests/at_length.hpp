// SPDX-License-Identifier: MIT
// at_length.hpp: whether this configuration is one of those in which tests take their time.
#pragma once

namespace tests {

#ifdef TENAX_TEST_AT_LENGTH
inline constexpr bool at_length = true;
#else
inline constexpr bool at_length = false;
#endif

}  // namespace tests
