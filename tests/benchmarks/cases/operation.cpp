// SPDX-License-Identifier: MIT
// operation.cpp: see operation.hpp.
#include "operation.hpp"

int fails_by_value(int& times) {
  if (times == 0) return 7;
  --times;
  return -1;
}

int fails_by_exception(int& times) {
  if (times == 0) return 7;
  --times;
  throw network_error("down");
}
