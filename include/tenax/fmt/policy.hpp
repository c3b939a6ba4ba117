// SPDX-License-Identifier: MIT
// fmt/policy.hpp: whole policies for {fmt}, in plain words.
#pragma once

#include <tenax/fmt/description.hpp>
#include <tenax/retrying.hpp>
#include <tenax/wait/first_of.hpp>
#include <tenax/worst_case.hpp>

namespace tenax {

namespace wait {
struct uniform_strategy;
}

namespace detail {

/// The lines of an explanation begin in the same column: `retries:     this`.
inline constexpr std::string_view next_line = "\n             ";

inline void write(description& out, worst_case_bounds const& w) {
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

inline void write_range(description& out, wait::bounds r) {
  duration_text const least(r.least), most(r.most);
  out.text(least.c_str());
  if (std::string_view(least.c_str()) == most.c_str()) return;
  out.text("..");
  out.text(most.c_str());
}

/// Writes `: 100ms, 200ms, 400ms, ...`, or the ends of each wait if it is random. Writes nothing if the description
/// already says it all, or if the wait depends on the server or the outcome.
template <class W>
void write_first_waits(description& out, W const& strategy, std::uint32_t attempts) {
  constexpr std::uint32_t shown = 4;
  wait::bounds ranges[shown];
  wait::range_query asked, not_asked{.most_server_wait = duration::zero()};
  auto const waits = attempts - 1 < shown ? attempts - 1 : shown;
  bool same = true;
  for (std::uint32_t i = 0; i < waits; ++i) {
    ranges[i] = wait::bounds_of(strategy, not_asked);
    if (ranges[i] != wait::bounds_of(strategy, asked) || ranges[i].most == (duration::max)()) return;
    same = same && ranges[i] == ranges[0];
    asked = asked.next(ranges[i]);
    not_asked = not_asked.next(ranges[i]);
  }
  if (waits == 0 || std::is_same_v<W, wait::uniform_strategy>) return;
  if constexpr (requires { strategy.describes_every_wait(); }) {
    if (strategy.describes_every_wait()) return;
  }
  if (same && waits > 1) {
    if (ranges[0].least == ranges[0].most) return;
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

template <class W>
void write_waits(description& out, W const& strategy, std::uint32_t attempts) {
  detail::describe(strategy, out, "a wait of your own");
  write_first_waits(out, strategy, attempts);
}

template <class L, class R>
void write_waits(description& out, wait::first_of_strategy<L, R> const& strategy, std::uint32_t attempts) {
  write_waits(out, strategy.left, attempts);
  out.text(next_line);
  out.text("else ");
  write_waits(out, strategy.right, attempts);
}

inline void write(description& out, server_wait_limit limit) {
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

template <class When, class Wait, class Stop, class Observers, class Gates, class Token, class HintReader, class Limits>
void write(description& out, policy<When, Wait, Stop, Observers, Gates, Token, HintReader, Limits> const& p) {
  auto const worst = worst_case(p);
  if constexpr (Limits::named) {
    out.text("name:        ");
    out.foreign(p.limits.name);
    out.text("\n");
  }
  if constexpr (!Gates::empty) {
    out.text("gates:       ");
    p.gates.describe(out);
    out.text("\n");
  }
  out.text("retries:     ");
  detail::describe(p.predicate, out, "a predicate of your own");
  out.text("\nwaits:       ");
  write_waits(out, p.strategy, worst.attempts);
  out.text("\nstops:       ");
  if constexpr (can_stop<Token>) {
    detail::describe_operand(p.condition, out, "when your condition says so", " and ");
    out.text(", or when cancelled");
  } else {
    detail::describe(p.condition, out, "when your condition says so");
  }
  out.text("\nserver wait: ");
  write(out, p.limits.server);
  if constexpr (Limits::times_attempts) {
    if (p.limits.attempt != (duration::max)()) {
      out.text("\nan attempt:  ends after ");
      out.time(p.limits.attempt);
    }
  }
  out.text("\nworst case:  ");
  write(out, worst);
  if (!Gates::empty && !worst.bounded()) out.text(" at the gates");
}

}  // namespace detail
}  // namespace tenax

template <>
struct fmt::formatter<tenax::worst_case_bounds> : tenax::detail::written<tenax::worst_case_bounds> {};

template <class... Parts>
struct fmt::formatter<tenax::policy<Parts...>> : tenax::detail::written<tenax::policy<Parts...>> {};

template <class Policy, class Environment>
struct fmt::formatter<tenax::retrying<Policy, Environment>> : fmt::formatter<Policy> {};
