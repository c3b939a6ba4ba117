// expect: tenax: retry_budget takes options by name; write retry_budget({.tokens = 10, .ratio = 0.1})
// SPDX-License-Identifier: MIT
// retry_budget_by_position.cpp: the options of a gate without their names.
#include <tenax/gate/retry_budget.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
tenax::retry_budget budget({.tokens = 20});
#else
tenax::retry_budget budget(20);
#endif
