// SPDX-License-Identifier: MIT
// any/detail/check.hpp: policies that cannot be erased, each explained by one sentence.
#pragma once

#include <type_traits>

#include <tenax/any/result.hpp>
#include <tenax/driver/detail/check_result.hpp>

namespace tenax::detail {

/// Whether a policy can judge every type of results that an erased policy is for.
template <class Policy, class... Results>
constexpr bool check_erasable() {
  if constexpr ((std::is_same_v<any_result, Results> || ...)) {
    constexpr bool judges_any = policy_fits<Policy, any_result>;
    static_assert(judges_any,
                  "tenax: this policy looks at results of certain types, so it cannot become an any_retrying, which is "
                  "for results of every type; name their types: tenax::any_retrying_of<page>");
    if constexpr (judges_any) {
      // A predicate that cannot judge them says so here, where compilers need a few lines for it.
      auto const judge = [](auto const& p, attempt<any_result> const& a) { return static_cast<bool>(p.predicate(a)); };
      static_cast<void>(static_cast<bool (*)(Policy const&, attempt<any_result> const&)>(judge));
    }
    return judges_any;
  } else {
    return (check_result<Policy, Results>() && ...);
  }
}

}  // namespace tenax::detail
