// SPDX-License-Identifier: MIT
// detail/capture.hpp: calling a user's operation, and turning how it ended into an outcome.
#pragma once

#include <exception>
#include <type_traits>
#include <utility>

#include <tenax/outcome.hpp>

#if defined(__cpp_exceptions) && defined(__GLIBCXX__)
#include <bits/cxxabi_forced.h>
#endif

namespace tenax::detail {

/// The object that a member pointer of class `C` is used on: given as itself, a reference wrapper or a pointer.
template <class C, class Object>
constexpr decltype(auto) target_of(Object& object) {
  using given = std::remove_cv_t<Object>;
  if constexpr (std::is_base_of_v<C, given>) {
    return (object);
  } else if constexpr (requires { typename given::type; object.get(); }) {
    return object.get();
  } else {
    return *object;
  }
}

template <class M, class C, class Object, class... Args>
constexpr decltype(auto) call_member(M C::* member, Object& object, Args&... args) {
  if constexpr (std::is_function_v<M>) {
    return (target_of<C>(object).*member)(args...);
  } else {
    return (target_of<C>(object).*member);
  }
}

/// `std::invoke`, which would cost <functional>, with every argument an lvalue.
template <class F, class... Args>
constexpr decltype(auto) call(F& f, Args&... args) {
  if constexpr (std::is_member_pointer_v<std::remove_cv_t<F>>) {
    return call_member(f, args...);
  } else {
    return f(args...);
  }
}

/// Calls `f` and makes an outcome of how it ended. `result(f)` runs inside the try block, so that what a caller does
/// with the outcome does not.
template <class T, class F>
constexpr outcome<T> capture(F&& f) {
#if defined(__cpp_exceptions)
  try {
    return outcome<T>(from_call, f);
  }
#if defined(__GLIBCXX__)
  // A thread that is being cancelled by the operating system unwinds its stack this way and must not be held up.
  catch (__cxxabiv1::__forced_unwind const&) {
    throw;
  }
#endif
  catch (classified_error const& e) {
    return caught_exception(std::current_exception(), e.as_exception(), &e);
  } catch (std::exception const& e) {
    return caught_exception(std::current_exception(), &e);
  } catch (...) {
    return caught_exception(std::current_exception());
  }
#else
  return outcome<T>(from_call, f);
#endif
}

}  // namespace tenax::detail
