// SPDX-License-Identifier: MIT
// drivers.hpp: all drivers that can call an operation under a policy; a rule for one driver must hold for all.
#pragma once

#include <optional>
#include <type_traits>
#include <utility>

#include <tenax/retrying.hpp>

#include "catch.hpp"

namespace tests {

/// Makes a policy check every value.
struct silent_observer {
  static constexpr bool uses_time = false;
  template <class T>
  void after_attempt(tenax::attempt<T> const&) const {}
};

/// A token that is never triggered.
struct idle_token {
  [[nodiscard]] bool stop_requested() const { return false; }
};

/// The result of a block that is retried in a loop.
template <class Policy, class F>
auto by_a_loop(Policy const& policy, F& f) -> std::invoke_result_t<F&> {
  using result = std::invoke_result_t<F&>;
  if constexpr (std::is_void_v<result>) {
    for (auto& attempt : policy.attempts()) attempt(f);
  } else if constexpr (std::is_reference_v<result>) {
    std::remove_reference_t<result>* last = nullptr;
    for (auto& attempt : policy.attempts()) {
      attempt([&]() -> result {
        decltype(auto) r = f();
        last = &r;
        return static_cast<result>(r);
      });
    }
    return static_cast<result>(*last);
  } else {
    std::optional<result> last;
    for (auto& attempt : policy.attempts()) attempt([&]() -> result const& { return last.emplace(f()); });
    return std::move(*last);
  }
}

/// Runs `check(call)` for every driver; `call(policy, f)` returns or throws the last outcome of `f()`.
template <class Check>
void with_every_driver(Check const& check) {
  {
    INFO("driver: a plain call");
    check([](auto const& policy, auto& f) -> decltype(auto) { return policy(f); });
  }
  {
    INFO("driver: a call that looks at every value");
    check([](auto const& policy, auto& f) -> decltype(auto) { return policy.observe(silent_observer{})(f); });
  }
  {
    INFO("driver: a call that reads the clock");
    check([](auto const& policy, auto& f) -> decltype(auto) {
      return policy.before_attempt([](tenax::attempt_info const&) {})(f);
    });
  }
  {
    INFO("driver: a call that can be cancelled");
    check([](auto const& policy, auto& f) -> decltype(auto) { return policy.cancel_with(idle_token{})(f); });
  }
  {
    INFO("driver: try_call");
    check([](auto const& policy, auto& f) -> decltype(auto) { return policy.try_call(f).get(); });
  }
  {
    INFO("driver: attempts()");
    check([](auto const& policy, auto& f) -> decltype(auto) { return by_a_loop(policy, f); });
  }
}

}  // namespace tests
