// SPDX-License-Identifier: MIT
// gate/adaptive/detail/bracket.hpp: the bracket of the rate search: between a confirmed and a refused rate.
#pragma once

#include <cstdint>

#include <tenax/gate/adaptive/detail/blackout.hpp>
#include <tenax/gate/adaptive/detail/probe_schedule.hpp>
#include <tenax/gate/adaptive/detail/send_history.hpp>
#include <tenax/gate/detail/rate_math.hpp>

namespace tenax::detail {

/// The phases of a search for a rate.
enum class search_phase : unsigned char {
  start,   ///< doubles the rate until a request is refused
  search,  ///< tries rates between a confirmed and a refused one
  steady,  ///< keeps the confirmed rate
  probe    ///< tries a slightly higher rate
};

/// Knows the highest confirmed and the lowest refused rate, and tries their geometric mean. When both are nearly equal,
/// keeps the confirmed one and probes above it from time to time. Rates are per second.
///
/// A value: it can be copied, and the copy restored.
class rate_bracket {
 public:
  using phase = search_phase;

  /// What a refusal says besides that the rate is too high.
  struct refusal {
    double demonstrated = 0;  // a rate that the server demonstrably allowed
    double peak = 0;          // how fast the last few requests were sent
    bool accepted = true;     // some request was accepted since the previous refusal
    bool told = false;        // the server said how long to wait
    double share = 1;         // the share of requests that was refused at similar rates
    std::int64_t busy = 0;    // how long requests were sent since the previous refusal, in nanoseconds
  };

  /// Begins with a guess. No rate is below `floor`, unless a ceiling is lower.
  rate_bracket(double guess, double floor) : floor_(floor > slowest ? floor : slowest), rate_(guess), low_(guess) {
    limit_rate();
  }

  [[nodiscard]] double rate() const noexcept { return rate_; }
  [[nodiscard]] phase current_phase() const noexcept { return phase_; }
  /// The time from one request to the next, in nanoseconds.
  [[nodiscard]] std::int64_t interval() const noexcept { return interval_; }
  static constexpr std::int64_t interval_of(double rate) noexcept {
    constexpr std::int64_t longest = INT64_MAX / 4;  // so that sums of a few do not overflow
    auto const ns = 1e9 / rate;
    return ns < static_cast<double>(longest) ? static_cast<std::int64_t>(ns) + 1 : longest;
  }
  /// The version of the rate: an answer counts only for the rate at which its request was sent.
  [[nodiscard]] std::uint32_t version() const noexcept { return version_; }

  /// Begins at `limit`, and never exceeds it.
  void begin_at(double limit) noexcept {
    given_ = ceiling_ = low_ = high_ = rate_ = limit;
    interval_ = interval_of(limit);
    phase_ = phase::steady;
  }

  /// The server says that it allows `limit`. The rate is kept half a percent below. Returns whether the search starts
  /// there anew.
  bool announced(double limit) noexcept {
    bool const as_announced = announced_ == 0 || (phase_ == phase::steady && low_ >= ceiling_);
    announced_ = limit;
    ceiling_ = given_ > 0 ? least(given_, 0.995 * limit) : 0.995 * limit;
    if (!as_announced && low_ <= ceiling_) {
      high_ = high_ > 0 ? least(high_, ceiling_) : ceiling_;
      limit_rate();
      return false;
    }
    low_ = high_ = ceiling_;
    phase_ = phase::steady;
    contradictions_ = 0;
    probes_.start_over();
    set_rate(ceiling_);
    return true;
  }
  [[nodiscard]] double announced_limit() const noexcept { return announced_; }

  /// A paced request was accepted at this rate.
  void accepted(std::int64_t now) noexcept {
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
          max_step_up_ = unknown;
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

  /// Any request was accepted.
  void note_accepted() noexcept { ++accepted_since_refusal_; }
  [[nodiscard]] std::uint64_t accepted_since_refusal() const noexcept { return accepted_since_refusal_; }

  /// A refusal costs a pause. Returns how long ago the last refusal was.
  std::int64_t costs(std::int64_t now, double pause_seconds) noexcept { return probes_.refused(now, pause_seconds); }

  /// The pause before a refusal was too short, which says nothing about the rate.
  void refused_after_pause() noexcept {
    ++version_;
    accepted_ = 0;
  }

  /// A request was refused at this rate.
  void refused(refusal const& r) noexcept {
    switch (phase_) {
      case phase::start:
        high_ = rate_;
        low_ = rate_ / 4;
        // While none was accepted, requests under way together say nothing about the allowed rate.
        if (r.accepted) {
          high_ = least(rate_, 2 * (r.peak + r.demonstrated));
          low_ = least(high_ / 2, r.demonstrated);
        }
        // What was accepted beyond the demonstrated rate was a burst.
        burst_ = 1 + static_cast<double>(accepted_since_refusal_) * (1 - low_ / (high_ / 2));
        if (burst_ > 64) burst_ = 64;
        assumed_ = true;
        // A server that says when it allows more has demonstrated its limit; the more it accepted, the more precisely.
        max_step_up_ = r.told ? 3.0 / static_cast<double>(accepted_since_refusal_ + 1) : unknown;
        continue_search();
        break;
      case phase::search:
        high_ = rate_;
        if (assumed_ && r.told) distrust_low(r.busy);
        continue_search();
        break;
      case phase::steady: {
        // Some requests come too early by chance. While that costs less than a fiftieth, a lower rate would cost as
        // much.
        if (auto const price = 50 * probes_.price(rate_); static_cast<double>(accepted_) >= price) {
          accepted_ -= static_cast<std::uint64_t>(price);
          break;
        }
        ++contradictions_;
        auto cut = 1.0 / static_cast<double>(accepted_ + 1);
        if (cut < 0.01) cut = 0.01;
        for (unsigned i = 1; i < contradictions_ && cut < 0.5; ++i) cut *= 2;
        if (cut > 0.5) cut = 0.5;
        if (!r.told && cut > r.share) cut = r.share > 0.1 ? r.share : least(cut, 0.1);
        high_ = rate_;
        auto lower = least(rate_ * (1 - cut), r.demonstrated);
        low_ = lower < rate_ / 2 ? rate_ / 2 : lower;
        probes_.in_vain();
        set_rate(low_);
        break;
      }
      case phase::probe:
        // Refused at the first step: there is no rate in between to search for.
        high_ = step_ > 1 ? rate_ : low_;
        probes_.in_vain();
        phase_ = phase::steady;
        set_rate(low_);
        break;
    }
    accepted_since_refusal_ = 0;
  }

  /// A blackout costs as much as a `Retry-After`.
  void learn_from(blackout::finding const& found) noexcept {
    probes_.costs(found.seconds);
    if (found.rate >= rate_ || found.accepted < 16) return;
    auto const accepted = static_cast<double>(found.accepted);
    // Most of the missing requests were never sent, because rates were lower at the beginning.
    if (30 * found.seconds < accepted / found.rate - accepted / rate_) return;
    burst_ = least(64, 1 + accepted * (1 - found.rate / rate_));
    low_ = found.rate;
    high_ = least(rate_, least(1.25 * found.rate, 1.03 * found.most));
    max_step_up_ = unknown;
    continue_search();
  }

  /// Refusals do not depend on the rate: `r` is as good as the present lower end.
  void raise_to(double r) noexcept {
    low_ = r;
    high_ = 0;
    phase_ = phase::steady;
    contradictions_ = 0;
    probes_.start_over();
    set_rate(r);
  }

  /// Goes back to an earlier state. Answers to requests sent meanwhile do not count.
  void go_back_to(rate_bracket const& before) noexcept {
    auto const version = version_;
    *this = before;
    version_ = version + 1;
  }

 private:
  void limit_rate() noexcept {
    if (rate_ < floor_) rate_ = floor_;
    if (ceiling_ > 0 && rate_ > ceiling_) rate_ = ceiling_;
    interval_ = interval_of(rate_);
  }

  [[nodiscard]] bool at_ceiling() const noexcept { return ceiling_ > 0 && low_ >= ceiling_; }

  void set_rate(double r) noexcept {
    auto const lowest = ceiling_ > 0 ? least(floor_, ceiling_) : floor_;
    if (low_ < lowest) low_ = lowest;
    rate_ = r;
    limit_rate();
    ++version_;
    accepted_ = 0;
  }

  /// At the beginning, the demonstrated rate may have been a burst. Between two refusals with a server wait, the server
  /// accepts its limit and no burst. `busy`: the time between them in which requests were sent.
  void distrust_low(std::int64_t busy) noexcept {
    auto const n = accepted_since_refusal_ == 0 ? 1 : static_cast<double>(accepted_since_refusal_);
    if (busy > 0 && 2 * n / seconds(busy) < low_) low_ = n / seconds(busy);
  }

  void continue_search() noexcept {
    if (high_ > 0 && high_ <= low_ * precision) {
      phase_ = phase::steady;
      set_rate(low_);
    } else if (high_ > 0) {
      phase_ = phase::search;
      set_rate(least(root(low_ * high_), low_ * (1 + max_step_up_)));
    } else {
      phase_ = phase::start;
      set_rate(low_ * 2);
    }
  }

  /// Steps of 3, 7, 15, ... percent; beyond that, the limit has risen for good.
  void next_step() noexcept {
    ++step_;
    if (step_ <= 5 && !at_ceiling()) return set_rate(low_ * (1 + 0.01 * static_cast<double>((2U << step_) - 1)));
    high_ = 0;
    probes_.start_over();
    phase_ = at_ceiling() ? phase::steady : phase::start;
    set_rate(at_ceiling() ? low_ : low_ * 2);
  }

  /// How many requests in a row have to be accepted before a rate counts as confirmed: so many that, with this excess
  /// over the confirmed rate, they would have used up the server's burst.
  [[nodiscard]] std::uint64_t needed(double excess) const noexcept {
    auto const n = excess > 0 ? burst_ * (1 + 1 / excess) : 512;
    return n < 12 ? 12 : n > 512 ? 512 : static_cast<std::uint64_t>(n);
  }

  static constexpr double precision = 1.03;
  static constexpr double unknown = 1e9;
  static constexpr double slowest = send_history::slowest;

  double floor_;          // the lowest rate
  double ceiling_ = 0;    // 0: none
  double given_ = 0;      // the ceiling given at the beginning; 0: none
  double announced_ = 0;  // the limit that the server announced; 0: none
  double rate_;
  std::int64_t interval_ = 0;
  double low_;
  double high_ = 0;  // 0: nothing was refused yet
  phase phase_ = phase::start;
  std::uint32_t version_ = 0;
  std::uint64_t accepted_ = 0;
  std::uint64_t accepted_since_refusal_ = 0;
  unsigned contradictions_ = 0;
  unsigned step_ = 0;
  double burst_ = 1;
  double max_step_up_ = unknown;  // the greatest distance of the next trial from the lower end
  bool assumed_ = false;          // whether the lower end was never confirmed by enough requests
  probe_schedule probes_;
};

}  // namespace tenax::detail
