// SPDX-License-Identifier: MIT
// driver/detail/policy_copy.hpp: the copy of a policy that the path of a retry gets.
#pragma once

#include <type_traits>

#include <tenax/platform/compiler.hpp>
#include <tenax/policy.hpp>
#include <tenax/wait/jitter.hpp>

namespace tenax::detail {

/// Whether the path of a retry gets a copy, because that costs nothing: then the path of a success does not need the
/// original in memory.
template <class P>
inline constexpr bool copied_for_retries = platform::trivially_copyable<P> && platform::copyable<P> && sizeof(P) <= 256;

template <class Env>
using world_for_retries = std::conditional_t<copied_for_retries<Env>, Env, Env&>;

// Copies, part by part: compilers hold the parts of a policy in registers, but not a part that is copied as a whole and
// has holes.
template <class P>
TENAX_ALWAYS_INLINE constexpr P const& part(P const& p) {
  return p;  // NOLINT(bugprone-return-const-ref-from-parameter): a part of a policy, never a temporary object
}
template <class L, class R>
TENAX_ALWAYS_INLINE constexpr stop::any_of<L, R> part(stop::any_of<L, R> const& p) {
  return stop::any_of<L, R>(detail::part(p.left), detail::part(p.right));
}
template <class Earlier, class Observer>
TENAX_ALWAYS_INLINE constexpr observers<Earlier, Observer> part(observers<Earlier, Observer> const& p) {
  return observers<Earlier, Observer>(detail::part(p.earlier), p.own);
}

template <class W, class Jitter>
TENAX_ALWAYS_INLINE constexpr wait::jittered<W, Jitter> part(wait::jittered<W, Jitter> const& p) {
  return wait::jittered<W, Jitter>(p.strategy, p.jitter);
}
template <bool Restarts>
TENAX_ALWAYS_INLINE constexpr basic_limits<Restarts> part(basic_limits<Restarts> const& l) {
  return {{l.server.max, l.server.action}};
}
template <bool Restarts>
TENAX_ALWAYS_INLINE constexpr timed_limits<Restarts> part(timed_limits<Restarts> const& l) {
  return {{l.server.max, l.server.action}, l.attempt};
}
template <class Limits>
TENAX_ALWAYS_INLINE constexpr named_limits<Limits> part(named_limits<Limits> const& l) {
  return {detail::part(static_cast<Limits const&>(l)), l.name};
}

template <class Policy>
TENAX_ALWAYS_INLINE constexpr decltype(auto) policy_for_retries(Policy const& p) {
  if constexpr (copied_for_retries<Policy>) {
    return Policy{p.predicate, part(p.strategy), part(p.condition), part(p.observers),
                  p.gates,     p.token,          p.hint_reader,     part(p.limits)};
  } else {
    return (p);
  }
}

}  // namespace tenax::detail
