// SPDX-License-Identifier: MIT
// gate/detail/whole_number.hpp: a parameter that counts things: fractions do not compile, because they would convert.
#pragma once

#include <type_traits>

#include <tenax/platform/compiler.hpp>

namespace tenax::detail {

/// A number of permits or places.
template <class Integer>
struct whole_number {
  template <class N>
    requires std::is_convertible_v<N, Integer>
  TENAX_ALWAYS_INLINE constexpr whole_number(N n) noexcept(std::is_arithmetic_v<N>) : value(static_cast<Integer>(n)) {
    static_assert(!std::is_floating_point_v<N>,
                  "tenax: a gate counts whole permits, attempts and places, but was given a fraction; write a whole "
                  "number, or round it up");
  }
  TENAX_ALWAYS_INLINE constexpr operator Integer() const noexcept { return value; }

  Integer value;
};

}  // namespace tenax::detail
