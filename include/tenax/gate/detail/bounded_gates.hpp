// SPDX-License-Identifier: MIT
// gate/detail/bounded_gates.hpp: the gates of a policy at which an attempt waits no longer than `max_gate_wait`.
#pragma once

#include <utility>

#include <tenax/gate/gate.hpp>

namespace tenax::detail {

/// Gates at which an attempt may wait for `most` altogether. If a gate answers with a longer wait, or makes the attempt
/// wait when the time is over, the attempt is refused.
template <class Gates>
struct bounded_gates {
  static constexpr bool empty = Gates::empty;
  static constexpr bool has_would_admit = Gates::has_would_admit;
  static constexpr bool has_started = Gates::has_started;
  static constexpr bool wakes = Gates::wakes;
  struct tickets {
    typename Gates::tickets own{};
    time_point since{};  ///< waits: when the first wait began
    bool waits = false;
  };

  constexpr bounded_gates(Gates g, duration m) : own(std::move(g)), most(m) {}

  constexpr admission admit(tickets& t, attempt_info const& a, time_point now, waker const& w = {}) const {
    auto answer = own.admit(t.own, a, now, w);
    if (answer.waits()) bound(answer, t, now);
    return answer;
  }
  constexpr admission before_wait(tickets& t, attempt_info const& a, feedback::kind how, time_point now,
                                  time_point then) const {
    return own.before_wait(t.own, a, how, now, then);
  }
  constexpr void started(tickets& t, time_point now) const { own.started(t.own, now); }
  constexpr void record(tickets& t, feedback const& f, time_point now) const { own.record(t.own, f, now); }

  [[nodiscard]] constexpr bool holds_any() const noexcept { return holds_gates(own); }

  template <class Out>
  constexpr void describe(Out& out) const {
    own.describe(out);
    if (most == duration::zero()) return out.text("; no attempt waits there");
    if (most == (duration::max)()) return;
    out.text("; an attempt waits there for at most ");
    out.time(most);
  }

  Gates own;
  duration most;

 private:
  constexpr void bound(admission& answer, tickets& t, time_point now) const noexcept {
    if (!t.waits || now < t.since) t.since = now;
    t.waits = true;
    auto const left = saturating_subtract(most, saturating_between(t.since, now));
    if (answer.at_most && left.count() > 0) {
      answer.delay = shorter(answer.delay, left);
    } else if (answer.at_most || answer.delay.count() > left.count()) {
      auto const after = answer.at_most ? optional_duration() : optional_duration(answer.delay);
      answer = admission::refuse("a gate's wait would exceed max_gate_wait", after);
    }
  }
};

/// The longest wait of an attempt at a gate.
template <class Gate>
constexpr duration longest_wait_at([[maybe_unused]] Gate const& g) {
  if constexpr (requires { g.longest_wait(); }) {
    return g.longest_wait();
  } else {
    return (duration::max)();
  }
}

/// The longest wait of an attempt at the gates of a policy.
template <class Gates>
constexpr duration longest_gate_wait([[maybe_unused]] Gates const& g) {
  if constexpr (requires { g.longest_wait(); }) {
    return g.longest_wait();
  } else {
    return Gates::empty ? duration::zero() : (duration::max)();
  }
}
template <class Outer, class Gate>
constexpr duration longest_gate_wait(gates<Outer, Gate> const& g) {
  return saturating_add(detail::longest_gate_wait(g.outer), detail::longest_wait_at(unwrap(g.own)));
}
template <class Gates>
constexpr duration longest_gate_wait(bounded_gates<Gates> const& g) {
  return holds_gates(g.own) ? shorter(g.most, longest_gate_wait(g.own)) : duration::zero();
}

/// The same gates, and another one.
template <class Outer, class Gate>
constexpr auto one_more(Outer const& outer, Gate const& gate) {
  return gates<Outer, Gate>(outer, gate);
}
template <class Outer, class Gate>
constexpr auto one_more(bounded_gates<Outer> const& outer, Gate const& gate) {
  return bounded_gates<gates<Outer, Gate>>(detail::one_more(outer.own, gate), outer.most);
}

/// The same gates, with another limit.
template <class Gates>
constexpr auto bounded(Gates const& g, duration most) {
  return bounded_gates<Gates>(g, most);
}
template <class Gates>
constexpr auto bounded(bounded_gates<Gates> const& g, duration most) {
  return bounded_gates<Gates>(g.own, most);
}

}  // namespace tenax::detail
