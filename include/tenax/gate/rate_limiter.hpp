// SPDX-License-Identifier: MIT
// gate/rate_limiter.hpp: rate limiter (token bucket, GCRA): limits callers to a number of permits per period.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include <tenax/gate/acquire.hpp>
#include <tenax/gate/detail/rate_limits.hpp>
#include <tenax/gate/detail/whole_number.hpp>
#include <tenax/gate/rate.hpp>
#include <tenax/gate/waking.hpp>
#include <tenax/platform/compiler.hpp>

namespace tenax {

/// The options of `rate_limiter::acquire`.
struct acquire_options {
  any_duration timeout = (duration::max)();  ///< the longest wait; takes no permit if the wait would be longer
  std::uint64_t weight = 1;                  ///< how many permits to take together
};

/// The type of `start_empty`.
struct start_empty_t {
  explicit start_empty_t() = default;
};

/// The first argument of a rate limiter that begins without permits: a program that restarts often does not begin each
/// time with a full burst. The time counts from the first question to the limiter.
inline constexpr start_empty_t start_empty{};

/// A rate limiter (token bucket): limits all callers to a number of permits per period:
/// `rate_limiter limiter(per_second(10));`. In every time span `w`, it admits at most `rate * w + burst`, whatever the
/// callers do. Several limits can hold together; then the slower ones need a burst. At most 10 in any second and 500 in
/// any hour: `rate_limiter limiter(per_second(9), per_hour(450).with_burst(50));`
///
/// Use it as a gate, `.through(std::ref(limiter))`, or alone: `if (limiter.try_acquire())`. Callers are served in order
/// of arrival. A caller that waits has a place in line and no permit: when it gives up, callers behind it move up, and
/// nothing is lost. It learns how long it has to wait if all before it go, and is woken earlier if some leave; without
/// a waker, it asks again earlier. A caller that is late by more than the time of its permits may be passed; it keeps
/// its rank.
///
/// Throws `std::invalid_argument` for a rate of no permits, no time or no burst, and for a limit that can never apply
/// beside the others.
///
/// It changes while it works: `set` replaces the rates, `charge` uses permits for costs that are known only afterwards,
/// `drain` uses all available ones. `rate_limiter limiter(tenax::start_empty, per_second(10));` begins without permits.
///
/// Thread safety: safe. With one limit, taking an available permit changes one atomic number, without a lock. Callers
/// that wait, and all callers with several limits, hold a lock for some nanoseconds. Neither copied nor moved.
template <std::size_t Limits = 1>
class rate_limiter {
 public:
  template <std::same_as<rate>... Rates>
    requires(sizeof...(Rates) == Limits)
  explicit rate_limiter(Rates... rates) : limits_(false, rates...) {}
  /// For a rate in braces: `rate_limiter limiter({.permits = 5, .per = 2s});`
  explicit rate_limiter(rate only)
    requires(Limits == 1)
      : limits_(false, only) {}
  /// Begins without permits: `rate_limiter limiter(tenax::start_empty, per_second(10));`
  template <std::same_as<rate>... Rates>
    requires(sizeof...(Rates) == Limits)
  explicit rate_limiter(start_empty_t, Rates... rates) : limits_(true, rates...) {}

  /// Overloads for wrong calls: their message shows how to make a limiter.
  template <detail::bare_value First, class... More>
  explicit rate_limiter(First, More...) : limits_(false, per_second(1)) {
    static_assert(detail::always_false<First>,
                  "tenax: rate_limiter was given a number or a duration, but needs a rate; write "
                  "rate_limiter(per_second(10))");
  }

  rate_limiter(rate_limiter const&) = delete;
  rate_limiter& operator=(rate_limiter const&) = delete;

  /// Takes `weight` permits if they are available now. Returns whether it did.
  ///
  /// Throws `std::invalid_argument` for a weight of 0, or of more than the burst, which would never be available.
  template <environment Env = real_time>
  [[nodiscard]] bool try_acquire(detail::whole_number<std::uint64_t> weight = 1, Env&& environment = {}) {
    return limits_.take(count(environment.now()), require_weight(weight));
  }

  /// Waits for permits and takes them. Never returns `acquired::refused`; without a timeout and a token, always
  /// `acquired::yes`.
  ///
  /// Throws `std::invalid_argument` as `try_acquire` does, and for a negative timeout.
  template <cancellation_token Token = detail::no_token, environment Env = real_time>
  [[nodiscard]] acquired acquire(acquire_options options = {}, Token const& token = {}, Env&& environment = {}) {
    auto const timeout = detail::require_not_negative("rate_limiter::acquire: timeout", options.timeout);
    auto const weight = require_weight(options.weight);
    detail::gate_waiter<std::remove_reference_t<Env>, Token> waiter;  // outlives the ticket
    ticket t;
    return detail::wait_at([&](time_point now, waker const& w) { return ask(t, now, timeout, weight, w); }, timeout,
                           token, environment, waiter);
  }

  /// How long it would take to get `weight` permits if all callers that wait now go first. Takes none.
  template <environment Env = real_time>
  [[nodiscard]] duration wait_hint(detail::whole_number<std::uint64_t> weight = 1, Env&& environment = {}) const {
    return duration(limits_.wait(count(environment.now()), require_weight(weight)));
  }

  /// Changes the rate while the limiter works. Used permits stay used, and come back at the new rate. Callers that wait
  /// keep their places; if the new rate is faster, they are woken. A caller that wants more permits than a smaller
  /// burst has goes when all permits are available, and the next callers wait for the rest.
  ///
  /// Throws `std::invalid_argument` for rates that the constructor rejects, and keeps the old ones.
  template <environment Env = real_time>
    requires(Limits == 1)
  void set(rate r, Env&& environment = {}) {
    limits_.set({r}, count(environment.now()));
  }
  /// Changes all rates, as many as the limiter has: `limiter.set({per_second(9), per_hour(450).with_burst(50)});`
  /// Throws as the other overload does.
  template <std::size_t N, environment Env = real_time>
    requires(N == Limits)
  void set(rate const (&rates)[N], Env&& environment = {}) {
    limits_.set(rates, count(environment.now()));
  }

  /// Uses `weight` permits whether or not they are available, for costs that are known only after the request. If there
  /// are fewer, callers wait until the missing ones have come back as well. `weight` may exceed the burst; 0 changes
  /// nothing.
  ///
  /// Throws `std::invalid_argument` for a negative weight.
  template <environment Env = real_time>
  void charge(detail::whole_number<std::int64_t> weight, Env&& environment = {}) {
    if (weight < 0) {
      invalid_parameter("rate_limiter::charge: weight", "must not be negative", static_cast<double>(weight));
    }
    limits_.charge(count(environment.now()), static_cast<std::uint64_t>(weight));
  }

  /// Uses all permits that are available now.
  template <environment Env = real_time>
  void drain(Env&& environment = {}) {
    limits_.drain(count(environment.now()));
  }

  /// A place in line, or used permits.
  class ticket {
   public:
    ticket() = default;
    ticket(ticket&& other) noexcept { take_over(other); }
    ticket& operator=(ticket&& other) noexcept {
      if (this != &other) {
        give_up();
        take_over(other);
      }
      return *this;
    }
    ~ticket() { give_up(); }

   private:
    friend rate_limiter;

    void take_over(ticket& other) noexcept {
      gate_ = std::exchange(other.gate_, nullptr);
      goes_ = other.goes_;
      if (gate_ != nullptr && !goes_) gate_->limits_.move(other.place_, place_);
    }
    void give_up() noexcept {
      // A request may have been sent with used permits, so they are not given back.
      if (gate_ != nullptr && !goes_) gate_->limits_.give_up(place_);
      gate_ = nullptr;
    }

    rate_limiter* gate_ = nullptr;
    bool goes_ = false;
    detail::line_place place_;
  };

  /// A caller whose wait would exceed its `info.time_left` takes no place in line.
  admission admit(ticket& t, attempt_info const& info, time_point now, waker const& w = {}) {
    return ask(t, now, info.time_left, 1, w);
  }

  /// The caller waits at another gate: it keeps its rank, and others may pass it until it asks again.
  void step_aside(ticket& t) noexcept {
    if (t.gate_ != nullptr && !t.goes_) limits_.give_up(t.place_);
  }

  void record(ticket& t, feedback const&, time_point) noexcept {
    if (t.goes_) t.gate_ = nullptr;
  }

  /// Until when `keyed` must keep this limiter so that used permits count: until all of them have come back.
  [[nodiscard]] time_point keep_until(time_point now) const {
    return time_point(duration(limits_.whole_at(count(now))));
  }

  /// The limiter for attempts that take more than one permit: see `with_weight`. A small value that refers to the
  /// limiter.
  class view {
   public:
    using ticket = rate_limiter::ticket;
    static constexpr bool is_gate_view = true;

    admission admit(ticket& t, attempt_info const& info, time_point now, waker const& w = {}) const {
      return limiter_->ask(t, now, info.time_left, weight_, w);
    }
    void step_aside(ticket& t) const noexcept { limiter_->step_aside(t); }
    void record(ticket& t, feedback const& f, time_point now) const noexcept { limiter_->record(t, f, now); }

    template <class Out>
    void describe(Out& out) const {
      limiter_->describe(out);
    }

   private:
    friend rate_limiter;
    view(rate_limiter& limiter, std::uint64_t weight) noexcept : limiter_(&limiter), weight_(weight) {}

    rate_limiter* limiter_;
    std::uint64_t weight_;
  };

  /// A gate at which every attempt takes `weight` permits: `polite.through(limiter.with_weight(5))`.
  ///
  /// Throws `std::invalid_argument` as `try_acquire` does.
  [[nodiscard]] view with_weight(detail::whole_number<std::uint64_t> weight) {
    return view(*this, require_weight(weight));
  }

  template <class Out>
  void describe(Out& out) const {
    out.text("a rate limiter");
  }

 private:
  static std::int64_t count(time_point t) noexcept { return t.time_since_epoch().count(); }

  std::uint64_t require_weight(std::uint64_t weight) const {
    if (weight == 0) invalid_parameter("rate_limiter: weight", "must be at least 1", 0.0);
    if (weight > limits_.most_at_once()) {
      invalid_parameter("rate_limiter: weight", "must not be more than the burst, which is all that is ever available",
                        static_cast<double>(weight));
    }
    return weight;
  }

  admission ask(ticket& t, time_point now, duration time_left, std::uint64_t weight, waker const& w) {
    auto const time = count(now);
    if (t.gate_ == nullptr) {
      t.goes_ = limits_.take(time, weight);
      if (!t.goes_) return join(t, time, time_left, weight, w);
      t.gate_ = this;
    }
    return t.goes_ ? admission::go() : ask_again(t, time, w);
  }

  TENAX_NEVER_INLINE admission join(ticket& t, std::int64_t now, duration time_left, std::uint64_t weight,
                                    waker const& w) {
    auto const latest = saturating_add(duration(now), time_left).count();
    auto const answer = limits_.join(t.place_, now, latest, weight, w);
    t.goes_ = answer.goes;
    if (!answer.too_late) t.gate_ = this;
    return told(answer);
  }

  TENAX_NEVER_INLINE admission ask_again(ticket& t, std::int64_t now, waker const& w) {
    auto const answer = limits_.ask(t.place_, now, w);
    t.goes_ = answer.goes;
    return told(answer);
  }

  static admission told(detail::line_answer const& answer) noexcept {
    if (answer.goes) return admission::go();
    // A caller without a place gets the whole wait, which exceeds the time that it has.
    auto const wait = duration(answer.wait);
    return answer.too_late ? admission::wait(wait) : admission::wait(wait, duration(answer.ask_after));
  }

  detail::gcra_limits<Limits> mutable limits_;
};

template <std::same_as<rate>... Rates>
rate_limiter(Rates...) -> rate_limiter<sizeof...(Rates)>;
rate_limiter(rate) -> rate_limiter<1>;
template <std::same_as<rate>... Rates>
rate_limiter(start_empty_t, Rates...) -> rate_limiter<sizeof...(Rates)>;
template <detail::bare_value First, class... More>
rate_limiter(First, More...) -> rate_limiter<1>;

}  // namespace tenax
