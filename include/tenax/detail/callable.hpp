// SPDX-License-Identifier: MIT
// detail/callable.hpp: what is known about a callable before the types of its arguments are known.
#pragma once

#include <type_traits>

#include <tenax/attempt.hpp>

namespace tenax::detail {

template <class T>
inline constexpr bool is_attempt = std::is_same_v<T, attempt_info>;
template <class T>
inline constexpr bool is_attempt<attempt<T>> = true;

/// The first parameter of a callable that has just one signature; `void` for a callable without parameters.
template <class F>
struct first_parameter;
template <class R>
struct first_parameter<R()> : std::type_identity<void> {};
template <class R>
struct first_parameter<R() noexcept> : std::type_identity<void> {};
template <class R, class A, class... More>
struct first_parameter<R(A, More...)> : std::type_identity<A> {};
template <class R, class A, class... More>
struct first_parameter<R(A, More...) noexcept> : std::type_identity<A> {};
template <class R, class C>
struct first_parameter<R (C::*)() const> : std::type_identity<void> {};
template <class R, class C>
struct first_parameter<R (C::*)() const noexcept> : std::type_identity<void> {};
template <class R, class C, class A, class... More>
struct first_parameter<R (C::*)(A, More...) const> : std::type_identity<A> {};
template <class R, class C, class A, class... More>
struct first_parameter<R (C::*)(A, More...) const noexcept> : std::type_identity<A> {};
// A callable that changes itself when called cannot be a policy, whatever its parameter is.
template <class M, class C>
struct first_parameter<M C::*> : std::type_identity<void> {};

/// The type of the only parameter of a callable with one signature, without its reference; otherwise `void`.
template <class F>
constexpr auto find_only_parameter() {
  if constexpr (std::is_pointer_v<F> && std::is_function_v<std::remove_pointer_t<F>>) {
    return std::type_identity<std::remove_cvref_t<typename first_parameter<std::remove_pointer_t<F>>::type>>();
  } else if constexpr (requires { &F::operator(); }) {
    return std::type_identity<std::remove_cvref_t<typename first_parameter<decltype(&F::operator())>::type>>();
  } else {
    return std::type_identity<void>();
  }
}
template <class F>
using only_parameter = typename decltype(find_only_parameter<F>())::type;

/// Detects an `operator()` of any kind: if `F` has one, the name is ambiguous in `both`.
struct call_probe {
  void operator()();
};
template <class F>
struct both : F, call_probe {};

/// Whether a class that is not final has an `operator()`, with any signature and any number of overloads.
template <class F>
inline constexpr bool has_call_operator = !requires { &both<F>::operator(); };

/// Whether a class is for calls only, and not a value to compare with: a lambda, or a function object without `==`. A
/// lambda without captures has the `==` of its function pointer. False for final classes, of which this is unknown.
template <class F>
constexpr bool find_only_callable() {
  if constexpr (std::is_class_v<F> && !std::is_final_v<F>) {
    if constexpr (requires(F const& f) { requires std::is_function_v<std::remove_pointer_t<decltype(+f)>>; }) {
      return true;
    } else {
      return has_call_operator<F> && !requires(F const& f) { f == f; };
    }
  } else {
    return false;
  }
}
template <class F>
inline constexpr bool only_callable = find_only_callable<F>();

/// Whether a callable can be called with an attempt, as far as this is known without the operation's result.
template <class F>
constexpr bool may_take_attempt() {
  if constexpr (std::is_pointer_v<F> && std::is_function_v<std::remove_pointer_t<F>>) {
    return is_attempt<std::remove_cvref_t<typename first_parameter<std::remove_pointer_t<F>>::type>>;
  } else if constexpr (!std::is_class_v<F>) {
    return false;
  } else if constexpr (requires { &F::operator(); }) {
    return is_attempt<std::remove_cvref_t<typename first_parameter<decltype(&F::operator())>::type>>;
  } else if constexpr (std::is_final_v<F>) {
    return true;
  } else {
    return has_call_operator<F>;
  }
}

/// Whether something may be called at all, with whatever arguments: an object of a class, or a pointer.
template <class F>
concept may_be_called = requires(int F::* member) { member; } || requires(F f) { *f; } || std::is_member_pointer_v<F>;

template <class P>
inline constexpr bool is_function = std::is_function_v<std::remove_pointer_t<P>>;

/// Whether a member is a function that only a non-const object can call. False for templates and overloaded functions,
/// which have no single type.
template <class M>
inline constexpr bool changes_its_object = false;
template <class R, class C, class... Args>
inline constexpr bool changes_its_object<R (C::*)(Args...)> = true;
template <class R, class C, class... Args>
inline constexpr bool changes_its_object<R (C::*)(Args...) noexcept> = true;

/// Whether a callable with one signature changes itself when it is called, as a `mutable` lambda does.
template <class F>
inline constexpr bool changes_when_called = false;
template <class F>
  requires requires { &F::operator(); }
inline constexpr bool changes_when_called<F> = changes_its_object<decltype(&F::operator())>;

/// Whether a policy's observer can be called for an attempt that returned a `T`. An observer without such a function is
/// not called.
template <class Observer, class T>
inline constexpr bool observer_fits = true;
template <class Observer, class T>
  requires requires { Observer::template fits<T>; }
inline constexpr bool observer_fits<Observer, T> = Observer::template fits<T>;

}  // namespace tenax::detail
