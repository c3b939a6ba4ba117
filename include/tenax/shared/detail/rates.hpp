// SPDX-License-Identifier: MIT
// shared/detail/rates.hpp: the rates of a limit, which hold together.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include <tenax/shared/detail/exact_rate.hpp>
#include <tenax/shared/leases.hpp>

namespace tenax::shared::detail {

/// The rates of a limit.
struct rates {
  std::array<exact_rate, most_limits> each{};
  std::size_t size = 0;

  friend bool operator==(rates const&, rates const&) = default;

  [[nodiscard]] std::int64_t lateness() const noexcept {
    auto least = most_late;
    for (std::size_t i = 0; i < size; ++i) least = (std::min)(least, each[i].lateness());
    return least;
  }
  /// The time of `n` permits at the slowest rate, in microseconds.
  [[nodiscard]] std::int64_t time_of(std::int64_t n) const noexcept {
    std::int64_t most = 0;
    for (std::size_t i = 0; i < size; ++i) {
      most = (std::max)(most, each[i].time_of((std::min)(n, each[i].most())));
    }
    return most;
  }
  [[nodiscard]] double per_second() const noexcept {
    double least = 1e300;
    for (std::size_t i = 0; i < size; ++i) {
      least = (std::min)(least, 1e6 * static_cast<double>(each[i].permits) / static_cast<double>(each[i].time));
    }
    return size == 0 ? 0 : least;
  }
  /// The number of permits that can be leased together.
  [[nodiscard]] std::int64_t most() const noexcept {
    std::int64_t least = exact;
    for (std::size_t i = 0; i < size; ++i) least = (std::min)(least, each[i].most());
    return least;
  }
};

/// A machine's share of the permits of the horizon; at least 1.
inline std::int64_t share_of_horizon(rates const& r, std::int64_t machines) noexcept {
  auto const all = r.per_second() * static_cast<double>(leases::horizon) / 1e9;
  return static_cast<std::int64_t>(std::clamp(all / static_cast<double>(machines), 1.0, 1e12));
}

}  // namespace tenax::shared::detail
