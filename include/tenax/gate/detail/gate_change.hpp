// SPDX-License-Identifier: MIT
// gate/detail/gate_change.hpp: a change of the gate of one key, which is also made to later gates of that key.
#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>

#include <tenax/detail/callable.hpp>
#include <tenax/platform/shared_number.hpp>

namespace tenax::detail {

/// The parameter of a callable with one signature, with its reference; otherwise a reference.
template <class F>
struct gate_parameter : std::type_identity<void*&> {};
template <class F>
  requires requires { &F::operator(); }
struct gate_parameter<F> : first_parameter<decltype(&F::operator())> {};
template <class F>
  requires is_function<F>
struct gate_parameter<F> : first_parameter<std::remove_pointer_t<F>> {};

/// Whether a function can change a gate: takes it by reference, and not a copy of it.
template <class F, class Gate>
inline constexpr bool takes_gate_by_reference =
    std::is_invocable_v<F const&, Gate&> && std::is_reference_v<typename gate_parameter<F>::type>;

/// Changes a gate. Never changes itself, so several threads may call it.
template <class Gate>
struct gate_change {
  virtual void operator()(Gate& gate) const = 0;
  virtual ~gate_change() = default;

  platform::shared_number<std::uint32_t> users{1};
};

/// Calls `f(gate)`.
template <class Gate, class F>
struct changed_by final : gate_change<Gate> {
  explicit changed_by(F function) : f(std::move(function)) {}
  void operator()(Gate& gate) const override { f(gate); }
  F f;
};

/// A change with several users, the last of which destroys it; or none.
template <class Gate>
class shared_change {
 public:
  shared_change() = default;
  explicit shared_change(gate_change<Gate> const* made) noexcept : change_(made) {}
  shared_change(shared_change const& other) noexcept : change_(other.change_) {
    if (change_ != nullptr) users().fetch_add_relaxed(1);
  }
  shared_change& operator=(shared_change other) noexcept {
    std::swap(change_, other.change_);
    return *this;
  }
  ~shared_change() {
    if (change_ != nullptr && users().fetch_sub_acquire_release(1) == 1) delete change_;
  }

  [[nodiscard]] explicit operator bool() const noexcept { return change_ != nullptr; }
  [[nodiscard]] bool operator==(shared_change const& other) const noexcept { return change_ == other.change_; }
  void operator()(Gate& gate) const { (*change_)(gate); }

 private:
  platform::shared_number<std::uint32_t>& users() const noexcept {
    return const_cast<gate_change<Gate>*>(change_)->users;
  }

  gate_change<Gate> const* change_ = nullptr;
};

}  // namespace tenax::detail
