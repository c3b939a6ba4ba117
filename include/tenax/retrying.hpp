// SPDX-License-Identifier: MIT
// retrying.hpp: the policy that people write, and the driver that blocks the calling thread between attempts.
#pragma once

#include <type_traits>
#include <utility>

#include <tenax/detail/capture.hpp>
#include <tenax/detail/check.hpp>
#include <tenax/environment.hpp>
#include <tenax/retry_loop.hpp>
#include <tenax/stop/after_attempts.hpp>
#include <tenax/wait/exponential.hpp>
#include <tenax/when/error.hpp>

namespace tenax {

/// What `retrying{}` does if it is told nothing: three attempts, exponential waits from 100 ms to 5 s with full jitter,
/// on exceptions derived from `std::runtime_error` and on results that say they failed.
using default_policy = policy<when::failed_predicate, wait::jittered<wait::exponential_strategy, wait::full_jitter>,
                              stop::after_attempts_condition>;

namespace detail {

constexpr default_policy make_default_policy() {
  return {when::failed, wait::exponential({.base = std::chrono::milliseconds(100), .max = std::chrono::seconds(5)}).full(),
          stop::after_attempts(3)};
}

/// How an operation takes what it is given: just the arguments, or the attempt's numbers before them.
template <class F, class... Args>
inline constexpr bool takes_attempt = !std::is_invocable_v<F&, Args&...>;

template <class F, class... Args>
constexpr decltype(auto) call_operation(attempt_info const& info, F& f, Args&... args) {
  if constexpr (takes_attempt<F, Args...>) {
    return detail::call(f, info, args...);
  } else {
    return detail::call(f, args...);
  }
}

template <class F, class... Args>
constexpr auto result_of() {
  if constexpr (std::is_invocable_v<F&, Args&...>) {
    return std::type_identity<std::invoke_result_t<F&, Args&...>>();
  } else if constexpr (std::is_invocable_v<F&, attempt_info const&, Args&...>) {
    return std::type_identity<std::invoke_result_t<F&, attempt_info const&, Args&...>>();
  } else {
    return nothing();
  }
}

/// What a call returns; `void` if the call is a mistake, so that one sentence is all that the compiler says about it.
template <class F, class... Args>
using result_or_void = typename std::conditional_t<std::is_same_v<decltype(result_of<F, Args...>()), nothing>,
                                                   std::type_identity<void>, decltype(result_of<F, Args...>())>::type;

/// Stands for the result of a call that is a mistake: a function without a `return` would be a second one.
template <class T>
T no_result();

template <class Policy, class F, class... Args>
constexpr bool check_call() {
  constexpr bool callable = !std::is_same_v<decltype(result_of<F, Args...>()), nothing>;
  static_assert(callable,
                "tenax: the callable cannot be called with these arguments; they are passed again on every attempt, so "
                "as lvalues: take them by value or by const reference");
  if constexpr (callable) {
    using result = result_or_void<F, Args...>;
    constexpr bool returnable = std::is_void_v<result> || std::is_reference_v<result> || std::is_move_constructible_v<result>;
    static_assert(returnable, "tenax: the callable returns a type that cannot be moved; return a pointer to it instead");
    if constexpr (returnable) return check_result<Policy, result>();
  }
  return false;
}

/// Whether nothing has to be done before an attempt.
template <class Policy>
constexpr bool starts_at_once() {
#if defined(__cpp_exceptions)
  return !Policy::uses_time && !can_stop<typename Policy::token_type> && !Policy::observers_type::hears_before_attempt;
#else
  return false;
#endif
}

/// Whether every value is a success, and nothing has to be done after an attempt that returns one.
template <class Policy, class T>
constexpr bool fails_by_exception_only() {
  using observers = typename Policy::observers_type;
  return accepts_every_value<typename Policy::when_type, T>() && !can_fail<T>() &&
         !observers::template hears_after_attempt<T> && !observers::template hears_success<T>;
}

template <class Env, class Token>
void pause(Env& environment, duration d, Token const& token) {
  if (d <= duration::zero()) return;
  if constexpr (can_stop<Token> && requires { environment.sleep(d, token); }) {
    environment.sleep(d, token);
  } else {
    environment.sleep(d);
  }
}

template <class Retrying, class F>
class wrapped;
template <class Policy, class Environment>
class attempt_range;

}  // namespace detail

/// Calls things that fail for a while until they succeed, or until it is time to give up.
///
/// An immutable value: every setter returns a changed copy, in any order. `retrying{}` alone is safe to use in production
/// (see `default_policy`). Call it, wrap a callable with it, ask it for a report, or retry a block:
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
/// The last outcome passes through untouched: the value that was returned, or the very exception that was thrown.
/// Arguments are passed again on every attempt, as lvalues. The callable may take a `tenax::attempt_info const&` first.
///
/// Thread safety: a value like any other; calls on a shared one are independent of each other. What is shared (a gate, an
/// observer, an environment) is passed with `std::ref` and says itself what it allows.
template <class Policy = default_policy, class Environment = real_time>
class retrying : public Policy {
 public:
  constexpr retrying()
    requires(std::is_same_v<Policy, default_policy> && std::is_same_v<Environment, real_time>)
      : Policy(detail::make_default_policy()) {}

  /// A policy made elsewhere.
  constexpr explicit retrying(Policy p, Environment e = {}) : Policy(std::move(p)), environment_(std::move(e)) {}

  /// Which outcomes are worth another attempt. Replaces the predicate.
  template <class P>
  [[nodiscard]] constexpr auto when(P p) const {
    if constexpr (detail::check_when<P>()) {
      return make(std::move(p), this->strategy, this->condition, this->observers, this->gates, this->token);
    } else {
      return *this;
    }
  }

  /// How long to wait between attempts. Replaces the strategy.
  template <class W>
  [[nodiscard]] constexpr auto wait(W w) const {
    if constexpr (detail::check_wait<W>()) {
      return make(this->predicate, std::move(w), this->condition, this->observers, this->gates, this->token);
    } else {
      return *this;
    }
  }

  /// When to give up. Replaces the condition.
  template <class S>
  [[nodiscard]] constexpr auto stop(S s) const {
    if constexpr (detail::check_stop<S>()) {
      return make(this->predicate, this->strategy, std::move(s), this->observers, this->gates, this->token);
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

  /// Ends the call when `token.stop_requested()`: checked before the first attempt and after every callback. A sleep is
  /// woken at once by a `std::stop_token` (include <tenax/cancel.hpp>). Nothing can retry a cancellation. A call that has
  /// no outcome yet throws `tenax::cancelled`.
  template <class Token>
  [[nodiscard]] constexpr auto cancel_with(Token t) const {
    if constexpr (detail::check_token<Token>()) {
      return make(this->predicate, this->strategy, this->condition, this->observers, this->gates, std::move(t));
    } else {
      return *this;
    }
  }

  /// Passes every attempt through a shared gate, given as `std::ref(gate)`. Gates that were added earlier are asked first.
  template <class G>
  [[nodiscard]] constexpr auto through(G const& g) const {
    if constexpr (detail::check_gate<G>()) {
      return make(this->predicate, this->strategy, this->condition, this->observers,
                  detail::gates<typename Policy::gates_type, G>(this->gates, g), this->token);
    } else {
      return *this;
    }
  }

  /// The longest wait that a server may ask for (default: 5 minutes), and what happens above it.
  ///
  /// Throws `std::invalid_argument` for a negative `max`.
  [[nodiscard]] constexpr retrying max_server_wait(any_duration max, too_long action = too_long::give_up) const {
    auto changed = *this;
    changed.server_limit = {detail::require_not_negative("max_server_wait: max", max), action};
    return changed;
  }

  /// Where time, sleep and randomness come from; for tests, `std::ref` of a `tenax::testing::virtual_time`.
  template <class E>
  [[nodiscard]] constexpr auto environment(E e) const {
    if constexpr (detail::check_environment<E>()) {
      return retrying<Policy, E>(static_cast<Policy const&>(*this), std::move(e));
    } else {
      return *this;
    }
  }

  /// Adds an observer: an object, or `std::ref` to one, with any of the functions `before_attempt(info)`,
  /// `after_attempt(a)`, `before_sleep(a)`, `on_success(a)` and `on_give_up(a, reason)`, where `info` is an
  /// `attempt_info const&` and `a` an `attempt<T> const&`. Observers are told in the order in which they were added. An
  /// exception out of one ends the call.
  template <class Observer>
  [[nodiscard]] constexpr auto observe(Observer o) const {
    return make(this->predicate, this->strategy, this->condition,
                detail::observers<typename Policy::observers_type, Observer>(this->observers, std::move(o)), this->gates, this->token);
  }

  /// Adds a function that is told before every attempt.
  template <class F>
  [[nodiscard]] constexpr auto before_attempt(F f) const {
    return hook<detail::before_attempt_hook>(std::move(f));
  }

  /// Adds a function that is told after every attempt, also the last one.
  template <class F>
  [[nodiscard]] constexpr auto after_attempt(F f) const {
    return hook<detail::after_attempt_hook>(std::move(f));
  }

  /// Adds a function that is told when a retry is scheduled: `upcoming_wait` and `source` are set.
  template <class F>
  [[nodiscard]] constexpr auto before_sleep(F f) const {
    return hook<detail::before_sleep_hook>(std::move(f));
  }

  /// Adds a function that is told when a call ends with a value that no predicate wants retried.
  template <class F>
  [[nodiscard]] constexpr auto on_success(F f) const {
    return hook<detail::on_success_hook>(std::move(f));
  }

  /// Adds a function that is told when a call ends in any other way. It may take the `stop_reason` after the attempt.
  template <class F>
  [[nodiscard]] constexpr auto on_give_up(F f) const {
    return hook<detail::on_give_up_hook>(std::move(f));
  }

  /// Calls `f(args...)`, or `f(info, args...)` if it takes the attempt's numbers, until the policy accepts the outcome or
  /// gives up. Returns what `f` returns and throws what `f` throws.
  ///
  /// Throws `tenax::cancelled`, `tenax::refused` or `tenax::expired` if the call ends before its first attempt.
  template <class F, class... Args>
  [[gnu::always_inline]] constexpr auto operator()(F&& f, Args&&... args) const -> detail::result_or_void<F, Args...> {
    if constexpr (detail::check_call<Policy, F, Args...>()) {
      using result = detail::result_or_void<F, Args...>;
      if constexpr (detail::starts_at_once<Policy>() && !detail::takes_attempt<F, Args...>) {
        auto const attempt = [&]() -> result { return detail::call(f, args...); };
        if constexpr (detail::fails_by_exception_only<Policy, result>()) {
          return run_until_no_exception<result>(attempt);
        } else {
          return run_until_accepted<result>(attempt);
        }
      } else {
        return run<Policy::uses_time, result>(
            [&](attempt_info const& info) -> result { return detail::call_operation(info, f, args...); },
            [](auto const&, outcome<result>&& last) -> result { return std::move(last).get(); });
      }
    } else {
      return detail::no_result<detail::result_or_void<F, Args...>>();
    }
  }

  /// As a plain call, but returns a `tenax::report`: value or exception, why it stopped, attempts, elapsed, waited.
  /// Throws only what a callback of the policy throws.
  template <class F, class... Args>
  constexpr auto try_call(F&& f, Args&&... args) const -> report<detail::result_or_void<F, Args...>> {
    using result = detail::result_or_void<F, Args...>;
    if constexpr (detail::check_call<Policy, F, Args...>()) {
      return run<true, result>(
          [&](attempt_info const& info) -> result { return detail::call_operation(info, f, args...); },
          [](auto const& loop, outcome<result>&& last) -> report<result> {
            return {std::move(last),     loop.reason(),     loop.attempts(), loop.info().elapsed,
                    loop.info().waited, loop.server_wait()};
          });
    } else {
      return {outcome<result>(caught_exception())};
    }
  }

  /// A callable with the same signature as `f` that retries by this policy. Both are copied into it.
  template <class F>
  [[nodiscard]] constexpr auto wrap(F f) const {
    return detail::wrapped<retrying, F>(*this, std::move(f));
  }

  /// Retries a block that uses the locals around it:
  /// `for (auto& attempt : polite.attempts()) attempt([&] { send(message); });`
  ///
  /// The loop's body runs once for every attempt and calls `attempt` once. An exception of the block is either swallowed,
  /// to be retried, or thrown out of `attempt`. What the block returns is shown to the policy. A body that does not call
  /// `attempt`, or leaves the loop, ends it.
  [[nodiscard]] constexpr auto attempts() const { return detail::attempt_range<Policy, Environment>(*this, environment_); }

 private:
  template <class When, class Wait, class Stop, class Observers, class Gates, class Token>
  constexpr auto make(When p, Wait w, Stop s, Observers o, Gates g, Token t) const {
    using changed = policy<When, Wait, Stop, Observers, Gates, Token>;
    return retrying<changed, Environment>(changed(std::move(p), std::move(w), std::move(s), std::move(o), std::move(g),
                                                  std::move(t), this->server_limit),
                                          environment_);
  }

  template <template <class> class Hook, class F>
  constexpr auto hook(F f) const {
    if constexpr (detail::check_observer<F>()) {
      return observe(Hook<F>{std::move(f)});
    } else {
      return *this;
    }
  }

  /// The blocking driver.
  template <bool ReadsClock, class T, class Attempt, class Finish>
  constexpr decltype(auto) run(Attempt const& attempt, Finish const& finish) const {
    auto const start = now<ReadsClock>();
    retry_loop<Policy const&, ReadsClock> loop(*this, start, random());
    if (stopped<ReadsClock>(loop, loop.start_attempt(start))) {
      auto none = loop.template unstarted<T>();
      loop.conclude(none);
      return finish(loop, std::move(none));
    }
    return proceed<ReadsClock, T>(loop, attempt, finish, detail::capture<T>([&]() -> T { return attempt(loop.info()); }));
  }

  /// The driver from the end of an attempt on.
  template <bool ReadsClock, class T, class Loop, class Attempt, class Finish>
  constexpr decltype(auto) proceed(Loop& loop, Attempt const& attempt, Finish const& finish, outcome<T> first) const {
    if (stopped<ReadsClock>(loop, loop.finish_attempt(first, now<ReadsClock>()))) {
      loop.conclude(first);
      return finish(loop, std::move(first));
    }
    for (;;) {
      auto result = detail::capture<T>([&]() -> T { return attempt(loop.info()); });
      if (stopped<ReadsClock>(loop, loop.finish_attempt(result, now<ReadsClock>()))) {
        loop.conclude(result);
        return finish(loop, std::move(result));
      }
    }
  }

  /// Waits as long as the loop says so, and then says whether it stops.
  template <bool ReadsClock, class Loop>
  [[gnu::always_inline]] constexpr bool stopped(Loop& loop, decision next) const {
    while (next.waits()) {
      detail::pause(detail::unwrap(environment_), next.delay, this->token);
      next = loop.start_attempt(now<ReadsClock>());
    }
    return next.stops();
  }

#if defined(__cpp_exceptions)
  // The two drivers below are the one above for a policy that has nothing to do before an attempt. Their fast paths are
  // what one would write by hand; the first exception leads off them.

  /// Drives a call whose every value is a success: returns what the operation returns, without a detour.
  template <class T, class Attempt>
  [[gnu::always_inline]] T run_until_no_exception(Attempt const& attempt) const {
    detail::stashed_exception failure;
    try {
      return attempt();
    } catch (std::exception const& e) {
      failure = detail::stashed_exception::current(&e);
    }
#if defined(__GLIBCXX__)
    catch (__cxxabiv1::__forced_unwind const&) {
      throw;
    }
#endif
    catch (...) {
      failure = detail::stashed_exception::current(nullptr);
    }
    return resume<T>(attempt, retry_loop<Policy const&>(*this, time_point(), random()), failure);
  }

  /// Drives a call whose values are judged.
  template <class T, class Attempt>
  [[gnu::always_inline]] T run_until_accepted(Attempt const& attempt) const {
    retry_loop<Policy const&> loop(*this, time_point(), random());
    for (;;) {
      detail::outcome_slot<T> slot;
      detail::stashed_exception failure;
      auto const call = [&] { std::construct_at(std::addressof(slot.result), from_call, attempt); };
      if (!detail::completes(call, failure)) [[unlikely]] return resume<T>(attempt, std::move(loop), failure);
      detail::emptied_at_exit const guard(slot);
      if (stopped<false>(loop, loop.finish_attempt(slot.result))) {
        loop.conclude(slot.result);
        return std::move(slot.result).get();
      }
    }
  }

  /// Drives a call from an exception on. Takes everything by value, so that what the fast path has in registers stays
  /// there until then.
  template <class T, class Attempt>
  [[gnu::noinline, gnu::cold]] T resume(Attempt attempt, retry_loop<Policy const&> loop,
                                        detail::stashed_exception failure) const {
    return proceed<false, T>(loop, [&](attempt_info const&) -> T { return attempt(); },
                             [](auto const&, outcome<T>&& last) -> T { return std::move(last).get(); }, failure.take());
  }
#endif

  template <bool ReadsClock>
  constexpr time_point now() const {
    if constexpr (ReadsClock) {
      return time_point(detail::unwrap(environment_).now());
    } else {
      return time_point();
    }
  }

  constexpr random_source* random() const {
    auto& world = detail::unwrap(environment_);
    if constexpr (!std::is_same_v<Environment, real_time> && requires { world.random(); }) {
      return &world.random();
    } else {
      return nullptr;
    }
  }

  Environment environment_{};
};

namespace detail {

/// What `retrying::wrap` makes.
template <class Retrying, class F>
class wrapped {
 public:
  constexpr wrapped(Retrying r, F f) : retrying_(std::move(r)), f_(std::move(f)) {}

  template <class... Args>
  constexpr decltype(auto) operator()(Args&&... args) {
    return retrying_(f_, std::forward<Args>(args)...);
  }
  template <class... Args>
  constexpr decltype(auto) operator()(Args&&... args) const {
    return retrying_(f_, std::forward<Args>(args)...);
  }

 private:
  Retrying retrying_;
  F f_;
};

/// What `retrying::attempts` makes.
template <class Policy, class Environment>
class attempt_range {
 public:
  constexpr attempt_range(Policy const& policy, Environment environment)
      : environment_(std::move(environment)), loop_(policy, now(), random()) {}

  /// One attempt: calls the block, which may take the attempt's numbers.
  template <class Block>
  constexpr void operator()(Block&& block) {
    if constexpr (check_call<Policy, Block>()) {
      using result_type = result_or_void<Block>;
      auto const result = capture<result_type>([&]() -> result_type { return call_operation(loop_.info(), block); });
      next_ = loop_.finish_attempt(result, now());
      while (next_.waits()) {
        pause(unwrap(environment_), next_.delay, loop_.policy().token);
        next_ = loop_.start_attempt(now());
      }
      if (next_.starts()) return;
      loop_.conclude(result);
      if (!result.has_value()) result.rethrow();
    }
  }

  class iterator {
   public:
    constexpr explicit iterator(attempt_range* range) : range_(range) {}
    constexpr attempt_range& operator*() const { return *range_; }
    constexpr iterator& operator++() {
      range_->expect_attempt();
      return *this;
    }
    constexpr bool operator!=(iterator const&) const { return range_->next_.starts(); }

   private:
    attempt_range* range_;
  };

  constexpr iterator begin() {
    next_ = loop_.start_attempt(now());
    while (next_.waits()) {
      pause(unwrap(environment_), next_.delay, loop_.policy().token);
      next_ = loop_.start_attempt(now());
    }
    if (next_.stops()) {
      auto const none = loop_.template unstarted<void>();
      loop_.conclude(none);
      none.rethrow();
    }
    return iterator(this);
  }
  constexpr iterator end() { return iterator(this); }

 private:
  constexpr time_point now() const {
    if constexpr (Policy::uses_time) {
      return unwrap(environment_).now();
    } else {
      return {};
    }
  }

  constexpr random_source* random() const {
    if constexpr (!std::is_same_v<Environment, real_time> && requires { unwrap(environment_).random(); }) {
      return &unwrap(environment_).random();
    } else {
      return nullptr;
    }
  }

  /// Ends the loop if its body made no attempt: going on would never end.
  constexpr void expect_attempt() {
    if (made_ == loop_.attempts()) next_ = {.next = decision::step::stop};
    made_ = loop_.attempts();
  }

  Environment environment_;
  retry_loop<Policy> loop_;
  decision next_{};
  std::uint32_t made_ = 0;
};

}  // namespace detail

}  // namespace tenax
