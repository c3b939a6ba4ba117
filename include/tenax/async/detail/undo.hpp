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
  std::optional<R> take() noexcept { return std::exchange(f_, std::nullopt); }
  void operator()() noexcept {
    if (auto f = take()) call(*f);
  }
  static void call(R& f) noexcept {
    if (!is_empty(f)) static_cast<void>(f());
  }
  /// Whether it is an empty std::function.
  static bool is_empty(R& f) noexcept {
    if constexpr (std::is_constructible_v<bool, R&>) {
      return !static_cast<bool>(f);
    } else {
      return false;
    }
  }

 private:
  std::optional<R> f_{};
};
struct no_undo {
  void operator()() const noexcept {}
};
template <class R>
inline constexpr bool undoes = std::is_invocable_v<std::add_lvalue_reference_t<std::decay_t<R>>>;
template <class R>
using undo_of = std::conditional_t<undoes<R>, undo<std::decay_t<R>>, no_undo>;

}  // namespace tenax::detail
