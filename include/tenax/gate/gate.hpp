// SPDX-License-Identifier: MIT
// gate/gate.hpp: the protocol between calls and gates (rate limiters, circuit breakers, bulkheads, retry budgets).
#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>
#include <utility>

#include <tenax/attempt.hpp>
#include <tenax/detail/role.hpp>

namespace tenax {

/// Ends a caller's wait at a gate. A driver lends it to a gate for the time of the wait, and the gate calls it when its
/// answer has changed. `call` is called under the gate's lock, from any thread: it only lets the caller ask again, at
/// another place, and must not call the gate. It may be called without need. It is never called after the ticket was
/// destroyed, reported or admitted.
struct waker {
  void (*call)(void* caller) noexcept = nullptr;  ///< null: the caller cannot be woken; it asks again by itself
  void* caller = nullptr;

  [[nodiscard]] constexpr explicit operator bool() const noexcept { return call != nullptr; }
  constexpr void operator()() const noexcept { call(caller); }
};

/// A gate's answer to one request for admission.
struct admission {
  enum class kind : unsigned char { go, wait, refuse };

  kind how = kind::go;
  duration delay{};                 ///< `wait`: the expected length, which is compared with the deadline
  char const* reason = "";          ///< `refused`: why, in a few words; a string literal
  optional_duration retry_after{};  ///< `refused`: the wait after which the gate may admit, if it knows
  bool asked_by_server = false;     ///< `wait`: the other side asked for it, so `max_server_wait` limits it
  optional_duration ask_after{};    ///< `wait`: when to ask again, if that is before `delay` has passed
  bool at_most = false;             ///< `wait`: `delay` is only the longest wait, and is not compared with the deadline

  /// The attempt may start now.
  [[nodiscard]] static constexpr admission go() noexcept { return {}; }
  /// The attempt has to wait for `d` and then ask again with the same ticket. What the gate grants now may be withdrawn
  /// then.
  [[nodiscard]] static constexpr admission wait(duration d) noexcept { return {.how = kind::wait, .delay = d}; }
  /// The same for a gate that expects a wait of `d`, but may know of a shorter one after `ask_after`, because callers
  /// before this one may have left by then.
  [[nodiscard]] static constexpr admission wait(duration d, duration ask_after) noexcept {
    return {.how = kind::wait, .delay = d, .ask_after = ask_after};
  }
  /// The attempt has to wait until the gate calls its waker, at most for `d`, and then ask again. A call that has less
  /// time left waits until its deadline.
  [[nodiscard]] static constexpr admission wait_at_most(duration d) noexcept {
    return {.how = kind::wait, .delay = d, .at_most = true};
  }
  /// The same for a pause that the other side asked for. A call whose `max_server_wait` is shorter than `d` gives up.
  [[nodiscard]] static constexpr admission wait_for_server(duration d) noexcept {
    return {.how = kind::wait, .delay = d, .asked_by_server = true};
  }
  /// The attempt may not start: the call ends with `stop_reason::refused_by_gate`.
  [[nodiscard]] static constexpr admission refuse(char const* why, optional_duration after = {}) noexcept {
    return {.how = kind::refuse, .reason = why, .retry_after = after};
  }

  /// The attempt may start now.
  [[nodiscard]] constexpr bool admitted() const noexcept { return how == kind::go; }
  /// The caller has to ask the gate again, with the same ticket, after `sleep()`.
  [[nodiscard]] constexpr bool waits() const noexcept { return how == kind::wait; }
  /// The call ends, for `reason`.
  [[nodiscard]] constexpr bool refused() const noexcept { return how == kind::refuse; }

  /// `wait`: how long to sleep before asking again.
  [[nodiscard]] constexpr duration sleep() const noexcept {
    auto const d = ask_after.value_or(delay).count();
    return duration(d < delay.count() ? d : delay.count());
  }
};

/// What the other side reports about its limit and the rest of it.
struct allowance {
  static constexpr std::uint64_t unknown = UINT64_MAX;

  std::uint64_t remaining = unknown;  ///< requests that are still allowed in this period
  std::uint64_t limit = unknown;      ///< requests per period
  optional_duration reset{};          ///< the time until more requests are allowed
  optional_duration window{};         ///< the length of a period

  /// Whether `remaining` is known.
  [[nodiscard]] constexpr bool known() const noexcept { return remaining != unknown; }
  /// Whether `limit` and `window` are known: the number of requests per period.
  [[nodiscard]] constexpr bool announces() const noexcept {
    return limit != unknown && limit != 0 && window && window->count() > 0;
  }
};

/// What a gate gets to know about an attempt that it had admitted, after the policy's predicate and token were checked.
/// Only `failure` and `throttled` count against the other side.
struct feedback {
  enum class kind : unsigned char {
    success,    ///< a value that does not say it failed
    failure,    ///< a failure that the policy retries, or that is known to be transient; any, if nobody says which
    throttled,  ///< refused because of a rate limit
    answered,   ///< the other side is well and rejected this request: a permanent error, a result that is not retried
    cancelled,  ///< the caller cancelled the attempt: says nothing about the other side
    unknown     ///< an exception that the policy does not retry: says nothing about the other side
  };

  kind how = kind::success;
  /// The wait that the other side asked for, as far as the policy's `max_server_wait` allows.
  optional_duration server_wait{};
  allowance left{};  ///< the rest of the other side's limit, if `result_traits` have a function `quota`
  duration attempt_limit = (duration::max)();  ///< the policy's `.attempt_timeout()`; `duration::max()` without one
};

/// Shared state that admits attempts: a rate limiter, a circuit breaker, a bulkhead. Satisfied by a type with
///   1. a type `ticket`, default-constructible and movable: what one attempt holds of the gate. Destroying a ticket
///      that was not reported gives back what it holds: the attempt was abandoned;
///   2. `g.admit(ticket, info, now)`, an `admission`. Called before every attempt, and again with the same ticket after
///      every wait, so that no call acts on an old decision. This includes waits at other gates: then the ticket has
///      already been granted;
///   3. `g.record(ticket, feedback, now)`: how the admitted attempt ended. Called once per attempt. What it throws ends
///      the call only if the attempt has thrown as well: a value is not lost.
/// `info.number` is the number of the attempt that is to start, and `info.is_retry()` says whether it repeats a
/// failure. A gate neither waits nor blocks.
///
/// Optional: `g.admit(ticket, info, now, waker)`: the gate wakes callers. It keeps the waker while the caller waits,
/// and calls it when the caller should ask again before its wait has passed. A caller that goes to wait at another gate
/// meanwhile says so by `g.step_aside(ticket)`, if the gate has that function: it keeps its rank, and others may pass
/// it until it asks again.
///
/// Optional: `g.keep_until(now)`, a `time_point`: until when the gate must be kept so that no caller gets rid of its
/// limits, if nothing happens after `now`. `now` or earlier: a new gate would do as well. `keyed` calls it before it
/// discards a gate, while no ticket of the gate exists; the function neither calls the user's code nor changes the
/// gate.
///
/// Optional: `g.started(ticket, now)`: the attempt starts now, because all gates have admitted it. For gates that
/// measure how long attempts run.
///
/// Optional: `g.would_admit(info, now, then)`, an `admission`: whether the gate would refuse a retry that is to start
/// at `then`, as far as it knows at `now`. It is called before the wait, so that no call waits for an attempt that will
/// be refused. It takes nothing from the gate.
///
/// Optional: `g.reserve_retry(ticket, info, how, now, then)`, an `admission`: called in place of `would_admit`, with
/// the ticket of the retry, which is empty. `how` is the kind of the failure that is retried. The gate may refuse, or
/// put into the ticket what the retry holds during its wait; `admit` is then called with this ticket. It must not
/// answer `wait`.
///
/// Optional: `g.longest_wait()`, a `duration`: the longest wait of one attempt at this gate, all its waits together,
/// for `worst_case`; zero for a gate that never answers `wait`. It must not change. Gates without this function may
/// make attempts wait without limit. A static function also tells `keyed`.
template <class G>
concept gate = std::is_default_constructible_v<typename G::ticket> && std::is_move_assignable_v<typename G::ticket> &&
               requires(G& g, typename G::ticket& t, attempt_info const& a, feedback const& f, time_point now) {
                 { g.admit(t, a, now) } -> std::same_as<admission>;
                 g.record(t, f, now);
               };

/// A gate that wakes callers that wait.
template <class G>
concept waking_gate =
    gate<G> && requires(G& g, typename G::ticket& t, attempt_info const& a, time_point now, waker const& w) {
      { g.admit(t, a, now, w) } -> std::same_as<admission>;
    };

/// A gate that is a small value and refers to shared state, as `keyed<...>[key]`: policies hold a copy of it, without
/// `std::ref`. Such a gate has const functions `admit` and `record`, and declares
/// `static constexpr bool is_gate_view = true`; copies share their counts. The ticket may outlive the view.
template <class G>
concept gate_view = gate<G const> && std::is_copy_constructible_v<G> && requires { requires G::is_gate_view; };

namespace detail {

/// The object that a policy holds by value or through `std::ref`, for use in const code.
template <class T>
constexpr auto& unwrap(T const& held) {
  if constexpr (requires {
                  typename T::type;
                  { held.get() } -> std::same_as<typename T::type&>;
                }) {
    return held.get();
  } else {
    return held;
  }
}

template <class T>
using unwrapped = std::remove_reference_t<decltype(unwrap(std::declval<T const&>()))>;

/// The gates of a policy: none.
struct no_gates {
  static constexpr bool empty = true;
  static constexpr bool has_would_admit = false;
  static constexpr bool has_started = false;
  static constexpr bool wakes = false;
  struct tickets {};

  constexpr admission admit(tickets&, attempt_info const&, time_point, waker const& = {}) const noexcept { return {}; }
  constexpr void started(tickets&, time_point) const noexcept {}
  constexpr void record(tickets&, feedback const&, time_point) const noexcept {}
  template <class Out>
  constexpr void describe(Out&) const {}
};

/// The gates of a policy: those of `Outer`, then `Gate`, a `std::reference_wrapper` or a view.
template <class Outer, class Gate>
struct gates {
  static constexpr bool empty = false;
  static constexpr bool own_would_admit =
      requires(unwrapped<Gate>& g, attempt_info const& a, time_point t) { g.would_admit(a, t, t); };
  static constexpr bool own_wakes = requires(unwrapped<Gate>& g, typename unwrapped<Gate>::ticket& t,
                                             attempt_info const& a, time_point n, waker w) { g.admit(t, a, n, w); };
  static constexpr bool wakes = Outer::wakes || own_wakes;
  static constexpr bool own_reserves =
      requires(unwrapped<Gate>& g, typename unwrapped<Gate>::ticket& t, attempt_info const& a, time_point n) {
        g.reserve_retry(t, a, feedback::kind::failure, n, n);
      };
  static constexpr bool has_would_admit = Outer::has_would_admit || own_would_admit || own_reserves;
  static constexpr bool own_started =
      requires(unwrapped<Gate>& g, typename unwrapped<Gate>::ticket& t, time_point now) { g.started(t, now); };
  static constexpr bool has_started = Outer::has_started || own_started;
  struct tickets {
    typename Outer::tickets outer{};
    typename unwrapped<Gate>::ticket own{};
  };

  constexpr gates(Outer o, Gate g) : outer(std::move(o)), own(std::move(g)) {}

  /// Without a waker, as by loops that wait themselves, callers ask again.
  constexpr admission admit(tickets& t, attempt_info const& a, time_point now, waker const& w = {}) const {
    if constexpr (!Outer::empty) {
      if (auto const answer = outer.admit(t.outer, a, now, w); !answer.admitted()) {
        if constexpr (requires { unwrap(own).step_aside(t.own); }) unwrap(own).step_aside(t.own);
        return answer;
      }
    }
    if constexpr (own_wakes) {
      return unwrap(own).admit(t.own, a, now, w);
    } else {
      return unwrap(own).admit(t.own, a, now);
    }
  }

  /// Whether the gates would refuse the retry that starts at `then`. Tickets may hold something of it afterwards.
  constexpr admission before_wait([[maybe_unused]] tickets& t, [[maybe_unused]] attempt_info const& a,
                                  [[maybe_unused]] feedback::kind how, [[maybe_unused]] time_point now,
                                  [[maybe_unused]] time_point then) const {
    if constexpr (Outer::has_would_admit) {
      if (auto const answer = outer.before_wait(t.outer, a, how, now, then); answer.refused()) return answer;
    }
    if constexpr (own_reserves) {
      return unwrap(own).reserve_retry(t.own, a, how, now, then);
    } else if constexpr (own_would_admit) {
      return unwrap(own).would_admit(a, now, then);
    } else {
      return {};
    }
  }

  constexpr void started([[maybe_unused]] tickets& t, [[maybe_unused]] time_point now) const {
    if constexpr (Outer::has_started) outer.started(t.outer, now);
    if constexpr (own_started) unwrap(own).started(t.own, now);
  }

  constexpr void record(tickets& t, feedback const& f, time_point now) const {
    unwrap(own).record(t.own, f, now);
    outer.record(t.outer, f, now);
  }

  template <class Out>
  constexpr void describe(Out& out) const {
    outer.describe(out);
    if (!Outer::empty) out.text(", then ");
    detail::describe(unwrap(own), out, "a gate");
  }

  Outer outer;
  Gate own;
};

/// Whether a policy has gates. Gates of any policy know it only when the program runs.
template <class Gates>
constexpr bool holds_gates([[maybe_unused]] Gates const& gates) {
  if constexpr (requires { gates.holds_any(); }) {
    return gates.holds_any();
  } else {
    return !Gates::empty;
  }
}

}  // namespace detail
}  // namespace tenax
