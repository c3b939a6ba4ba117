// SPDX-License-Identifier: MIT
// any/detail/policy_text.hpp: whole policies in plain words.
#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>

#include <tenax/detail/duration_text.hpp>
#include <tenax/detail/role.hpp>
#include <tenax/policy.hpp>
#include <tenax/wait/bounds.hpp>
#include <tenax/wait/first_of.hpp>
#include <tenax/worst_case.hpp>

namespace tenax {

namespace wait {
struct uniform_strategy;
}

namespace detail {

/// The lines of an explanation begin in the same column: `retries:     this`.
inline constexpr std::string_view next_line = "\n             ";

template <class Out>
void write(Out& out, worst_case_bounds const& w) {
  if (w.attempts_bounded) {
    out.count(w.attempts, " attempt", " attempts");
  } else {
    out.text("attempts without limit");
  }
  if (w.total_wait == duration::zero()) return out.text(", no waiting");
  if (w.own_wait == (duration::max)()) return out.text(", waiting without limit");
  out.text(", ");
  out.time(w.own_wait);
  out.text(" of waiting");
  if (w.own_wait == w.total_wait) return;
  out.text(", or ");
  w.bounded() ? out.time(w.total_wait) : out.text("without limit");
  out.text(" if a server asks for it");
}

template <class Out>
void write_range(Out& out, wait::bounds r) {
  duration_text const least(r.least), most(r.most);
  out.text(least.c_str());
  if (std::string_view(least.c_str()) == most.c_str()) return;
  out.text("..");
  out.text(most.c_str());
}

/// Writes `: 100ms, 200ms, 400ms, ...`, or the ends of each wait if it is random. Writes nothing if the description
/// already says it all, or if the wait depends on the server or the outcome.
template <class Out, class W>
void write_first_waits(Out& out, W const& strategy, std::uint32_t attempts) {
  constexpr std::uint32_t shown = 4;
  wait::bounds ranges[shown];
  wait::range_query asked, not_asked{.most_server_wait = duration::zero()};
  auto const waits = attempts - 1 < shown ? attempts - 1 : shown;
  if (waits == 0 || std::is_same_v<W, wait::uniform_strategy>) return;
  bool same = true;    // the waits of this policy
  bool always = true;  // those of a policy with more attempts as well
  for (std::uint32_t i = 0; i < shown; ++i) {
    ranges[i] = wait::bounds_of(strategy, not_asked);
    always = always && ranges[i] == ranges[0];
    if (i < waits && (ranges[i] != wait::bounds_of(strategy, asked) || ranges[i].most == (duration::max)())) return;
    if (i < waits) same = always;
    asked = asked.next(ranges[i]);
    not_asked = not_asked.next(ranges[i]);
  }
  if constexpr (requires { strategy.describes_every_wait(); }) {
    if (strategy.describes_every_wait()) return;
  }
  if (always && ranges[0].least == ranges[0].most) return;
  if (same && waits > 1) {
    out.text(": ");
    write_range(out, ranges[0]);
    return out.text(" each time");
  }
  for (std::uint32_t i = 0; i < waits; ++i) {
    out.text(i == 0 ? ": " : ", ");
    write_range(out, ranges[i]);
  }
  if (waits < attempts - 1) out.text(", ...");
}

template <class Out, class W>
void write_waits(Out& out, W const& strategy, std::uint32_t attempts) {
  detail::describe(strategy, out, "a wait of your own");
  write_first_waits(out, strategy, attempts);
}

template <class Out, class L, class R>
void write_waits(Out& out, wait::first_of_strategy<L, R> const& strategy, std::uint32_t attempts) {
  write_waits(out, strategy.left, attempts);
  out.text(next_line);
  out.text("else ");
  write_waits(out, strategy.right, attempts);
}

template <class Out>
void write(Out& out, server_wait_limit limit) {
  if (limit.max == (duration::max)()) return out.text("obeyed, however long");
  if (limit.max == duration::zero() && limit.action != too_long::give_up) return out.text("ignored");
  if (limit.max == duration::zero()) return out.text("never waited for: the call gives up");
  out.text("obeyed up to ");
  out.time(limit.max);
  switch (limit.action) {
    case too_long::give_up: return out.text("; above that, the call gives up");
    case too_long::clamp: return out.text("; longer ones are shortened to that");
    case too_long::ignore: return out.text("; longer ones are ignored");
    case too_long::lengthen: return out.text(" beyond the own wait; longer ones are shortened to that");
  }
}

/// Whether a policy has a hint reader of its own. That of any policy knows it only when the program runs.
template <class HintReader>
constexpr bool reads_hints([[maybe_unused]] HintReader const& reader) noexcept {
  if constexpr (requires { reader.is_given(); }) {
    return reader.is_given();
  } else {
    return !std::is_same_v<HintReader, own_hint_reader>;
  }
}

/// Writes a policy from its parts.
template <class Out, class Policy>
void write_parts(Out& out, Policy const& p) {
  using Gates = typename Policy::gates_type;
  using Limits = typename Policy::limits_type;
  auto const worst = worst_case_of(p);
  if constexpr (Limits::named) {
    if (*p.limits.name != '\0') {
      out.text("name:        ");
      out.foreign(p.limits.name);
      out.text("\n");
    }
  }
  if constexpr (!Gates::empty) {
    if (holds_gates(p.gates)) {
      out.text("gates:       ");
      p.gates.describe(out);
      out.text("\n");
    }
  }
  out.text("retries:     ");
  detail::describe(p.predicate, out, "a predicate of your own");
  out.text("\nwaits:       ");
  write_waits(out, p.strategy, bounds_of(p.condition).attempts);
  out.text("\nstops:       ");
  if (may_stop(p.token)) {
    detail::describe_operand(p.condition, out, "when your condition says so", " and ");
    out.text(", or when cancelled");
  } else {
    detail::describe(p.condition, out, "when your condition says so");
  }
  if (restarts(p.limits)) out.text("\nprogress:    attempts are counted from the start again, and so are waits");
  if (reads_hints(p.hint_reader)) {
    out.text("\nhints:       from ");
    detail::describe(p.hint_reader, out, "a reader of your own");
  }
  out.text("\nserver wait: ");
  write(out, p.limits.server);
  if constexpr (Limits::times_attempts) {
    if (times_attempts(p.limits) && p.limits.attempt != (duration::max)()) {
      out.text("\nan attempt:  ends after ");
      out.time(p.limits.attempt);
    }
  }
  out.text("\nworst case:  ");
  write(out, worst);
  if (longest_gate_wait(p.gates) == (duration::max)() && !worst.bounded()) out.text(" at the gates");
}

template <class Out, class... Parts>
void write(Out& out, policy<Parts...> const& p) {
  write_parts(out, p);
}

}  // namespace detail
}  // namespace tenax
