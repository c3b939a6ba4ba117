// expect: tenax: .observe() was given an object that cannot be copied or that changes when it is called; share it with the policy: .observe(std::ref(object))
// SPDX-License-Identifier: MIT
// observer_that_cannot_be_copied.cpp: counters, given as a copy.
#include <functional>

#include <tenax/observe/counters.hpp>
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

tenax::counters totals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.observe(std::ref(totals));
#else
auto const policy = tenax::retrying{}.observe(totals);
#endif
