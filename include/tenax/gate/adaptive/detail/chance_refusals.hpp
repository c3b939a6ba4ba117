// SPDX-License-Identifier: MIT
// gate/adaptive/detail/chance_refusals.hpp: recognizes refusals that do not depend on the rate.
#pragma once

#include <cstdint>

#include <tenax/gate/detail/rate_math.hpp>

namespace tenax::detail {

/// Distinguishes refusals that a lower rate would avoid from those that come at any rate: a server that always refuses
/// some requests (a wrong id, a limit for each document) refuses the same share of them at a lower rate.
///
/// When some requests were refused at a rate far below a proven one, a rate half as high again is tried. If no larger
/// share is refused there, that share is chance: it does not lower the rate, and the search goes back to the proven
/// rate. A share above three tenths is never chance.
class chance_refusals {
 public:
  enum class verdict : unsigned char {
    real,     ///< the rate is too high
    chance,   ///< the refusal says nothing about the rate
    try_up,   ///< may be chance: a trial of the rate `trial()` begins now
    give_up,  ///< the tried rate is too high: back to the one before
  };

  /// A rate at which requests were accepted.
  [[nodiscard]] constexpr double proven() const noexcept { return proven_; }
  /// The rate of a trial.
  [[nodiscard]] constexpr double trial() const noexcept { return trial_; }

  /// A request that was answered.
  struct request {
    float rate = 0;          // at which it followed the previous request; 0: unknown
    bool paced = false;      // `rate` is about the allowed one
    bool confirmed = false;  // some requests were already accepted at `rate`
  };

  /// The request was accepted. `version`: the number of the allowed rate. True if this ends a trial well.
  constexpr bool accepted(request const& r, std::uint32_t version) noexcept {
    double const rate = r.rate;
    count_answer(r, version, false);
    if (rate > proven_ && here_.n - here_.k >= (proven_ == 0 ? first_proof : proof) && here_.k <= most * here_.n)
      proven_ = rate;
    bool const well = trying_ && here_.n >= trial_length && low_.k + here_.k <= most * (low_.n + here_.n);
    if (well) {
      // The trial keeps the share that was seen at lower rates.
      share_ = (low_.k + here_.k) / (low_.n + here_.n);
      trusted_ = trusted_refusals;
      needed_ = few;
      end_trial();
    }
    run_ += 1;
    // By chance, such a long run of accepted requests happens only once in 150 times: so refusals by chance have ended.
    if (share_ > 0 && run_ * share_ > unlikely_run) share_ = 0;
    return well;
  }

  /// The share that is refused at rates far below the proven one; 1 as long as it is unknown. A limit is not lower than
  /// that share below the rate.
  [[nodiscard]] constexpr double share_below(double rate) const noexcept {
    return rate > much_lower * proven_ || low_.n < fewest || low_.k < 2 ? 1 : low_.k / low_.n;
  }

  /// The same for a request that was refused.
  constexpr verdict refused(request const& r, std::uint32_t version) noexcept {
    double const rate = r.rate;
    count_answer(r, version, true);
    run_ = 0;
    if (trying_) {
      if (here_.k <= most * here_.n + 2 && usual(low_.k / low_.n)) return verdict::chance;
      proven_ = below_failed_trial * trial_;
      needed_ *= 2;
      end_trial();
      return verdict::give_up;
    }
    if (share_ > 0) {
      // A share that was seen once is not trusted for ever.
      if (--trusted_ <= 0) share_ = 0;
      return usual(share_) ? verdict::chance : verdict::real;
    }
    if (rate > much_lower * proven_ || low_.n < fewest || low_.k > most * low_.n) return verdict::real;
    if (low_.k < needed_ || low_.k < least_share * low_.n) return verdict::real;
    trying_ = true;
    trial_ = least(proven_, trial_factor * rate);
    here_ = {};
    return verdict::try_up;
  }

 private:
  static constexpr double much_lower = 0.7;                  // than the proven rate
  static constexpr double few = 4;                           // refusals that begin the first trial
  static constexpr double fewest = 8;                        // requests that show a share
  static constexpr double most = 0.3;                        // a greater share is never chance
  static constexpr double least_share = 0.005;               // a smaller share costs less than trials
  static constexpr double first_proof = 5;                   // accepted requests that prove a rate for the first time
  static constexpr double proof = 12;                        // and later
  static constexpr double trial_factor = 1.5;                // how far a trial goes up
  static constexpr double trial_length = 24;                 // requests
  static constexpr double below_failed_trial = 0.9;          // the proven rate after a trial that failed
  static constexpr int trusted_refusals = 500;               // for how many refusals a share is trusted
  static constexpr double unlikely_run = 5;                  // e^-5 is 1/150
  static constexpr double kept_here = 128, kept_low = 1024;  // older requests count half

  struct count {
    double n = 0;  // requests
    double k = 0;  // refused
  };

  constexpr void count_answer(request const& r, std::uint32_t version, bool refused) noexcept {
    if (version != version_) {
      version_ = version;
      here_ = {};
    }
    if (!r.paced) return;
    add(here_, refused, kept_here);
    if (trying_ || !r.confirmed) return;
    if (static_cast<double>(r.rate) > much_lower * proven_) {
      low_ = {};
    } else {
      add(low_, refused, kept_low);
    }
  }

  static constexpr void add(count& c, bool refused, double limit) noexcept {
    c.n += 1;
    c.k += refused ? 1 : 0;
    if (c.n > limit) c.n /= 2, c.k /= 2;
  }

  /// Whether the refused share at the present rate is not above the chance share.
  [[nodiscard]] constexpr bool usual(double share) const noexcept {
    auto const expected = here_.n * share;
    constexpr double deviations = 3;
    return here_.k <= expected + deviations * root(expected) + 1;
  }

  constexpr void end_trial() noexcept {
    trying_ = false;
    low_ = {};
  }

  std::uint32_t version_ = 0;
  double proven_ = 0;
  double share_ = 0;     // the share that is refused by chance; 0: unknown
  int trusted_ = 0;      // for how many refusals `share_` is still trusted
  double run_ = 0;       // requests accepted in a row
  double needed_ = few;  // refusals that begin a trial
  bool trying_ = false;
  double trial_ = 0;  // the rate of the last trial
  count here_;        // at the present rate
  count low_;         // at rates far below the proven one
};

}  // namespace tenax::detail
