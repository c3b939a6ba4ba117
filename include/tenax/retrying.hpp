// SPDX-License-Identifier: MIT
// retrying.hpp: `retrying`: the retry policy that users write, and the driver that blocks between attempts.
#pragma once

#include <type_traits>
#include <utility>

#include <tenax/attempt_range.hpp>
#include <tenax/default_policy.hpp>
#include <tenax/driver/detail/check.hpp>
#include <tenax/driver/detail/check_shared.hpp>
#include <tenax/driver/detail/first_attempt.hpp>
#include <tenax/driver/detail/operation.hpp>
#include <tenax/driver/detail/wrapped.hpp>
#include <tenax/environment.hpp>
#include <tenax/platform/compiler.hpp>

namespace tenax {

/// A retry policy: calls operations that may fail for a while until they succeed or the policy gives up.
///
/// An immutable value: every setter returns a changed copy, in any order. `retrying{}` alone is safe in production, for
/// operations that may be repeated (see `default_policy`). Call it, wrap a callable, get a report, or retry a block:
/// ```
/// auto const polite = tenax::retrying{}
///     .when(when::exception<network_error>)
///     .wait(wait::exponential({.base = 100ms, .max = 5s}).full())
///     .stop(stop::after_attempts(5) || stop::deadline(30s));
/// page p   = polite(fetch_page, url);
/// auto get = polite.wrap(fetch_page);
/// auto r   = polite.try_call(fetch_page, url);
/// for (auto& attempt : polite.attempts()) attempt([&] { ... });
/// ```
/// Passes on the last outcome unchanged: the returned value, or the same exception object. Passes the arguments again
/// on every attempt, as lvalues. The callable may take a `tenax::attempt_info const&` as its first parameter.
///
/// Thread safety: a value; calls on a shared one are independent of each other. Shared parts (a gate, an observer, an
/// environment) are passed with `std::ref` and document their own thread safety.
template <class Policy = default_policy, class Environment = real_time>
class retrying : public Policy {
 public:
  constexpr retrying()
    requires(std::is_same_v<Policy, default_policy> && std::is_same_v<Environment, real_time>)
      : Policy(detail::make_default_policy()) {}

  /// Takes over a policy made elsewhere.
  constexpr explicit retrying(Policy p, Environment e = {})
      : Policy(static_cast<Policy&&>(p)), environment_(static_cast<Environment&&>(e)) {}

  /// Sets which outcomes are worth another attempt. Replaces the predicate.
  template <class P>
  [[nodiscard]] constexpr auto when(P p) const {
    if constexpr (detail::when_fits<P>) {
      return tenax::retrying(tenax::policy{static_cast<P&&>(p), this->strategy, this->condition, this->observers,
                                           this->gates, this->token, this->hint_reader, this->limits},
                             environment_);
    } else {
      return *this;
    }
  }

  /// Sets how long to wait between attempts. Replaces the strategy.
  template <class W>
  [[nodiscard]] constexpr auto wait(W w) const {
    if constexpr (detail::wait_fits<W>) {
      return tenax::retrying(tenax::policy{this->predicate, static_cast<W&&>(w), this->condition, this->observers,
                                           this->gates, this->token, this->hint_reader, this->limits},
                             environment_);
    } else {
      return *this;
    }
  }

  /// Sets when to give up. Replaces the condition, also the default of 3 attempts; `a || b` combines two.
  template <class S>
  [[nodiscard]] constexpr auto stop(S s) const {
    if constexpr (detail::stop_fits<S>) {
      return tenax::retrying(tenax::policy{this->predicate, this->strategy, static_cast<S&&>(s), this->observers,
                                           this->gates, this->token, this->hint_reader, this->limits},
                             environment_);
    } else {
      return *this;
    }
  }
  template <class Dependent = void>
  [[nodiscard]] constexpr auto stop() const {
    static_assert(detail::always_false<Dependent>,
                  "tenax: .stop() needs a condition, such as stop::after_attempts(3); to retry without a limit write "
                  ".stop(stop::never)");
    return *this;
  }

  /// Ends the call when `token.stop_requested()`: checked before the first attempt and after every callback. A
  /// `std::stop_token` wakes a sleep immediately (include <tenax/cancel.hpp>). A cancellation is never retried. A call
  /// that has no outcome yet throws `tenax::cancelled`. `std::ref(flag)` of a `std::atomic<bool>` is a token as well.
  template <class Token>
  [[nodiscard]] constexpr auto cancel_with(Token const& t) const {
    if constexpr (detail::check_token<Token>()) {
      return tenax::retrying(detail::with_token(policy(), detail::token_for(t)), environment_);
    } else {
      return *this;
    }
  }

  /// Passes every attempt through a shared gate (rate limiter, circuit breaker, bulkhead, retry budget), given as
  /// `std::ref(gate)` or as a view such as `keyed[key]`. Gates that were added earlier decide first.
  template <class G>
  [[nodiscard]] constexpr auto through(G const& g) const {
    if constexpr (detail::check_gate<G>()) {
      return tenax::retrying(detail::with_gate(policy(), g), environment_);
    } else {
      return *this;
    }
  }

  /// Limits how long an attempt waits at its gates, at all of them together. It is refused at once if a gate would make
  /// it wait for longer, and when the time is over. 0: no attempt waits. Throws `std::invalid_argument` if negative.
  [[nodiscard]] constexpr auto max_gate_wait(any_duration max) const {
    auto const most = detail::require_not_negative("max_gate_wait: max", max);
    return tenax::retrying(detail::with_gate_wait(policy(), most), environment_);
  }

  /// Sets the hint reader: the function that reads from a finished attempt what the other side said about trying again.
  /// Replaces the default, which reads exceptions and `tenax::result_traits`. `f` takes an `attempt<T> const&` and
  /// returns a `tenax::hint`; it is called once after every attempt.
  template <class F>
  [[nodiscard]] constexpr auto read_hints_with(F f) const {
    if constexpr (detail::check_hint_reader<F>()) {
      return tenax::retrying(detail::with_hint_reader(policy(), std::move(f)), environment_);
    } else {
      return *this;
    }
  }

  /// Sets the longest wait that a server may ask for (default: 5 minutes), and what happens above it.
  /// Throws `std::invalid_argument` for a negative `max`.
  [[nodiscard]] constexpr retrying max_server_wait(any_duration max, too_long action = too_long::give_up) const {
    auto copy = *this;
    copy.limits.server = {detail::require_not_negative("max_server_wait: max", max), action};
    return copy;
  }

  /// Limits the time of one attempt; with a deadline, to what is left of it. An asynchronous call (in coroutines, if
  /// the sleep can be ended) then cancels the attempt and takes `tenax::attempt_timed_out` for its failure: a predicate
  /// of yours has to accept it. A blocking call cannot interrupt an attempt: the callable takes an `attempt_info
  /// const&` and obeys `time_left`. Throws `std::invalid_argument` unless `limit` is more than zero.
  [[nodiscard]] constexpr auto attempt_timeout(any_duration limit) const {
    auto const most = detail::require_positive("attempt_timeout: limit", limit);
    return tenax::retrying(detail::with_limits(policy(), timed(this->limits, most)), environment_);
  }

  /// Names the calls, for log lines, reports and observers (`attempt_info::name`). `name` outlives the policy and its
  /// reports, as a literal does. Throws `std::invalid_argument` if it is null.
  [[nodiscard]] constexpr auto named(detail::call_name name) const {
    return tenax::retrying(detail::with_limits(policy(), with_name(this->limits, name.text)), environment_);
  }

  /// Counts attempts and grows waits from the start again after an attempt that made progress (`hint::progress`,
  /// `tenax::made_progress(error)`): for resumed downloads and reconnected streams. Deadlines are not extended.
  [[nodiscard]] constexpr auto reset_on_progress() const {
    return tenax::retrying(detail::with_limits(policy(), restarting(this->limits)), environment_);
  }

  /// Sets where time, sleep and randomness come from; for tests, `std::ref` of a `tenax::testing::virtual_time`.
  template <class E>
  [[nodiscard]] constexpr auto environment(E const& e) const {
    if constexpr (detail::check_environment<E>()) {
      return retrying<Policy, E>(static_cast<Policy const&>(*this), e);
    } else {
      return *this;
    }
  }

  /// Adds an observer: an object, or `std::ref` to one, with any of the functions `before_attempt(info)`,
  /// `before_gate_wait(wait)`, `after_attempt(a)`, `before_sleep(a)`, `on_success(a)` and `on_give_up(a, reason)`,
  /// where `info` is an `attempt_info const&`, `wait` a `gate_wait const&` and `a` an `attempt<T> const&`. Observers
  /// are called in the order in which they were added. An exception of an observer ends the call.
  template <class Observer>
  [[nodiscard]] constexpr auto observe(Observer const& o) const {
    if constexpr (detail::check_observing<Observer>()) {
      return added(o);
    } else {
      return *this;
    }
  }

  /// Adds a function that is called before every attempt.
  template <class F>
  [[nodiscard]] constexpr auto before_attempt(F f) const {
    return hook<detail::before_attempt_hook, F, attempt_info>(std::move(f));
  }

  /// Adds a function that is called before every wait at a gate; one attempt may have several such waits.
  template <class F>
  [[nodiscard]] constexpr auto before_gate_wait(F f) const {
    return hook<detail::before_gate_wait_hook, F, gate_wait>(std::move(f));
  }

  /// Adds a function that is called after every attempt, including the last one.
  template <class F>
  [[nodiscard]] constexpr auto after_attempt(F f) const {
    return hook<detail::after_attempt_hook>(std::move(f));
  }

  /// Adds a function that is called when a retry is scheduled: `upcoming_wait` and `source` are set.
  template <class F>
  [[nodiscard]] constexpr auto before_sleep(F f) const {
    return hook<detail::before_sleep_hook>(std::move(f));
  }

  /// Adds a function that is called when a call ends with a value that no predicate wants retried.
  template <class F>
  [[nodiscard]] constexpr auto on_success(F f) const {
    return hook<detail::on_success_hook>(std::move(f));
  }

  /// Adds a function for a call that ends in any other way: `f(a)`, `f(a, reason)` or `f(a, reason, refusal)`.
  template <class F>
  [[nodiscard]] constexpr auto on_give_up(F f) const {
    return hook<detail::on_give_up_hook>(std::move(f));
  }

  /// Calls `f(args...)`, or `f(info, args...)` if it takes the attempt's numbers, until the policy accepts the outcome
  /// or gives up. Returns what `f` returns and throws what `f` throws.
  /// Throws `tenax::cancelled`, `tenax::refused` or `tenax::expired` if the call ends before its first attempt.
  template <class F, class... Args>
  TENAX_ALWAYS_INLINE auto operator()(F&& f, Args&&... args) const -> detail::result_or_void<F, Args...> {
    using result = detail::result_or_void<F, Args...>;
    if constexpr (detail::call_fits<Policy, F, Args...>) {
      return detail::make_call<false, result>(static_cast<Policy const&>(*this), detail::unwrap(environment_), f,
                                              args...);
    } else {
      return detail::explain_call<result, Policy, std::remove_reference_t<F>, std::remove_reference_t<Args>...>();
    }
  }

  /// As a plain call, but returns a `tenax::report`. Throws only exceptions of the policy's callbacks.
  template <class F, class... Args>
  [[nodiscard]] TENAX_ALWAYS_INLINE auto try_call(F&& f, Args&&... args) const
      -> report<detail::result_or_void<F, Args...>> {
    using result = detail::result_or_void<F, Args...>;
    if constexpr (detail::call_fits<Policy, F, Args...>) {
      return detail::report_call<result>(policy(), detail::unwrap(environment_), f, args...);
    } else {
      return detail::explain_call<report<result>, Policy, std::remove_reference_t<F>,
                                  std::remove_reference_t<Args>...>();
    }
  }

  /// Returns a callable with the signature of `f` that retries by this policy. Copies both into it.
  template <class F>
  [[nodiscard]] constexpr auto wrap(F f) const {
    return detail::wrapped<retrying, F>(*this, std::move(f));
  }

  /// Retries a block that uses the local variables around it:
  /// `for (auto& attempt : polite.attempts()) attempt([&] { send(message); });`
  ///
  /// The loop's body runs once for every attempt and calls `attempt` once. An exception of the block is swallowed if it
  /// is to be retried, or thrown out of `attempt`. The policy sees what the block returns. A body that does not call
  /// `attempt`, or leaves the loop, ends it. The loop waits between its turns, never in the body.
  /// The range refers to this policy, and holds a copy if it is a temporary object.
  [[nodiscard]] constexpr auto attempts() const& {
    return attempt_range<Policy const&, Environment>(static_cast<Policy const&>(*this), environment_);
  }
  [[nodiscard]] constexpr auto attempts() const&& {
    return attempt_range<Policy, Environment>(static_cast<Policy const&>(*this), environment_);
  }

  /// The parts of the policy without the environment, as drivers see them.
  [[nodiscard, gnu::always_inline]] constexpr Policy const& policy() const noexcept { return *this; }
  /// Time, sleep and randomness without the policy.
  [[nodiscard]] constexpr Environment const& environment() const noexcept { return environment_; }

 private:
  template <class Observer>
  constexpr auto added(Observer o) const {
    return tenax::retrying(
        tenax::policy{this->predicate, this->strategy, this->condition,
                      detail::observers<typename Policy::observers_type, Observer>(this->observers, std::move(o)),
                      this->gates, this->token, this->hint_reader, this->limits},
        environment_);
  }

  template <template <class> class Hook, class F, class Event = detail::after_outcome>
  constexpr auto hook(F f) const {
    if constexpr (detail::check_observer<F, Event>()) {
      return added(Hook<F>{std::move(f)});
    } else {
      return *this;
    }
  }

  TENAX_NO_UNIQUE_ADDRESS Environment environment_{};
};

template <class Policy, class Environment>
retrying(Policy, Environment) -> retrying<Policy, Environment>;

}  // namespace tenax
