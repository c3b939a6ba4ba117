// SPDX-License-Identifier: MIT
// gate/adaptive/detail/blackout.hpp: measures periods in which a server refuses everything without a `Retry-After`.
#pragma once

#include <cstdint>

#include <tenax/gate/detail/rate_math.hpp>
#include <tenax/platform/compiler.hpp>

namespace tenax::detail {

/// A server that counts in long windows accepts many requests, and then none until a window ends. Its long-term limit
/// is the number that it accepted in between, divided by the time from the end of one blackout to the end of the next.
///
/// A server that later accepts far more in such a time does not count in windows: it blocks its clients for a while,
/// and requests during the block renew it. Its blackout says nothing about its limit, but how long a client must be
/// silent.
///
/// Times are in nanoseconds.
class blackout {
 public:
  struct finding {
    double rate = 0;  // the lowest possible rate, per second
    double most = 0;  // the highest possible rate
    double seconds = 0;
    std::uint64_t accepted = 0;
  };

  /// `idle`: nothing was sent for a while, although it would have been allowed.
  constexpr void sent(std::int64_t now, bool idle) noexcept {
    if (begun_ && !idle) return;
    begun_ = true;
    cycle_ = now;
    accepted_ = refusals_ = 0;
  }

  constexpr void refused(std::int64_t now) noexcept {
    if (refusals_++ == 0) from_ = now;
    last_ = now;
  }

  /// A request was accepted. Whether that may mean something: then call `finding_of` with the time of sending.
  constexpr bool accepted() noexcept {
    ++accepted_;
    return refusals_ != 0 || tests_block_;
  }

  /// A request sent at `at` was accepted. The finding has `seconds` if this ended a blackout; a few refusals in a row
  /// are not one.
  TENAX_COLD constexpr finding finding_of(std::int64_t at) noexcept {
    test_block(at);
    finding found;
    if (refusals_ >= refusals_in_a_row && at > cycle_) {
      found.accepted = accepted_;
      found.rate = static_cast<double>(accepted_) / seconds(at - cycle_);
      found.most = static_cast<double>(accepted_) / seconds(last_ - cycle_);
      found.seconds = seconds(at - from_);
      // Shorter blocks cost little, and a few refusals by chance look like one.
      constexpr std::int64_t second = 1'000'000'000;
      if (block_ == 0 && !by_chance_ && at - last_ > second) {
        window_ = {.length = at - cycle_, .most = accepted_, .silence = at - last_, .from = at};
        tests_block_ = true;
      }
      cycle_ = at;
      accepted_ = 0;
    }
    refusals_ = 0;
    return found;
  }

  /// A request was refused. How long a client must be silent now; less than zero if that is unknown. `again`: after the
  /// last refusal, it was not long enough.
  constexpr std::int64_t silence(bool again) noexcept {
    if (block_ == 0) return -1;
    constexpr unsigned tries = 3;
    constexpr std::uint64_t many = 8, seldom = 32;
    if (again) block_ = ++lengthened_ > tries ? 0 : block_ + block_ / 2;
    // A client that is silent for long enough is seldom refused. Otherwise, refusals come by chance.
    if (!by_chance_) {
      ++block_refused_;
      by_chance_ = block_refused_ >= many && block_refused_ * seldom > block_accepted_;
    }
    if (by_chance_) block_ = 0;
    return block_ > 0 ? block_ : -1;
  }

  /// The same for a request that was sent before the last refusal.
  constexpr void accepted_before() noexcept { ++accepted_; }

 private:
  static constexpr std::uint64_t refusals_in_a_row = 3;
  static constexpr std::uint64_t few = 8;

  /// What the last blackout shows if the server counts in windows.
  struct window {
    std::int64_t length = 0;  // 0: unknown
    std::uint64_t most = 0;   // requests in this time
    std::int64_t silence = 0;
    std::int64_t from = 0;
    std::uint64_t accepted = 0;
  };

  constexpr void test_block(std::int64_t at) noexcept {
    lengthened_ = 0;
    ++block_accepted_;
    if (block_ != 0 || window_.length == 0) return;
    if (at - window_.from > window_.length) {
      window_.from = at;
      window_.accepted = 0;
    }
    // A time of this length may contain the end of one window and the beginning of the next.
    if (++window_.accepted <= 2 * window_.most + few) return;
    block_ = window_.silence;
    block_accepted_ = block_refused_ = 0;
    window_ = {};
  }

  std::int64_t cycle_ = 0;  // the start of the count of accepted requests
  std::int64_t from_ = 0;
  std::int64_t last_ = 0;
  std::uint64_t accepted_ = 0;
  std::uint64_t refusals_ = 0;
  bool begun_ = false;
  window window_{};
  std::int64_t block_ = 0;                                // how long a client must be silent; 0: unknown
  unsigned lengthened_ = 0;                               // so often since the last accepted request
  std::uint64_t block_accepted_ = 0, block_refused_ = 0;  // since `block_` is known
  bool by_chance_ = false;
  bool tests_block_ = false;  // whether accepted requests test `window_` or `block_`
};

}  // namespace tenax::detail
