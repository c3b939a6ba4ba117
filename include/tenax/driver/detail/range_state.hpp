// SPDX-License-Identifier: MIT
// driver/detail/range_state.hpp: the state of `attempts()` and its steps after the first attempt.
#pragma once

#include <type_traits>
#include <typeinfo>
#include <utility>

#include <tenax/driver/detail/blocking.hpp>
#include <tenax/driver/detail/first_attempt.hpp>
#include <tenax/driver/detail/kept_outcome.hpp>
#include <tenax/platform/compiler.hpp>
#include <tenax/platform/construct.hpp>

namespace tenax::detail {

/// The type of results as which observers hear of a loop that ends before it knows its block.
template <class Observers>
struct unstarted_result {
  using type = void;
};
template <class Observers>
  requires requires { typename Observers::unstarted_result; }
struct unstarted_result<Observers> {
  using type = typename Observers::unstarted_result;
};

/// What a range of attempts holds. See `attempt_range`.
template <class Policy, class Environment>
class range_state {
 public:
  range_state(range_state const&) = delete;
  range_state& operator=(range_state const&) = delete;

 protected:
  using policy_type = std::remove_cvref_t<Policy>;
  using loop_type = retry_loop<policy_type const&>;
  using stop_type = typename policy_type::stop_type;
  using world_type = std::remove_reference_t<decltype(unwrap(std::declval<Environment const&>()))>;
  static constexpr bool uses_time = policy_type::uses_time;
  static constexpr bool starts_plainly = tenax::detail::starts_plainly<policy_type>;
  // Whether a policy of any type may turn out to do so.
  using steps = loop_steps<policy_type, true>;
  static constexpr bool may_start_plainly = requires(policy_type const& p) { steps::starts_plainly(p); };

  // What a loop needs that goes on after its first attempt.
  struct progress {
    constexpr progress(policy_type const& policy, time_point start, random_source* random)
        : loop(policy, start, random) {}

    TENAX_NO_UNIQUE_ADDRESS waiter_of<loop_type, world_type> waiter{};  // outlives the loop's tickets
    loop_type loop;
    TENAX_NO_UNIQUE_ADDRESS
    std::conditional_t<loop_type::can_end_unstarted, kept_outcome<loop_type>, nothing_kept> last{};
    std::type_info const* plain = nullptr;
    bool waits = false;
    duration delay{};
    time_point ended{};
  };
  // A first attempt that failed. It has no initializers, because a success would pay for them.
  template <class T>
  struct first_failure {
    stashed_exception exception;
    outcome_slot<T> value;
    bool returned;
    bool wanted;
    duration ended;
  };
  union room {
    constexpr room() noexcept {}
    ~room() {}
    progress made;
  };

  range_state(policy_type const& policy, Environment environment)
      : policy_(policy), environment_(std::move(environment)) {}
  ~range_state() {
    if constexpr (starts_plainly) {
      if (made_) [[unlikely]]
        unmake_rarely();
    } else {
      if (made_) unmake();
    }
  }

  constexpr policy_type const& policy() const { return policy_; }
  constexpr bool starts_plainly_now() const {
    if constexpr (may_start_plainly) {
      return steps::starts_plainly(policy());
    } else {
      return starts_plainly;
    }
  }
  constexpr auto& world() const { return unwrap(environment_); }
  constexpr time_point start() const { return uses_time ? time_point(start_) : time_point(); }
  constexpr time_point now() const { return start_of<uses_time, false>(policy(), world()); }
  constexpr attempt_info numbers() const { return first_info(policy_, world(), start()); }

  /// Decides after an attempt. Throws its exception if that is not to be retried.
  template <class T>
  constexpr void decide(outcome<T>& result, time_point ended, bool wanted) {
    auto& at = room_.made;
    at.ended = ended;
    auto const next = at.loop.template finish<uses_time>(result, ended, wanted);
    if (next.waits()) {
      at.waits = true;
      at.delay = next.delay;
      if constexpr (can_release<T>) release(result);
      return at.last.keep(at.loop, std::move(result));
    }
    more_ = false;
    at.loop.conclude(result);
    if (!result.has_value()) result.rethrow();
  }

  // Compilers make functions that run rarely small, and not fast: those are for loops that mostly end with their first
  // attempt, without the parts that are made here.
  TENAX_COLD constexpr void make_rarely() { make(); }
  TENAX_COLD constexpr void unmake_rarely() noexcept { unmake(); }
  TENAX_ALWAYS_INLINE constexpr void make() {
    std::construct_at(std::addressof(room_.made), policy(), start(), random_of(world()));
    made_ = true;
    if constexpr (has_time_left<stop_type>) {
      late_loop::started(room_.made.loop, numbers().time_left);
    }
  }
  TENAX_ALWAYS_INLINE constexpr void unmake() noexcept { std::destroy_at(std::addressof(room_.made)); }

  constexpr void end_loop_unstarted() {
    using result = typename unstarted_result<typename policy_type::observers_type>::type;
    auto const none = room_.made.loop.template unstarted<result>();
    room_.made.loop.conclude(none);
    none.rethrow();
  }

  TENAX_COLD constexpr void go_on_rarely() { go_on(); }
  TENAX_ALWAYS_INLINE constexpr void go_on() {
    if (room_.made.waits) {
      wait();
    } else {
      more_ = false;
    }
  }

  /// Waits for the next attempt. If the call ends during the wait, throws its last exception.
  constexpr void wait() {
    auto& at = room_.made;
    at.waits = false;
    decision next{.next = decision::step::wait, .delay = at.delay};
    if constexpr (uses_time) {
      auto const passed = saturating_between(at.ended, now());
      if (passed.count() > 0) next.delay = saturating_subtract(next.delay, passed);
    }
    more_ = false;
    more_ = !wait_or_stop(at.loop, world(), next, at.waiter);
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

}  // namespace tenax::detail
