// SPDX-License-Identifier: MIT
// detail/throttle_pause.hpp: how long nothing is sent after a refusal.
#pragma once

#include <cstdint>

#include <tenax/duration.hpp>

namespace tenax::detail {

/// The pause that a refusal asks for: as long as the server says, or so long that it may be asked again. In nanoseconds.
class throttle_pause {
 public:
  /// Nothing is sent before.
  [[nodiscard]] constexpr std::int64_t until() const noexcept { return until_; }

  /// As long as the server says. Never shortens a pause that has begun.
  constexpr void begin(std::int64_t now, std::int64_t wait) noexcept {
    extend(saturating_add(duration(now), saturating_add(duration(wait), duration(padding_))).count());
    under_way_ = true;
  }
  constexpr void extend(std::int64_t until) noexcept {
    if (until > until_) until_ = until;
  }

  /// Something is sent at `now`: whether it is the first after a pause.
  constexpr bool leave(std::int64_t now) noexcept {
    bool const first = under_way_ && now >= until_;
    if (first) under_way_ = false;
    return first;
  }

  /// The server rounds down how long it wants to be left alone: this pause and those to come get longer.
  constexpr void lengthen() noexcept {
    constexpr std::int64_t step = 500'000'000;
    if (padding_ < 2 * step) padding_ += step;
    until_ = saturating_add(duration(until_), duration(step)).count();
  }

  /// A server that does not say how long is left alone for a round trip or an interval, and after every further refusal for
  /// twice that. From some seconds on, for a fourth more each time, so that the end is found within a fourth; at most five
  /// minutes.
  constexpr void hold(std::int64_t now, std::int64_t interval) noexcept {
    constexpr std::int64_t some = 4'000'000'000;
    constexpr std::int64_t longest = 300'000'000'000;
    hold_ = hold_ == 0     ? (round_trip_ > interval ? round_trip_ : interval)
            : hold_ < some ? 2 * hold_
                           : hold_ + hold_ / 4;
    if (hold_ > longest) hold_ = longest;
    extend(saturating_add(duration(now), duration(hold_)).count());
    under_way_ = true;
  }
  constexpr void forget_refusals() noexcept { hold_ = 0; }

  /// While such a server refuses, it is asked by one request at a time: how long to wait for an answer; otherwise 0.
  [[nodiscard]] constexpr std::int64_t answer_due() const noexcept { return hold_ == 0 ? 0 : round_trip_; }

  constexpr void note_round_trip(std::int64_t took) noexcept {
    round_trip_ = round_trip_ == 0 ? took : round_trip_ + (took - round_trip_) / 8;
  }

 private:
  std::int64_t until_ = INT64_MIN / 2;
  std::int64_t padding_ = 0;
  std::int64_t round_trip_ = 0;
  std::int64_t hold_ = 0;
  bool under_way_ = false;
};

}  // namespace tenax::detail
