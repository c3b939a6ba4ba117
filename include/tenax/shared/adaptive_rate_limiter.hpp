// SPDX-License-Identifier: MIT
// shared/adaptive_rate_limiter.hpp: a rate limiter that finds an unannounced limit for all machines together.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <tenax/gate/acquire.hpp>
#include <tenax/gate/detail/whole_number.hpp>
#include <tenax/gate/waking.hpp>
#include <tenax/shared/adaptive_options.hpp>
#include <tenax/shared/adaptive_script.hpp>
#include <tenax/shared/detail/line_gate.hpp>
#include <tenax/shared/detail/searching_line.hpp>

namespace tenax::shared {

/// A rate limiter that finds a limit that no machine knows, for all machines with the same store and name together:
/// ```
/// tenax::shared::adaptive_rate_limiter limiter(store, "catalogue");
/// ```
/// The rate lives in the store. The machines report there what was accepted and refused, with the questions that they
/// ask anyway, and a refusal at once. The store's script searches as `tenax::adaptive_rate_limiter` does: **requests
/// that were under way together and are refused lower the rate once**, on whichever machines they were. A machine that
/// joins begins at the rate that was found. Requests are paced evenly, over all machines.
///
/// Use it as a gate, `.through(std::ref(limiter))`, or alone with `acquire`. Callers of one machine are served in order
/// of arrival. A change of the rate voids the permits that were leased before it, on all machines. A wait that the
/// other side asks for (`Retry-After`) holds the calls of all machines, at most for `max_pause`. A limit that the other
/// side announces is kept.
///
/// While the store does not answer, this machine goes on with its share of the last known rate, as chosen in
/// `options::while_away`; each refusal holds only its own calls then.
///
/// Throws `std::invalid_argument` for an empty name, for options that `tenax::adaptive_rate_limiter` rejects, and for
/// rates below one request in 26 days.
///
/// Thread safety: safe. Never does I/O and never blocks, except in `acquire`. The store outlives it, and it outlives
/// the calls that go through it. Neither copied nor moved.
class adaptive_rate_limiter : public detail::line_gate {
 public:
  adaptive_rate_limiter(store_ref store, std::string_view name, adaptive_options const& o = {})
      : line_gate(std::make_shared<detail::searching_line>(store, std::string(name),
                                                           detail::to_key("shared::adaptive_rate_limiter: name", name),
                                                           first_rate(o), o.shared, adaptive_script, terms(o))),
        options_(o) {}

  void record(ticket& t, feedback const& f, time_point at) {
    auto const place = place_of(t);
    if (place.is != detail::place::standing::running) return;
    forget(t);
    auto const now = count(at);
    switch (f.how) {
      case feedback::kind::success:
      case feedback::kind::answered: searching().accepted(place, now); break;
      case feedback::kind::throttled:
        searching().refused(place, f.server_wait ? microseconds(*f.server_wait) : -1, now);
        break;
      case feedback::kind::failure:
        if (f.server_wait && f.server_wait->count() > 0) pause_at(*f.server_wait, at);
        break;
      case feedback::kind::cancelled:
      case feedback::kind::unknown: break;
    }
    if (tenax::detail::makes_sense(f.left)) {
      auto const interval =
          static_cast<std::int64_t>(static_cast<double>(f.left.window->count()) / static_cast<double>(f.left.limit));
      if (interval > 0) searching().announced(interval, microseconds(*f.left.window), now);
    }
    bool const used_up = f.left.known() && f.left.remaining == 0 && f.left.reset && f.left.reset->count() > 0;
    if (used_up && f.how != feedback::kind::throttled) pause_at(*f.left.reset, at);
  }

  /// Waits until a request may be sent. Report on the returned permit how the request ended.
  ///
  /// Throws `std::invalid_argument` for a negative timeout.
  template <cancellation_token Token = tenax::detail::no_token, environment Env = real_time>
  [[nodiscard]] permit<adaptive_rate_limiter> acquire(any_duration timeout = (duration::max)(), Token const& token = {},
                                                      Env&& environment = {}) {
    auto const longest =
        tenax::detail::require_not_negative("shared::adaptive_rate_limiter::acquire: timeout", timeout);
    tenax::detail::gate_waiter<std::remove_reference_t<Env>, Token> waiter;  // outlives the ticket
    ticket t;
    auto const end = saturating_add(environment.now().time_since_epoch(), longest);
    auto const result = tenax::detail::wait_at(
        [&](time_point now, waker const& w) {
          return ask(t, now, tenax::detail::longer(saturating_subtract(end, now.time_since_epoch()), {}), 1, w);
        },
        longest, token, environment, waiter);
    if (result != acquired::yes) t = {};
    return {*this, std::move(t), result};
  }

  /// Changes the limit for all machines, as the option `limit`: the rate is kept 0.5 % below, never above, and lower
  /// after refusals. Throws `std::invalid_argument` as the constructor does, and changes nothing then.
  template <environment Env = real_time>
  void set(rate limit, Env&& environment = {}) {
    tenax::detail::paced(limit);  // `rate{0}` means no limit only for the constructor
    auto changed = options_;
    changed.limit = limit;
    searching().set(terms(changed), first_rate(changed), count(environment.now()));
  }

  /// Counts `n` more requests, for costs that are known only afterwards: the next request, on whichever machine, waits
  /// for that many intervals longer. Throws `std::invalid_argument` for a negative `n`.
  template <environment Env = real_time>
  void charge(tenax::detail::whole_number<std::int64_t> n, Env&& environment = {}) {
    if (n < 0) {
      invalid_parameter("shared::adaptive_rate_limiter::charge: n", "must not be negative", static_cast<double>(n));
    }
    line_->charge(n, count(environment.now()));
  }

  /// Holds the calls of all machines for `d`, at most `max_pause`. Throws `std::invalid_argument` unless `d` is more
  /// than zero.
  template <environment Env = real_time>
  void pause(any_duration d, Env&& environment = {}) {
    pause_at(tenax::detail::require_positive("shared::adaptive_rate_limiter::pause: d", d),
             time_point(environment.now()));
  }
  /// Ends a pause on all machines.
  template <environment Env = real_time>
  void resume(Env&& environment = {}) {
    line_->resume(count(environment.now()));
  }

  /// What this machine knows.
  template <environment Env = real_time>
  [[nodiscard]] adaptive_state state(Env&& environment = {}) const {
    adaptive_state s{line_gate::state(environment)};
    auto const [phase, throttled] = searching().found();
    s.doing = static_cast<adaptive_state::phase>(phase);
    s.throttled = throttled;
    return s;
  }

  template <class Out>
  void describe(Out& out) const {
    out.text("an adaptive rate limiter of all machines");
  }

 private:
  static std::int64_t microseconds(duration d) noexcept { return detail::microseconds(d); }

  /// From one request to the next, in nanoseconds. Throws `std::invalid_argument` if scripts cannot compute with it.
  static std::int64_t interval(char const* parameter, double per_second) {
    auto const found = tenax::detail::search_rules::interval_of(per_second);
    if (found > detail::exact / 4) {
      invalid_parameter(parameter, "must be at least one request in 26 days, per second", per_second);
    }
    return found;
  }
  static detail::search_terms terms(adaptive_options const& o) {
    // Rejects what the limiter of one process rejects.
    static_cast<void>(tenax::detail::search_for(
        {.start = o.start, .limit = o.limit, .at_least = o.at_least, .max_pause = o.shared.max_pause}));
    return {.limit = o.limit.permits == 0
                         ? 0
                         : interval("shared::adaptive_rate_limiter: limit",
                                    tenax::detail::search_rules::below_announced * tenax::detail::paced(o.limit)),
            .least = o.at_least.permits == 0
                         ? 0
                         : interval("shared::adaptive_rate_limiter: at_least", tenax::detail::paced(o.at_least)),
            .longest = detail::longest_pause(o.shared.max_pause.value())};
  }
  static detail::rates first_rate(adaptive_options const& o) {
    auto const first = o.limit.permits == 0
                           ? interval("shared::adaptive_rate_limiter: start", tenax::detail::paced(o.start))
                           : terms(o).limit;
    return {.each = {{{.permits = 1000, .time = first, .allowance = 0}}}, .size = 1};
  }
  detail::searching_line& searching() const noexcept { return static_cast<detail::searching_line&>(*line_); }

  adaptive_options const options_;
};

}  // namespace tenax::shared
