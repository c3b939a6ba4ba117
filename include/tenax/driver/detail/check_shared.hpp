// SPDX-License-Identifier: MIT
// driver/detail/check_shared.hpp: mistakes with the parts of a policy that have state: observers, gates, environments.
// They are shared by std::ref, because the state of a copy would be lost.
#pragma once

#include <concepts>
#include <type_traits>

#include <tenax/concepts.hpp>
#include <tenax/detail/callable.hpp>
#include <tenax/detail/role.hpp>
#include <tenax/gate/gate.hpp>

namespace tenax::detail {

/// Detects the functions of an observer, of any signature: if `O` has one, its name is ambiguous beside this one's.
struct hook_probe {
  void before_attempt();
  void before_gate_wait();
  void after_attempt();
  void before_sleep();
  void on_success();
  void on_give_up();
};
template <class O>
struct hooked : O, hook_probe {};

template <class O>
constexpr bool has_hook() {
  if constexpr (!std::is_class_v<O>) {
    return false;
  } else if constexpr (std::is_final_v<O>) {
    return true;
  } else {
    using both = hooked<O>;
    return !(
        requires { &both::before_attempt; } && requires { &both::before_gate_wait; } &&
        requires { &both::after_attempt; } && requires { &both::before_sleep; } && requires { &both::on_success; } &&
        requires { &both::on_give_up; });
  }
}

template <class O>
constexpr bool has_changing_hook() {
  bool changes = false;
  if constexpr (requires { &O::before_attempt; }) changes = changes || changes_its_object<decltype(&O::before_attempt)>;
  if constexpr (requires { &O::before_gate_wait; })
    changes = changes || changes_its_object<decltype(&O::before_gate_wait)>;
  if constexpr (requires { &O::after_attempt; }) changes = changes || changes_its_object<decltype(&O::after_attempt)>;
  if constexpr (requires { &O::before_sleep; }) changes = changes || changes_its_object<decltype(&O::before_sleep)>;
  if constexpr (requires { &O::on_success; }) changes = changes || changes_its_object<decltype(&O::on_success)>;
  if constexpr (requires { &O::on_give_up; }) changes = changes || changes_its_object<decltype(&O::on_give_up)>;
  return changes;
}

/// Checks the argument of `.observe(o)`.
template <class O>
constexpr bool check_observing() {
  constexpr bool hears = has_hook<std::remove_const_t<unwrapped<O>>>();
  static_assert(
      hears,
      "tenax: .observe() needs an object with at least one of before_attempt, before_gate_wait, after_attempt, "
      "before_sleep, on_success and on_give_up; to observe by a function write .before_sleep(f) or the like");
  if constexpr (hears && std::is_same_v<O const, unwrapped<O>>) {
    constexpr bool steady = std::is_copy_constructible_v<O> && !has_changing_hook<O>();
    static_assert(steady,
                  "tenax: .observe() was given an object that cannot be copied or that changes when it is called; "
                  "share it with the policy: .observe(std::ref(object))");
    return steady;
  }
  return hears;
}

/// Whether `G` has gates of its own, one for each key. A gate may have views as well, such as `limiter.with_weight(2)`.
template <class G>
concept has_gates = !gate<std::remove_const_t<G>> && requires { requires gate_view<typename G::view>; };

/// Whether `G` points to a gate, as a `std::shared_ptr` does.
template <class G>
concept points_to_gate = requires(G const& g) { requires gate<std::remove_cvref_t<decltype(*g)>>; };

/// What the argument of `.through(g)` is.
enum class gate_given : unsigned char { shared, keyed, pointer, constant, copy };

template <class G>
constexpr gate_given gate_given_as() {
  using given = unwrapped<G>;
  using type = std::remove_const_t<given>;
  if (gate_view<type> || (!std::is_const_v<given> && gate<type>)) return gate_given::shared;
  if (has_gates<given>) return gate_given::keyed;
  if (points_to_gate<given>) return gate_given::pointer;
  return gate<type> && !std::is_same_v<given, G const> ? gate_given::constant : gate_given::copy;
}

/// Checks the argument of `.through(g)`.
template <class G>
constexpr bool check_gate() {
  constexpr auto as = gate_given_as<G>();
  static_assert(as != gate_given::keyed,
                "tenax: .through() was given a keyed, which has a gate for each key; write .through(gates[key])");
  static_assert(as != gate_given::pointer,
                "tenax: .through() was given a pointer to a gate; write .through(std::ref(*gate))");
  static_assert(as != gate_given::constant,
                "tenax: .through() was given a const gate, which cannot count; give it the gate itself, not const");
  static_assert(as != gate_given::copy,
                "tenax: .through() needs a gate that calls share; write .through(std::ref(gate))");
  return as == gate_given::shared;
}

/// Whether an environment held by value has a source of randomness that a policy cannot call.
template <class E>
inline constexpr bool hides_random =
    requires(std::remove_const_t<E>& e) { e.random(); } && !requires(E& e) { e.random(); };

/// Checks the argument of `.environment(e)`.
template <class E>
constexpr bool check_environment() {
  constexpr bool usable = environment<unwrapped<E>> && std::is_copy_constructible_v<E> && !hides_random<unwrapped<E>>;
  static_assert(usable,
                "tenax: .environment() needs now() and sleep(duration), callable on a const value; an environment that "
                "changes or cannot be copied is shared: .environment(std::ref(e))");
  return usable;
}

}  // namespace tenax::detail
