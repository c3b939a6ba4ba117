// SPDX-License-Identifier: MIT
// driver/detail/wrapped.hpp: a callable that retries.
#pragma once

#include <type_traits>
#include <utility>

#include <tenax/driver/detail/operation.hpp>

namespace tenax::detail {

/// Whether a callable takes these arguments, which are passed again on every attempt, so as lvalues.
template <class F, class... Args>
inline constexpr bool takes_arguments = callable_operation<F, std::remove_reference_t<Args>...>;

/// What `retrying::wrap` makes. It can be asked what it takes, as by an overload set of `std::function`s: a wrong call does
/// not match. Compilers quote the line that refuses it, which is why the sentence is a comment there.
template <class Retrying, class F>
class wrapped {
 public:
  constexpr wrapped(Retrying r, F f) : retrying_(std::move(r)), f_(std::move(f)) {}

  template <class... Args>
    requires(takes_arguments<F, Args...>)  // tenax: the callable cannot be called with these arguments
  constexpr auto operator()(Args&&... args) -> result_or_void<F, Args...> {
    return retrying_(f_, std::forward<Args>(args)...);
  }
  template <class... Args>
    requires(takes_arguments<F, Args...>)  // tenax: the callable cannot be called with these arguments
  constexpr auto operator()(Args&&... args) const -> result_or_void<F const, Args...> {
    return retrying_(f_, std::forward<Args>(args)...);
  }
#if !defined(__clang__)
  // g++ says more with it, clang less.
  template <class... Args>
    requires(!takes_arguments<F, Args...>)
  void operator()(Args&&...) const = delete;  // tenax: the callable cannot be called with these arguments
#endif

 private:
  Retrying retrying_;
  F f_;
};

}  // namespace tenax::detail
