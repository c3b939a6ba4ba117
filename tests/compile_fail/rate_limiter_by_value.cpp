// expect: tenax: .through() needs a gate that calls share; write .through(std::ref(gate))
// SPDX-License-Identifier: MIT
// rate_limiter_by_value.cpp: a limiter given as a copy; it has views, but not one for each key.
#include <tenax/tenax.hpp>
//
#include <functional>

#include <tenax/gate/rate_limiter.hpp>

tenax::rate_limiter limiter(tenax::per_second(10));

#ifdef CORRECTED
auto const policy = tenax::retrying{}.through(std::ref(limiter));
#else
auto const policy = tenax::retrying{}.through(limiter);
#endif
