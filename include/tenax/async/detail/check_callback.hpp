// SPDX-License-Identifier: MIT
// async/detail/check_callback.hpp: mistakes in functions that callback loops are given, each explained by one sentence.
#pragma once

#include <type_traits>

#include <tenax/async/callback_reply.hpp>
#include <tenax/async/detail/callback_world.hpp>
#include <tenax/async/detail/undo.hpp>
#include <tenax/attempt.hpp>
#include <tenax/detail/role.hpp>
#include <tenax/gate/gate.hpp>
#include <tenax/report.hpp>

namespace tenax::detail {

/// Whether a value may be dropped without an effect: a number, a pointer, an iterator.
template <class R>
inline constexpr bool may_be_dropped = std::is_trivially_destructible_v<R>;
template <>
inline constexpr bool may_be_dropped<void> = true;

/// Whether a call knows what to do with the value that a function returned: it is a function that undoes the
/// call, or nothing is lost without it.
template <class R>
inline constexpr bool undoes_or_ends = may_be_dropped<std::remove_cvref_t<R>> || undoes<R>;

/// Explains mistakes in the functions given to callback_retry, or to callback_hedged: each names what the user called.
template <bool Hedges, class T, class Timer, class Start, class Done>
constexpr bool check_callbacks() {
  constexpr bool known = !std::is_same_v<T, deduced_result>;
  static_assert(known || Hedges,
                "tenax: callback_retry() cannot see the type of the result; name it, as in "
                "tenax::callback_retry<page>(...), or let the last function take a tenax::report<page>");
  static_assert(known || !Hedges,
                "tenax: callback_hedged() cannot see the type of the result; name it, as in "
                "tenax::callback_hedged<page>(...), or let the last function take a tenax::report<page>");
  if constexpr (known) {
    using reply = callback_reply<T>;
    using timer = source_type<Timer>;
    constexpr bool finishes = std::is_invocable_v<Done&, report<T>>;
    static_assert(finishes || Hedges,
                  "tenax: the last function given to callback_retry() has to take a tenax::report<T>");
    static_assert(finishes || !Hedges,
                  "tenax: the last function given to callback_hedged() has to take a tenax::report<T>");
    constexpr bool times = std::is_invocable_v<timer&, duration, callback_alarm>;
    static_assert(times || Hedges,
                  "tenax: the timer given to callback_retry() is called as timer(d, f), with a tenax::duration and a "
                  "tenax::callback_alarm, and lets the event loop call f() once after d");
    static_assert(times || !Hedges,
                  "tenax: the timer given to callback_hedged() is called as timer(d, f), with a tenax::duration and a "
                  "tenax::callback_alarm, and lets the event loop call f() once after d");
    constexpr bool starts = starts_informed<T, Start> || std::is_invocable_v<Start&, reply>;
    static_assert(starts || Hedges,
                  "tenax: the function given to callback_retry() that starts an attempt takes a "
                  "tenax::callback_reply<T>, or a tenax::attempt_info const& before it");
    static_assert(starts || !Hedges,
                  "tenax: the function given to callback_hedged() that starts an attempt takes a "
                  "tenax::callback_reply<T>, or a tenax::attempt_info const& before it");
    if constexpr (finishes && times && starts) {
      using timed = std::invoke_result_t<timer&, duration, callback_alarm>;
      constexpr bool keeps_timer = undoes_or_ends<timed>;
      static_assert(keeps_timer || Hedges,
                    "tenax: the timer given to callback_retry() returns an object that ends with its destructor, and "
                    "callback_retry() does not keep it; return a function that cancels the timer, or nothing");
      static_assert(keeps_timer || !Hedges,
                    "tenax: the timer given to callback_hedged() returns an object that ends with its destructor, and "
                    "callback_hedged() does not keep it; return a function that cancels the timer, or nothing");
      constexpr bool keeps_attempt = undoes_or_ends<started_by<T, Start>>;
      static_assert(keeps_attempt || Hedges,
                    "tenax: the function given to callback_retry() that starts an attempt returns an object that ends "
                    "with its destructor, and callback_retry() does not keep it; return a function that aborts the "
                    "attempt, or nothing");
      static_assert(keeps_attempt || !Hedges,
                    "tenax: the function given to callback_hedged() that starts an attempt returns an object that "
                    "ends with its destructor, and callback_hedged() does not keep it; return a function that aborts "
                    "the attempt, or nothing");
      return keeps_timer && keeps_attempt;
    }
  }
  return false;
}

}  // namespace tenax::detail
