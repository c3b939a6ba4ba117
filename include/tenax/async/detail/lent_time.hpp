// SPDX-License-Identifier: MIT
// async/detail/lent_time.hpp: time and randomness of a call whose user brings a timer or a sleep.
#pragma once

#include <concepts>
#include <exception>
#include <system_error>
#include <type_traits>
#include <utility>

#include <tenax/environment.hpp>
#include <tenax/gate/gate.hpp>
#include <tenax/platform/compiler.hpp>

namespace tenax::detail {

/// The timer or sleep of a call, held by value or through `std::ref`. It is the call's own, and may change itself.
template <class T>
constexpr auto& source_of(T& held) {
  if constexpr (std::is_same_v<decltype(unwrap(held)), T const&>) {
    return held;
  } else {
    return unwrap(held);
  }
}
template <class T>
using source_type = std::remove_reference_t<decltype(source_of(std::declval<T&>()))>;

/// The clock and the source of randomness are those of the timer or sleep, where it has them.
template <class Env, class Source>
struct lent_time {
  // Not an aggregate: clang 16 ends with an internal error where one with empty members is initialized.
  lent_time(Env e, Source s) : environment(std::move(e)), source(std::move(s)) {}

  TENAX_NO_UNIQUE_ADDRESS Env environment;
  TENAX_NO_UNIQUE_ADDRESS Source mutable source;

  [[nodiscard]] time_point now() const {
    if constexpr (requires { source_of(source).now(); }) {
      return time_point(source_of(source).now());
    } else {
      return time_point(unwrap(environment).now());
    }
  }
  [[nodiscard]] random_source& random() const
    requires(requires(source_type<Source>& s) { s.random(); } ||
             (!std::same_as<Env, real_time> && requires(Env const& e) { unwrap(e).random(); }))
  {
    if constexpr (requires { source_of(source).random(); }) {
      return source_of(source).random();
    } else {
      return unwrap(environment).random();
    }
  }

  /// Returns an exception as one with an error code, or null if it is none; and whether the code means a cancellation.
  [[nodiscard]] static std::system_error const* system_error_in([[maybe_unused]] std::exception const& e) noexcept {
#if defined(__cpp_rtti)
    return dynamic_cast<std::system_error const*>(&e);
#else
    return nullptr;
#endif
  }
  [[nodiscard]] static bool says_cancelled(std::system_error const& e) noexcept {
    return e.code() == std::errc::operation_canceled;
  }
};

}  // namespace tenax::detail
