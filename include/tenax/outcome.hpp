// SPDX-License-Identifier: MIT
// outcome.hpp: how one attempt ended: with a value or with an exception.
#pragma once

#include <exception>
#include <new>
#include <optional>  // for std::construct_at and std::addressof too; <memory> doubles the cost of this header
#include <type_traits>
#include <typeinfo>
#include <utility>

#include <tenax/errors.hpp>

// g++ takes the members below for uninitialized where it cannot see that an outcome without a value has an exception.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

namespace tenax {

namespace detail {

/// A `std::exception_ptr` that constant expressions can hold while it is null: the standard's own is no literal type,
/// and would keep every outcome out of them.
class exception_slot {
 public:
  constexpr exception_slot() noexcept = default;
  explicit exception_slot(std::exception_ptr exception) noexcept { hold(std::move(exception)); }
  constexpr exception_slot(exception_slot&& other) noexcept {
    if (other.held_) hold(std::move(*other.held()));
  }
  constexpr exception_slot(exception_slot const& other) noexcept {
    if (other.held_) hold(*other.held());
  }
  exception_slot& operator=(exception_slot const&) = delete;
  constexpr ~exception_slot() {
    if (held_) destroy();
  }

  [[nodiscard]] std::exception_ptr get() const noexcept { return held_ ? *held() : std::exception_ptr(); }

 private:
  void hold(std::exception_ptr exception) noexcept {
    ::new (static_cast<void*>(storage_)) std::exception_ptr(std::move(exception));
    held_ = true;
  }
  void destroy() noexcept {
    using std::exception_ptr;
    held()->~exception_ptr();
  }
  [[nodiscard]] std::exception_ptr* held() noexcept {
    return std::launder(reinterpret_cast<std::exception_ptr*>(storage_));
  }
  [[nodiscard]] std::exception_ptr const* held() const noexcept {
    return std::launder(reinterpret_cast<std::exception_ptr const*>(storage_));
  }

  alignas(std::exception_ptr) unsigned char storage_[sizeof(std::exception_ptr)] = {};
  bool held_ = false;
};

}  // namespace detail

/// An exception that an attempt ended with, and what is known about it without throwing it again.
class caught_exception {
 public:
  constexpr caught_exception() noexcept = default;
  explicit caught_exception(std::exception_ptr exception, std::exception const* standard = nullptr,
                            classified_error const* classified = nullptr) noexcept
      : exception_(std::move(exception)), standard_(standard), classified_(classified) {}

  [[nodiscard]] std::exception_ptr pointer() const noexcept { return exception_.get(); }
  /// The exception as a `std::exception`, null if it is none.
  [[nodiscard]] constexpr std::exception const* standard() const noexcept { return standard_; }
  /// What it says about trying again, null if it says nothing.
  [[nodiscard]] constexpr classified_error const* classified() const noexcept { return classified_; }

 private:
  detail::exception_slot exception_{};
  std::exception const* standard_ = nullptr;
  classified_error const* classified_ = nullptr;
};

namespace detail {

struct nothing {};

/// What an `outcome<T>` keeps of a T: itself, the address of what it refers to, or nothing.
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

#if defined(__cpp_exceptions)
/// Whether what was caught is an `E`. Asks the type information where it can, because throwing again costs a thousand
/// times as much.
template <class E>
E const* exception_cast(caught_exception const& caught) noexcept {
  if constexpr (std::is_same_v<E, std::exception>) {
    if (caught.standard() != nullptr) return caught.standard();
  }
#if defined(__cpp_rtti)
  else if constexpr (std::is_class_v<E> && std::is_polymorphic_v<E>) {
    if (auto const* const e = caught.standard()) {
      // An exception is mostly of the very type asked for, and comparing types is cheaper than a dynamic_cast.
      if (typeid(*e) == typeid(E)) return static_cast<E const*>(dynamic_cast<void const*>(e));
      if constexpr (!std::is_final_v<E>) return dynamic_cast<E const*>(e);
      return nullptr;
    }
  }
#endif
  auto const pointer = caught.pointer();
  if (pointer == nullptr) return nullptr;
  try {
    std::rethrow_exception(pointer);
  } catch (E const& e) {
    return std::addressof(e);
  } catch (...) {
    return nullptr;
  }
}

/// Whether what was caught is an `E`. A thrown pointer can be recognized, but not pointed to: a handler sees a copy.
template <class E>
bool is_exception(caught_exception const& caught) noexcept {
  if constexpr (std::is_pointer_v<E>) {
    auto const pointer = caught.pointer();
    if (pointer == nullptr) return false;
    try {
      std::rethrow_exception(pointer);
    } catch (E) {
      return true;
    } catch (...) {
      return false;
    }
  } else {
    return exception_cast<E>(caught) != nullptr;
  }
}
#endif

}  // namespace detail

/// Asks for an outcome whose value is made in place by a function.
struct from_call_t {};
inline constexpr from_call_t from_call{};

/// How one attempt ended: with a value or with an exception. `T` is what the operation returns: any type that can be
/// moved, a reference, or `void`.
///
/// Never without an answer, with one exception: in a build without exceptions, an attempt that never started (cancelled,
/// refused) has neither value nor exception.
///
/// Thread safety: distinct objects safe; a shared object is safe to read.
template <class T>
class outcome {
  using stored = typename detail::stored<T>::type;
  using referenced = std::conditional_t<std::is_reference_v<T>, std::remove_reference_t<T>, detail::nothing>;

 public:
  using value_type = T;

  /// The value that an operation returned.
  template <class U = stored>
    requires(!std::is_void_v<T> && !std::is_reference_v<T> && !std::is_same_v<std::remove_cvref_t<U>, outcome> &&
             !std::is_same_v<std::remove_cvref_t<U>, from_call_t> &&
             !std::is_same_v<std::remove_cvref_t<U>, caught_exception> && std::is_constructible_v<stored, U &&>)
  constexpr outcome(U&& value) noexcept(std::is_nothrow_constructible_v<stored, U&&>)
      : value_(std::forward<U>(value)), has_value_(true) {}

  /// The object that an operation returned a reference to.
  constexpr outcome(referenced& object) noexcept
    requires(std::is_reference_v<T>)
      : value_(std::addressof(object)), has_value_(true) {}

  /// The normal end of an operation that returns nothing.
  constexpr outcome() noexcept
    requires(std::is_void_v<T>)
      : value_(), has_value_(true) {}

  /// What `f()` returns, made in place; its exceptions pass.
  template <class F>
    requires(!std::is_void_v<T> && !std::is_reference_v<T>)
  constexpr outcome(from_call_t, F&& f) : value_(f()), has_value_(true) {}
  template <class F>
    requires(std::is_reference_v<T>)
  constexpr outcome(from_call_t, F&& f) : value_(address_of(f())), has_value_(true) {}
  template <class F>
    requires(std::is_void_v<T>)
  constexpr outcome(from_call_t, F&& f) : value_((static_cast<void>(f()), detail::nothing{})), has_value_(true) {}

  /// The exception that an operation ended with.
  constexpr outcome(caught_exception exception) noexcept : exception_(std::move(exception)), has_value_(false) {}

  constexpr outcome(outcome&& other) noexcept(std::is_nothrow_move_constructible_v<stored>)
    requires(std::is_move_constructible_v<stored>)
      : none_(), has_value_(other.has_value_) {
    if (has_value_) {
      std::construct_at(std::addressof(value_), std::move(other.value_));
    } else {
      std::construct_at(std::addressof(exception_), std::move(other.exception_));
    }
  }

  constexpr outcome(outcome const& other)
    requires(std::is_copy_constructible_v<stored>)
      : none_(), has_value_(other.has_value_) {
    if (has_value_) {
      std::construct_at(std::addressof(value_), other.value_);
    } else {
      std::construct_at(std::addressof(exception_), other.exception_);
    }
  }

  outcome& operator=(outcome const&) = delete;

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

  /// The exception, null if there is a value.
  [[nodiscard]] std::exception_ptr exception() const noexcept {
    return has_value_ ? std::exception_ptr() : exception_.pointer();
  }

  /// The exception as `E`, null if there is a value or the exception is no `E`: what `catch (E const&)` would see.
  /// Nothing is thrown to find out for classes derived from `std::exception`; other types cost one rethrow.
  /// The pointer lives as long as the outcome.
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

  /// What is known about the exception, null if there is a value.
  [[nodiscard]] constexpr caught_exception const* caught() const noexcept {
    return has_value_ ? nullptr : std::addressof(exception_);
  }

  /// The value moved out, or the exception thrown again: the very object that was thrown.
  constexpr T get() && {
    if (!has_value_) rethrow();
    return std::move(*this).value();
  }

  /// Throws the exception again. Precondition: `!has_value()`.
  [[noreturn]] void rethrow() const {
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
