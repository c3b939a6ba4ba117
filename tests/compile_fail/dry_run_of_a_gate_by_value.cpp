// expect: tenax: dry_run() needs a gate that calls share; write dry_run(std::ref(gate), observer)
// SPDX-License-Identifier: MIT
// dry_run_of_a_gate_by_value.cpp: a dry run of a gate without std::ref.
#include <functional>

#include <tenax/gate/dry_run.hpp>
#include <tenax/gate/rate_limiter.hpp>
#include <tenax/tenax.hpp>

tenax::rate_limiter limiter(tenax::per_second(10));
tenax::dry_run_counter counter;
#ifdef CORRECTED
auto const policy = tenax::retrying{}.through(tenax::dry_run(std::ref(limiter), std::ref(counter)));
#else
auto const policy = tenax::retrying{}.through(tenax::dry_run(limiter, std::ref(counter)));
#endif
