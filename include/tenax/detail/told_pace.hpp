// SPDX-License-Identifier: MIT
// detail/told_pace.hpp: how far apart requests have to be if what a server says is left is to last.
#pragma once

#include <cstdint>

#include <tenax/duration.hpp>

namespace tenax::detail {

/// What is left is spread over the time that is left, until a server refuses all the same. In nanoseconds.
class told_pace {
 public:
  /// `left` more may be sent in `reset`. False if the server is not believed any more.
  constexpr bool tell(std::int64_t now, std::int64_t last_sent, std::uint64_t left, std::int64_t reset) noexcept {
    if (distrusted_) return false;
    constexpr std::uint64_t most = INT64_MAX;
    until_ = saturating_add(duration(now), duration(reset)).count();
    spacing_ = left == 0 ? 0 : (until_ - last_sent) / static_cast<std::int64_t>(left < most ? left + 1 : most);
    return true;
  }

  /// `told`: of what was said to be left.
  constexpr void refused(bool told) noexcept {
    distrusted_ = distrusted_ || told;
    until_ = 0;
  }

  [[nodiscard]] constexpr std::int64_t until() const noexcept { return until_; }
  [[nodiscard]] constexpr std::int64_t spacing() const noexcept { return spacing_; }

 private:
  std::int64_t until_ = 0;
  std::int64_t spacing_ = 0;
  bool distrusted_ = false;
};

}  // namespace tenax::detail
