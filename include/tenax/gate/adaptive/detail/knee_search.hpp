// SPDX-License-Identifier: MIT
// gate/adaptive/detail/knee_search.hpp: finds how many requests at once a server can use, from their round trips.
#pragma once

#include <bit>
#include <cstdint>

#include <tenax/duration.hpp>
#include <tenax/gate/detail/rate_math.hpp>

namespace tenax::detail {

/// Base-2 logarithm of a number of nanoseconds of at least 1, with an error below 0.01. Needs no <cmath>.
constexpr double rough_log2(duration d) noexcept {
  auto const n = static_cast<std::uint64_t>(d.count() < 1 ? 1 : d.count());
  auto const whole = std::bit_width(n) - 1;
  double const part = static_cast<double>(n) / static_cast<double>(std::uint64_t(1) << whole) - 1;
  return static_cast<double>(whole) + part * (1.3465 - 0.3465 * part);
}

/// The same of a ratio of two numbers above zero.
constexpr double rough_log2(double numerator, double denominator) noexcept {
  constexpr double scale = 1 << 10;
  auto const log = [](double x) { return rough_log2(duration(static_cast<duration::rep>(x * scale))); };
  return log(numerator) - log(denominator);
}

/// Square root of a number of at least 1, with an error below 0.2 %.
constexpr double rough_root(double x) noexcept {
  auto const guess = std::bit_cast<double>((std::bit_cast<std::uint64_t>(x) >> 1) + 0x1ff7'a3be'a91d'9b1b);
  return (guess + x / guess) / 2;
}

/// Searches for the knee: the number of requests at once above which the server answers later, and not more.
///
/// Requests are measured in blocks: some at the lower number of places, twice as many at a higher one, then again some
/// at the lower one, so that a steady change of the server cancels out. By Little's law, goodput = places / round trip.
/// Where the round trip does not depend on the number of places, more places give as much more goodput; where it grows
/// in proportion, none. The search steps up while less than seven tenths of the additional places are lost, and
/// down otherwise. The mean is that of square roots, and the result of a block is bounded, so that pauses of the server
/// and slow kinds of requests count little. The more round trips differ, the more requests are measured.
///
/// The search compares the present with the present. So it never has to make the server idle in order to measure a
/// baseline, and no baseline can drift. It remembers the shortest round trip, which grows by at most 5 % in an hour.
/// While round trips are longer than that, other clients of the server may be the reason: steps up need more evidence,
/// and above 1.6 times the shortest round trip the limit grows by at most a quarter.
/// Callers that use all places, but no more, may be too many: sometimes the present places are compared with fewer.
///
/// Thread safety: unsafe.
class knee_search {
 public:
  /// What a request is part of.
  struct sample {
    std::uint32_t block = 0;  ///< 0: not measured
    bool high = false;
  };

  /// How a request ended.
  enum class result : unsigned char {
    good,
    bad,
    overloaded,  ///< bad, and the server says that it has too many requests
    unknown      ///< it says nothing about the server
  };

  knee_search(double start, double least, double most) noexcept : places_(start), least_(least), most_(most) {
    begin_block();
  }

  /// The number of places now.
  [[nodiscard]] std::uint32_t limit() const noexcept { return phase_ == rising ? high_ : low_; }
  /// The number of places that the search found, without its trials.
  [[nodiscard]] double found() const noexcept { return places_; }
  /// The usual round trip; zero if not known.
  [[nodiscard]] duration round_trip() const noexcept { return to_duration(recent_); }
  /// The shortest usual round trip; zero if not known.
  [[nodiscard]] duration least_round_trip() const noexcept { return to_duration(shortest_); }

  /// A request starts, the `in_flight`th one.
  sample started(std::uint32_t in_flight) noexcept {
    ++starts_;
    if (phase_ == draining) {
      if (starts_ > 16 * std::uint64_t(low_)) end_block_soon_ = true;
      return {};
    }
    if (starts_ <= limit()) return {};  // the round trips of the last phase have not ended yet
    auto& side = sides_[phase_ == rising];
    side.in_flight += in_flight;
    ++side.started;
    ++open_;
    sample const s{block_, phase_ == rising};
    if (starts_ == limit() + size_ * (phase_ == rising ? 2 : 1)) next_phase();
    return s;
  }

  /// A request has ended.
  void ended(sample s, duration took, result how, time_point now) noexcept {
    if (s.block == block_) {
      --open_;
      auto& side = sides_[s.high];
      if (how == result::good) {
        double const time = static_cast<double>(took.count() < 1 ? 1 : took.count());
        side.roots += rough_root(time);
        side.times += time;
        ++side.good;
      } else if (how != result::unknown) {
        ++side.bad;
        if (how == result::overloaded || took > 2 * round_trip()) ++side.late;
      }
    }
    if (phase_ == draining && (open_ == 0 || end_block_soon_)) end_block(now);
  }

  /// Changes the least and the most places, and forgets the round trips.
  void set_range(double least, double most) noexcept {
    least_ = least;
    most_ = most;
    places_ = clamp(places_);
    recent_ = shortest_ = held_ = 0;
    begin_block();
  }

 private:
  enum phase : unsigned char { low_first, rising, low_again, draining };

  struct measured {
    double roots = 0;  // sum of square roots of round trips
    double times = 0;  // sum of round trips
    std::uint64_t in_flight = 0;
    std::uint32_t started = 0;
    std::uint32_t good = 0;
    std::uint32_t bad = 0;
    std::uint32_t late = 0;  // of the bad ones: the server is overloaded

    [[nodiscard]] double mean() const noexcept { return (roots / good) * (roots / good); }
    // Relative variance of the mean of one round trip.
    [[nodiscard]] double spread() const noexcept {
      double const v = 4 * (times / good / mean() - 1);
      return v < 0 ? 0 : v;
    }
    [[nodiscard]] double share() const noexcept { return static_cast<double>(good) / (good + bad); }
    [[nodiscard]] double level() const noexcept { return static_cast<double>(in_flight) / started; }
  };

  static duration to_duration(double log) noexcept {
    if (log <= 0) return duration::zero();
    auto const whole = static_cast<int>(log);
    double const part = log - whole;
    // The inverse of `rough_log2`, within 1 %.
    return duration(static_cast<duration::rep>(static_cast<double>(std::uint64_t(1) << whole) *
                                               (1 + part * (0.6602 + 0.3398 * part))));
  }

  [[nodiscard]] double clamp(double places) const noexcept {
    return places < least_ ? least_ : places > most_ ? most_ : places;
  }

  void begin_block() noexcept {
    if (++block_ == 0) ++block_;
    low_ = static_cast<std::uint32_t>(places_ + 0.5);
    high_ = static_cast<std::uint32_t>(places_ * step_apart + 0.5);
    if (high_ <= low_) high_ = low_ + 1;
    if (below_ || high_ > most_) {
      high_ = below_ ? low_ : static_cast<std::uint32_t>(most_);
      low_ = static_cast<std::uint32_t>(static_cast<double>(high_) / step_apart + 0.5);
      if (low_ >= high_ && high_ > 1) low_ = high_ - 1;
      // If there is no room for a trial, the places stay as they are.
      if (low_ < least_) low_ = static_cast<std::uint32_t>(least_);
    }
    auto const least = 2 * low_ < 16 ? 16 : 2 * low_;
    auto const wanted = 120 * spread_;
    size_ = wanted < least ? least : wanted > 64.0 * least ? 64 * least : static_cast<std::uint32_t>(wanted);
    phase_ = low_first;
    starts_ = 0;
    open_ = 0;
    end_block_soon_ = false;
    sides_[0] = sides_[1] = {};
  }

  void next_phase() noexcept {
    phase_ = static_cast<phase>(phase_ + 1);
    starts_ = 0;
  }

  void end_block(time_point now) noexcept {
    judge(now);
    begin_block();
  }

  void judge(time_point now) noexcept {
    auto const& low = sides_[0];
    auto const& high = sides_[1];
    constexpr std::uint32_t enough = 4;
    if (low.good < enough || high.good < enough) {
      if (low.late + high.late < enough || low.late + high.late <= low.good + high.good) return;
      spread_ = 0;  // measures few requests, so that the next steps follow soon
      return step(false, true);
    }
    double const log = rough_log2(duration(static_cast<duration::rep>(low.mean())));
    remember(log, now);
    spread_ += (low.spread() - spread_) / 4;
    double const span = rough_log2(high.level(), low.level());
    double const wanted = rough_log2(high_, low_);
    if (high_ == low_ || span < wanted / 2 || span <= 0) return note_unused(low.level() > 0.9 * low_);
    double const later = rough_log2(high.mean(), low.mean());
    double const worse = rough_log2(low.share(), high.share());
    double const lost = (later + worse) / span;  // the share of the additional places that gave nothing
    // Other clients of the server may share the blame for long round trips: then each of them gains by more places, and
    // all lose. So above 1.6 times the shortest round trip, the limit grows by at most a quarter.
    if (recent_ - shortest_ < 0.7) {
      held_ = 0;
    } else if (held_ == 0) {
      held_ = 1.25 * places_;  // the search may have been below the knee at this moment
    }
    // Round trips may be a third longer than the shortest; the search trusts steps up less if they are longer.
    double excess = (log > recent_ ? log : recent_) - shortest_ - 0.4;
    excess = excess < 0 ? 0 : excess > 0.6 ? 0.6 : excess;
    // Where round trips differ much, results are uncertain, and some waiting hardly makes requests later.
    double const bearable = 0.7 + 0.12 * (spread_ < 1 ? spread_ : 1) - excess * (0.3 / 0.6);
    double d = (lost - bearable) / (lost > bearable ? 1 - bearable : 0.5);
    d = d < -1 ? -1 : d > 1 ? 1 : d;
    // Two such blocks in a row step further. A result that no server can have is noise.
    bool const clear = (d == 1 || d == -1) && lost > -0.5 && lost < 1.5 && evidence_ * d >= 0 && (d > 0 || excess == 0);
    evidence_ += d;
    if (below_ && evidence_ < 1) return end_trial_below();
    if (evidence_ > -1 && evidence_ < 1) return;
    step(evidence_ < 0, clear);
    evidence_ = 0;
    if (below_) unused_blocks_ = 1;
    below_ = false;
  }

  /// There were not enough requests to use more places. `full`: they used the present ones, so fewer may be better.
  void note_unused(bool full) noexcept {
    if (recent_ > calm_ + 0.25) unused_blocks_ = 1;
    below_ = full && !below_ && ++unused_ >= unused_blocks_;
    if (below_) evidence_ = unused_ = 0;
  }

  /// Fewer places are not better. A trial delays requests, so the next one comes later, unless round trips get longer.
  void end_trial_below() noexcept {
    below_ = evidence_ > 0;
    if (below_) return;
    evidence_ = 0;
    calm_ = recent_;
    unused_blocks_ = unused_blocks_ < 64 ? 2 * unused_blocks_ : 64;
  }

  void step(bool up, bool clear) noexcept {
    bool const again = clear && up == last_up_;
    stride_ = again ? 2 * stride_ : 0.1;
    if (stride_ > (up ? 0.4 : 0.5)) stride_ = up ? 0.4 : 0.5;
    last_up_ = up;
    places_ = clamp(places_ * (up ? 1 + stride_ : 1 - stride_));
    if (held_ > 0 && places_ > held_) places_ = held_;
  }

  void remember(double log, time_point now) noexcept {
    recent_ = recent_ <= 0 ? log : recent_ + (log - recent_) / 4;
    log = recent_;
    if (shortest_ <= 0 || log < shortest_) {
      shortest_ = log;
    } else {
      constexpr double an_hour = 3600e9;
      constexpr double five_percent = 0.0704;  // log2(1.05)
      auto const passed = static_cast<double>(saturating_between(remembered_at_, now).count());
      double const grown = shortest_ + five_percent * (passed < 0 ? 0 : passed) / an_hour;
      shortest_ = grown < log ? grown : log;
    }
    remembered_at_ = now;
  }

  static constexpr double step_apart = 1.2;

  double places_;
  double least_;
  double most_;
  double evidence_ = 0;
  double spread_ = 1;
  double stride_ = 0.1;
  double recent_ = 0;
  double shortest_ = 0;
  double held_ = 0;  ///< while round trips are long: the most places; zero: as many as are useful
  time_point remembered_at_{};
  std::uint64_t starts_ = 0;
  std::uint32_t block_ = 0;
  std::uint32_t low_ = 1, high_ = 2;
  std::uint32_t size_ = 16;
  std::uint32_t open_ = 0;
  phase phase_ = low_first;
  bool last_up_ = true;
  bool end_block_soon_ = false;
  bool below_ = false;               ///< this block compares the present places with fewer ones
  std::uint32_t unused_ = 0;         ///< blocks without enough requests, since the last trial of fewer places
  std::uint32_t unused_blocks_ = 1;  ///< so many of them before a trial
  double calm_ = 0;                  ///< the usual round trip when fewer places were not better
  measured sides_[2]{};
};

}  // namespace tenax::detail
