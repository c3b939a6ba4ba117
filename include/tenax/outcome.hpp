// SPDX-License-Identifier: MIT
// outcome.hpp: `outcome<T>`: the value or the exception that one attempt ended with.
#pragma once

#include <exception>
#include <type_traits>
#include <utility>

#include <tenax/caught_exception.hpp>
#include <tenax/platform/construct.hpp>

// g++ warns that the members below are uninitialized: it cannot see that an outcome without a value has an exception.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

namespace tenax {

namespace detail {

struct nothing {};

/// What an `outcome<T>` stores for a T: the value, the address of the referred object, or nothing.
template <class T>
struct stored {
  using type = std::remove_cv_t<T>;
};
template <class T>
struct stored<T&> {
  using type = T*;
};
template <class T>
struct stored<T&&> {
  using type = T*;
};
template <>
struct stored<void> {
  using type = nothing;
};

}  // namespace detail

/// Tag for the constructor that makes the value in place from a function's result.
struct from_call_t {};
inline constexpr from_call_t from_call{};

/// How one attempt ended: with a value or with an exception. `T` is the return type of the operation: any type that can
/// be moved, a reference, or `void`.
///
/// An outcome is never empty, with one exception: in a build without exceptions, an attempt that never started
/// (cancelled or refused) has neither value nor exception.
///
/// Thread safety: distinct objects safe; a shared object is safe to read.
template <class T>
class outcome {
  using stored = typename detail::stored<T>::type;
  using referenced = std::conditional_t<std::is_reference_v<T>, std::remove_reference_t<T>, detail::nothing>;

 public:
  using value_type = T;

  /// Ends with the value that an operation returned.
  template <class U = stored>
    requires(!std::is_void_v<T> && !std::is_reference_v<T> && !std::is_same_v<std::remove_cvref_t<U>, outcome> &&
             !std::is_same_v<std::remove_cvref_t<U>, from_call_t> &&
             !std::is_same_v<std::remove_cvref_t<U>, caught_exception> && std::is_constructible_v<stored, U &&>)
  constexpr outcome(U&& value) noexcept(std::is_nothrow_constructible_v<stored, U&&>)
      : value_(std::forward<U>(value)), has_value_(true) {}

  /// Ends with a reference that an operation returned.
  constexpr outcome(referenced& object) noexcept
    requires(std::is_reference_v<T>)
      : value_(std::addressof(object)), has_value_(true) {}

  /// Ends normally, for an operation that returns nothing.
  constexpr outcome() noexcept
    requires(std::is_void_v<T>)
      : value_(), has_value_(true) {}

  /// Ends with the result of `f()`, made in place. Exceptions of `f` pass through.
  template <class F>
    requires(!std::is_void_v<T> && !std::is_reference_v<T>)
  constexpr outcome(from_call_t, F&& f) : value_(f()), has_value_(true) {}
  template <class F>
    requires(std::is_reference_v<T>)
  constexpr outcome(from_call_t, F&& f) : value_(address_of(f())), has_value_(true) {}
  template <class F>
    requires(std::is_void_v<T>)
  constexpr outcome(from_call_t, F&& f) : value_((static_cast<void>(f()), detail::nothing{})), has_value_(true) {}

  /// Ends with an exception of the operation.
  constexpr outcome(caught_exception exception) noexcept
      : exception_(static_cast<caught_exception&&>(exception)), has_value_(false) {}

  constexpr outcome(outcome&& other) noexcept(std::is_nothrow_move_constructible_v<stored>)
    requires(std::is_move_constructible_v<stored>)
      : none_(), has_value_(other.has_value_) {
    if (has_value_) {
      std::construct_at(std::addressof(value_), static_cast<stored&&>(other.value_));
    } else {
      std::construct_at(&exception_, static_cast<caught_exception&&>(other.exception_));
    }
  }

  constexpr outcome(outcome const& other)
    requires(std::is_copy_constructible_v<stored>)
      : none_(), has_value_(other.has_value_) {
    if (has_value_) {
      std::construct_at(std::addressof(value_), other.value_);
    } else {
      std::construct_at(&exception_, other.exception_);
    }
  }

  /// Only for types that move without throwing, so that an outcome is never empty.
  constexpr outcome& operator=(outcome&& other) noexcept
    requires(std::is_nothrow_move_constructible_v<stored>)
  {
    // The assigned value may be a part of the value that is destroyed.
    outcome taken(std::move(other));
    this->~outcome();
    std::construct_at(this, std::move(taken));
    return *this;
  }

  constexpr outcome& operator=(outcome const& other)
    requires(std::is_nothrow_move_constructible_v<stored> && std::is_copy_constructible_v<stored>)
  {
    return *this = outcome(other);
  }

  constexpr ~outcome() {
    if (!has_value_) {
      exception_.~caught_exception();
    } else if constexpr (!std::is_trivially_destructible_v<stored>) {
      value_.~stored();
    }
  }

  [[nodiscard]] constexpr bool has_value() const noexcept { return has_value_; }
  [[nodiscard]] constexpr explicit operator bool() const noexcept { return has_value_; }

  /// The value. Precondition: `has_value()`.
  constexpr decltype(auto) value() const& noexcept {
    if constexpr (std::is_reference_v<T>) {
      return static_cast<std::remove_reference_t<T>&>(*value_);
    } else if constexpr (!std::is_void_v<T>) {
      return static_cast<T const&>(value_);
    }
  }
  constexpr decltype(auto) value() & noexcept {
    if constexpr (std::is_reference_v<T>) {
      return static_cast<std::remove_reference_t<T>&>(*value_);
    } else if constexpr (!std::is_void_v<T>) {
      return static_cast<T&>(value_);
    }
  }
  constexpr decltype(auto) value() && noexcept {
    if constexpr (std::is_reference_v<T>) {
      return static_cast<T&&>(*value_);
    } else if constexpr (!std::is_void_v<T>) {
      return static_cast<T&&>(value_);
    }
  }

  /// The exception; null if there is a value.
  [[nodiscard]] std::exception_ptr exception() const noexcept {
    return has_value_ ? std::exception_ptr() : exception_.pointer();
  }

  /// The exception as `E`, as `catch (E const&)` would see it; null if there is a value or the exception is not an `E`.
  /// Throws nothing internally for classes derived from `std::exception`; other types cost one rethrow. The pointer is
  /// valid as long as the outcome.
#if defined(__cpp_exceptions)
  template <class E>
  [[nodiscard]] constexpr E const* exception_as() const noexcept {
    static_assert(
        !std::is_pointer_v<E>,
        "tenax: exception_as<E>() cannot point to a pointer that was thrown, because a handler sees only a copy "
        "of it; use when::exception<E>.where(f), or rethrow exception()");
    return has_value_ ? nullptr : detail::exception_cast<E>(exception_);
  }
#endif

  /// What is known about the exception; null if there is a value.
  [[nodiscard]] constexpr caught_exception const* caught() const noexcept { return has_value_ ? nullptr : &exception_; }

  /// Moves the value out, or throws the exception again: the same object that the operation threw.
  constexpr T get() && {
    if (!has_value_) rethrow();
    return static_cast<outcome&&>(*this).value();
  }

  /// Throws the exception again. Precondition: `!has_value()`.
  [[noreturn, gnu::always_inline]] void rethrow() const {
#if defined(__cpp_exceptions)
    std::rethrow_exception(exception_.pointer());
#else
    detail::raise(
        std::logic_error("tenax: the call ended before its first attempt; without exceptions use try_call()"));
#endif
  }

 private:
  static constexpr referenced* address_of(referenced& object) noexcept { return std::addressof(object); }
  static constexpr referenced* address_of(referenced&& object) noexcept { return std::addressof(object); }

  union {
    stored value_;
    caught_exception exception_;
    detail::nothing none_;
  };
  bool has_value_;
};

}  // namespace tenax

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
