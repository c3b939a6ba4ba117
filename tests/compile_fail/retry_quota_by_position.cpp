// expect: tenax: retry_quota takes options by name; write retry_quota({.tokens = 500, .retry_cost = 14})
// SPDX-License-Identifier: MIT
// retry_quota_by_position.cpp: the options of a gate without their names.
#include <tenax/gate/retry_quota.hpp>

#ifdef CORRECTED
tenax::retry_quota quota({.tokens = 500, .retry_cost = 14});
#else
tenax::retry_quota quota(500, 14);
#endif
