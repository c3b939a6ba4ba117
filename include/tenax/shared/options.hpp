// SPDX-License-Identifier: MIT
// shared/options.hpp: what can be chosen for a limit that machines share, and what it says about itself.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <tenax/duration.hpp>

namespace tenax::shared {

/// What a machine does while the store does not answer.
enum class without_store : unsigned char {
  share,  ///< goes on with its share: the rate, divided by the machines that were seen, without a burst
  open,   ///< admits everything
  closed  ///< refuses everything
};

/// What happened to a shared limit, for logs.
struct event {
  enum class kind : unsigned char {
    store_away,      ///< the store has not answered in time, or with an error
    store_back,      ///< the store answers again
    limits_adopted,  ///< another machine has set other limits, which hold now
    paused           ///< the other side asked all machines to pause
  };

  kind what;
  std::string_view name;  ///< of the limit
  std::string_view why;   ///< a sentence, without a period
};

[[nodiscard]] constexpr char const* to_string(event::kind k) noexcept {
  switch (k) {
    case event::kind::store_away: return "store away";
    case event::kind::store_back: return "store back";
    case event::kind::limits_adopted: return "limits adopted";
    case event::kind::paused: return "paused";
  }
  return "?";
}

/// The options of a limit that machines share.
struct options {
  without_store while_away = without_store::share;
  /// How long an answer of the store may take. Callers wait at most so long for it; more than zero.
  any_duration store_timeout = std::chrono::milliseconds(50);
  /// The longest pause that the other side can ask for; more than zero.
  any_duration max_pause = std::chrono::minutes(5);
  /// Refuse to work if other machines have set other limits under this name. Otherwise the newest limits hold for all.
  bool refuse_other_limits = false;
  /// Refuse calls during a pause instead of letting them wait: what is paused is a circuit that another machine opened.
  bool refuse_while_paused = false;
  /// Called after something has happened, without a lock, from a thread of a call or of the store. Must not throw. Not
  /// called any more after the limit was destroyed: the destructor waits until other threads have returned from it.
  std::function<void(event const&)> on_event = nullptr;
};

/// What a shared limit knows.
struct state {
  bool store_up = false;        ///< the store has answered the last question
  std::int64_t machines = 1;    ///< machines seen in the last minute, this one included
  std::int64_t in_hand = 0;     ///< leased permits that were not used yet
  std::int64_t waiting = 0;     ///< callers that wait
  duration paused{};            ///< the rest of a pause
  double per_second = 0;        ///< the slowest of the rates, for all machines together
  double share = 0;             ///< this machine's part of it, if all machines want as much
  std::uint64_t admitted = 0;   ///< permits used by this machine
  std::uint64_t expired = 0;    ///< permits that were leased and not used in time
  std::uint64_t questions = 0;  ///< calls of the store
  std::string trouble = {};     ///< why the store is away; empty: it is not
};

}  // namespace tenax::shared
