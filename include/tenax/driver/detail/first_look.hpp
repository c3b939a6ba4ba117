// SPDX-License-Identifier: MIT
// driver/detail/first_look.hpp: a look at a first attempt that returned a value, without a loop.
#pragma once

#include <tenax/duration.hpp>
#include <tenax/random.hpp>

namespace tenax::detail {

/// When a call's first attempt began and ended, and the call's source of randomness.
struct first_times {
  time_point started;
  time_point ended;
  random_source* random;
};

/// What a first attempt that returned a value leads to.
enum class first_look : unsigned char {
  ends,    ///< the value is the result of the call
  wanted,  ///< the predicate wants another attempt
  open     ///< a loop has to look at it
};

}  // namespace tenax::detail
