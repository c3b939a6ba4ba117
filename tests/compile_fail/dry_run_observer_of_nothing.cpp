// expect: tenax: dry_run() needs a function for the gate's answers that takes (tenax::attempt_info const&, tenax::admission const&); one that changes is shared: std::ref(f)
// SPDX-License-Identifier: MIT
// dry_run_observer_of_nothing.cpp: a dry run whose function does not take the gate's answer.
#include <functional>

#include <tenax/gate/dry_run.hpp>
#include <tenax/gate/rate_limiter.hpp>
#include <tenax/tenax.hpp>

tenax::rate_limiter limiter(tenax::per_second(10));
#ifdef CORRECTED
auto const trial = tenax::dry_run(std::ref(limiter), [](tenax::attempt_info const&, tenax::admission const&) {});
#else
auto const trial = tenax::dry_run(std::ref(limiter), [] {});
#endif
