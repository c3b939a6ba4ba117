// expect: tenax: .wait() needs a strategy that always has an answer; end it with wait::first_of(..., wait::exponential())
// SPDX-License-Identifier: MIT
// partial_wait_lambda.cpp: a wait lambda that may return no wait, without a fallback.
#include <optional>

#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

inline constexpr auto first = [](tenax::attempt_info const& a) {
  return a.number == 1 ? std::optional(1s) : std::nullopt;
};

#ifdef CORRECTED
auto const policy = tenax::retrying{}.wait(tenax::wait::first_of(first, tenax::wait::none));
#else
auto const policy = tenax::retrying{}.wait(first);
#endif
