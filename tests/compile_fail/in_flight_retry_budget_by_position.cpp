// expect: tenax: in_flight_retry_budget takes options by name; write in_flight_retry_budget({.ratio = 0.2, .min_retries = 3})
// SPDX-License-Identifier: MIT
// in_flight_retry_budget_by_position.cpp: the options of a gate without their names.
#include <tenax/gate/in_flight_retry_budget.hpp>

#ifdef CORRECTED
tenax::in_flight_retry_budget budget({.ratio = 0.2, .min_retries = 3});
#else
tenax::in_flight_retry_budget budget(0.2, 3);
#endif
