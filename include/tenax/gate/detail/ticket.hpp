// SPDX-License-Identifier: MIT
// gate/detail/ticket.hpp: the ticket of a gate: what one attempt holds, given back when it is destroyed unreported.
#pragma once

#include <utility>

#include <tenax/platform/cplusplus.hpp>

namespace tenax::detail {

/// Holds a `Grant` of a `Gate`, or nothing. The gate, its friend, fills and empties it. A ticket that is destroyed or
/// assigned to while it holds something calls `gate.take_back(grant)`, which takes the gate's lock; a gate that empties
/// a ticket under its own lock sets `gate_` to null instead. A gate that keeps a pointer to the grant declares
/// `moves_grants` and has a function `moved(from, to)`.
template <class Gate, class Grant>
class gate_ticket {
 public:
  gate_ticket() = default;
  gate_ticket(gate_ticket&& other) noexcept { take_over(other); }
  gate_ticket& operator=(gate_ticket&& other) noexcept {
    if (this != &other) {
      give_back();
      take_over(other);
    }
    return *this;
  }
  ~gate_ticket() { give_back(); }

 private:
  friend Gate;

  void take_over(gate_ticket& other) noexcept {
    gate_ = std::exchange(other.gate_, nullptr);
    if constexpr (requires { Gate::moves_grants; }) {
      if (gate_ != nullptr) gate_->moved(other.grant_, grant_);
    } else {
      grant_ = other.grant_;
    }
  }
  void give_back() noexcept {
    if (gate_ != nullptr) std::exchange(gate_, nullptr)->take_back(grant_);
  }

  Gate* gate_ = nullptr;
  Grant grant_{};
};

}  // namespace tenax::detail
