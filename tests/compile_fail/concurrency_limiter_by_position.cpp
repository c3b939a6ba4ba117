// expect: tenax: concurrency_limiter takes options by name; write concurrency_limiter({.start = 8})
// SPDX-License-Identifier: MIT
// concurrency_limiter_by_position.cpp: the options of a gate without their names.
#include <tenax/gate/concurrency_limiter.hpp>

#ifdef CORRECTED
tenax::concurrency_limiter few({.start = 8});
#else
tenax::concurrency_limiter few(8);
#endif
