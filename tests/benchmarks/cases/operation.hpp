// SPDX-License-Identifier: MIT
// operation.hpp: what the benchmarks call: fails as often as it is told, then returns 7. In a translation unit of its own,
// so that compilers cannot see into it.
#pragma once

#include <stdexcept>

struct network_error : std::runtime_error {
  using runtime_error::runtime_error;
};

int fails_by_value(int& times);
int fails_by_exception(int& times);
