// SPDX-License-Identifier: MIT
// async/detail/asio_scope.hpp: the limits that a hedged call inherits from the retried call around it.
#pragma once

#include <memory>
#include <utility>

#include <tenax/async/detail/gate_pass.hpp>
#include <tenax/policy.hpp>

namespace tenax::detail {

/// The call whose operation this thread is calling.
struct operation_scope {
  void const* call;
  inherited_limits (*inherit)(void const* call);
};
inline constinit thread_local operation_scope const* current_operation = nullptr;

/// Returns the limits for a hedged call that is made now.
inline inherited_limits inherit_limits() {
  return current_operation != nullptr ? current_operation->inherit(current_operation->call) : inherited_limits();
}

/// Whether operations can check a token of this type.
template <class Token>
inline constexpr bool shows_token = can_stop<Token>;

/// Whether a policy has limits that a hedged call inherits.
template <class Policy>
inline constexpr bool bequeaths =
    Policy::uses_time || Policy::limits_type::times_attempts || shows_token<typename Policy::token_type>;

/// Calls `f`, which calls the operation of `call`. A hedged call that is made within `f` inherits the limits of `call`.
template <class Call, class F>
decltype(auto) call_in_scope([[maybe_unused]] Call const& call, F const& f) {
  using policy = std::remove_cvref_t<decltype(call.policy())>;
  if constexpr (bequeaths<policy>) {
    struct in_scope : operation_scope {
      operation_scope const* outer = std::exchange(current_operation, this);
      ~in_scope() { current_operation = outer; }
    } const scope{{&call, [](void const* of) {
                     auto const& c = *static_cast<Call const*>(of);
                     auto const info = c.info();
                     return limits_of(c.policy(), info);
                   }}};
    return f();
  } else {
    return f();
  }
}

}  // namespace tenax::detail
