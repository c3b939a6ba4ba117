// SPDX-License-Identifier: MIT
// tenax.hpp: the core: policies, the engine and the blocking driver. Needs only the standard library.
//
// Not included, because they cost more to compile; include them where you need them: <tenax/cancel.hpp>
// (std::stop_token), <tenax/observe/counters.hpp>, <tenax/fmt.hpp>, the gates in <tenax/gate/> and the headers in
// <tenax/testing/>.
#pragma once

// Policies and their results
#include <tenax/capture.hpp>
#include <tenax/caught_exception.hpp>
#include <tenax/environment.hpp>
#include <tenax/retry_loop.hpp>
#include <tenax/retrying.hpp>
#include <tenax/worst_case.hpp>

// Which outcomes to retry
#include <tenax/when/compose.hpp>
#include <tenax/when/error.hpp>
#include <tenax/when/exception.hpp>
#include <tenax/when/result.hpp>

// How long to wait
#include <tenax/wait/chain.hpp>
#include <tenax/wait/clamp.hpp>
#include <tenax/wait/compose.hpp>
#include <tenax/wait/constant.hpp>
#include <tenax/wait/exponential.hpp>
#include <tenax/wait/fibonacci.hpp>
#include <tenax/wait/first_of.hpp>
#include <tenax/wait/jitter.hpp>
#include <tenax/wait/linear.hpp>
#include <tenax/wait/polynomial.hpp>
#include <tenax/wait/random.hpp>
#include <tenax/wait/retry_after.hpp>
#include <tenax/wait/sequence.hpp>

// When to give up
#include <tenax/stop/after_attempts.hpp>
#include <tenax/stop/compose.hpp>
#include <tenax/stop/deadline.hpp>

// Observers
#include <tenax/observe/log.hpp>
