// SPDX-License-Identifier: MIT
// shared/detail/expected_wait.hpp: how long a caller waits for permits that are leased, or not yet.
#pragma once

#include <algorithm>
#include <cstdint>

#include <tenax/gate/gate.hpp>
#include <tenax/shared/detail/callers.hpp>
#include <tenax/shared/detail/conversation.hpp>
#include <tenax/shared/leases.hpp>

namespace tenax::shared::detail {

/// How often a machine asks whether leased permits are void, if the store has no messages, in nanoseconds.
inline std::int64_t look_again(rates const& r) noexcept {
  return std::clamp(r.time_of(1) * 250, std::int64_t{99'000'000}, std::int64_t{999'000'000});
}

/// After how long a machine asks the store without a wish for permits, in nanoseconds. Without messages, pauses and
/// rates of other machines are asked for. A search should know soon what was accepted.
inline std::int64_t ask_again(conversation const& talk, bool listens) noexcept {
  constexpr std::int64_t at_once = 50'000'000, soon = 250'000'000;
  if (talk.search().waits_to_tell()) return soon;
  if (listens) return INT64_MAX;
  return talk.search().on() ? look_again(talk.held()) : at_once;
}

/// The wait of a caller, and when it asks again. Sets `p.due`. `looks`: leased permits may be void without a message.
inline admission expected_wait(place& p, callers& all, leases const& hand, conversation const& talk, std::int64_t now,
                               waker const& w, bool looks) {
  constexpr std::int64_t shortest = 50'000, without_waker = 5'000'000;
  auto const n = all.before(p) + p.weight - 1;
  auto const in_hand = hand.in_hand();
  p.due = INT64_MAX;
  if (n < in_hand) {
    auto const left = (std::max)(hand.when(n) - now, shortest);
    p.due = now + left;
    if (!looks) return admission::wait(duration(left));
    return admission::wait(duration(left), duration(look_again(talk.held())));
  }
  auto const ask_after = (std::max)(w ? talk.answer_by(now) - now : without_waker, shortest);
  if (in_hand == 0) return admission::wait_at_most(duration(ask_after));
  // The other machines may take permits as well, so this is the least.
  auto const last = (std::max)(hand.when(in_hand - 1), now);
  auto const least = (std::max)(last - now + talk.held().time_of(n - in_hand + 1) * 1000, shortest);
  return admission::wait(duration(least), duration((std::min)(least, ask_after)));
}

}  // namespace tenax::shared::detail
