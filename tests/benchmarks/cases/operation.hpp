// SPDX-License-Identifier: MIT
// operation.hpp: the operation of the benchmarks: fails the given number of times, then returns 7. In its own
// translation unit, so that compilers cannot inline it.
#pragma once

#include <stdexcept>

struct network_error : std::runtime_error {
  using runtime_error::runtime_error;
};

int fails_by_value(int& times);
int fails_by_exception(int& times);
