// SPDX-License-Identifier: MIT
// detail/wrapped.hpp: a callable that retries.
#pragma once

#include <utility>

#include <tenax/detail/cplusplus.hpp>

namespace tenax::detail {

/// What `retrying::wrap` makes.
template <class Retrying, class F>
class wrapped {
 public:
  constexpr wrapped(Retrying r, F f) : retrying_(std::move(r)), f_(std::move(f)) {}

  template <class... Args>
  constexpr decltype(auto) operator()(Args&&... args) {
    return retrying_(f_, std::forward<Args>(args)...);
  }
  template <class... Args>
  constexpr decltype(auto) operator()(Args&&... args) const {
    return retrying_(f_, std::forward<Args>(args)...);
  }

 private:
  Retrying retrying_;
  F f_;
};

}  // namespace tenax::detail
