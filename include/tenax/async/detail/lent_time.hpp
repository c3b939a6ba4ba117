// SPDX-License-Identifier: MIT
// async/detail/lent_time.hpp: time and randomness of a call whose user brings a timer or a sleep.
#pragma once

#include <concepts>
#include <exception>
#include <system_error>
#include <utility>

#include <tenax/environment.hpp>
#include <tenax/gate/gate.hpp>
#include <tenax/platform/compiler.hpp>

namespace tenax::detail {

/// The clock and the source of randomness are those of the timer or sleep, where it has them.
template <class Env, class Source>
struct lent_time {
  // Not an aggregate: clang 16 ends with an internal error where one with empty members is initialized.
  lent_time(Env e, Source s) : environment(std::move(e)), source(std::move(s)) {}

  TENAX_NO_UNIQUE_ADDRESS Env environment;
  TENAX_NO_UNIQUE_ADDRESS Source source;

  [[nodiscard]] time_point now() const {
    if constexpr (requires { unwrap(source).now(); }) {
      return time_point(unwrap(source).now());
    } else {
      return time_point(unwrap(environment).now());
    }
  }
  [[nodiscard]] random_source& random() const
    requires(requires(Source const& s) { unwrap(s).random(); } ||
             (!std::same_as<Env, real_time> && requires(Env const& e) { unwrap(e).random(); }))
  {
    if constexpr (requires { unwrap(source).random(); }) {
      return unwrap(source).random();
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
