// SPDX-License-Identifier: MIT
// qt_keywords.cpp: the macros that Qt defines unless QT_NO_KEYWORDS is set disturb no header.
#define emit
#define foreach(variable, container) for (variable : container)
#define forever for (;;)
#define signals public
#define slots

#include <tenax/coroutine.hpp>
#include <tenax/hedging.hpp>
#include <tenax/http.hpp>
#include <tenax/tenax.hpp>

#include <tenax/async/callback.hpp>
#include <tenax/gate/adaptive_rate_limiter.hpp>
#include <tenax/gate/adaptive_throttle.hpp>
#include <tenax/gate/bulkhead.hpp>
#include <tenax/gate/circuit_breaker.hpp>
#include <tenax/gate/concurrency_limiter.hpp>
#include <tenax/gate/in_flight_retry_budget.hpp>
#include <tenax/gate/keyed.hpp>
#include <tenax/gate/rate_limiter.hpp>
#include <tenax/gate/retry_budget.hpp>
#include <tenax/gate/retry_quota.hpp>
#include <tenax/gate/windowed_retry_budget.hpp>
#include <tenax/http/poll.hpp>
#include <tenax/observe/counters.hpp>
#include <tenax/testing/no_waits.hpp>
#include <tenax/testing/script.hpp>
#include <tenax/testing/virtual_time.hpp>

static_assert(sizeof(tenax::rate_limiter<>) > 0);
