// SPDX-License-Identifier: MIT
// detail/capture.hpp: calling a user's operation, and turning how it ended into an outcome.
#pragma once

#include <exception>
#include <new>
#include <optional>  // for std::construct_at, see outcome.hpp
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

#if defined(__cpp_exceptions)

/// A caught exception on its way out of a handler, without a destructor that a driver's fast path would have to think of.
/// It owns the exception until it is taken, once.
class stashed_exception {
 public:
  stashed_exception() = default;

  /// The exception that is being handled; `standard` is the same one, if it is a `std::exception`.
  [[gnu::noinline, gnu::cold]] static stashed_exception current(std::exception const* standard) noexcept {
    stashed_exception s;
    ::new (static_cast<void*>(s.pointer_)) std::exception_ptr(std::current_exception());
    s.standard_ = standard;
    s.classified_ = classified(standard);
    return s;
  }

  [[nodiscard]] caught_exception take() noexcept {
    using std::exception_ptr;
    auto* const held = std::launder(reinterpret_cast<exception_ptr*>(pointer_));
    caught_exception result(std::move(*held), standard_, classified_);
    held->~exception_ptr();
    return result;
  }

 private:
  static classified_error const* classified([[maybe_unused]] std::exception const* standard) noexcept {
#if defined(__cpp_rtti)
    if (standard != nullptr) return dynamic_cast<classified_error const*>(standard);
#endif
    try {
      throw;
    } catch (classified_error const& e) {
      return &e;
    } catch (...) {
      return nullptr;
    }
  }

  alignas(std::exception_ptr) unsigned char pointer_[sizeof(std::exception_ptr)];
  std::exception const* standard_;
  classified_error const* classified_;
};

/// Calls `f()`; false if it threw, and then the exception is in `failure`.
template <class F>
[[gnu::always_inline]] inline bool completes(F const& f, stashed_exception& failure) {
  try {
    f();
    return true;
  } catch (std::exception const& e) {
    failure = stashed_exception::current(&e);
  }
#if defined(__GLIBCXX__)
  // A thread that is being cancelled by the operating system unwinds its stack this way and must not be held up.
  catch (__cxxabiv1::__forced_unwind const&) {
    throw;
  }
#endif
  catch (...) {
    failure = stashed_exception::current(nullptr);
  }
  return false;
}

#endif

/// Room for the outcome of an attempt. Without a destructor: see `emptied_at_exit`.
template <class T>
union outcome_slot {
  constexpr outcome_slot() noexcept : nothing_() {}
  constexpr ~outcome_slot() {}

  nothing nothing_;
  outcome<T> result;
};

/// Ends the life of what a slot holds.
template <class T>
class emptied_at_exit {
 public:
  constexpr explicit emptied_at_exit(outcome_slot<T>& slot) noexcept : slot_(slot) {}
  emptied_at_exit(emptied_at_exit const&) = delete;
  emptied_at_exit& operator=(emptied_at_exit const&) = delete;
  constexpr ~emptied_at_exit() { std::destroy_at(std::addressof(slot_.result)); }

 private:
  outcome_slot<T>& slot_;
};

/// Calls `f` and makes an outcome of how it ended.
template <class T, class F>
constexpr outcome<T> capture(F const& f) {
#if defined(__cpp_exceptions)
  outcome_slot<T> slot;
  stashed_exception failure;
  if (!completes([&] { std::construct_at(std::addressof(slot.result), from_call, f); }, failure)) return failure.take();
  emptied_at_exit const guard(slot);
  return std::move(slot.result);
#else
  return outcome<T>(from_call, f);
#endif
}

}  // namespace tenax::detail
