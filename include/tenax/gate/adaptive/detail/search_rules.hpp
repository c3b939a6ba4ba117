// SPDX-License-Identifier: MIT
// gate/adaptive/detail/search_rules.hpp: the formulas of the rate search, and their constants.
#pragma once

#include <cstdint>

#include <tenax/gate/detail/rate_math.hpp>

/// Functions of numbers only. Rates are per second.
namespace tenax::detail::search_rules {

// --- the search between two rates ---
inline constexpr double precision = 1.03;          // the search ends when both rates are so near to each other
inline constexpr double room_above = 1.06;         // so far below a refused rate, a confirmed one is searched again
inline constexpr std::uint64_t search_after = 16;  // requests accepted before a steady rate is searched again
inline constexpr std::uint64_t calm_after = 32;    // requests accepted before earlier refusals no longer count
inline constexpr unsigned moved = 2;               // more refusals in a row, each after a cut: the limit has moved
inline constexpr double unlimited = 1e9;           // a step up of any size

/// How far below an announced limit the rate is kept.
inline constexpr double below_announced = 0.995;

/// The time from one request to the next, in nanoseconds.
constexpr std::int64_t interval_of(double rate) noexcept {
  constexpr std::int64_t longest = INT64_MAX / 4;  // so that sums of a few do not overflow
  auto const ns = 1e9 / rate;
  return ns < static_cast<double>(longest) ? static_cast<std::int64_t>(ns) + 1 : longest;
}

/// How many requests have to be accepted before the rate is doubled, if `under_way` are sent in a round trip: so many
/// that few are under way when the first one is refused.
constexpr double before_doubling(double under_way) noexcept {
  constexpr double fewest = 4, round_trips = 2.5;
  return round_trips * under_way > fewest ? round_trips * under_way : fewest;
}

/// The estimated burst of a server that accepted `accepted` requests. Its limit explains the share `explained` of them.
constexpr double burst_of(double accepted, double explained) noexcept {
  constexpr double most = 64;
  return least(most, 1 + accepted * (1 - explained));
}

/// How many requests in a row have to be accepted before a rate counts as confirmed: so many that, with this excess
/// over the confirmed rate, they would have used up the server's burst.
constexpr std::uint64_t confirmations(double burst, double excess) noexcept {
  constexpr std::uint64_t fewest = 12, most = 512;
  auto const n = excess > 0 ? burst * (1 + 1 / excess) : static_cast<double>(most);
  return n < static_cast<double>(fewest) ? fewest
         : n > static_cast<double>(most) ? most
                                         : static_cast<std::uint64_t>(n);
}

/// The greatest step up after the first refusal, as a share of the demonstrated rate. A server that says when it allows
/// more has demonstrated its limit; the more it accepted, the more precisely.
constexpr double first_step_up(bool told, std::uint64_t accepted) noexcept {
  return told ? 3.0 / static_cast<double>(accepted + 1) : unlimited;
}

/// The greatest step up from a rate that was found between two pauses, if that of the rate before it was `before`. Few
/// accepted requests say little about a rate.
constexpr double step_up_after(double accepted, double before) noexcept {
  auto const step = 1 / (accepted + 1);
  return step > before ? step : before;
}

/// A time from the end of one pause to the end of the next shows a limit if so many requests were accepted in it.
inline constexpr std::uint64_t telling_cycle = 8;

/// The highest possible limit of a server that accepted `accepted` requests from the end of one pause to the end of the
/// next: one more may have had room, and servers round the waits that they send up to whole seconds.
constexpr double most_in_cycle(double accepted, double seconds) noexcept {
  constexpr double rounding = 1;
  return seconds > 2 * rounding ? (accepted + 1) / (seconds - rounding) : unlimited;
}

// --- a refusal of a steady rate ---

/// Some requests come too early by chance. A lower rate would cost as much as one refusal in so many times its price.
inline constexpr double fair_share = 50;

/// By which share a steady rate is lowered that was refused after `accepted` requests. Doubled for each further refusal
/// (`contradictions`). If the server did not say how long to wait, the share of the requests that it refused is enough.
constexpr double cut_after(std::uint64_t accepted, unsigned contradictions, bool told, double refused_share) noexcept {
  constexpr double smallest = 0.01, greatest = 0.5, untold = 0.1;
  auto cut = 1.0 / static_cast<double>(accepted + 1);
  if (cut < smallest) cut = smallest;
  for (unsigned i = 1; i < contradictions && cut < greatest; ++i) cut *= 2;
  if (cut > greatest) cut = greatest;
  if (told || cut <= refused_share) return cut;
  return refused_share > untold ? refused_share : least(cut, untold);
}

// --- a probe ---

/// After this step of a probe, the limit has risen for good.
inline constexpr unsigned last_step = 5;

/// By how much the confirmed rate is exceeded in step 1, 2, ...: by 3, 7, 15, ... percent. `fine`: the first step is
/// smaller, because the limit is less than 3 percent away.
constexpr double probe_factor(unsigned step, bool fine) noexcept {
  return fine && step == 1 ? 1.015 : 1 + 0.01 * static_cast<double>((2U << step) - 1);
}

// --- a blackout ---

/// A blackout after fewer accepted requests says too little about the rate.
inline constexpr std::uint64_t telling_blackout = 16;
/// A blackout explains missing requests only if it would have had room for so many of them at least once.
inline constexpr double blackout_share = 30;
/// How far above the rate that was found its limit may be, and above the highest possible one.
inline constexpr double above_found = 1.25;
inline constexpr double above_most = 1.03;

}  // namespace tenax::detail::search_rules
