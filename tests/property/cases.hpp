// SPDX-License-Identifier: MIT
// cases.hpp: reproducible random parameters of all orders of magnitude, including the edges.
#pragma once

#include <cstdint>
#include <limits>

#include <tenax/attempt.hpp>

namespace tests {

/// A source of random parameters. Small values, huge ones and the edges are as likely as medium values.
class cases {
 public:
  explicit cases(std::uint64_t seed) : random_(seed) {}

  /// From 0 to `most`; every number of bits is equally likely.
  std::uint64_t number(std::uint64_t most) {
    if (most == 0) return 0;
    auto const bits = random_() % 65;
    auto const n = bits == 0 ? 0 : random_() >> (64 - bits);
    auto const edge = random_() % 16;
    if (edge == 0) return most;
    if (edge == 1) return most - 1;
    return n <= most ? n : n % most;
  }

  /// Not negative, and up to `most`.
  tenax::duration wait(tenax::duration most = tenax::duration::max()) {
    return tenax::duration(static_cast<tenax::duration::rep>(number(static_cast<std::uint64_t>(most.count()))));
  }

  /// Any duration.
  tenax::duration any() {
    auto const d = wait();
    return coin() ? d : coin() ? -d : tenax::duration::min() + d;
  }

  /// From `least` to `duration::max()`.
  tenax::duration at_least(tenax::duration least) { return least + wait(tenax::duration::max() - least); }

  /// An attempt's number, from 1 to 2^32 - 1.
  std::uint32_t attempt() {
    return 1 + static_cast<std::uint32_t>(number(std::numeric_limits<std::uint32_t>::max() - 1));
  }

  /// From 0 to 1, both included.
  double share() { return coin(8) ? 1.0 : static_cast<double>(random_() >> 11) * 0x1p-53; }

  /// A factor of at least 1: just above 1, common, or absurdly large.
  double factor() {
    switch (random_() % 4) {
      case 0: return 1.0 + share() * 1e-6;
      case 1: return 1.0 + share() * 9.0;
      case 2: return 1.0 + share() * 1e18;
      default: return coin() ? 1.0 : std::numeric_limits<double>::max();
    }
  }

  bool coin(unsigned sides = 2) { return random_() % sides == 0; }

  tenax::random_source& random() { return random_; }

 private:
  tenax::seeded_random random_;
};

}  // namespace tests
