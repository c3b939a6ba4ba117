// SPDX-License-Identifier: MIT
// async/detail/gate_pass.hpp: the limits that a hedged call inherits from the policy of the call around it.
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

  virtual admission admit(attempt_info const& info, time_point now, waker const& w) = 0;
  virtual void started(time_point now) = 0;
  virtual void record(feedback const& how, time_point now) = 0;
  /// Gives the attempt's permits back.
  virtual void give_back() = 0;
  /// Returns the same gates for another attempt.
  [[nodiscard]] virtual std::unique_ptr<gate_pass> another() const = 0;
};

template <class Gates>
class gate_pass_of final : public gate_pass {
 public:
  gate_pass_of(Gates gates, server_wait_limit limit, duration attempt_limit)
      : gates_(std::move(gates)), limit_(limit), attempt_limit_(attempt_limit) {}

  admission admit(attempt_info const& info, time_point now, waker const& w) override {
    auto const answer = gates_.admit(tickets_, info, now, w);
    if (answer.waits() && answer.asked_by_server && answer.delay > limit_.max && limit_.action == too_long::give_up) {
      return admission::refuse("a gate waits for longer than max_server_wait, as a server asked", answer.delay);
    }
    return answer;
  }
  void started(time_point now) override { gates_.started(tickets_, now); }
  void record(feedback const& how, time_point now) override {
    gates_.record(tickets_,
                  {.how = how.how,
                   .server_wait = obeyed_wait(how.server_wait, limit_),
                   .left = how.left,
                   .attempt_limit = attempt_limit_},
                  now);
  }
  void give_back() override { tickets_ = {}; }
  [[nodiscard]] std::unique_ptr<gate_pass> another() const override {
    return std::make_unique<gate_pass_of>(gates_, limit_, attempt_limit_);
  }

 private:
  Gates gates_;
  server_wait_limit limit_;  ///< the longest wait of a server that is obeyed
  duration attempt_limit_;
  typename Gates::tickets tickets_{};
};

/// The limits that a hedged call inherits: gates for its further attempts (null: none), time left, token, and name.
struct inherited_limits {
  std::unique_ptr<gate_pass> gates{};
  duration time_left = (duration::max)();
  token_view token{};
  char const* name = "";
};

/// The gates of a policy, for attempts that may outlive it. A policy that only refers to its gates has an overload.
template <class Policy>
auto own_gates(Policy const& policy) {
  return policy.gates;
}

/// The limits that the attempt `info` of a call with this policy leaves to a hedged call.
template <class Policy>
inherited_limits limits_of(Policy const& policy, attempt_info const& info) {
  inherited_limits limits{.time_left = info.time_left, .token = info.token, .name = info.name};
  if constexpr (!Policy::gates_type::empty) {
    if (!holds_gates(policy.gates)) return limits;
    auto longest = (duration::max)();
    if constexpr (Policy::limits_type::times_attempts) longest = policy.limits.attempt;
    using gates = decltype(own_gates(policy));
    limits.gates = std::make_unique<gate_pass_of<gates>>(own_gates(policy), policy.limits.server, longest);
  }
  return limits;
}

}  // namespace tenax::detail
