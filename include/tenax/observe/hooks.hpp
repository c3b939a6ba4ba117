// SPDX-License-Identifier: MIT
// observe/hooks.hpp: how a policy calls its observers.
#pragma once

#include <type_traits>
#include <utility>

#include <tenax/detail/callable.hpp>
#include <tenax/gate/gate.hpp>
#include <tenax/platform/compiler.hpp>
#include <tenax/report.hpp>

namespace tenax::detail {

/// A function for one kind of event, as the setters of `retrying` take it. It may take an `attempt_info` or an
/// `attempt<T>`; `fits<T>` says whether it can be called for an attempt that returned a `T`.
template <class F>
struct before_attempt_hook {
  static constexpr bool uses_time = detail::uses_time<F>;
  F f;
  constexpr void before_attempt(attempt_info const& a) const { f(a); }
};

template <class F>
struct after_attempt_hook {
  static constexpr bool uses_time = detail::uses_time<F>;
  template <class T>
  static constexpr bool fits = std::is_invocable_v<F const&, attempt<T> const&>;
  F f;
  template <class T>
  constexpr void after_attempt(attempt<T> const& a) const {
    f(a);
  }
};

template <class F>
struct before_gate_wait_hook {
  static constexpr bool uses_time = detail::uses_time<F>;
  F f;
  constexpr void before_gate_wait(gate_wait const& w) const { f(w); }
};

template <class F>
struct before_sleep_hook {
  static constexpr bool uses_time = detail::uses_time<F>;
  template <class T>
  static constexpr bool fits = std::is_invocable_v<F const&, attempt<T> const&>;
  F f;
  template <class T>
  constexpr void before_sleep(attempt<T> const& a) const {
    f(a);
  }
};

template <class F>
struct on_success_hook {
  static constexpr bool uses_time = detail::uses_time<F>;
  template <class T>
  static constexpr bool fits = std::is_invocable_v<F const&, attempt<T> const&>;
  F f;
  template <class T>
  constexpr void on_success(attempt<T> const& a) const {
    f(a);
  }
};

template <class F>
struct on_give_up_hook {
  static constexpr bool uses_time = detail::uses_time<F>;
  template <class T>
  static constexpr bool fits =
      std::is_invocable_v<F const&, attempt<T> const&, stop_reason, char const*> ||
      std::is_invocable_v<F const&, attempt<T> const&, stop_reason> || std::is_invocable_v<F const&, attempt<T> const&>;
  F f;
  template <class T>
  constexpr void on_give_up(attempt<T> const& a, stop_reason reason, [[maybe_unused]] char const* refusal = "") const {
    if constexpr (std::is_invocable_v<F const&, attempt<T> const&, stop_reason, char const*>) {
      f(a, reason, refusal);
    } else if constexpr (std::is_invocable_v<F const&, attempt<T> const&, stop_reason>) {
      f(a, reason);
    } else {
      f(a);
    }
  }
};

/// The observers of a policy: none. Each hook has a constant that says that it is absent, so absent hooks cost nothing.
struct no_observers {
  static constexpr bool uses_time = false;
  static constexpr bool hears_before_attempt = false;
  static constexpr bool hears_gate_wait = false;
  template <class T>
  static constexpr bool hears_after_attempt = false;
  template <class T>
  static constexpr bool hears_before_sleep = false;
  template <class T>
  static constexpr bool hears_success = false;
  template <class T>
  static constexpr bool hears_end = false;

  constexpr void before_attempt(attempt_info const&) const noexcept {}
  constexpr void before_gate_wait(gate_wait const&) const noexcept {}
  template <class T>
  constexpr void after_attempt(attempt<T> const&) const noexcept {}
  template <class T>
  constexpr void before_sleep(attempt<T> const&) const noexcept {}
  template <class T>
  constexpr void on_success(attempt<T> const&) const noexcept {}
  template <class T>
  constexpr void on_give_up(attempt<T> const&, stop_reason, char const*) const noexcept {}
};

/// The observers of a policy: those of `Earlier`, then `Observer`, by value or through `std::ref`.
template <class Earlier, class Observer>
struct observers {
  using own_type = unwrapped<Observer>;

  static constexpr bool uses_time = Earlier::uses_time || detail::uses_time<std::remove_const_t<own_type>>;
  static constexpr bool own_before_attempt = requires(own_type& o, attempt_info const& a) { o.before_attempt(a); };
  static constexpr bool own_before_gate_wait = requires(own_type& o, gate_wait const& w) { o.before_gate_wait(w); };
  template <class T>
  static constexpr bool fits = observer_fits<Earlier, T> && observer_fits<Observer, T>;
  template <class T>
  static constexpr bool own_after_attempt = requires(own_type& o, attempt<T> const& a) { o.after_attempt(a); };
  template <class T>
  static constexpr bool own_before_sleep = requires(own_type& o, attempt<T> const& a) { o.before_sleep(a); };
  template <class T>
  static constexpr bool own_on_success = requires(own_type& o, attempt<T> const& a) { o.on_success(a); };
  template <class T>
  static constexpr bool own_takes_refusal =
      requires(own_type& o, attempt<T> const& a) { o.on_give_up(a, stop_reason{}, ""); };
  template <class T>
  static constexpr bool own_on_give_up =
      own_takes_refusal<T> || requires(own_type& o, attempt<T> const& a) { o.on_give_up(a, stop_reason{}); };

  static constexpr bool hears_before_attempt = Earlier::hears_before_attempt || own_before_attempt;
  static constexpr bool hears_gate_wait = Earlier::hears_gate_wait || own_before_gate_wait;
  template <class T>
  static constexpr bool hears_after_attempt = Earlier::template hears_after_attempt<T> || own_after_attempt<T>;
  template <class T>
  static constexpr bool hears_before_sleep = Earlier::template hears_before_sleep<T> || own_before_sleep<T>;
  template <class T>
  static constexpr bool hears_success = Earlier::template hears_success<T> || own_on_success<T>;
  template <class T>
  static constexpr bool hears_end = Earlier::template hears_end<T> || own_on_success<T> || own_on_give_up<T>;

  constexpr observers(Earlier e, Observer o) : earlier(std::move(e)), own(std::move(o)) {}

  constexpr void before_attempt(attempt_info const& a) const {
    earlier.before_attempt(a);
    if constexpr (own_before_attempt) unwrap(own).before_attempt(a);
  }
  constexpr void before_gate_wait(gate_wait const& w) const {
    earlier.before_gate_wait(w);
    if constexpr (own_before_gate_wait) unwrap(own).before_gate_wait(w);
  }
  template <class T>
  constexpr void after_attempt(attempt<T> const& a) const {
    earlier.after_attempt(a);
    if constexpr (own_after_attempt<T>) unwrap(own).after_attempt(a);
  }
  template <class T>
  constexpr void before_sleep(attempt<T> const& a) const {
    earlier.before_sleep(a);
    if constexpr (own_before_sleep<T>) unwrap(own).before_sleep(a);
  }
  template <class T>
  constexpr void on_success(attempt<T> const& a) const {
    earlier.on_success(a);
    if constexpr (own_on_success<T>) unwrap(own).on_success(a);
  }
  template <class T>
  constexpr void on_give_up(attempt<T> const& a, stop_reason reason, char const* refusal) const {
    earlier.on_give_up(a, reason, refusal);
    if constexpr (own_takes_refusal<T>) {
      unwrap(own).on_give_up(a, reason, refusal);
    } else if constexpr (own_on_give_up<T>) {
      unwrap(own).on_give_up(a, reason);
    }
  }

  TENAX_NO_UNIQUE_ADDRESS Earlier earlier;
  Observer own;
};

// Observers of any type know only when the program runs what they hear.

/// Calls `before_attempt` with `numbers()`, if it is heard.
template <class Observers, class Numbers>
TENAX_ALWAYS_INLINE constexpr void tell_start(Observers const& observers, Numbers const& numbers) {
  if constexpr (requires { observers.hears_start(); }) {
    if (!observers.hears_start()) return;
  }
  observers.before_attempt(numbers());
}

/// Whether the end of a call is heard.
template <class T, class Observers>
constexpr bool hears_end_now([[maybe_unused]] Observers const& observers) {
  if constexpr (requires { observers.template hears_end_now<T>(); }) {
    return observers.template hears_end_now<T>();
  } else {
    return Observers::template hears_end<T>;
  }
}

}  // namespace tenax::detail
