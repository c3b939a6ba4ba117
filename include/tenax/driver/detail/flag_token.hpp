// SPDX-License-Identifier: MIT
// driver/detail/flag_token.hpp: an atomic flag as a token: `.cancel_with(std::ref(flag))`.
#pragma once

#include <concepts>
#include <type_traits>

#include <tenax/gate/gate.hpp>

namespace tenax::detail {

/// A flag that threads share: a `std::atomic<bool>`, a `std::atomic_flag`, or anything like them.
template <class Flag>
concept flag_like = requires(Flag const& f) {
  { f.load() } -> std::same_as<bool>;
} || requires(Flag const& f) {
  { f.test() } -> std::same_as<bool>;
};

/// The flag as a token. Cannot wake a sleeper, which looks at it every few milliseconds.
template <class Flag>
struct flag_token {
  Flag const* flag;

  [[nodiscard]] bool stop_requested() const noexcept {
    if constexpr (requires { flag->load(); }) {
      return flag->load();
    } else {
      return flag->test();
    }
  }
};

/// Whether `T` is `std::ref` of a flag.
template <class T>
concept shared_flag = !std::is_same_v<T const, unwrapped<T>> && flag_like<std::remove_cv_t<unwrapped<T>>>;

/// The token that a policy holds for what `.cancel_with()` was given.
template <class T>
constexpr T const& token_for(T const& given) noexcept {
  return given;  // NOLINT(bugprone-return-const-ref-from-parameter): copied by the caller at once
}
template <shared_flag T>
constexpr auto token_for(T const& given) noexcept {
  return flag_token<std::remove_cv_t<unwrapped<T>>>{&unwrap(given)};
}

}  // namespace tenax::detail
