// expect: tenax: .stop() needs a condition, such as stop::after_attempts(3); to retry without a limit write .stop(stop::never)
// SPDX-License-Identifier: MIT
// no_limit.cpp: a policy without a limit that does not state this.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.stop(tenax::stop::never);
#else
auto const policy = tenax::retrying{}.stop();
#endif
