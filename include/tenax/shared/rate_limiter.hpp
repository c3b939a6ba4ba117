// SPDX-License-Identifier: MIT
// shared/rate_limiter.hpp: a rate limiter whose limit holds for all machines together.
#pragma once

#include <algorithm>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include <tenax/gate/acquire.hpp>
#include <tenax/gate/detail/whole_number.hpp>
#include <tenax/gate/rate.hpp>
#include <tenax/gate/rate_limiter.hpp>
#include <tenax/gate/waking.hpp>
#include <tenax/shared/detail/line_gate.hpp>

namespace tenax::shared {

/// A rate limiter that all machines with the same store and name share:
/// ```
/// tenax::redis::hiredis_store store({.host = "redis"});
/// tenax::shared::rate_limiter limiter(store, "catalogue", tenax::per_second(1000).with_burst(50));
/// ```
/// In every time span `w`, all machines together admit at most `rate * w + burst`, plus what the differences of their
/// network delays shift. Several limits can hold together, with one key in the store. Permits are leased, many with one
/// question to the store: a machine leases as many as it has used in the last quarter of a second, but not more than
/// its share. A permit may be used up to 10 ms late, and the burst is smaller by as much, at most by a quarter.
///
/// Use it as a gate, `.through(std::ref(limiter))`, or alone: `if (limiter.try_acquire())`. Callers of one machine are
/// served in order of arrival, and are woken when permits arrive. A caller whose deadline comes before its permit takes
/// no place. A failure that carries a `Retry-After`, or `pause(d)`, holds the calls of all machines; after that,
/// permits come without a burst.
///
/// While the store does not answer, no caller sees an error and none waits longer for it than `store_timeout`: this
/// machine goes on with its share of the rate, as chosen in `options`. `state()` tells what is known.
///
/// Throws `std::invalid_argument` for an empty name, for rates that `rate_limiter` rejects, and for rates that a store
/// cannot compute with exactly.
///
/// Thread safety: safe. Never does I/O and never blocks, except in `acquire`. The store outlives it, and it outlives
/// the calls that go through it. Neither copied nor moved.
class rate_limiter : public detail::line_gate {
 public:
  template <std::same_as<rate>... Rates>
    requires(sizeof...(Rates) >= 1 && sizeof...(Rates) <= most_limits)
  rate_limiter(store_ref store, std::string_view name, Rates... rates)
      : rate_limiter(store, name, options{}, rates...) {}
  template <std::same_as<rate>... Rates>
    requires(sizeof...(Rates) >= 1 && sizeof...(Rates) <= most_limits)
  rate_limiter(store_ref store, std::string_view name, options const& o, Rates... rates)
      : line_gate(store, "shared::rate_limiter: name", name, to_rates(rates...), o),
        limits_(sizeof...(rates)),
        least_burst_((std::min)({static_cast<std::int64_t>(rates.burst)...})) {}

  /// Takes `weight` permits if they are available on this machine now. If there are none, asks the store for some: the
  /// first call returns false.
  ///
  /// Throws `std::invalid_argument` for a weight of 0, or of more than the burst.
  template <environment Env = real_time>
  [[nodiscard]] bool try_acquire(tenax::detail::whole_number<std::uint64_t> weight = 1, Env&& environment = {}) {
    ticket t;
    bool const goes = ask(t, time_point(environment.now()), duration::zero(), require_weight(weight), {}).admitted();
    if (goes) forget(t);
    return goes;
  }

  /// Waits for permits and takes them. `acquired::refused` only with `without_store::closed`.
  ///
  /// Throws `std::invalid_argument` as `try_acquire` does, and for a negative timeout.
  template <cancellation_token Token = tenax::detail::no_token, environment Env = real_time>
  [[nodiscard]] acquired acquire(acquire_options o = {}, Token const& token = {}, Env&& environment = {}) {
    auto const timeout = tenax::detail::require_not_negative("shared::rate_limiter::acquire: timeout", o.timeout);
    auto const weight = require_weight(o.weight);
    tenax::detail::gate_waiter<std::remove_reference_t<Env>, Token> waiter;  // outlives the ticket
    ticket t;
    auto const end = saturating_add(environment.now().time_since_epoch(), timeout);
    return tenax::detail::wait_at(
        [&](time_point now, waker const& w) {
          return ask(t, now, tenax::detail::longer(saturating_subtract(end, now.time_since_epoch()), {}), weight, w);
        },
        timeout, token, environment, waiter);
  }

  /// Changes the rate for all machines. Used permits stay used. Throws `std::invalid_argument` for a rate that the
  /// constructor rejects, or if the limiter has several rates; it changes nothing then.
  template <environment Env = real_time>
  void set(rate r, Env&& environment = {}) {
    set_all({r}, time_point(environment.now()));
  }
  /// Changes all rates, as many as the limiter has: `limiter.set({per_second(9), per_hour(450).with_burst(50)});`
  template <std::size_t N, environment Env = real_time>
    requires(N > 1 && N <= most_limits)
  void set(rate const (&rates)[N], Env&& environment = {}) {
    set_all(rates, time_point(environment.now()));
  }

  /// Uses permits without a wait, for costs that are known only afterwards: callers of all machines wait until they
  /// have come back. Throws `std::invalid_argument` for a negative weight.
  template <environment Env = real_time>
  void charge(tenax::detail::whole_number<std::int64_t> weight, Env&& environment = {}) {
    if (weight < 0) {
      invalid_parameter("shared::rate_limiter::charge: weight", "must not be negative", static_cast<double>(weight));
    }
    line_->charge(weight, count(environment.now()));
  }

  /// Holds the calls of all machines for `d`, at most `max_pause`. A longer pause stays. Throws
  /// `std::invalid_argument` unless `d` is more than zero.
  template <environment Env = real_time>
  void pause(any_duration d, Env&& environment = {}) {
    pause_at(tenax::detail::require_positive("shared::rate_limiter::pause: d", d), time_point(environment.now()));
  }
  /// Ends a pause on all machines.
  template <environment Env = real_time>
  void resume(Env&& environment = {}) {
    line_->resume(count(environment.now()));
  }

  /// The limiter for attempts that take more than one permit: a small value that refers to it.
  class view {
   public:
    using ticket = rate_limiter::ticket;
    static constexpr bool is_gate_view = true;

    admission admit(ticket& t, attempt_info const& info, time_point now, waker const& w = {}) const {
      return limiter_->ask(t, now, info.time_left, weight_, w);
    }
    void step_aside(ticket& t) const noexcept { limiter_->step_aside(t); }
    void record(ticket& t, feedback const& f, time_point now) const { limiter_->record(t, f, now); }
    template <class Out>
    void describe(Out& out) const {
      limiter_->describe(out);
    }

   private:
    friend rate_limiter;
    view(rate_limiter& limiter, std::int64_t weight) noexcept : limiter_(&limiter), weight_(weight) {}

    rate_limiter* limiter_;
    std::int64_t weight_;
  };

  /// A gate at which every attempt takes `weight` permits: `polite.through(limiter.with_weight(5))`. Throws
  /// `std::invalid_argument` as `try_acquire` does.
  [[nodiscard]] view with_weight(tenax::detail::whole_number<std::uint64_t> weight) {
    return view(*this, require_weight(weight));
  }

  template <class Out>
  void describe(Out& out) const {
    out.text("a rate limiter of all machines");
  }

 private:
  template <class... Rates>
  static detail::rates to_rates(Rates... r) {
    return {.each = {detail::to_exact(r)...}, .size = sizeof...(r)};
  }

  template <std::size_t N>
  void set_all(rate const (&rates)[N], time_point now) {
    if (N != limits_) {
      invalid_parameter("shared::rate_limiter::set: rates", "must be as many as the limiter was made of",
                        static_cast<double>(N));
    }
    detail::rates changed{.size = N};
    auto least = static_cast<std::int64_t>(rates[0].burst);
    for (std::size_t i = 0; i < N; ++i) {
      changed.each[i] = detail::to_exact(rates[i]);
      least = (std::min)(least, static_cast<std::int64_t>(rates[i].burst));
    }
    least_burst_.store(least);
    line_->set(changed, count(now));
  }

  std::int64_t require_weight(std::uint64_t weight) const {
    if (weight == 0) invalid_parameter("shared::rate_limiter: weight", "must be at least 1", 0.0);
    if (weight > static_cast<std::uint64_t>(least_burst_.load())) {
      invalid_parameter("shared::rate_limiter: weight",
                        "must not be more than the burst, which is all that is ever available",
                        static_cast<double>(weight));
    }
    return static_cast<std::int64_t>(weight);
  }

  std::size_t const limits_;
  std::atomic<std::int64_t> least_burst_;
};

}  // namespace tenax::shared
