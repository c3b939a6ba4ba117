// SPDX-License-Identifier: MIT
// driver/detail/wrapped.hpp: the callable that `retrying::wrap` returns.
#pragma once

#include <type_traits>
#include <utility>

#include <tenax/driver/detail/operation.hpp>
#include <tenax/platform/compiler.hpp>

namespace tenax::detail {

/// Whether a callable takes these arguments, which are passed again on every attempt, so as lvalues.
template <class F, class... Args>
inline constexpr bool takes_arguments = callable_operation<F, std::remove_reference_t<Args>...>;

/// The callable that `retrying::wrap` returns. Its call operator is constrained, so that overload sets (of
/// `std::function`s, for example) can check it: a wrong call does not match. Compilers quote the line of the
/// constraint, so the explanation is a comment there.
template <class Retrying, class F>
class wrapped {
 public:
  constexpr wrapped(Retrying r, F f) : retrying_(std::move(r)), f_(std::move(f)) {}

  template <class... Args>
    requires(takes_arguments<F, Args...>)  // tenax: the callable cannot be called with these arguments
  TENAX_ALWAYS_INLINE constexpr auto operator()(Args&&... args) -> result_or_void<F, Args...> {
    return retrying_(f_, std::forward<Args>(args)...);
  }
  template <class... Args>
    requires(takes_arguments<F, Args...>)  // tenax: the callable cannot be called with these arguments
  TENAX_ALWAYS_INLINE constexpr auto operator()(Args&&... args) const -> result_or_void<F const, Args...> {
    return retrying_(f_, std::forward<Args>(args)...);
  }
#if !defined(__clang__)
  // This overload makes the errors of g++ more detailed, and those of clang less.
  template <class... Args>
    requires(!takes_arguments<F, Args...>)
  void operator()(Args&&...) const = delete;  // tenax: the callable cannot be called with these arguments
#endif

 private:
  Retrying retrying_;
  F f_;
};

}  // namespace tenax::detail
