// SPDX-License-Identifier: MIT
// gate/rate_limiter.hpp: at most so many in so much time, for all who share it.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include <tenax/detail/gate_ticket.hpp>
#include <tenax/detail/gcra.hpp>
#include <tenax/gate/acquire.hpp>
#include <tenax/gate/rate.hpp>

namespace tenax {

/// How `rate_limiter::acquire` waits.
struct acquire_options {
  any_duration timeout = duration::max();  ///< how long to wait at most; no permit is taken if it would not suffice
  std::uint64_t weight = 1;                ///< how many permits to take, all at once
};

/// At most so many permits in so much time: `rate_limiter limiter(per_second(10));`. In every span of time `w`, no more than
/// `rate * w + burst` are admitted, whatever the callers do. Several limits hold at once; the slower ones need a burst. At
/// most 10 in any second and 500 in any hour: `rate_limiter limiter(per_second(9), per_hour(450).with_burst(50));`
///
/// A gate for `.through(std::ref(limiter))`, and usable alone: `if (limiter.try_acquire())`. Callers are served in the order in which
/// they ask: whoever has to wait has its permit already, for a moment to come. One that does not want it any more gives it
/// back, unless somebody has asked after it: then the moment passes unused.
///
/// Throws `std::invalid_argument` for a rate of no permits, no time or no burst, and for a limit that can never apply beside
/// the others.
///
/// Thread safety: safe. With one limit, a permit that is there now is one atomic number's change, without a lock; who waits,
/// and with several limits everybody, holds a lock for some nanoseconds when it asks. Neither copied nor moved.
template <std::size_t Limits = 1>
class rate_limiter {
  /// What a ticket holds.
  struct grant {
    detail::reservation<Limits> reserved{};
    std::uint64_t weight = 1;
    std::int64_t latest = INT64_MAX;  // when it is too late to be admitted
    bool used = false;
  };

 public:
  template <std::same_as<rate>... Rates>
    requires(sizeof...(Rates) == Limits)
  explicit rate_limiter(Rates... rates) : limits_(rates...) {}

  /// Says how a limiter is made.
  template <detail::bare_value First, class... More>
  explicit rate_limiter(First, More...) : limits_(per_second(1)) {
    static_assert(detail::always_false<First>,
                  "tenax: rate_limiter was given a number or a duration, but needs a rate; write "
                  "rate_limiter(per_second(10))");
  }

  rate_limiter(rate_limiter const&) = delete;
  rate_limiter& operator=(rate_limiter const&) = delete;

  /// Takes `weight` permits if they are there now.
  ///
  /// Throws `std::invalid_argument` for a weight of 0, or of more than the burst, which would never be there.
  template <environment Env = real_time>
  [[nodiscard]] bool try_acquire(std::uint64_t weight = 1, Env&& environment = {}) {
    return limits_.take(count(environment.now()), require_weight(weight));
  }

  /// Waits for permits and takes them. Never `acquired::refused`; without a timeout and a token, always `acquired::yes`.
  ///
  /// Throws `std::invalid_argument` as `try_acquire` does, and for a negative timeout.
  template <cancellation_token Token = detail::no_token, environment Env = real_time>
  [[nodiscard]] acquired acquire(acquire_options options = {}, Token const& token = {}, Env&& environment = {}) {
    auto const timeout = detail::require_not_negative("rate_limiter::acquire: timeout", options.timeout);
    ticket t;
    t.grant_.weight = require_weight(options.weight);
    auto const result = detail::wait_at(
        [&](time_point now) {
          if (t.gate_ == nullptr) t.grant_.latest = saturating_add(now.time_since_epoch(), timeout).count();
          return ask(t, now);
        },
        timeout, token, environment);
    if (result == acquired::yes) t.gate_ = nullptr;
    return result == acquired::refused ? acquired::timed_out : result;
  }

  /// How long it would take to get `weight` permits if nobody else asked. Takes none.
  template <environment Env = real_time>
  [[nodiscard]] duration wait_hint(std::uint64_t weight = 1, Env&& environment = {}) const {
    auto const now = count(environment.now());
    return duration(limits_.start(now, require_weight(weight)) - now);
  }

  /// A permit, for now or for a moment to come.
  using ticket = detail::gate_ticket<rate_limiter, grant>;

  admission admit(ticket& t, attempt_info const& info, time_point now) { return admit(t, info, now, 1); }

  void report(ticket& t, feedback const&, time_point) noexcept {
    if (t.grant_.used) t.gate_ = nullptr;
  }

  /// The limiter for attempts that count for more than one: see `with_weight`. A small value that refers to the limiter.
  class view {
   public:
    using ticket = rate_limiter::ticket;
    static constexpr bool is_gate_view = true;

    admission admit(ticket& t, attempt_info const& info, time_point now) const {
      return limiter_->admit(t, info, now, weight_);
    }
    void report(ticket& t, feedback const& f, time_point now) const noexcept { limiter_->report(t, f, now); }

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
  [[nodiscard]] view with_weight(std::uint64_t weight) { return view(*this, require_weight(weight)); }

  template <class Out>
  void describe(Out& out) const {
    out.text("a rate limiter");
  }

 private:
  friend ticket;

  void take_back(grant const& g) noexcept {
    // What was used may have been sent.
    if (!g.used) limits_.give_back(g.reserved, g.weight);
  }

  static std::int64_t count(time_point t) noexcept { return t.time_since_epoch().count(); }

  std::uint64_t require_weight(std::uint64_t weight) const {
    if (weight == 0) invalid_parameter("rate_limiter: weight", "must be at least 1", 0.0);
    if (weight > limits_.most_at_once()) {
      invalid_parameter("rate_limiter: weight", "must not be more than the burst, or it could never be had",
                        static_cast<double>(weight));
    }
    return weight;
  }

  admission admit(ticket& t, attempt_info const& info, time_point now, std::uint64_t weight) {
    if (t.gate_ == nullptr) {
      t.grant_.weight = weight;
      // A caller that would give up at its deadline takes nothing.
      t.grant_.latest = saturating_add(now.time_since_epoch(), info.time_left).count();
    }
    auto const answer = ask(t, now);
    if (answer.answer != admission::verdict::refused) return answer;
    auto const too_long = duration(limits_.start(count(now), t.grant_.weight) - count(now));
    return admission::wait(detail::longer(info.time_left, too_long));
  }

  admission ask(ticket& t, time_point now) {
    auto const time = count(now);
    if (t.gate_ == nullptr) {
      t.grant_.used = limits_.take(time, t.grant_.weight);
      if (!t.grant_.used && !limits_.reserve(time, t.grant_.latest, t.grant_.weight, t.grant_.reserved))
        return admission::refuse("too late");
      t.gate_ = this;
    }
    if (t.grant_.used) return admission::go();
    auto const start = limits_.use(time, t.grant_.weight, t.grant_.reserved);
    if (start > time) return admission::wait(duration(start - time));
    t.grant_.used = true;
    return admission::go();
  }

  detail::limits<Limits> limits_;
};

template <std::same_as<rate>... Rates>
rate_limiter(Rates...) -> rate_limiter<sizeof...(Rates)>;
template <detail::bare_value First, class... More>
rate_limiter(First, More...) -> rate_limiter<1>;

}  // namespace tenax
