// SPDX-License-Identifier: MIT
// any/detail/parts.hpp: the parts of an erased policy: each calls a function of the block that they share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

#include <tenax/any/detail/block.hpp>
#include <tenax/platform/compiler.hpp>
#include <tenax/when/compose.hpp>

namespace tenax::detail {

/// The type of results as which the functions of a block see a `T`: a listed one, or `any_result`.
template <class T, class... Results>
using seen_as = std::conditional_t<(std::is_same_v<T, Results> || ...), T, any_result>;

/// An outcome as the functions of a block see it: the same one, or one with an `any_result` for its value.
template <class Seen, class T>
TENAX_ALWAYS_INLINE inline decltype(auto) outcome_as(outcome<T> const& result) {
  if constexpr (std::is_same_v<Seen, T>) {
    return (result);
  } else if (!result.has_value()) {
    return outcome<any_result>(*result.caught());
  } else if constexpr (std::is_void_v<T>) {
    return outcome<any_result>(any_result());
  } else {
    return outcome<any_result>(any_result(result.value()));
  }
}

/// An attempt that returned a `T`, as one that returned an `any_result`.
template <class T>
class attempt_of_any {
 public:
  explicit attempt_of_any(attempt<T> const& a)
      : result_(outcome_as<any_result>(a.result)), attempt_{a, result_, a.hint} {}
  attempt_of_any(attempt_of_any const&) = delete;
  attempt_of_any& operator=(attempt_of_any const&) = delete;
  [[nodiscard]] attempt<any_result> const& operator*() const noexcept { return attempt_; }

 private:
  outcome<any_result> result_;
  attempt<any_result> attempt_;
};

/// Calls a function of a block with an attempt.
template <class... Results, class F, class T, class... Args>
TENAX_ALWAYS_INLINE inline decltype(auto) call_any(erased_block<Results...> const& b, F const& function,
                                                   attempt<T> const& a, Args... args) {
  erased_attempt_functions<seen_as<T, Results...>> const& functions = b;
  if constexpr (std::is_same_v<seen_as<T, Results...>, T>) {
    return function(functions)(b.policy, a, args...);
  } else {
    return function(functions)(b.policy, *attempt_of_any<T>(a), args...);
  }
}

/// The types of results that a block is for.
template <class Block>
struct results_of;
template <class... Results>
struct results_of<erased_block<Results...>> {
  template <class T>
  static constexpr bool names = (std::is_same_v<T, Results> || ...);
  template <class T>
  static constexpr bool lists = names<T> || names<any_result>;
  template <class T>
  using seen = seen_as<T, Results...>;
};
template <class Block>
struct first_result_of;
template <class First, class... Others>
struct first_result_of<erased_block<First, Others...>> {
  using type = First;
};

template <class Block>
struct erased_when : when::operators {
  static constexpr bool uses_time = true;
  static constexpr bool has_veto = true;
  template <class T>
  static constexpr bool names = results_of<Block>::template names<T>;
  template <class T>
  static constexpr bool lists = results_of<Block>::template lists<T>;
  Block const* block;

  explicit erased_when(Block const* b) : block(b) {}
  template <class T>
  bool operator()(attempt<T> const& a) const {
    return wants(a);
  }
  template <class T>
  bool wants(attempt<T> const& a) const {
    return call_any(*block, [](auto const& f) { return f.wants; }, a);
  }
  template <class T>
  bool permits(attempt<T> const& a) const {
    return call_any(*block, [](auto const& f) { return f.permits; }, a);
  }
  template <class T>
  char const* why_denied(attempt<T> const& a) const {
    return call_any(*block, [](auto const& f) { return f.why_denied; }, a);
  }
  [[nodiscard]] bool has_no_opinion() const noexcept { return block->has_no_opinion; }
  template <class T>
  bool goes_on(attempt<T> const& a) const {
    return call_any(*block, [](auto const& f) { return f.goes_on; }, a);
  }
  template <class Out>
  void describe(Out& out) const {
    sink_to<Out> sink(out);
    block->call->describe_when(block->policy, sink);
  }
};

template <class Block>
struct erased_wait : wait::operators {
  static constexpr bool uses_time = true;
  Block const* block;

  explicit erased_wait(Block const* b) : block(b) {}
  template <class T>
  duration operator()(attempt<T> const& a) const {
    return call_any(*block, [](auto const& f) { return f.wait; }, a);
  }
  [[nodiscard]] std::uint32_t grows_until(std::uint32_t n) const noexcept {
    return block->call->grows_until(block->policy, n);
  }
  [[nodiscard]] wait::bounds range(wait::range_query const& q) const {
    return block->call->wait_bounds(block->policy, q);
  }
  template <class Out>
  void describe(Out& out) const {
    sink_to<Out> sink(out);
    block->call->describe_wait(block->policy, sink);
  }
};

template <class Block>
struct erased_stop : stop::operators {
  static constexpr bool uses_time = true;
  Block const* block;

  explicit erased_stop(Block const* b) : block(b) {}
  template <class T>
  bool operator()(attempt<T> const& a) const {
    return ask(a).stop;
  }
  template <class T>
  stop::answer ask(attempt<T> const& a) const {
    return call_any(*block, [](auto const& f) { return f.enough; }, a);
  }
  [[nodiscard]] bool may_clip() const noexcept { return block->may_clip; }
  [[nodiscard]] bool has_deadline() const noexcept { return block->has_deadline; }
  [[nodiscard]] duration clip(attempt_info const& a) const {
    return block->may_clip ? block->call->clip(block->policy, a) : a.upcoming_wait;
  }
  [[nodiscard]] duration time_left(attempt_info const& a) const {
    return has_deadline() ? block->call->time_left(block->policy, a) : (duration::max)();
  }
  [[nodiscard]] stop::bounds bounds() const { return block->call->stop_bounds(block->policy); }
  template <class Out>
  void describe(Out& out) const {
    sink_to<Out> sink(out);
    block->call->describe_stop(block->policy, sink);
  }
};

/// Owns the block: no setter drops the observers.
template <class Block>
struct erased_observers {
  static constexpr bool uses_time = true;
  static constexpr bool hears_before_attempt = true;
  static constexpr bool hears_gate_wait = true;
  // For a loop over `attempts()` that ends before it knows its block.
  using unstarted_result =
      std::conditional_t<results_of<Block>::template lists<void>, void, typename first_result_of<Block>::type>;
  template <class T>
  static constexpr bool hears_after_attempt = results_of<Block>::template lists<T>;
  template <class T>
  static constexpr bool hears_before_sleep = results_of<Block>::template lists<T>;
  template <class T>
  static constexpr bool hears_success = results_of<Block>::template lists<T>;
  template <class T>
  static constexpr bool hears_end = results_of<Block>::template lists<T>;

  std::shared_ptr<Block const> block;

  [[nodiscard]] bool hears_start() const noexcept { return block->call->before_attempt != nullptr; }
  template <class T>
  [[nodiscard]] bool hears_end_now() const noexcept {
    return functions<T>().on_success != nullptr;
  }

  TENAX_ALWAYS_INLINE void before_attempt(attempt_info const& a) const {
    if (auto const f = block->call->before_attempt) f(block->policy, a);
  }
  void before_gate_wait(gate_wait const& w) const {
    if (auto const f = block->call->before_gate_wait) f(block->policy, w);
  }
  template <class T>
  TENAX_ALWAYS_INLINE void after_attempt(attempt<T> const& a) const {
    if (functions<T>().after_attempt) call_any(*block, [](auto const& f) { return f.after_attempt; }, a);
  }
  template <class T>
  void before_sleep(attempt<T> const& a) const {
    if (functions<T>().before_sleep) call_any(*block, [](auto const& f) { return f.before_sleep; }, a);
  }
  template <class T>
  TENAX_ALWAYS_INLINE void on_success(attempt<T> const& a) const {
    if constexpr (hears_end<T>) {
      if (functions<T>().on_success) call_any(*block, [](auto const& f) { return f.on_success; }, a);
    }
  }
  template <class T>
  void on_give_up(attempt<T> const& a, stop_reason reason, char const* why) const {
    if constexpr (hears_end<T>) {
      if (functions<T>().on_give_up) call_any(*block, [](auto const& f) { return f.on_give_up; }, a, reason, why);
    }
  }

 private:
  template <class... Results>
  static auto listed(erased_block<Results...> const*) -> erased_block<Results...>;
  template <class T, class... Results>
  static erased_attempt_functions<seen_as<T, Results...>> const& functions_in(erased_block<Results...> const& b) {
    return b;
  }
  template <class T>
  auto const& functions() const {
    return functions_in<T>(*block);
  }
};

/// Reads hints as the policy does.
template <class Block>
struct erased_hint_reader {
  Block const* block;
  template <class T>
  hint operator()(attempt<T> const& a) const {
    return call_any(*block, [](auto const& f) { return f.read_hint; }, a);
  }
  template <class T>
  allowance quota(attempt<T> const& a) const {
    if (!block->has_gates) return {};
    return call_any(*block, [](auto const& f) { return f.quota; }, a);
  }
  [[nodiscard]] bool is_given() const noexcept { return block->call->describe_hints != nullptr; }
  template <class Out>
  void describe(Out& out) const {
    sink_to<Out> sink(out);
    block->call->describe_hints(block->policy, sink);
  }
};

}  // namespace tenax::detail
