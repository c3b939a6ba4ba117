// SPDX-License-Identifier: MIT
// settings/wait_settings.hpp: a wait strategy as plain data, for configurations.
#pragma once

#include <cstdint>

#include <tenax/duration.hpp>

namespace tenax {

/// The wait strategies that settings can name: those of `tenax::wait` with the same names.
enum class wait_kind : unsigned char {
  none,
  constant,
  linear,
  exponential,
  fibonacci,
  polynomial,
  sequence,
  uniform,
  decorrelated
};

/// The jitter of a wait strategy. `wait_kind::none`, `uniform` and `decorrelated` have none.
enum class jitter_kind : unsigned char { none, full, equal, proportional, additive };

/// A wait strategy as plain data. Without any change, the waits of `retrying{}`: exponential from 100 ms to 5 s with
/// full jitter. A strategy reads only the numbers that it needs, and only those count when two settings are compared.
struct wait_settings {
  /// The most waits of a `sequence`.
  static constexpr std::uint32_t most_waits = 8;

  wait_kind kind = wait_kind::exponential;
  jitter_kind jitter = jitter_kind::full;
  duration first = std::chrono::milliseconds(100);  ///< the wait after attempt 1, or the shortest wait; at least 0
  duration max = std::chrono::seconds(5);           ///< the cap; at least `first`; `duration::max()` for none
  double factor = 2;                                ///< of `exponential`; from 1 to 1'000'000
  duration step = std::chrono::seconds(1);          ///< of `linear`; at least 0
  unsigned exponent = 2;                            ///< of `polynomial`; at most 63
  duration waits[most_waits] = {};                  ///< of `sequence`; each at least 0
  std::uint32_t size = 0;                           ///< the number of waits of a `sequence`; at least 1
  double share = 0.2;                               ///< of `proportional` jitter; from 0 to 1
  duration most = std::chrono::milliseconds(100);   ///< of `additive` jitter; at least 0

  friend constexpr bool operator==(wait_settings const& a, wait_settings const& b) noexcept {
    if (a.kind != b.kind) return false;
    if (a.has_jitter()) {
      if (a.jitter != b.jitter) return false;
      if (a.jitter == jitter_kind::proportional && a.share != b.share) return false;
      if (a.jitter == jitter_kind::additive && a.most != b.most) return false;
    }
    if (a.kind == wait_kind::sequence) {
      if (a.size != b.size) return false;
      for (std::uint32_t i = 0; i < a.size && i < most_waits; ++i) {
        if (a.waits[i] != b.waits[i]) return false;
      }
      return true;
    }
    return (a.kind == wait_kind::none || a.first == b.first) && (!a.has_max() || a.max == b.max) &&
           (a.kind != wait_kind::exponential || a.factor == b.factor) &&
           (a.kind != wait_kind::linear || a.step == b.step) &&
           (a.kind != wait_kind::polynomial || a.exponent == b.exponent);
  }

  /// Whether this kind of wait can have jitter.
  [[nodiscard]] constexpr bool has_jitter() const noexcept {
    return kind != wait_kind::none && kind != wait_kind::uniform && kind != wait_kind::decorrelated;
  }
  /// Whether this kind of wait has a cap.
  [[nodiscard]] constexpr bool has_max() const noexcept {
    return kind != wait_kind::none && kind != wait_kind::constant && kind != wait_kind::sequence;
  }
};

}  // namespace tenax
