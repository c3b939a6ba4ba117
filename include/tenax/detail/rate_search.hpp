// SPDX-License-Identifier: MIT
// detail/rate_search.hpp: finds and follows a limit that nobody tells, from which requests were refused.
#pragma once

#include <cstdint>

#include <tenax/detail/blackout.hpp>
#include <tenax/detail/probe_schedule.hpp>
#include <tenax/detail/rate_math.hpp>
#include <tenax/detail/send_history.hpp>
#include <tenax/detail/throttle_pause.hpp>
#include <tenax/detail/told_pace.hpp>
#include <tenax/duration.hpp>

namespace tenax::detail {

/// The law of `adaptive_rate_limiter`, without its queue and its lock: a bracketed search. Rates are per second. It knows the
/// highest rate that was confirmed and the lowest that was refused, tries the geometric mean, and once both are as good as
/// the same keeps to the confirmed one and probes above it now and then.
///
/// Answers count only for the rate at which their request was sent, and only the first refusal of a generation changes the
/// rate: those of requests that were under way with it say the same thing again.
class rate_search {
 public:
  enum class phase : unsigned char {
    start,   ///< doubling, until something is refused
    search,  ///< between a confirmed and a refused rate
    steady,  ///< at the confirmed rate
    probe    ///< a little above it
  };

  /// What a request takes along.
  struct stamp {
    std::uint32_t generation = 0;
    std::uint32_t version = 0;  // of the rate
    bool paced = false;         // followed the one before as fast as the rate allows: says something about the rate
    bool first_after_pause = false;
    bool told = false;  // how many are left
    std::int64_t at = 0;
  };

  /// Begins with a guess.
  explicit rate_search(double guess) : rate_(guess), low_(guess) { limit_rate(); }

  /// Begins with the limit, and never exceeds it.
  static rate_search with_ceiling(double limit) {
    rate_search search(limit);
    search.given_ = search.ceiling_ = search.high_ = limit;
    search.phase_ = phase::steady;
    search.limit_rate();
    return search;
  }

  [[nodiscard]] double rate() const noexcept { return rate_; }
  [[nodiscard]] phase current_phase() const noexcept { return phase_; }
  [[nodiscard]] std::uint32_t generation() const noexcept { return generation_; }
  [[nodiscard]] std::int64_t paused_until() const noexcept { return pause_.until(); }

  /// When the next request may go, at the earliest.
  [[nodiscard]] std::int64_t next(std::int64_t now) const noexcept {
    auto earliest = pause_.until() > now ? pause_.until() : now;
    if (history_.count() != 0) {
      auto const paced = last_grant_ + spacing(now);
      earliest = paced > earliest ? paced : earliest;
    }
    return earliest;
  }

  [[nodiscard]] std::int64_t interval() const noexcept {
    constexpr std::int64_t longest = INT64_MAX / 4;  // so that sums of some do not overflow
    auto const ns = 1e9 / rate_;
    return ns < static_cast<double>(longest) ? static_cast<std::int64_t>(ns) + 1 : longest;
  }

  /// The server says what it allows in each `window`. The rate is held half a percent below, and never above; what is refused
  /// all the same lowers it. What was sent too fast before that was known is made up for.
  void announced(std::int64_t now, double limit, std::int64_t window) noexcept {
    if (limit == announced_) return;
    bool const as_announced = announced_ == 0 || (phase_ == phase::steady && low_ >= ceiling_);
    announced_ = limit;
    ceiling_ = given_ > 0 ? least(given_, 0.995 * limit) : 0.995 * limit;
    if (!as_announced && low_ <= ceiling_) {
      high_ = high_ > 0 ? least(high_, ceiling_) : ceiling_;
      return limit_rate();
    }
    low_ = high_ = ceiling_;
    phase_ = phase::steady;
    contradictions_ = 0;
    probes_.start_over();
    set_rate(ceiling_);
    auto const made_up_for = history_.next_after(now, window, interval()) - interval();
    if (made_up_for > last_grant_) last_grant_ = made_up_for;
  }

  /// The server says that so many requests are left for so long, besides those that are under way: they are spread over
  /// that time. When it has passed, one request is sent to learn more. A server that refuses all the same is not believed
  /// any more.
  void allowed(stamp const& s, std::int64_t now, std::uint64_t remaining, std::int64_t reset,
               std::uint64_t in_flight) noexcept {
    if (s.generation != generation_ || reset <= 0) return;
    auto const left = remaining > in_flight ? remaining - in_flight : 0;
    if (told_.tell(now, last_grant_, left, reset) && left == 0) pause_.extend(told_.until());
  }

  stamp grant(std::int64_t now) noexcept {
    bool const told = holds_to_what_is_left(now);
    bool const paced = history_.count() != 0 && !told && now - last_grant_ < interval() + interval() / 2;
    bool const first = pause_.leave(now);
    auto const since = pause_.until() > last_grant_ ? pause_.until() : last_grant_;
    bool const idle = history_.count() != 0 && now - since > 1'000'000'000 + 2 * interval();
    blackout_.sent(now, idle && !first);
    if (idle) idle_ += now - since;
    history_.add(now);
    last_grant_ = now;
    return {generation_, version_, !told && (paced || first), first, told, now};
  }

  void accepted(stamp const& s, std::int64_t now) noexcept {
    pause_.note_round_trip(now - s.at);
    if (s.generation != generation_) return blackout_.accepted_before();
    ++accepted_since_refusal_;
    pause_.forget_refusals();
    if (auto const found = blackout_.accepted(s.at); found.seconds > 0) return learn_from(found);
    if (s.version != version_ || !s.paced) return;
    ++accepted_;
    switch (phase_) {
      case phase::start:
        if (accepted_ >= 4) {
          low_ = rate_;
          if (at_ceiling()) phase_ = phase::steady;
          set_rate(rate_ * 2);
        }
        break;
      case phase::search:
        if (accepted_ >= needed(rate_ / low_ - 1)) {
          low_ = rate_;
          assumed_ = false;
          reach_ = unknown;
          continue_search();
        }
        break;
      case phase::steady:
        if (accepted_ >= 32) contradictions_ = 0;
        if (high_ > low_ * 1.06 && accepted_ >= 16) {
          continue_search();
        } else if (probes_.due(now, accepted_)) {
          step_ = 0;
          phase_ = phase::probe;
          next_step();
        }
        break;
      case phase::probe:
        if (accepted_ >= needed(rate_ / low_ - 1)) {
          low_ = rate_;
          next_step();
        }
        break;
    }
  }

  /// `wait`: how long the server asked to wait, or less than zero if it did not.
  void refused(stamp const& s, std::int64_t now, std::int64_t wait) noexcept {
    pause_.note_round_trip(now - s.at);
    if (wait >= 0) {
      pause_.begin(now, wait);
    } else if (s.generation == generation_) {
      pause_.hold(now, interval());
      blackout_.refused(now);
    }
    if (s.generation != generation_) return;
    ++generation_;
    told_.refused(s.told);
    auto const pause_seconds = seconds(pause_.until() > now ? pause_.until() - now : 0);
    auto const busy = probes_.refused(now, pause_seconds) - (now - s.at) - idle_;
    idle_ = 0;
    if (s.first_after_pause && history_.count() > 1) {
      // The pause was cut short by rounding or chosen too short, which says nothing about the rate.
      if (wait >= 0) pause_.lengthen();
      ++version_;
      accepted_ = 0;
      return;
    }
    auto const demonstrated =
        history_.demonstrated(s.at, pause_seconds, phase_ == phase::start ? accepted_since_refusal_ : 0);
    switch (phase_) {
      case phase::start:
        high_ = rate_;
        low_ = rate_ / 4;
        // One request says nothing about how fast requests may come.
        if (history_.count() > 1) {
          high_ = least(rate_, 2 * (history_.peak() + demonstrated));
          low_ = least(high_ / 2, demonstrated);
        }
        // What was accepted beyond the demonstrated rate was a burst.
        burst_ = 1 + static_cast<double>(accepted_since_refusal_) * (1 - low_ / (high_ / 2));
        if (burst_ > 64) burst_ = 64;
        assumed_ = true;
        // A server that says when it allows more has demonstrated its limit, the better the more it accepted.
        reach_ = wait >= 0 ? 3.0 / static_cast<double>(accepted_since_refusal_ + 1) : unknown;
        continue_search();
        break;
      case phase::search:
        high_ = rate_;
        if (assumed_ && wait >= 0) doubt_low(busy);
        continue_search();
        break;
      case phase::steady: {
        // Some requests come too early by chance. While that costs less than a fiftieth, a lower rate would cost as much.
        if (auto const price = 50 * probes_.price(rate_); static_cast<double>(accepted_) >= price) {
          accepted_ -= static_cast<std::uint64_t>(price);
          break;
        }
        ++contradictions_;
        auto cut = 1.0 / static_cast<double>(accepted_ + 1);
        if (cut < 0.01) cut = 0.01;
        for (unsigned i = 1; i < contradictions_ && cut < 0.5; ++i) cut *= 2;
        if (cut > 0.5) cut = 0.5;
        high_ = rate_;
        auto lower = least(rate_ * (1 - cut), demonstrated);
        low_ = lower < rate_ / 2 ? rate_ / 2 : lower;
        probes_.in_vain();
        set_rate(low_);
        break;
      }
      case phase::probe:
        // Refused at the first step, there is nothing to search for in between.
        high_ = step_ > 1 ? rate_ : low_;
        probes_.in_vain();
        phase_ = phase::steady;
        set_rate(low_);
        break;
    }
    accepted_since_refusal_ = 0;
  }

 private:
  /// Where the limit is announced, only if that is slower: because others use it, too.
  [[nodiscard]] bool holds_to_what_is_left(std::int64_t now) const noexcept {
    return now < told_.until() && (announced_ == 0 || told_.spacing() > interval());
  }

  /// From one request to the next.
  [[nodiscard]] std::int64_t spacing(std::int64_t now) const noexcept {
    if (holds_to_what_is_left(now)) return told_.spacing();
    return pause_.answer_due() > interval() ? pause_.answer_due() : interval();
  }

  void limit_rate() noexcept {
    if (rate_ < slowest) rate_ = slowest;
    if (ceiling_ > 0 && rate_ > ceiling_) rate_ = ceiling_;
  }

  [[nodiscard]] bool at_ceiling() const noexcept { return ceiling_ > 0 && low_ >= ceiling_; }

  /// A blackout costs as much as a `Retry-After` that was said.
  void learn_from(blackout::finding const& found) noexcept {
    probes_.costs(found.seconds);
    if (found.rate >= rate_ || found.accepted < 16) return;
    auto const accepted = static_cast<double>(found.accepted);
    // Most of what is missing was not sent: at the beginning, rates were lower.
    if (30 * found.seconds < accepted / found.rate - accepted / rate_) return;
    burst_ = least(64, 1 + accepted * (1 - found.rate / rate_));
    low_ = found.rate;
    high_ = least(rate_, least(1.25 * found.rate, 1.03 * found.most));
    reach_ = unknown;
    continue_search();
  }

  void set_rate(double r) noexcept {
    rate_ = r;
    limit_rate();
    ++version_;
    accepted_ = 0;
  }

  /// What was demonstrated at the beginning may have been a burst. Between two refusals, for which the server says when it
  /// allows more, it accepts what its limit is, and no burst. `busy`: the time between them, as far as it was used.
  void doubt_low(std::int64_t busy) noexcept {
    auto const n = accepted_since_refusal_ == 0 ? 1 : static_cast<double>(accepted_since_refusal_);
    if (busy > 0 && 2 * n / seconds(busy) < low_) low_ = n / seconds(busy);
  }

  void continue_search() noexcept {
    if (high_ > 0 && high_ <= low_ * precision) {
      phase_ = phase::steady;
      set_rate(low_);
    } else if (high_ > 0) {
      phase_ = phase::search;
      set_rate(least(root(low_ * high_), low_ * (1 + reach_)));
    } else {
      phase_ = phase::start;
      set_rate(low_ * 2);
    }
  }

  /// Steps of 3, 7, 15, ... percent; beyond, the limit has risen for good.
  void next_step() noexcept {
    ++step_;
    if (step_ <= 5 && !at_ceiling()) return set_rate(low_ * (1 + 0.01 * static_cast<double>((2U << step_) - 1)));
    high_ = 0;
    probes_.start_over();
    phase_ = at_ceiling() ? phase::steady : phase::start;
    set_rate(at_ceiling() ? low_ : low_ * 2);
  }

  /// How many requests in a row have to be accepted before a rate counts as confirmed: so many that at this excess over the
  /// confirmed rate the server's burst would have been used up.
  [[nodiscard]] std::uint64_t needed(double excess) const noexcept {
    auto const n = excess > 0 ? burst_ * (1 + 1 / excess) : 512;
    return n < 12 ? 12 : n > 512 ? 512 : static_cast<std::uint64_t>(n);
  }

  static constexpr double precision = 1.03;
  static constexpr double unknown = 1e9;
  static constexpr double slowest = send_history::slowest;

  double ceiling_ = 0;    // 0: none
  double given_ = 0;      // the ceiling that was given at the beginning; 0: none
  double announced_ = 0;  // what the server says; 0: nothing
  double rate_;
  double low_;
  double high_ = 0;  // 0: nothing was refused yet
  phase phase_ = phase::start;
  std::uint32_t generation_ = 0;
  std::uint32_t version_ = 0;
  std::uint64_t accepted_ = 0;
  std::uint64_t accepted_since_refusal_ = 0;
  unsigned contradictions_ = 0;
  unsigned step_ = 0;
  double burst_ = 1;
  double reach_ = unknown;  // how far above the lower end the next trial goes at most
  bool assumed_ = false;    // the lower end: nothing was accepted for long enough at that rate
  std::int64_t last_grant_ = 0;
  std::int64_t idle_ = 0;  // since the last refusal: how long nothing was sent that might have been
  send_history history_;
  throttle_pause pause_;
  blackout blackout_;
  told_pace told_;
  probe_schedule probes_;
};

}  // namespace tenax::detail
