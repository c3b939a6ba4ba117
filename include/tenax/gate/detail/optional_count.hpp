// SPDX-License-Identifier: MIT
// gate/detail/optional_count.hpp: an option that counts things and may be left out: fractions do not compile.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <type_traits>

#include <tenax/platform/compiler.hpp>

namespace tenax::detail {

template <class N>
inline constexpr bool is_fraction = std::is_floating_point_v<N>;
template <class N>
inline constexpr bool is_fraction<std::optional<N>> = std::is_floating_point_v<N>;

/// A number, or nothing. A `std::optional` alone would convert fractions.
struct optional_count : std::optional<std::int64_t> {
  constexpr optional_count() = default;
  template <class N>
    requires(std::is_constructible_v<std::optional<std::int64_t>, N> && !std::is_same_v<N, optional_count>)
  constexpr optional_count(N n) : std::optional<std::int64_t>(n) {
    static_assert(!is_fraction<N>,
                  "tenax: a gate counts whole permits, attempts and places, but was given a fraction; write a whole "
                  "number, or round it up");
  }
};

}  // namespace tenax::detail
