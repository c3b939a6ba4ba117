// SPDX-License-Identifier: MIT
// attempt_range.hpp: `for (auto& attempt : policy.attempts())`: retries a block that uses the locals around it.
#pragma once

#include <type_traits>
#include <utility>

#include <tenax/driver/detail/first_attempt.hpp>
#include <tenax/driver/detail/kept_outcome.hpp>
#include <tenax/driver/detail/operation.hpp>
#include <tenax/platform/compiler.hpp>
#include <tenax/platform/construct.hpp>

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
class attempt_range {
  using policy_type = std::remove_cvref_t<Policy>;
  using loop_type = retry_loop<policy_type const&>;
  using stop_type = typename policy_type::stop_type;
  using world_type = std::remove_reference_t<decltype(detail::unwrap(std::declval<Environment const&>()))>;
  static constexpr bool uses_time = policy_type::uses_time;
  static constexpr bool starts_plainly = detail::starts_plainly<policy_type>;

 public:
  attempt_range(policy_type const& policy, Environment environment)
      : policy_(policy), environment_(std::move(environment)) {}
  attempt_range(attempt_range const&) = delete;
  attempt_range& operator=(attempt_range const&) = delete;
  ~attempt_range() {
    if (made_) [[unlikely]]
      unmake();
  }

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
      if constexpr (!std::is_lvalue_reference_v<Block> && platform::trivially_copyable<Block>) {
        auto copy = block;  // the path of a success does not need the original in memory
        attempt_next<result>(copy);
      } else {
        attempt_next<result>(block);
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
      make();
      begin_at_gates();
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
  // What a loop needs that goes on after its first attempt.
  struct progress {
    constexpr explicit progress(loop_type l) : loop(std::move(l)) {}

    TENAX_NO_UNIQUE_ADDRESS detail::waiter_of<loop_type, world_type> waiter{};  // outlives the loop's tickets
    loop_type loop;
    TENAX_NO_UNIQUE_ADDRESS
    std::conditional_t<loop_type::can_end_unstarted, detail::kept_outcome<loop_type>, detail::nothing_kept> last{};
    std::type_info const* plain = nullptr;
    decision next{};
    time_point ended{};
  };
  // A first attempt that failed. It has no initializers, because a success would pay for them.
  template <class T>
  struct first_failure {
    detail::stashed_exception exception;
    detail::outcome_slot<T> value;
    bool returned;
    bool wanted;
    duration ended;
  };
  union room {
    constexpr room() noexcept {}
    ~room() {}
    progress made;
  };

  constexpr auto& world() const { return detail::unwrap(environment_); }
  constexpr time_point start() const { return uses_time ? time_point(start_) : time_point(); }
  constexpr time_point now() const { return detail::now_of<uses_time>(world()); }
  constexpr attempt_info numbers() const { return detail::first_info(policy_, world(), start()); }

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

  /// Goes on after a first attempt that failed.
  template <class T>
  TENAX_COLD constexpr void fail(first_failure<T>& failed) {
    make();
    if (!failed.returned) failed.value.keep(failed.exception, room_.made.plain);
    detail::emptied_at_exit const guard(failed.value);
    decide(failed.value.result, time_point(failed.ended), failed.wanted);
  }

  template <class T, class Block>
  TENAX_COLD constexpr void attempt_next(Block& block) {
    if (!made_) make();
    auto& at = room_.made;
    if (at.next.waits()) wait();
    if (!more_) return;
    detail::outcome_slot<T> slot;
    auto const info = at.loop.info();
    auto const attempt = [&](attempt_info const& i) -> T { return detail::call_operation(i, block); };
    slot.fill(
        [&]() -> T {
          return detail::make_attempt<T, policy_type, std::remove_reference_t<decltype(world())>>(info, attempt);
        },
        at.plain);
    detail::emptied_at_exit const guard(slot);
    decide(slot.result, now(), false);
  }

  /// Decides after an attempt. Throws its exception if that is not to be retried.
  template <class T>
  constexpr void decide(outcome<T>& result, time_point ended, bool wanted) {
    auto& at = room_.made;
    at.ended = ended;
    at.next = at.loop.template finish<uses_time>(result, ended, wanted);
    if (at.next.waits()) {
      if constexpr (detail::can_release<T>) detail::release(result);
      return at.last.keep(std::move(result));
    }
    more_ = false;
    at.loop.conclude(result);
    if (!result.has_value()) result.rethrow();
  }

  TENAX_COLD constexpr void make() {
    std::construct_at(std::addressof(room_.made), loop_type(policy_, start(), detail::random_of(world())));
    made_ = true;
    if constexpr (detail::has_time_left<stop_type>) {
      detail::late_loop::started(room_.made.loop, numbers().time_left);
    }
  }
  TENAX_COLD constexpr void unmake() noexcept { std::destroy_at(std::addressof(room_.made)); }

  constexpr void begin_at_gates() {
    auto& at = room_.made;
    more_ = !detail::wait_or_stop(at.loop, world(), at.loop.start_attempt(start(), at.waiter.lend()), at.waiter);
    if (!more_) end_loop_unstarted();
  }
  TENAX_COLD constexpr void end_unstarted(stop_reason reason) {
    make();
    more_ = false;
    detail::late_loop::stopped(room_.made.loop, reason);
    end_loop_unstarted();
  }
  constexpr void end_loop_unstarted() {
    auto const none = room_.made.loop.template unstarted<void>();
    room_.made.loop.conclude(none);
    none.rethrow();
  }

  /// Ends the loop if its body made no attempt: such a loop would never end.
  TENAX_ALWAYS_INLINE constexpr void next_turn() {
    if (made_) [[unlikely]] {
      go_on();
    } else {
      more_ = false;
    }
  }
  TENAX_COLD constexpr void go_on() {
    if (room_.made.next.waits()) {
      wait();
    } else {
      more_ = false;
    }
  }

  /// Waits for the next attempt. If the call ends during the wait, throws its last exception.
  constexpr void wait() {
    auto& at = room_.made;
    auto next = std::exchange(at.next, decision{});
    if constexpr (uses_time) {
      auto const passed = saturating_between(at.ended, now());
      if (passed.count() > 0) next.delay = saturating_subtract(next.delay, passed);
    }
    more_ = false;
    more_ = !detail::wait_or_stop(at.loop, world(), next, at.waiter);
    if (!more_) at.last.end(at.loop);
    at.last.forget();
  }

  Policy policy_;
  Environment environment_;
  duration start_;  // set if the policy uses time
  bool more_ = false;
  bool made_ = false;
  room room_;
};

}  // namespace tenax
