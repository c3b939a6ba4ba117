// expect: tenax: .environment() needs now() and sleep(duration), callable on a const value; an environment that changes or cannot be copied is shared: .environment(std::ref(e))
// SPDX-License-Identifier: MIT
// environment_that_cannot_be_copied.cpp: the clock of the testing kit, given as a copy.
#include <functional>

#include <tenax/tenax.hpp>
#include <tenax/testing/virtual_time.hpp>
using namespace std::chrono_literals;

tenax::testing::virtual_time clock_of_mine;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.environment(std::ref(clock_of_mine));
#else
auto const policy = tenax::retrying{}.environment(clock_of_mine);
#endif
