// SPDX-License-Identifier: MIT
// async/detail/kept_hedging.hpp: the hedging to which a hedged call refers; mistakes are explained by one sentence.
#pragma once

#include <type_traits>

#include <tenax/async/hedging.hpp>

namespace tenax::detail {

/// A hedging of any type, const or not.
template <class H>
concept any_hedging = requires(std::remove_cvref_t<H> const& h) {
  []<class Budget, class Environment, class Gates>(hedging<Budget, Environment, Gates> const&) {}(h);
};

/// Returns the hedging that a call was given, to be referred to until the call's last attempt has ended.
template <class H>
constexpr auto& kept_hedging(std::remove_reference_t<H>& given) noexcept {
  using hedging_type = std::remove_reference_t<H>;
  constexpr bool is_const = std::is_const_v<hedging_type>;
  constexpr bool is_temporary = !std::is_lvalue_reference_v<H>;
  static_assert(!is_temporary,
                "tenax: a hedged call was given a temporary hedging; it refers to its hedging until the last attempt "
                "has ended, and calls share one to measure latencies; make it a variable: tenax::hedging "
                "reads(budget, {.after = 5ms});");
  static_assert(is_temporary || !is_const,
                "tenax: a hedged call was given a hedging that is const, and cannot record its latency there; make "
                "the hedging not const, or `mutable` in a class whose functions are const");
  // For a mistake, too: the compiler prints no further errors.
  return const_cast<std::remove_const_t<hedging_type>&>(given);
}

}  // namespace tenax::detail
