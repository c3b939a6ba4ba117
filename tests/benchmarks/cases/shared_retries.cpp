// SPDX-License-Identifier: MIT
// shared_retries.cpp: three call sites of one policy type, with lambdas of their own: they share the path of a retry.
#include <tenax/tenax.hpp>

#include "operation.hpp"

namespace {
constexpr auto polite = tenax::retrying{}
                            .when(tenax::when::exception<network_error>)
                            .wait(tenax::wait::exponential({.base = std::chrono::milliseconds(100)}))
                            .stop(tenax::stop::after_attempts(5));
}

int one(int& failures) { return polite(fails_by_exception, failures); }
int two(int& failures) {
  return polite([&] { return fails_by_exception(failures); });
}
int three(int& failures) {
  return polite([&] { return fails_by_value(failures) + 1; });
}
