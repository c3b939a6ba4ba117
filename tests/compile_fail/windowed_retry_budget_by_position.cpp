// expect: tenax: windowed_retry_budget takes options by name; write windowed_retry_budget({.ratio = 0.2, .window = 10s})
// SPDX-License-Identifier: MIT
// windowed_retry_budget_by_position.cpp: the options of a gate without their names.
#include <tenax/gate/windowed_retry_budget.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
tenax::windowed_retry_budget budget({.ratio = 0.1});
#else
tenax::windowed_retry_budget budget(0.1);
#endif
