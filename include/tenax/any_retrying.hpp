// SPDX-License-Identifier: MIT
// any_retrying.hpp: `any_retrying`: one type for every policy, for members, interfaces and configurations.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include <tenax/any/detail/block.hpp>
#include <tenax/any/detail/call.hpp>
#include <tenax/any/detail/check.hpp>
#include <tenax/any/detail/environment.hpp>
#include <tenax/any/detail/gates.hpp>
#include <tenax/any/detail/loop.hpp>
#include <tenax/any/detail/parts.hpp>
#include <tenax/any/result.hpp>
#include <tenax/retrying.hpp>

namespace tenax {

namespace detail {

template <class Block>
using erased_policy = policy<erased_when<Block>, erased_wait<Block>, erased_stop<Block>, erased_observers<Block>,
                             erased_gates<Block>, erased_token, erased_hint_reader<Block>, erased_limits>;

template <class Block, class P>
erased_policy<Block> erased_policy_of(std::shared_ptr<Block const> const& made, P const& p) {
  auto const* const b = made.get();
  return {erased_when<Block>(b),  erased_wait<Block>(b), erased_stop<Block>(b),        erased_observers<Block>{made},
          erased_gates<Block>{b}, erased_token{b},       erased_hint_reader<Block>{b}, limits_erased(p.limits)};
}

/// Also with the token and the limits of a driver.
template <class When, class Wait, class Stop, class Block, class Token, class HintReader, class Limits>
owned_erased_gates<Block> own_gates(
    policy<When, Wait, Stop, erased_observers<Block>, erased_gates<Block>, Token, HintReader, Limits> const& p) {
  return {p.gates, p.observers.block};
}

/// Whether setters have changed limits, the only part of an erased policy that they change without changing its type.
template <class Block>
bool limits_changed(erased_policy<Block> const& p) noexcept {
  return !(p.limits == p.observers.block->limits);
}

/// The text of an erased policy is that of the policy that it was made of, with its own limits.
template <class Out, class Block>
void write(Out& out, erased_policy<Block> const& p) {
  if (limits_changed(p)) return write_parts(out, p);
  sink_to<Out> sink(out);
  p.observers.block->call->write(p.observers.block->policy, sink);
}

}  // namespace detail

/// As `worst_case` of the policy that it was made of, with its own limits.
template <class Block>
[[nodiscard]] worst_case_bounds worst_case(detail::erased_policy<Block> const& p) {
  if (detail::limits_changed(p)) return detail::worst_case_of(p);
  auto const& block = *p.observers.block;
  return block.call->worst_case(block.policy);
}

/// A policy of any type, for operations that return one of the `Results`: `any_retrying_of<page, void>`. See
/// `any_retrying`, which is for operations with results of any type.
template <class... Results>
class any_retrying_of
    : public retrying<detail::erased_policy<detail::erased_block<Results...>>, detail::erased_environment> {
  using block = detail::erased_block<Results...>;
  using base = retrying<detail::erased_policy<block>, detail::erased_environment>;

 public:
  /// For the formatter.
  using erased_policy = detail::erased_policy<block>;

  /// The default policy: `retrying{}`.
  any_retrying_of() : any_retrying_of(retrying()) {}

  // An object that was moved from keeps its policy: there is none without.
  any_retrying_of(any_retrying_of const&) noexcept = default;
  any_retrying_of& operator=(any_retrying_of const&) noexcept = default;
  ~any_retrying_of() = default;

  /// Takes over a policy. Allocates once; copies share the memory.
  template <class Policy, class Environment>
    requires(!std::is_same_v<Policy, erased_policy>)
  any_retrying_of(retrying<Policy, Environment> const& policy)
      : any_retrying_of(make(policy.policy(), policy.environment()), policy.policy()) {}
  /// Takes over what a setter has made of an erased policy. Allocates if the setter has changed something.
  any_retrying_of(base const& policy) : base(unchanged(policy) ? policy : nested(policy)) {}

  /// As `retrying::operator()`.
  template <class F, class... Args>
  auto operator()(F&& f, Args&&... args) const -> detail::result_or_void<F, Args...> {
    return call<false, detail::result_or_void<F, Args...>>(f, args...);
  }
  /// As `retrying::try_call`.
  template <class F, class... Args>
  [[nodiscard]] auto try_call(F&& f, Args&&... args) const -> report<detail::result_or_void<F, Args...>> {
    return call<true, report<detail::result_or_void<F, Args...>>>(f, args...);
  }
  /// As `retrying::wrap`.
  template <class F>
  [[nodiscard]] auto wrap(F f) const {
    return detail::wrapped<any_retrying_of, F>(*this, std::move(f));
  }

 private:
  template <class Policy, class Environment>
  static std::shared_ptr<block const> make(Policy const& p, Environment const& e) {
    if constexpr (detail::check_erasable<Policy, Results...>()) {
      return std::make_shared<detail::erased_block_of<Policy, Environment, Results...> const>(p, e);
    } else {
      return nullptr;
    }
  }
  static bool unchanged(base const& p) { return !detail::limits_changed(p.policy()); }
  static base nested(base const& p) {
    auto const made = make(p.policy(), p.environment());
    return base(detail::erased_policy_of(made, p.policy()), detail::erased_environment(made.get()));
  }

  template <bool Reports, class Ended, class F, class... Args>
  Ended call(F& f, Args&... args) const {
    using result = detail::result_or_void<F, Args...>;
    if constexpr (!detail::made_for<typename erased_policy::when_type, result>) {
      detail::check_result<erased_policy, result>();
      platform::unreachable();
    } else if constexpr (detail::call_fits<erased_policy, F, Args...>) {
      return detail::call_erased<Reports, detail::called_with_attempt<F, Args...>, result>(
          *this->observers.block,
          [&](attempt_info const& info) -> result { return detail::call_operation(info, f, args...); });
    } else {
      return detail::explain_call<Ended, erased_policy, F, Args...>();
    }
  }

  template <class Policy>
  any_retrying_of(std::shared_ptr<block const> const& made, Policy const& p)
      : base(detail::erased_policy_of(made, p), detail::erased_environment(made.get())) {}
};

using any_retrying = any_retrying_of<any_result>;

}  // namespace tenax
