// SPDX-License-Identifier: MIT
// gate/rate_limiter.hpp: at most so many in so much time, for all who share it.
#pragma once

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <type_traits>
#include <utility>

#include <tenax/gate/acquire.hpp>
#include <tenax/gate/rate.hpp>

namespace tenax {

namespace detail {

/// One limit as GCRA keeps it: the generic cell rate algorithm of ITU-T I.371, a token bucket in one number. That is the
/// "theoretical arrival time" of the next permit if all came at the rate: the further ahead of now, the emptier the bucket.
/// Times are nanoseconds of the steady clock.
struct gcra {
  std::int64_t interval = 1;  // from one permit to the next
  std::int64_t depth = 1;     // what a full bucket is worth, as time
  std::uint64_t burst = 1;

  constexpr gcra() = default;
  constexpr explicit gcra(rate const& r)
      : interval(r.interval().count()), depth(saturating_multiply(r.interval(), r.burst).count()), burst(r.burst) {}

  [[nodiscard]] constexpr std::int64_t cost(std::uint64_t weight) const noexcept {
    return saturating_multiply(duration(interval), weight).count();
  }
  /// When `weight` permits may be taken at the earliest.
  [[nodiscard]] constexpr std::int64_t start(std::int64_t arrival, std::int64_t now,
                                             std::uint64_t weight) const noexcept {
    auto const earliest = saturating_subtract(duration(arrival), duration(depth - cost(weight))).count();
    return earliest > now ? earliest : now;
  }
  /// The arrival time after `weight` permits were taken at `at`.
  [[nodiscard]] constexpr std::int64_t after(std::int64_t arrival, std::int64_t at,
                                             std::uint64_t weight) const noexcept {
    return saturating_add(duration(arrival > at ? arrival : at), duration(cost(weight))).count();
  }
};

/// Permits that were taken: from when on they are good, and the state that taking them left behind.
struct permits_taken {
  std::int64_t start = 0;
  std::int64_t left_behind = 0;
};

inline constexpr std::int64_t long_ago = INT64_MIN / 2;

/// One limit in one atomic.
class single_limit {
 public:
  constexpr explicit single_limit(rate const& r) : limit_(require_rate(r)) {}

  [[nodiscard]] constexpr std::uint64_t most_at_once() const noexcept { return limit_.burst; }

  [[nodiscard]] std::int64_t start(std::int64_t now, std::uint64_t weight) const noexcept {
    return limit_.start(arrival_.load(std::memory_order_relaxed), now, weight);
  }

  /// Takes permits that are good at `latest` at the latest, or none.
  bool take(std::int64_t now, std::int64_t latest, std::uint64_t weight, permits_taken& taken) noexcept {
    auto arrival = arrival_.load(std::memory_order_relaxed);
    for (;;) {
      auto const start = limit_.start(arrival, now, weight);
      if (start > latest) return false;
      auto const next = limit_.after(arrival, start, weight);
      if (arrival_.compare_exchange_weak(arrival, next, std::memory_order_relaxed)) {
        taken = {start, next};
        return true;
      }
    }
  }

  void give_back(permits_taken const& taken, std::uint64_t weight) noexcept {
    auto expected = taken.left_behind;
    arrival_.compare_exchange_strong(expected, expected - limit_.cost(weight), std::memory_order_relaxed);
  }

 private:
  gcra limit_;
  std::atomic<std::int64_t> arrival_{long_ago};
};

/// Several limits at once. A permit is good when all of them have one.
template <std::size_t N>
class several_limits {
 public:
  template <class... Rates>
  explicit several_limits(Rates const&... rates) : limits_{gcra(require_rate(rates))...} {
    for (std::size_t i = 0; i < N; ++i) {
      arrivals_[i] = long_ago;
      for (std::size_t j = 0; j < N; ++j) {
        // With equal ones, the second is to blame.
        if (i != j && limits_[i].interval >= limits_[j].interval && limits_[i].burst <= limits_[j].burst &&
            (i < j || limits_[i].interval != limits_[j].interval || limits_[i].burst != limits_[j].burst)) {
          invalid_parameter("rate_limiter: limit",
                            "must allow less than the others in some way, or it never applies; leave it out",
                            static_cast<double>(j + 1));
        }
      }
    }
  }

  [[nodiscard]] std::uint64_t most_at_once() const noexcept {
    auto least = limits_[0].burst;
    for (auto const& l : limits_) least = l.burst < least ? l.burst : least;
    return least;
  }

  [[nodiscard]] std::int64_t start(std::int64_t now, std::uint64_t weight) const noexcept {
    std::lock_guard const lock(mutex_);
    return latest_start(now, weight);
  }

  bool take(std::int64_t now, std::int64_t latest, std::uint64_t weight, permits_taken& taken) noexcept {
    std::lock_guard const lock(mutex_);
    auto const start = latest_start(now, weight);
    if (start > latest) return false;
    for (std::size_t i = 0; i < N; ++i) arrivals_[i] = limits_[i].after(arrivals_[i], start, weight);
    taken = {start, ++taken_count_};
    return true;
  }

  void give_back(permits_taken const& taken, std::uint64_t weight) noexcept {
    std::lock_guard const lock(mutex_);
    if (taken.left_behind != taken_count_) return;
    for (std::size_t i = 0; i < N; ++i) arrivals_[i] -= limits_[i].cost(weight);
    ++taken_count_;
  }

 private:
  [[nodiscard]] std::int64_t latest_start(std::int64_t now, std::uint64_t weight) const noexcept {
    auto start = now;
    for (std::size_t i = 0; i < N; ++i) {
      auto const own = limits_[i].start(arrivals_[i], now, weight);
      start = own > start ? own : start;
    }
    return start;
  }

  gcra limits_[N];
  std::int64_t arrivals_[N];
  std::int64_t taken_count_ = 0;
  mutable std::mutex mutex_;
};

}  // namespace detail

/// How `rate_limiter::acquire` waits.
struct acquire_options {
  any_duration timeout = duration::max();  ///< how long to wait at most; no permit is taken if it would not suffice
  std::uint64_t weight = 1;                ///< how many permits to take, all at once
};

/// At most so many permits in so much time: `rate_limiter limiter(per_second(10));`. In every span of time `w`, no more than
/// `rate * w + burst` are admitted, whatever the callers do. Several limits hold at once:
/// `rate_limiter limiter(per_second(10), per_hour(500).with_burst(50));`
///
/// A gate for `.through(std::ref(limiter))`, and usable alone: `limiter.acquire();`. Callers are served in the order in which
/// they ask: whoever has to wait has its permit already, for a moment to come. One that does not want it any more gives it
/// back, unless somebody has asked after it: then the moment passes unused.
///
/// Throws `std::invalid_argument` for a rate of no permits, no time or no burst, and for a limit that can never apply beside
/// the others.
///
/// Thread safety: safe. With one limit it is a single atomic number, and nobody ever waits for a lock; with several, a lock
/// is held for some nanoseconds. Neither copied nor moved.
template <std::size_t Limits = 1>
class rate_limiter {
 public:
  template <std::same_as<rate>... Rates>
    requires(sizeof...(Rates) == Limits)
  explicit rate_limiter(Rates... rates) : limits_(rates...) {}

  rate_limiter(rate_limiter const&) = delete;
  rate_limiter& operator=(rate_limiter const&) = delete;

  /// Takes `weight` permits if they are there now.
  ///
  /// Throws `std::invalid_argument` for a weight of 0, or of more than the burst, which would never be there.
  template <environment Env = real_time>
  bool try_acquire(std::uint64_t weight = 1, Env&& environment = {}) {
    auto const now = count(environment.now());
    detail::permits_taken taken;
    return limits_.take(now, now, require_weight(weight), taken);
  }

  /// Waits for permits and takes them.
  ///
  /// Throws `std::invalid_argument` as `try_acquire` does, and for a negative timeout.
  template <cancellation_token Token = detail::no_token, environment Env = real_time>
  acquired acquire(acquire_options options = {}, Token const& token = {}, Env&& environment = {}) {
    auto const timeout = detail::require_not_negative("rate_limiter::acquire: timeout", options.timeout);
    ticket t;
    t.weight_ = require_weight(options.weight);
    time_point const now(environment.now());
    t.latest_ = saturating_add(now.time_since_epoch(), timeout).count();
    auto const result = detail::wait_at([&](time_point at) { return ask(t, at); }, timeout, token, environment);
    if (result == acquired::yes) t.limiter_ = nullptr;
    return result == acquired::refused ? acquired::timed_out : result;
  }

  /// How long it would take to get `weight` permits if nobody else asked. Takes none.
  template <environment Env = real_time>
  [[nodiscard]] duration wait_hint(std::uint64_t weight = 1, Env&& environment = {}) const {
    auto const now = count(environment.now());
    return duration(limits_.start(now, require_weight(weight)) - now);
  }

  /// A permit, for now or for a moment to come.
  class ticket {
   public:
    ticket() = default;
    ticket(ticket&& other) noexcept
        : limiter_(std::exchange(other.limiter_, nullptr)), taken_(other.taken_), weight_(other.weight_) {}
    ticket& operator=(ticket&& other) noexcept {
      if (this != &other) {
        give_back();
        limiter_ = std::exchange(other.limiter_, nullptr);
        taken_ = other.taken_;
        weight_ = other.weight_;
      }
      return *this;
    }
    ~ticket() { give_back(); }

   private:
    friend class rate_limiter;

    void give_back() noexcept {
      if (limiter_ != nullptr) limiter_->limits_.give_back(taken_, weight_);
      limiter_ = nullptr;
    }

    rate_limiter* limiter_ = nullptr;
    detail::permits_taken taken_{};
    std::uint64_t weight_ = 1;
    std::int64_t latest_ = INT64_MAX;
  };

  admission admit(ticket& t, attempt_info const& info, time_point now) {
    // A caller that would give up at its deadline takes nothing.
    if (t.limiter_ == nullptr) t.latest_ = saturating_add(now.time_since_epoch(), info.time_left).count();
    auto const answer = ask(t, now);
    return answer.answer == admission::verdict::refused ? admission::wait(info.time_left) : answer;
  }

  void report(ticket& t, feedback const&, time_point) noexcept { t.limiter_ = nullptr; }

  template <class Out>
  void describe(Out& out) const {
    out.text("a rate limiter");
  }

 private:
  static std::int64_t count(time_point t) noexcept { return t.time_since_epoch().count(); }

  std::uint64_t require_weight(std::uint64_t weight) const {
    if (weight == 0) invalid_parameter("rate_limiter: weight", "must be at least 1", 0.0);
    if (weight > limits_.most_at_once()) {
      invalid_parameter("rate_limiter: weight", "must not be more than the burst, or it could never be had",
                        static_cast<double>(weight));
    }
    return weight;
  }

  admission ask(ticket& t, time_point now) {
    if (t.limiter_ == nullptr) {
      if (!limits_.take(count(now), t.latest_, t.weight_, t.taken_)) return admission::refuse("too late");
      t.limiter_ = this;
    }
    auto const left = duration(t.taken_.start) - now.time_since_epoch();
    return left > duration::zero() ? admission::wait(left) : admission::go();
  }

  std::conditional_t<Limits == 1, detail::single_limit, detail::several_limits<Limits>> limits_;
};

template <std::same_as<rate>... Rates>
rate_limiter(Rates...) -> rate_limiter<sizeof...(Rates)>;

}  // namespace tenax
