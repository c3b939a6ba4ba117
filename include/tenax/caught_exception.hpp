// SPDX-License-Identifier: MIT
// caught_exception.hpp: an exception that was caught, and what can be known about it without throwing it again.
#pragma once

#include <exception>
#include <new>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include <tenax/errors.hpp>
#include <tenax/platform/construct.hpp>

// g++ warns that the members below are uninitialized: it cannot see that an outcome without a value has an exception.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

namespace tenax {

namespace detail {

/// A `std::exception_ptr` that constant expressions can hold while it is null. The standard's own is not a literal
/// type, so an outcome that holds it could not be used in constant expressions.
class exception_slot {
 public:
  constexpr exception_slot() noexcept = default;
  explicit exception_slot(std::exception_ptr exception) noexcept { hold(static_cast<std::exception_ptr&&>(exception)); }
  constexpr exception_slot(exception_slot&& other) noexcept {
    if (other.held_) hold(static_cast<std::exception_ptr&&>(*other.held()));
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
    ::new (static_cast<void*>(storage_)) std::exception_ptr(static_cast<std::exception_ptr&&>(exception));
    held_ = true;
  }
  void destroy() noexcept {
    using std::exception_ptr;
    held()->~exception_ptr();
  }
  [[nodiscard]] std::exception_ptr* held() const noexcept {
    return std::launder(reinterpret_cast<std::exception_ptr*>(const_cast<unsigned char*>(storage_)));
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
                            error_with_hint const* hinted = nullptr) noexcept
      : exception_(static_cast<std::exception_ptr&&>(exception)), standard_(standard), hinted_(hinted) {}

  [[nodiscard]] std::exception_ptr pointer() const noexcept { return exception_.get(); }
  /// The exception as a `std::exception`; null if it is not derived from it.
  [[nodiscard]] constexpr std::exception const* standard() const noexcept { return standard_; }
  /// What the exception says about trying again; null if it says nothing.
  [[nodiscard]] constexpr error_with_hint const* hinted() const noexcept { return hinted_; }

 private:
  detail::exception_slot exception_{};
  std::exception const* standard_ = nullptr;
  error_with_hint const* hinted_ = nullptr;
};

namespace detail {

#if defined(__cpp_exceptions)
/// Whether the caught exception is an `E`. Uses the type information where it can, because throwing again costs a
/// thousand times as much.
template <class E>
E const* exception_cast(caught_exception const& caught) noexcept {
  if constexpr (std::is_same_v<E, std::exception>) {
    if (caught.standard() != nullptr) return caught.standard();
  }
#if defined(__cpp_rtti)
  else if constexpr (std::is_class_v<E> && std::is_polymorphic_v<E>) {
    if (auto const* const e = caught.standard()) {
      // An exception mostly has exactly the type asked for, and comparing types is cheaper than a dynamic_cast.
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

/// Whether the caught exception is an `E`. A thrown pointer can be recognized, but not pointed to: a handler sees a
/// copy.
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
}  // namespace tenax

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
