// SPDX-License-Identifier: MIT
// capture.hpp: `tenax::capture`: turns what a callable returns or throws into an `outcome`, for drivers of your own.
#pragma once

#include <exception>
#include <new>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include <tenax/detail/operation_canceled.hpp>
#include <tenax/exception_hint.hpp>
#include <tenax/outcome.hpp>
#include <tenax/platform/compiler.hpp>
#include <tenax/platform/construct.hpp>

#if defined(__cpp_exceptions) && defined(__GLIBCXX__)
#include <bits/cxxabi_forced.h>
#endif

namespace tenax::detail {

/// A caught exception on its way out of a handler. It has no destructor, which would burden the fast path of a driver.
/// It owns the exception until `take` is called, once.
class stashed_exception {
 public:
  stashed_exception() = default;

#if defined(__cpp_exceptions)
  /// The exception that is being handled; `standard` is the same one, if it is a `std::exception`.
  static stashed_exception current(std::exception const* standard) {
    stashed_exception s;
    if (standard != nullptr) {
      s.keep(*standard);
    } else {
      s.keep_other();
    }
    return s;
  }

  /// Stores the exception that is being handled, which is `standard`.
  TENAX_COLD void keep(std::exception const& standard) noexcept {
    keep(&standard, nullptr);
#if !defined(__cpp_rtti)
    hinted_ = hinted_error();
#endif
  }
  /// Stores the exception that is being handled, which is not a `std::exception`.
  TENAX_COLD void keep_other() { keep(nullptr, hinted_error()); }
#endif

  /// The exception with what it says about trying again. `plain` is a type known to say nothing, or null: a call whose
  /// failures have one type looks it up once.
  [[nodiscard]] caught_exception take([[maybe_unused]] std::type_info const*& plain) noexcept {
    using std::exception_ptr;
#if defined(__cpp_rtti)
    if (standard_ != nullptr && &typeid(*standard_) != plain) {
      hinted_ = dynamic_cast<error_with_hint const*>(standard_);
      if (hinted_ == nullptr) {
        // Another exception of a type with a code may say something else.
        if (auto const* const coded = dynamic_cast<std::system_error const*>(standard_)) {
          hinted_ = hint_in(*coded);
        } else if (auto const* const foreign = foreign_hint_of(*standard_)) {
          hinted_ = foreign;
        } else {
          plain = &typeid(*standard_);
        }
      }
    }
#endif
    auto* const held = std::launder(reinterpret_cast<exception_ptr*>(pointer_));
    caught_exception result(static_cast<exception_ptr&&>(*held), standard_, hinted_);
    held->~exception_ptr();
    return result;
  }

 private:
#if defined(__cpp_exceptions)
  void keep(std::exception const* standard, error_with_hint const* hinted) noexcept {
    ::new (static_cast<void*>(pointer_)) std::exception_ptr(std::current_exception());
    standard_ = standard;
    hinted_ = hinted;
  }

  /// What the exception that is being handled says about trying again. A thread that the operating system cancels
  /// unwinds its stack with an exception that must not be held up: it passes through.
  static error_with_hint const* hinted_error() {
    try {
      throw;
    } catch (error_with_hint const& e) {
      return &e;
    } catch (std::system_error const& e) {
      return hint_in(e);
    }
#if defined(__GLIBCXX__)
    catch (__cxxabiv1::__forced_unwind const&) {
      throw;
    }
#endif
    catch (...) {
      return nullptr;
    }
  }
#endif

  alignas(std::exception_ptr) unsigned char pointer_[sizeof(std::exception_ptr)];
  std::exception const* standard_;
  error_with_hint const* hinted_;
};

/// Room for the outcome of an attempt. Code that fills it must empty it: see `emptied_at_exit`.
template <class T>
union outcome_slot {
  constexpr outcome_slot() noexcept {}  // initializes nothing, because a compiler would fill all of it with zeros
  constexpr ~outcome_slot() {}

  /// Calls `f` and keeps its value. If it throws, returns false, and the exception is in `failure`. `Likely`: a class
  /// derived from `std::exception` that is caught faster, or `void`.
  template <class Likely = void, class F>
  TENAX_ALWAYS_INLINE bool fill(F const& f, [[maybe_unused]] stashed_exception& failure) {
#if defined(__cpp_exceptions)
    try {
      if constexpr (!std::is_void_v<Likely>) {
        try {
          ::new (static_cast<void*>(&result)) outcome<T>(from_call, f);
          return true;
        } catch (Likely const& e) {
          failure.keep(e);
          return false;
        }
      } else {
        ::new (static_cast<void*>(&result)) outcome<T>(from_call, f);
        return true;
      }
    } catch (std::exception const& e) {
      failure.keep(e);
    } catch (...) {
      failure.keep_other();
    }
    return false;
#else
    ::new (static_cast<void*>(&result)) outcome<T>(from_call, f);
    return true;
#endif
  }

  /// Calls `f` and keeps its value or its exception. It has a stack frame of its own, because a throw costs more the
  /// more a frame that it unwinds has saved.
  template <class F>
  TENAX_NEVER_INLINE void fill(F const& f, std::type_info const*& plain) {
    stashed_exception failure;
    if (!fill(f, failure)) keep(failure, plain);
  }

  /// Takes over a value.
  void take(outcome<T>&& value) { ::new (static_cast<void*>(&result)) outcome<T>(static_cast<outcome<T>&&>(value)); }

  TENAX_NEVER_INLINE void keep(stashed_exception& failure, std::type_info const*& plain) {
    ::new (static_cast<void*>(&result)) outcome<T>(failure.take(plain));
  }

  nothing nothing_;
  outcome<T> result;
};

/// Destroys the content of a slot.
template <class T>
class emptied_at_exit {
 public:
  constexpr explicit emptied_at_exit(outcome_slot<T>& slot) noexcept : slot_(slot) {}
  emptied_at_exit(emptied_at_exit const&) = delete;
  emptied_at_exit& operator=(emptied_at_exit const&) = delete;
  TENAX_ALWAYS_INLINE constexpr ~emptied_at_exit() { slot_.result.~outcome<T>(); }

 private:
  outcome_slot<T>& slot_;
};

}  // namespace tenax::detail

namespace tenax {

/// Calls `f()` and returns an `outcome` of how it ended: what it returned, or what it threw, with all that
/// `retry_loop::finish_attempt` needs to know. Throws nothing itself.
/// ```
/// auto const result = tenax::capture([&] { return client.get(path); });
/// auto const next = loop.finish_attempt(result, now);
/// ```
template <class F>
[[nodiscard]] auto capture(F&& f) -> outcome<decltype(std::forward<F>(f)())> {
  using result = decltype(std::forward<F>(f)());
  detail::outcome_slot<result> slot;
  std::type_info const* plain = nullptr;
  slot.fill([&]() -> result { return std::forward<F>(f)(); }, plain);
  detail::emptied_at_exit const guard(slot);
  return std::move(slot.result);
}

}  // namespace tenax
