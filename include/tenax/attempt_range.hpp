// SPDX-License-Identifier: MIT
// attempt_range.hpp: `for (auto& attempt : policy.attempts())`: retries a block that uses the locals around it.
#pragma once

#include <type_traits>
#include <utility>

#include <tenax/driver/detail/first_attempt.hpp>
#include <tenax/driver/detail/first_look.hpp>
#include <tenax/driver/detail/operation.hpp>
#include <tenax/driver/detail/range_state.hpp>
#include <tenax/platform/compiler.hpp>

namespace tenax {

/// The range that `retrying::attempts()` returns, for a range-based `for`: the loop's body runs once for every attempt.
///
/// `attempt(block)` makes the attempt and decides about the next one. The wait happens between two turns of the loop,
/// after the last statement of the body. So the body holds no lock while the call waits, and a body that leaves the
/// loop does not wait. The wait begins when the body ends; if the policy uses time, the wait counts from the end of the
/// attempt.
///
/// `Policy` is held by value; `attempt_range<P const&, Environment>` refers to a policy that outlives the range.
///
/// Thread safety: unsafe; a range is one call.
template <class Policy, class Environment>
class attempt_range : detail::range_state<Policy, Environment> {
  using state = detail::range_state<Policy, Environment>;
  using typename state::policy_type;
  using typename state::steps;
  using typename state::stop_type;
  using typename state::world_type;
  template <class T>
  using first_failure = typename state::template first_failure<T>;
  using state::may_start_plainly;
  using state::starts_plainly;
  using state::uses_time;

  using state::decide;
  using state::end_loop_unstarted;
  using state::go_on;
  using state::go_on_rarely;
  using state::made_;
  using state::make;
  using state::make_rarely;
  using state::more_;
  using state::now;
  using state::numbers;
  using state::policy_;
  using state::room_;
  using state::start;
  using state::start_;
  using state::starts_plainly_now;
  using state::wait;
  using state::world;

 public:
  attempt_range(policy_type const& policy, Environment environment) : state(policy, std::move(environment)) {}

  /// Makes one attempt: calls the block, which may take the attempt's numbers. Swallows an exception of the block that
  /// is to be retried, and passes on any other one. Does not wait, unless the body calls it a second time: then it
  /// waits first.
  template <class Block>
  TENAX_ALWAYS_INLINE constexpr void operator()(Block&& block) {
    if constexpr (detail::call_fits<policy_type, Block>) {
      using result = detail::result_or_void<Block>;
      if (!more_) return;
      if constexpr (starts_plainly && detail::ends_plainly<policy_type, result> && detail::says_nothing<result>) {
        if (!made_) [[likely]]
          return attempt_first<result>(block);
      }
      if constexpr (!starts_plainly) {
        if (made_) {
          attempt_often<result>(block);
        } else if constexpr (may_start_plainly) {
          attempt_first_of_any<result>(block);
        }
      } else if constexpr (!std::is_lvalue_reference_v<Block> && platform::trivially_copyable<Block>) {
        auto copy = block;  // the path of a success does not need the original in memory
        attempt_rarely<result>(copy);
      } else {
        attempt_rarely<result>(block);
      }
    } else {
      detail::explain_call<void, policy_type, std::remove_reference_t<Block>>();
    }
  }

  class iterator {
   public:
    constexpr explicit iterator(attempt_range* range) : range_(range) {}
    constexpr attempt_range& operator*() const { return *range_; }
    TENAX_ALWAYS_INLINE constexpr iterator& operator++() {
      range_->next_turn();
      return *this;
    }
    constexpr bool operator!=(iterator const&) const { return range_->more_; }

   private:
    attempt_range* range_;
  };

  TENAX_ALWAYS_INLINE constexpr iterator begin() {
    if constexpr (uses_time) start_ = now().time_since_epoch();
    more_ = true;
    if constexpr (!starts_plainly) {
      if (!starts_plainly_now()) {
        make();
        begin_at_gates();
      }
    } else {
      if constexpr (detail::can_stop<typename policy_type::token_type>) {
        if (detail::asked_to_stop(policy_.token)) [[unlikely]]
          end_unstarted(stop_reason::cancelled);
      }
      if constexpr (detail::has_time_left<stop_type>) {
        if (numbers().time_left.count() == 0) [[unlikely]]
          end_unstarted(stop_reason::expired_on_entry);
      }
    }
    return iterator(this);
  }
  constexpr iterator end() { return iterator(this); }

 private:
  /// The path of a success: the first attempt, if nothing but the predicate has to look at its outcome.
  template <class T, class Block>
  TENAX_ALWAYS_INLINE constexpr void attempt_first(Block& block) {
    using when_type = typename policy_type::when_type;
    constexpr bool predicate_uses_time = detail::uses_time<when_type>;
    constexpr bool knows = detail::is_real<std::remove_reference_t<decltype(world())>> && uses_time;
    auto const attempt = [&](attempt_info const& i) -> T { return detail::call_operation(i, block); };
    auto first = numbers();
    detail::attempt_frame frame;
    first_failure<T> failed;
    detail::outcome_slot<T> slot;
    bool wanted = false;
    duration ended;
    bool const returned = slot.fill(
        [&]() -> T { return detail::attempt_first<T, knows>(policy_, frame, first, attempt); }, failed.exception);
    if (returned) [[likely]] {
      [[maybe_unused]] detail::value_at_exit<T> const guard(slot);
      bool const good = !detail::result_failed(slot.result);
      if constexpr (!detail::fails_by_exception_only<policy_type, T>) {
        if constexpr (predicate_uses_time) {
          ended = now().time_since_epoch();
          first.elapsed = saturating_between(start(), time_point(ended));
        }
        wanted = good && detail::wants_retry(policy_.predicate, tenax::attempt<T>{first, slot.result, hint{}});
      }
      if (good && !wanted) {
        more_ = false;
        return;
      }
      failed.value.take(std::move(slot.result));
    }
    failed.returned = returned;
    failed.wanted = wanted;
    failed.ended = predicate_uses_time && returned ? ended : now().time_since_epoch();
    fail(failed);
  }

  /// The same for a policy of any type.
  template <class T, class Block>
  TENAX_NEVER_INLINE constexpr void attempt_first_of_any(Block& block) {
    first_failure<T> failed;
    detail::outcome_slot<T> slot;
    auto const attempt = [&]() -> T {
      if constexpr (detail::called_with_attempt<Block>) {
        return detail::call_operation(numbers(), block);
      } else {
        return detail::call_operation(attempt_info{}, block);
      }
    };
    failed.returned = slot.fill(attempt, failed.exception);
    auto const ended = now();
    auto seen = detail::first_look::open;
    if (failed.returned) {
      [[maybe_unused]] detail::value_at_exit<T> const guard(slot);
      seen = steps::look(policy_, {start(), ended, detail::random_of(world())}, slot.result);
      if (seen == detail::first_look::ends) {
        more_ = false;
        return;
      }
      failed.value.take(std::move(slot.result));
    }
    failed.wanted = seen == detail::first_look::wanted;
    failed.ended = ended.time_since_epoch();
    make();
    go_on_after(failed);
  }

  /// Goes on after a first attempt that failed.
  template <class T>
  TENAX_COLD constexpr void fail(first_failure<T>& failed) {
    make_rarely();
    go_on_after(failed);
  }
  template <class T>
  TENAX_ALWAYS_INLINE constexpr void go_on_after(first_failure<T>& failed) {
    if (!failed.returned) failed.value.keep(failed.exception, room_.made.plain);
    detail::emptied_at_exit const guard(failed.value);
    decide(failed.value.result, time_point(failed.ended), failed.wanted);
  }

  template <class T, class Block>
  TENAX_COLD constexpr void attempt_rarely(Block& block) {
    if (!made_) make_rarely();
    attempt_next<T>(block);
  }
  template <class T, class Block>
  TENAX_NEVER_INLINE constexpr void attempt_often(Block& block) {
    attempt_next<T>(block);
  }
  template <class T, class Block>
  TENAX_ALWAYS_INLINE constexpr void attempt_next(Block& block) {
    auto& at = room_.made;
    if (at.waits) wait();
    if (!more_) return;
    detail::outcome_slot<T> slot;
    fill(slot, block);
    detail::emptied_at_exit const guard(slot);
    decide(slot.result, now(), false);
  }

  template <class T, class Block>
  TENAX_ALWAYS_INLINE constexpr void fill(detail::outcome_slot<T>& slot, Block& block) {
    auto& at = room_.made;
    if constexpr (may_start_plainly && !detail::called_with_attempt<Block>) {
      // Nobody looks at the attempt's numbers.
      if (starts_plainly_now())
        return slot.fill([&]() -> T { return detail::call_operation(attempt_info{}, block); }, at.plain);
    }
    auto const info = at.loop.info();
    auto const attempt = [&](attempt_info const& i) -> T { return detail::call_operation(i, block); };
    slot.fill(
        [&]() -> T {
          return detail::make_attempt<T, policy_type, std::remove_reference_t<decltype(world())>>(info, attempt);
        },
        at.plain);
  }

  constexpr void begin_at_gates() {
    auto& at = room_.made;
    more_ = !detail::wait_or_stop(at.loop, world(), at.loop.start_attempt(start(), at.waiter.lend()), at.waiter);
    if (!more_) end_loop_unstarted();
  }
  TENAX_COLD constexpr void end_unstarted(stop_reason reason) {
    make_rarely();
    more_ = false;
    detail::late_loop::stopped(room_.made.loop, reason);
    end_loop_unstarted();
  }
  /// Ends the loop if its body made no attempt: such a loop would never end.
  TENAX_ALWAYS_INLINE constexpr void next_turn() {
    if (!made_) [[likely]] {
      more_ = false;
    } else if constexpr (starts_plainly) {
      go_on_rarely();
    } else {
      go_on();
    }
  }
};

}  // namespace tenax
