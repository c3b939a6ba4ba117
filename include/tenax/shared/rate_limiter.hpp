// SPDX-License-Identifier: MIT
// shared/rate_limiter.hpp: a rate limiter whose limit holds for all machines together.
#pragma once

#include <algorithm>
#include <atomic>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <tenax/gate/acquire.hpp>
#include <tenax/gate/detail/ticket.hpp>
#include <tenax/gate/rate.hpp>
#include <tenax/gate/rate_limiter.hpp>
#include <tenax/gate/waking.hpp>
#include <tenax/shared/detail/key.hpp>
#include <tenax/shared/detail/line.hpp>

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
class rate_limiter {
  using place = detail::place;

 public:
  using ticket = tenax::detail::gate_ticket<rate_limiter, place>;

  template <std::same_as<rate>... Rates>
    requires(sizeof...(Rates) >= 1 && sizeof...(Rates) <= most_limits)
  rate_limiter(store_ref store, std::string_view name, Rates... rates)
      : rate_limiter(store, name, options{}, rates...) {}
  template <std::same_as<rate>... Rates>
    requires(sizeof...(Rates) >= 1 && sizeof...(Rates) <= most_limits)
  rate_limiter(store_ref store, std::string_view name, options const& o, Rates... rates)
      : least_burst_((std::min)({static_cast<std::int64_t>(rates.burst)...})),
        line_(std::make_shared<detail::line>(
            store, std::string(name), detail::to_key("shared::rate_limiter: name", name), to_rates(rates...), o)) {
    line_->listen();
  }
  ~rate_limiter() { line_->goodbye(); }

  rate_limiter(rate_limiter const&) = delete;
  rate_limiter& operator=(rate_limiter const&) = delete;

  /// Takes `weight` permits if they are available on this machine now. If there are none, asks the store for some: the
  /// first call returns false.
  ///
  /// Throws `std::invalid_argument` for a weight of 0, or of more than the burst.
  template <environment Env = real_time>
  [[nodiscard]] bool try_acquire(std::uint64_t weight = 1, Env&& environment = {}) {
    ticket t;
    bool const goes = ask(t, time_point(environment.now()), duration::zero(), require_weight(weight), {}).admitted();
    if (goes) t.gate_ = nullptr;
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

  admission admit(ticket& t, attempt_info const& info, time_point now, waker const& w = {}) {
    return ask(t, now, info.time_left, 1, w);
  }

  /// The caller waits at another gate: it keeps its rank, and others may pass it until it asks again.
  void step_aside(ticket& t) noexcept {
    if (t.gate_ != nullptr) line_->step_aside(t.grant_);
  }

  /// A failure with a `Retry-After` pauses all machines.
  void record(ticket& t, feedback const& f, time_point now) {
    t.gate_ = nullptr;
    t.grant_.is = place::standing::nowhere;
    bool const refused = f.how == feedback::kind::throttled || f.how == feedback::kind::failure;
    if (refused && f.server_wait && f.server_wait->count() > 0) pause_at(*f.server_wait, now);
  }

  /// Changes the rates for all machines, as many rates as there are. Used permits stay used. Throws
  /// `std::invalid_argument` as the constructor does, and changes nothing then.
  template <environment Env = real_time>
  void set(rate r, Env&& environment = {}) {
    auto const changed = to_rates(r);
    least_burst_.store(static_cast<std::int64_t>(r.burst));
    line_->set(changed, count(environment.now()));
  }

  /// Uses permits without a wait, for costs that are known only afterwards: callers of all machines wait until they
  /// have come back. Throws `std::invalid_argument` for a negative weight.
  template <environment Env = real_time>
  void charge(std::int64_t weight, Env&& environment = {}) {
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

  /// What this machine knows of the limit.
  template <environment Env = real_time>
  [[nodiscard]] shared::state state(Env&& environment = {}) const {
    return line_->state(count(environment.now()));
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
  [[nodiscard]] view with_weight(std::uint64_t weight) { return view(*this, require_weight(weight)); }

  template <class Out>
  void describe(Out& out) const {
    out.text("a rate limiter of all machines");
  }

 private:
  friend ticket;
  static constexpr bool moves_grants = true;

  template <class... Rates>
  static detail::rates to_rates(Rates... r) {
    return {.each = {detail::to_exact(r)...}, .size = sizeof...(r)};
  }
  static std::int64_t count(time_point t) noexcept { return t.time_since_epoch().count(); }

  std::int64_t require_weight(std::uint64_t weight) const {
    if (weight == 0) invalid_parameter("shared::rate_limiter: weight", "must be at least 1", 0.0);
    if (weight > static_cast<std::uint64_t>(least_burst_.load())) {
      invalid_parameter("shared::rate_limiter: weight",
                        "must not be more than the burst, which is all that is ever available",
                        static_cast<double>(weight));
    }
    return static_cast<std::int64_t>(weight);
  }

  admission ask(ticket& t, time_point now, duration time_left, std::int64_t weight, waker const& w) {
    bool holds = false;
    auto const answer = line_->ask(t.grant_, count(now), time_left.count(), weight, w, holds);
    t.gate_ = holds ? this : nullptr;
    return answer;
  }
  void pause_at(duration d, time_point now) { line_->pause((d.count() + 999) / 1000, count(now)); }

  void take_back(place& p) noexcept { line_->leave(p); }
  void moved(place const& from, place& to) noexcept { line_->moved(from, to); }

  std::atomic<std::int64_t> least_burst_;
  std::shared_ptr<detail::line> line_;
};

}  // namespace tenax::shared
