// SPDX-License-Identifier: MIT
// attempt_range.hpp: `for (auto& attempt : policy.attempts())`: retries a block that uses the locals around it.
#pragma once

#include <type_traits>
#include <utility>

#include <tenax/driver/detail/blocking.hpp>
#include <tenax/driver/detail/kept_outcome.hpp>
#include <tenax/driver/detail/operation.hpp>
#include <tenax/platform/compiler.hpp>

namespace tenax {

/// The range that `retrying::attempts()` returns, for a range-based `for`: the loop's body runs once for every attempt.
///
/// `attempt(block)` makes the attempt and decides about the next one. The wait happens between two turns of the loop,
/// after the last statement of the body. So the body holds no lock while the call waits, and a body that leaves the
/// loop does not wait. The wait begins when the body ends; if the policy uses time, the wait counts from the end of the
/// attempt.
///
/// Thread safety: unsafe; a range is one call.
template <class Policy, class Environment>
class attempt_range {
 public:
  constexpr attempt_range(Policy const& policy, Environment environment)
      : environment_(std::move(environment)), loop_(policy, now(), detail::random_of(world())) {}

  /// Makes one attempt: calls the block, which may take the attempt's numbers. Swallows an exception of the block that
  /// is to be retried, and passes on any other one. Does not wait, unless the body calls it a second time: then it
  /// waits first.
  template <class Block>
  constexpr void operator()(Block&& block) {
    if constexpr (detail::call_fits<Policy, Block>) {
      using result = detail::result_or_void<Block>;
      if (next_.waits()) wait();
      if (!more_) return;
      detail::outcome_slot<result> slot;
      auto const info = loop_.info();
      auto const attempt = [&](attempt_info const& i) -> result { return detail::call_operation(i, block); };
      slot.fill(
          [&]() -> result {
            return detail::make_attempt<result, Policy, std::remove_reference_t<decltype(world())>>(info, attempt);
          },
          plain_);
      detail::emptied_at_exit const guard(slot);
      ended_ = now();
      next_ = loop_.finish_attempt(slot.result, ended_);
      if (next_.waits()) {
        if constexpr (detail::can_release<result>) detail::release(slot.result);
        return last_.keep(std::move(slot.result));
      }
      more_ = false;
      loop_.conclude(slot.result);
      if (!slot.result.has_value()) slot.result.rethrow();
    } else {
      detail::explain_call<void, Policy, std::remove_reference_t<Block>>();
    }
  }

  class iterator {
   public:
    constexpr explicit iterator(attempt_range* range) : range_(range) {}
    constexpr attempt_range& operator*() const { return *range_; }
    constexpr iterator& operator++() {
      range_->next_turn();
      return *this;
    }
    constexpr bool operator!=(iterator const&) const { return range_->more_; }

   private:
    attempt_range* range_;
  };

  constexpr iterator begin() {
    more_ = !detail::wait_or_stop(loop_, world(), loop_.start_attempt(now(), waiter_.lend()), waiter_);
    if (!more_) {
      auto const none = loop_.template unstarted<void>();
      loop_.conclude(none);
      none.rethrow();
    }
    return iterator(this);
  }
  constexpr iterator end() { return iterator(this); }

 private:
  constexpr auto& world() const { return detail::unwrap(environment_); }
  constexpr time_point now() const { return detail::now_of<Policy::uses_time>(world()); }

  /// Ends the loop if its body made no attempt: such a loop would never end.
  constexpr void next_turn() {
    if (next_.waits()) {
      wait();
    } else {
      more_ = false;
    }
  }

  /// Waits for the next attempt. If the call ends during the wait, throws its last exception.
  constexpr void wait() {
    auto next = std::exchange(next_, decision{});
    if constexpr (Policy::uses_time) {
      auto const passed = saturating_between(ended_, now());
      if (passed.count() > 0) next.delay = saturating_subtract(next.delay, passed);
    }
    more_ = false;
    more_ = !detail::wait_or_stop(loop_, world(), next, waiter_);
    if (!more_) last_.end(loop_);
    last_.forget();
  }

  using loop = retry_loop<Policy>;

  Environment environment_;
  TENAX_NO_UNIQUE_ADDRESS
  detail::waiter_of<loop, std::remove_reference_t<decltype(detail::unwrap(std::declval<Environment const&>()))>>
      waiter_{};
  loop loop_;
  TENAX_NO_UNIQUE_ADDRESS std::conditional_t<loop::can_end_unstarted, detail::kept_outcome<loop>, detail::nothing_kept>
      last_{};
  std::type_info const* plain_ = nullptr;
  decision next_{};
  time_point ended_{};
  bool more_ = false;
};

}  // namespace tenax
