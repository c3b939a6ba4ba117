// SPDX-License-Identifier: MIT
// async/detail/asio_scope.hpp: the limits that a hedged call inherits from the retried call around it.
#pragma once

#include <memory>
#include <utility>

#include <tenax/gate/gate.hpp>
#include <tenax/policy.hpp>

namespace tenax::detail {

/// The gates of a call, and the permits that one attempt holds. Hides their types.
struct gate_pass {
  gate_pass() = default;
  gate_pass(gate_pass const&) = delete;
  gate_pass& operator=(gate_pass const&) = delete;
  virtual ~gate_pass() = default;

  virtual admission admit(attempt_info const& info, time_point now) = 0;
  virtual void record(feedback const& how, time_point now) = 0;
  /// Gives the attempt's permits back.
  virtual void give_back() = 0;
  /// Returns the same gates for another attempt.
  [[nodiscard]] virtual std::unique_ptr<gate_pass> another() const = 0;
};

template <class Gates>
class gate_pass_of final : public gate_pass {
 public:
  gate_pass_of(Gates gates, server_wait_limit limit) : gates_(std::move(gates)), limit_(limit) {}

  admission admit(attempt_info const& info, time_point now) override { return gates_.admit(tickets_, info, now); }
  void record(feedback const& how, time_point now) override {
    gates_.record(tickets_, {.how = how.how, .server_wait = obeyed_wait(how.server_wait, limit_), .left = how.left},
                  now);
  }
  void give_back() override { tickets_ = {}; }
  [[nodiscard]] std::unique_ptr<gate_pass> another() const override {
    return std::make_unique<gate_pass_of>(gates_, limit_);
  }

 private:
  Gates gates_;
  server_wait_limit limit_;  ///< the longest wait of a server that is obeyed
  typename Gates::tickets tickets_{};
};

/// The limits that a hedged call inherits: gates for its further attempts (null: none), time left, and token.
struct inherited_limits {
  std::unique_ptr<gate_pass> gates{};
  duration time_left = (duration::max)();
  token_view token{};
};

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
                     inherited_limits limits{.time_left = info.time_left, .token = info.token};
                     if constexpr (!policy::gates_type::empty) {
                       using gates = typename policy::gates_type;
                       limits.gates = std::make_unique<gate_pass_of<gates>>(c.policy().gates, c.policy().limits.server);
                     }
                     return limits;
                   }}};
    return f();
  } else {
    return f();
  }
}

}  // namespace tenax::detail
