// SPDX-License-Identifier: MIT
// policy.hpp: the value that holds the parts of a policy: predicate, wait strategy, stop condition, gates, limits.
#pragma once

#include <type_traits>
#include <utility>

#include <tenax/concepts.hpp>
#include <tenax/detail/reject.hpp>
#include <tenax/gate/detail/bounded_gates.hpp>
#include <tenax/gate/gate.hpp>
#include <tenax/observe/hooks.hpp>
#include <tenax/platform/compiler.hpp>
#include <tenax/result_traits.hpp>
#include <tenax/stop/compose.hpp>
#include <tenax/when/compose.hpp>

namespace tenax {

/// What to do when a server asks for a wait longer than `max_server_wait`.
enum class too_long : unsigned char {
  give_up,  ///< end the call with `stop_reason::server_wait_too_long` and the server's wait in the report: the default
  clamp,    ///< wait for `max_server_wait` and try then, before the time that the server asked for
  ignore,   ///< treat the answer as if it asked for no wait
  lengthen  ///< lengthen the policy's own wait by at most `max_server_wait`, as the AWS SDKs do
};

/// The longest server wait that a policy obeys, and what happens when a server asks for more.
struct server_wait_limit {
  duration max = duration(300'000'000'000);  ///< 5 minutes
  too_long action = too_long::give_up;
};

namespace detail {

/// The limits of a policy besides its stop condition. `Restarts`: attempts and waits start from the beginning after
/// progress.
template <bool Restarts>
struct basic_limits {
  static constexpr bool times_attempts = false;
  static constexpr bool named = false;
  static constexpr bool restarts = Restarts;
  server_wait_limit server{};
};
using call_limits = basic_limits<false>;

/// The same limits, and a time limit for one attempt.
template <bool Restarts>
struct timed_limits {
  static constexpr bool times_attempts = true;
  static constexpr bool named = false;
  static constexpr bool restarts = Restarts;
  server_wait_limit server{};
  duration attempt{};
};

/// The same limits, and a name for calls.
template <class Limits>
struct named_limits : Limits {
  static constexpr bool named = true;
  char const* name = "";
};

template <bool Restarts>
constexpr basic_limits<true> restarting(basic_limits<Restarts> const& l) {
  return {l.server};
}
template <bool Restarts>
constexpr timed_limits<true> restarting(timed_limits<Restarts> const& l) {
  return {l.server, l.attempt};
}
template <class Limits>
constexpr auto restarting(named_limits<Limits> const& l) {
  auto const own = restarting(static_cast<Limits const&>(l));
  return named_limits<std::remove_const_t<decltype(own)>>{own, l.name};
}

template <bool Restarts>
constexpr timed_limits<Restarts> timed(basic_limits<Restarts> const& l, duration attempt) {
  return {l.server, attempt};
}
template <bool Restarts>
constexpr timed_limits<Restarts> timed(timed_limits<Restarts> const& l, duration attempt) {
  return {l.server, attempt};
}
template <class Limits>
constexpr auto timed(named_limits<Limits> const& l, duration attempt) {
  auto const own = timed(static_cast<Limits const&>(l), attempt);
  return named_limits<std::remove_const_t<decltype(own)>>{own, l.name};
}

/// The name of a call. A text that copies itself does not convert, because its copy would not live as long as the
/// policy.
struct call_name {
  constexpr call_name(char const* name) : text(name) {
    if (name == nullptr) invalid_parameter("named: name", "must be a text", "null");
  }
  template <class T>
    requires(!std::is_convertible_v<T const&, char const*>)
  constexpr call_name(T const&) {
    static_assert(
        always_false<T>,
        "tenax: .named() keeps a pointer and copies nothing; give it a literal, as in .named(\"catalogue\"), or "
        "the c_str() of a text that outlives the policy");
  }

  char const* text = "";
};

template <class Limits>
constexpr named_limits<Limits> with_name(Limits const& l, char const* name) {
  return {l, name};
}
template <class Limits>
constexpr named_limits<Limits> with_name(named_limits<Limits> const& l, char const* name) {
  return {static_cast<Limits const&>(l), name};
}

/// Gives an attempt, or a report, the name that the policy has for its calls.
template <class Limits, class Named>
constexpr void set_name([[maybe_unused]] Limits const& limits, [[maybe_unused]] Named& named) {
  if constexpr (Limits::named) named.name = limits.name;
}

/// Whether the limits start again after progress, and whether they limit the time of an attempt. Limits of any policy
/// know it only when the program runs.
template <class Limits>
constexpr bool restarts([[maybe_unused]] Limits const& l) noexcept {
  if constexpr (requires { l.restarts_now; }) {
    return l.restarts_now;
  } else {
    return Limits::restarts;
  }
}
template <class Limits>
constexpr bool times_attempts([[maybe_unused]] Limits const& l) noexcept {
  if constexpr (requires { l.times_attempts_now; }) {
    return l.times_attempts_now;
  } else {
    return Limits::times_attempts;
  }
}

/// How long the policy waits for this server wait: none if it ignores the wait.
constexpr optional_duration obeyed_wait(optional_duration asked, server_wait_limit const& limit) {
  if (!asked || asked->count() <= limit.max.count()) return asked;
  if (limit.action == too_long::ignore) return {};
  return limit.max;
}

/// The server wait that a wait strategy sees.
constexpr optional_duration visible_wait(optional_duration asked, server_wait_limit const& limit) {
  return limit.action == too_long::lengthen ? optional_duration() : obeyed_wait(asked, limit);
}

/// The shortest upcoming wait, after the policy's own wait is known. `asked`: the server's wait; `obeyed`: the part of
/// it that does not depend on the own wait.
constexpr optional_duration least_wait(optional_duration obeyed, optional_duration asked, duration own,
                                       server_wait_limit const& limit) {
  if (limit.action != too_long::lengthen || !asked) return obeyed;
  return shorter(*asked, saturating_add(own, limit.max));
}

}  // namespace detail

/// The parts of a policy, one for each role, as an immutable value. Users make it with the setters of
/// `tenax::retrying`, which derives from it; drivers and `retry_loop` read it.
template <class When, class Wait, class Stop, class Observers = detail::no_observers, class Gates = detail::no_gates,
          class Token = detail::no_token, class HintReader = detail::own_hint_reader,
          class Limits = detail::call_limits>
struct policy {
  using when_type = When;
  using wait_type = Wait;
  using stop_type = Stop;
  using observers_type = Observers;
  using gates_type = Gates;
  using token_type = Token;
  using hint_reader_type = HintReader;
  using limits_type = Limits;

  /// Whether any part uses time. If not, drivers do not read the clock.
  static constexpr bool uses_time = detail::uses_time<When> || detail::uses_time<Wait> || detail::uses_time<Stop> ||
                                    Observers::uses_time || !Gates::empty;

  // Most parts are empty, and a waiting asynchronous call holds a copy of its policy.
  TENAX_NO_UNIQUE_ADDRESS When predicate;
  Wait strategy;
  Stop condition;
  TENAX_NO_UNIQUE_ADDRESS Observers observers{};
  TENAX_NO_UNIQUE_ADDRESS Gates gates{};
  Token token{};
  TENAX_NO_UNIQUE_ADDRESS HintReader hint_reader{};
  Limits limits{};
};

// A deduction guide for compilers that do not deduce aggregates.
template <class When, class Wait, class Stop, class Observers, class Gates, class Token, class HintReader, class Limits>
policy(When, Wait, Stop, Observers, Gates, Token, HintReader, Limits)
    -> policy<When, Wait, Stop, Observers, Gates, Token, HintReader, Limits>;

namespace detail {

// The same policy with another part.
template <class P, class Token>
constexpr auto with_token(P const& p, Token token) {
  return policy{p.predicate, p.strategy, p.condition, p.observers, p.gates, std::move(token), p.hint_reader, p.limits};
}
template <class P, class Token>
  requires(!std::is_lvalue_reference_v<P>)
constexpr auto with_token(P&& p, Token token) {
  return policy{std::move(p.predicate), std::move(p.strategy), std::move(p.condition),   std::move(p.observers),
                std::move(p.gates),     std::move(token),      std::move(p.hint_reader), p.limits};
}
template <class P, class Gate>
constexpr auto with_gate(P const& p, Gate const& gate) {
  return policy{p.predicate, p.strategy,    p.condition, p.observers, detail::one_more(p.gates, gate),
                p.token,     p.hint_reader, p.limits};
}
template <class P>
constexpr auto with_gate_wait(P const& p, duration most) {
  return policy{p.predicate, p.strategy,    p.condition, p.observers, detail::bounded(p.gates, most),
                p.token,     p.hint_reader, p.limits};
}
template <class P, class F>
constexpr auto with_hint_reader(P const& p, F reader) {
  return policy{p.predicate, p.strategy, p.condition, p.observers, p.gates, p.token, std::move(reader), p.limits};
}
template <class P, class Limits>
constexpr auto with_limits(P const& p, Limits limits) {
  return policy{p.predicate, p.strategy, p.condition, p.observers, p.gates, p.token, p.hint_reader, limits};
}

/// Calls `f` with a policy. A policy of any type, which knows more of itself when the program runs, has an overload.
template <class P, class F>
constexpr auto call_with_best_type(P const& p, F const& f) {
  return f(p);
}

}  // namespace detail

}  // namespace tenax
