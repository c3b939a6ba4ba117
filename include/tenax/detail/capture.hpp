// SPDX-License-Identifier: MIT
// detail/capture.hpp: turning how an attempt ended into an outcome.
#pragma once

#include <exception>
#include <new>
#include <optional>  // for std::construct_at, see outcome.hpp
#include <type_traits>
#include <typeinfo>
#include <utility>

#include <tenax/detail/operation_canceled.hpp>
#include <tenax/outcome.hpp>

#if defined(__cpp_exceptions) && defined(__GLIBCXX__)
#include <bits/cxxabi_forced.h>
#endif

namespace tenax::detail {

/// A caught exception on its way out of a handler, without a destructor that a driver's fast path would have to think of.
/// It owns the exception until it is taken, once.
class stashed_exception {
 public:
  stashed_exception() = default;

#if defined(__cpp_exceptions)
  /// The exception that is being handled; `standard` is the same one, if it is a `std::exception`.
  [[gnu::noinline, gnu::cold]] static stashed_exception current(std::exception const* standard) noexcept {
    stashed_exception s;
    ::new (static_cast<void*>(s.pointer_)) std::exception_ptr(std::current_exception());
    s.standard_ = standard;
#if defined(__cpp_rtti)
    s.classified_ = standard != nullptr ? nullptr : classified();
#else
    s.classified_ = classified();
#endif
    return s;
  }
#endif

  /// The exception with what it says about trying again. `plain` is a type known to say nothing, or null: a call that
  /// fails in the same way again and again looks it up once.
  [[nodiscard]] caught_exception take([[maybe_unused]] std::type_info const*& plain) noexcept {
    using std::exception_ptr;
#if defined(__cpp_rtti)
    if (standard_ != nullptr && &typeid(*standard_) != plain) {
      classified_ = dynamic_cast<classified_error const*>(standard_);
      if (classified_ == nullptr) {
        // Another exception of a type with a code may say something else.
        if (auto const* const coded = dynamic_cast<std::system_error const*>(standard_)) {
          classified_ = advice_of(*coded);
        } else {
          plain = &typeid(*standard_);
        }
      }
    }
#endif
    auto* const held = std::launder(reinterpret_cast<exception_ptr*>(pointer_));
    caught_exception result(std::move(*held), standard_, classified_);
    held->~exception_ptr();
    return result;
  }

 private:
#if defined(__cpp_exceptions)
  /// What the exception that is being handled says about trying again.
  static classified_error const* classified() noexcept {
    try {
      throw;
    } catch (classified_error const& e) {
      return &e;
    } catch (std::system_error const& e) {
      return advice_of(e);
    } catch (...) {
      return nullptr;
    }
  }
#endif

  alignas(std::exception_ptr) unsigned char pointer_[sizeof(std::exception_ptr)];
  std::exception const* standard_;
  classified_error const* classified_;
};

/// Room for the outcome of an attempt. Who fills it empties it: see `emptied_at_exit`.
template <class T>
union outcome_slot {
  constexpr outcome_slot() noexcept : nothing_() {}
  constexpr ~outcome_slot() {}

  /// Calls `f` and keeps its value. If it throws, returns false, and the exception is in `failure`.
  template <class F>
  [[gnu::always_inline]] bool fill(F const& f, [[maybe_unused]] stashed_exception& failure) {
#if defined(__cpp_exceptions)
    try {
      ::new (static_cast<void*>(std::addressof(result))) outcome<T>(from_call, f);
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
#else
    ::new (static_cast<void*>(std::addressof(result))) outcome<T>(from_call, f);
    return true;
#endif
  }

  /// Calls `f` and keeps its value or its exception. In a frame of its own, because a throw is dearer the more a frame
  /// that it is unwound from has saved.
  template <class F>
  [[gnu::noinline]] void fill(F const& f, std::type_info const*& plain) {
    stashed_exception failure;
    if (!fill(f, failure)) keep(failure, plain);
  }

  /// Takes over a value.
  constexpr void take(outcome<T>&& value) { std::construct_at(std::addressof(result), std::move(value)); }

  [[gnu::noinline]] void keep(stashed_exception& failure, std::type_info const*& plain) {
    ::new (static_cast<void*>(std::addressof(result))) outcome<T>(failure.take(plain));
  }

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
  [[gnu::always_inline]] constexpr ~emptied_at_exit() { slot_.result.~outcome<T>(); }

 private:
  outcome_slot<T>& slot_;
};

}  // namespace tenax::detail
