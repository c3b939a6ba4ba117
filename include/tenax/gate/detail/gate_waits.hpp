// SPDX-License-Identifier: MIT
// gate/detail/gate_waits.hpp: how a blocking call waits between attempts, and at gates that wake it.
#pragma once

#include <type_traits>

#include <tenax/gate/gate.hpp>
#include <tenax/platform/compiler.hpp>

namespace tenax::detail {

template <class Env, class Token>
inline constexpr bool interruptible = requires(Env& e, duration d, Token const& t) { e.sleep(d, t); };
template <class Env>
inline constexpr bool interruptible<Env, no_token> = false;

/// Sleeps for `d`; ends when the token is triggered, if the environment can do that.
template <class Env, class Token>
TENAX_ALWAYS_INLINE constexpr void sleep_for_call(Env& environment, duration d, [[maybe_unused]] Token const& token) {
  if constexpr (interruptible<Env, Token>) {
    environment.sleep(d, token);
  } else {
    environment.sleep(d);
  }
}

/// A thread that waits at gates that wake it. <tenax/gate/waking.hpp> defines it, and the headers of such gates include
/// that.
template <class Env, class Token>
class gate_waiter;

/// A thread that waits at gates that do not wake it, or at none.
struct plain_waiter {
  [[nodiscard]] TENAX_ALWAYS_INLINE constexpr waker lend() const noexcept { return {}; }

  template <class Env, class Token>
  TENAX_ALWAYS_INLINE constexpr void sleep(Env& environment, duration d, Token const& token) const {
    sleep_for_call(environment, d, token);
  }
};

/// The waiter of a call: `Wakes`: its gates wake it.
template <bool Wakes, class Env, class Token>
using waiter_for = std::conditional_t<Wakes, gate_waiter<Env, Token>, plain_waiter>;

}  // namespace tenax::detail
