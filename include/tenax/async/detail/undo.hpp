// SPDX-License-Identifier: MIT
// async/detail/undo.hpp: the function that a function of the user returned, and that undoes what this one began.
#pragma once

#include <optional>
#include <type_traits>
#include <utility>

namespace tenax::detail {

/// A function that undoes something, if the function that began it has returned one.
template <class R>
class undo {
 public:
  void keep(R&& f) { f_.emplace(std::move(f)); }
  void forget() noexcept { f_.reset(); }
  void operator()() noexcept {
    if (!f_) return;
    auto f = std::exchange(f_, std::nullopt);
    call(*f);
  }
  static void call(R& f) noexcept {
    if constexpr (std::is_constructible_v<bool, R&>) {
      if (!static_cast<bool>(f)) return;  // an empty std::function
    }
    f();
  }

 private:
  std::optional<R> f_{};
};
struct no_undo {
  void operator()() const noexcept {}
  void forget() const noexcept {}
};
template <class R>
inline constexpr bool undoes = std::is_invocable_v<std::add_lvalue_reference_t<std::decay_t<R>>>;
template <class R>
using undo_of = std::conditional_t<undoes<R>, undo<std::decay_t<R>>, no_undo>;

}  // namespace tenax::detail
