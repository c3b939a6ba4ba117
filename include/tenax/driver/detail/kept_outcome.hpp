// SPDX-License-Identifier: MIT
// driver/detail/kept_outcome.hpp: keeps the last outcome of a call whose driver returns to its caller before it waits.
#pragma once

#include <exception>
#include <new>
#include <type_traits>
#include <utility>

#include <tenax/caught_exception.hpp>
#include <tenax/outcome.hpp>

namespace tenax::detail {

/// A value that outlives the block that returned it. A referred object may be destroyed with the block, so it is copied
/// if it can be.
template <class T>
struct held_value {
  explicit held_value(outcome<T>&& last) : result(std::move(last)) {}
  outcome<T> result;
};
template <class T>
  requires(std::is_reference_v<T> && std::is_copy_constructible_v<std::remove_cvref_t<T>>)
struct held_value<T> {
  explicit held_value(outcome<T>&& last) : object(last.value()), result(static_cast<T>(object)) {}
  std::remove_cvref_t<T> object;
  outcome<T> result;
};

/// Keeps an outcome, whatever its type, until the wait after it is over: a call that ends during the wait returns or
/// throws it. An exception needs no allocation. A value is kept only if there are observers for it, with one
/// allocation.
template <class Loop>
class kept_outcome {
 public:
  kept_outcome() = default;
  kept_outcome(kept_outcome const&) = delete;
  kept_outcome& operator=(kept_outcome const&) = delete;
  ~kept_outcome() { forget(); }

  template <class T>
  void keep([[maybe_unused]] Loop const& loop, outcome<T>&& result) {
    constexpr bool told =
        std::remove_cvref_t<decltype(std::declval<Loop&>().policy())>::observers_type::template hears_end<T>;
    forget();
    if (auto const* const caught = result.caught()) {
      hold(*caught);
      if constexpr (told) {
        conclude_ = [](Loop& l, kept_outcome& self) { l.conclude(outcome<T>(self.exception_)); };
      }
    } else if constexpr (told) {
      if (!hears_end_now<T>(loop.policy().observers)) return;
      value_ = new held_value<T>(std::move(result));
      drop_ = [](void* value) { delete static_cast<held_value<T>*>(value); };
      conclude_ = [](Loop& l, kept_outcome& self) { l.conclude(static_cast<held_value<T>*>(self.value_)->result); };
    }
  }

  void forget() noexcept {
    if (value_ != nullptr) drop_(value_);
    value_ = nullptr;
    conclude_ = nullptr;
    hold(caught_exception());
  }

  /// Ends the call: calls its observers, and throws the kept outcome if that is an exception.
  void end(Loop& loop) {
    if (conclude_ != nullptr) conclude_(loop, *this);
#if defined(__cpp_exceptions)
    if (auto const exception = exception_.pointer()) std::rethrow_exception(exception);
#endif
  }

 private:
  void hold(caught_exception const& caught) noexcept {
    exception_.~caught_exception();
    ::new (static_cast<void*>(&exception_)) caught_exception(caught);
  }

  caught_exception exception_{};
  void* value_ = nullptr;
  void (*drop_)(void*) = nullptr;
  void (*conclude_)(Loop&, kept_outcome&) = nullptr;
};

/// For a call that cannot end during a wait.
struct nothing_kept {
  template <class Loop, class T>
  static constexpr void keep(Loop const&, outcome<T>&&) noexcept {}
  static constexpr void forget() noexcept {}
  template <class Loop>
  static constexpr void end(Loop&) noexcept {}
};

}  // namespace tenax::detail
