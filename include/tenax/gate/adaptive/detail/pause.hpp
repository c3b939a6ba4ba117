// SPDX-License-Identifier: MIT
// gate/adaptive/detail/pause.hpp: how long no request is sent after a refusal (`Retry-After`, or a growing pause).
#pragma once

#include <cstdint>

#include <tenax/duration.hpp>

namespace tenax::detail {

/// The pause after a refusal: as long as the server says, or an estimate if it does not say. In nanoseconds.
///
/// A server's wait is cut at a maximum. After a pause that was cut, one request asks again, and the others wait for its
/// answer.
class throttle_pause {
 public:
  explicit constexpr throttle_pause(std::int64_t longest) noexcept : longest_(longest) {}

  /// Before this moment, nothing is sent.
  [[nodiscard]] constexpr std::int64_t until() const noexcept { return until_; }
  /// The next request may be sent when the request that asks again was answered, or at this moment at the latest.
  [[nodiscard]] constexpr std::int64_t asking_until() const noexcept { return asking_until_; }
  /// Whether nothing is sent now because of a server's wait.
  [[nodiscard]] constexpr bool asked_by_server(std::int64_t now) const noexcept {
    return now < said_until_ || now < asking_until_;
  }
  [[nodiscard]] constexpr std::int64_t longest() const noexcept { return longest_; }

  /// Begins a pause as long as the server says. Never shortens a pause that has begun.
  constexpr void begin(std::int64_t now, std::int64_t wait) noexcept {
    obey(now, add(wait, padding_));
    under_way_ = true;
  }
  /// The same without a refusal. `wait` is more than zero.
  constexpr void obey(std::int64_t now, std::int64_t wait) noexcept {
    asking_until_ = never;
    cut_ = cut_ || wait > longest_;
    extend(add(now, wait > longest_ ? longest_ : wait));
    said_until_ = until_;
  }

  /// A request is sent at `now`. Returns whether it is the first after a refusal and its pause.
  constexpr bool leave(std::int64_t now) noexcept {
    bool const first = under_way_ && now >= until_;
    if (first) under_way_ = false;
    return first;
  }
  /// A request is sent at `now`. Returns whether it asks alone, after a pause that was cut; for at most another pause.
  constexpr bool ask(std::int64_t now) noexcept {
    if (asking_until_ == never && !cut_) [[likely]]
      return false;
    if (now < asking_until_) return false;
    bool const asks = asking_until_ != never || (cut_ && now >= until_);
    cut_ = cut_ && !asks;
    asking_until_ = asks ? add(now, longest_) : never;
    return asks;
  }
  /// The request that asked again was answered.
  constexpr void answered() noexcept { asking_until_ = never; }
  /// The request that asked again was abandoned: another one asks.
  constexpr void ask_again() noexcept {
    if (asking_until_ == never) return;
    asking_until_ = never;
    cut_ = true;
  }

  /// Ends every pause.
  constexpr void resume(std::int64_t now) noexcept {
    if (until_ > now) until_ = now;
    said_until_ = asking_until_ = never;
    cut_ = under_way_ = false;
    hold_ = 0;
  }

  /// The server rounds its waits down: makes this pause and later ones longer.
  constexpr void lengthen(std::int64_t now) noexcept {
    constexpr std::int64_t step = 500'000'000;
    if (padding_ < 2 * step) padding_ += step;
    auto const until = add(until_, step);
    until_ = until < add(now, longest_) ? until : add(now, longest_);
    said_until_ = until_;
  }

  /// Begins a pause for a server that does not say how long: a round trip or an interval, doubled after every further
  /// refusal. From some seconds on, it grows by a fourth each time, so that the end is found within a fourth; at most
  /// five minutes.
  constexpr void hold(std::int64_t now, std::int64_t interval) noexcept {
    constexpr std::int64_t some = 4'000'000'000;
    constexpr std::int64_t five_minutes = 300'000'000'000;
    auto const longest = longest_ < five_minutes ? longest_ : five_minutes;
    hold_ = hold_ == 0     ? (round_trip_ > interval ? round_trip_ : interval)
            : hold_ < some ? 2 * hold_
                           : hold_ + hold_ / 4;
    if (hold_ > longest) hold_ = longest;
    extend(add(now, hold_));
    under_way_ = true;
  }
  constexpr void forget_refusals() noexcept { hold_ = 0; }

  /// While such a server refuses, one request at a time asks it. Returns how long to wait for the answer; otherwise 0.
  [[nodiscard]] constexpr std::int64_t answer_due() const noexcept { return hold_ == 0 ? 0 : round_trip_; }

  /// How long an answer takes: a mean of the last ones.
  [[nodiscard]] constexpr std::int64_t round_trip() const noexcept { return round_trip_; }
  constexpr void note_round_trip(std::int64_t took) noexcept {
    if (took < 0) took = 0;
    round_trip_ = round_trip_ == 0 ? took : round_trip_ + (took - round_trip_) / 8;
  }

 private:
  static constexpr std::int64_t never = INT64_MIN / 2;

  static constexpr std::int64_t add(std::int64_t a, std::int64_t b) noexcept {
    return saturating_add(duration(a), duration(b)).count();
  }
  constexpr void extend(std::int64_t until) noexcept {
    if (until > until_) until_ = until;
  }

  std::int64_t longest_;
  std::int64_t until_ = never;
  std::int64_t said_until_ = never;    // the part that the server asked for
  std::int64_t asking_until_ = never;  // until then, a request asks again
  std::int64_t padding_ = 0;
  std::int64_t round_trip_ = 0;
  std::int64_t hold_ = 0;
  bool under_way_ = false;
  bool cut_ = false;
};

}  // namespace tenax::detail
