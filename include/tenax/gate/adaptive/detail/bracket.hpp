// SPDX-License-Identifier: MIT
// gate/adaptive/detail/bracket.hpp: the bracket of the rate search: between a confirmed and a refused rate.
#pragma once

#include <cstdint>

#include <tenax/gate/adaptive/detail/blackout.hpp>
#include <tenax/gate/adaptive/detail/probe_schedule.hpp>
#include <tenax/gate/adaptive/detail/search_phase.hpp>
#include <tenax/gate/adaptive/detail/search_rules.hpp>
#include <tenax/gate/adaptive/detail/send_history.hpp>
#include <tenax/gate/detail/rate_math.hpp>

namespace tenax::detail {

/// Knows the highest confirmed and the lowest refused rate, and tries their geometric mean. When both are nearly equal,
/// keeps the confirmed one and probes above it from time to time. Rates are per second.
///
/// A value: it can be copied, and the copy restored.
class rate_bracket {
 public:
  using phase = search_phase;
  using refusal = rate_refusal;

  /// Begins with a guess. No rate is below `floor`, unless a ceiling is lower.
  constexpr rate_bracket(double guess, double floor) noexcept
      : floor_(floor > slowest ? floor : slowest), rate_(guess), low_(guess) {
    limit_rate();
  }

  [[nodiscard]] constexpr double rate() const noexcept { return rate_; }
  [[nodiscard]] constexpr phase current_phase() const noexcept { return phase_; }
  /// The time from one request to the next, in nanoseconds.
  [[nodiscard]] constexpr std::int64_t interval() const noexcept { return interval_; }
  /// The version of the rate: an answer counts only for the rate at which its request was sent.
  [[nodiscard]] constexpr std::uint32_t version() const noexcept { return version_; }

  /// Begins at `limit`, and never exceeds it.
  constexpr void begin_at(double limit) noexcept {
    given_ = ceiling_ = low_ = high_ = rate_ = limit;
    interval_ = search_rules::interval_of(limit);
    phase_ = phase::steady;
  }

  /// The server says that it allows `limit`. The rate is kept half a percent below. Returns whether the search starts
  /// there anew.
  constexpr bool announced(double limit) noexcept {
    bool const as_announced = announced_ == 0 || (phase_ == phase::steady && low_ >= ceiling_);
    announced_ = limit;
    ceiling_ = search_rules::below_announced * limit;
    if (given_ > 0) ceiling_ = least(given_, ceiling_);
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
  [[nodiscard]] constexpr double announced_limit() const noexcept { return announced_; }

  /// A paced request was accepted at this rate. Answers take about `round_trip`.
  constexpr void accepted(std::int64_t now, std::int64_t round_trip) noexcept {
    ++accepted_;
    switch (phase_) {
      case phase::start: return accepted_in_start(round_trip);
      case phase::search: return accepted_in_search();
      case phase::steady: return accepted_in_steady(now);
      case phase::probe: return accepted_in_probe();
    }
  }

  /// Any request was accepted.
  constexpr void note_accepted() noexcept { ++accepted_since_refusal_; }
  [[nodiscard]] constexpr std::uint64_t accepted_since_refusal() const noexcept { return accepted_since_refusal_; }

  /// A refusal costs a pause. Returns how long ago the last refusal was.
  constexpr std::int64_t costs(std::int64_t now, double pause_seconds) noexcept {
    return probes_.refused(now, pause_seconds);
  }

  /// The pause before a refusal was too short, which says nothing about the rate.
  constexpr void refused_after_pause() noexcept { ++version_, accepted_ = 0; }

  /// A request was refused at this rate.
  constexpr void refused(refusal const& r) noexcept {
    switch (phase_) {
      case phase::start: refused_in_start(r); break;
      case phase::search: refused_in_search(r); break;
      case phase::steady: refused_in_steady(r); break;
      case phase::probe: refused_in_probe(r.told); break;
    }
    accepted_since_refusal_ = 0;
  }

  /// A blackout costs as much as a `Retry-After`.
  constexpr void learn_from(blackout::finding const& found) noexcept {
    probes_.costs(found.seconds);
    if (found.rate >= rate_ || found.accepted < search_rules::telling_blackout) return;
    auto const accepted = static_cast<double>(found.accepted);
    // Most of the missing requests were never sent, because rates were lower at the beginning.
    if (search_rules::blackout_share * found.seconds < accepted / found.rate - accepted / rate_) return;
    burst_ = search_rules::burst_of(accepted, found.rate / rate_);
    low_ = found.rate;
    high_ = least(rate_, least(search_rules::above_found * found.rate, search_rules::above_most * found.most));
    max_step_up_ = search_rules::unlimited;
    continue_search();
  }

  /// Refusals do not depend on the rate: `r` is as good as the present lower end.
  constexpr void raise_to(double r) noexcept {
    low_ = r, high_ = 0;
    phase_ = phase::steady;
    contradictions_ = 0;
    probes_.start_over();
    set_rate(r);
  }

  /// Goes back to an earlier state. Answers to requests sent meanwhile do not count.
  constexpr void go_back_to(rate_bracket before) noexcept {
    before.version_ = version_ + 1;
    *this = before;
  }

 private:
  /// Doubles the rate until it is refused.
  constexpr void accepted_in_start(std::int64_t round_trip) noexcept {
    if (static_cast<double>(accepted_) < search_rules::before_doubling(rate_ * seconds(round_trip))) return;
    low_ = rate_;
    if (at_ceiling()) phase_ = phase::steady;
    set_rate(rate_ * 2);
  }

  /// Everything refused is above the limit; what was accepted may have been a burst.
  constexpr void refused_in_start(refusal const& r) noexcept {
    high_ = rate_;
    low_ = rate_ / 4;
    // While none was accepted, requests under way together say nothing about the allowed rate.
    if (r.accepted) {
      high_ = least(rate_, 2 * (r.peak + r.demonstrated));
      low_ = least(high_ / 2, r.demonstrated);
    }
    burst_ = search_rules::burst_of(static_cast<double>(accepted_since_refusal_), low_ / (high_ / 2));
    assumed_ = !r.told || low_ > proven_;
    if (!assumed_) low_ = proven_;
    max_step_up_ = assumed_ ? search_rules::first_step_up(r.told, accepted_since_refusal_) : search_rules::unlimited;
    continue_search();
  }

  /// Confirms the tried rate: it is the lower end now.
  constexpr void accepted_in_search() noexcept {
    if (!confirmed()) return;
    low_ = rate_;
    assumed_ = false;
    max_step_up_ = search_rules::unlimited;
    continue_search();
  }

  /// The tried rate is the upper end now.
  constexpr void refused_in_search(refusal const& r) noexcept {
    high_ = rate_;
    if (r.told && r.cycle > 0) learn_from_cycle(r.cycle);
    continue_search();
  }

  /// Keeps the rate, until there is a reason to search or to probe.
  constexpr void accepted_in_steady(std::int64_t now) noexcept {
    if (accepted_ >= search_rules::calm_after) contradictions_ = 0;
    probes_.holds(now, low_);
    if (auto const lost = probes_.comes_back(now, low_); lost > 0) {
      step_ = comes_back;
      phase_ = phase::probe;
      set_rate(lost);
    } else if (high_ > low_ * search_rules::room_above && accepted_ >= search_rules::search_after) {
      continue_search();
    } else if (probes_.due(now, accepted_)) {
      step_ = 0;
      phase_ = phase::probe;
      next_step();
    }
  }

  /// Lowers the rate, unless the refusal costs no more than a lower rate would.
  constexpr void refused_in_steady(refusal const& r) noexcept {
    if (auto const price = search_rules::fair_share * probes_.price(rate_); static_cast<double>(accepted_) >= price) {
      accepted_ -= static_cast<std::uint64_t>(price);
      return;
    }
    auto const cut = search_rules::cut_after(accepted_, ++contradictions_, r.told, r.share);
    high_ = rate_, max_step_up_ = search_rules::unlimited;
    if (rate_ <= proven_) proven_ = 0;
    auto const lower = least(rate_ * (1 - cut), r.told && r.demonstrated < proven_ ? proven_ : r.demonstrated);
    low_ = lower < rate_ / 2 ? rate_ / 2 : lower;
    contradictions_ > search_rules::moved ? probes_.start_over() : probes_.in_vain();
    probes_.lost(rate_);
    set_rate(low_);
  }

  constexpr void accepted_in_probe() noexcept {
    if (!confirmed()) return;
    low_ = rate_;
    if (step_ != comes_back && !fine_) return next_step();
    step_ == comes_back ? probes_.start_over() : static_cast<void>(fine_ = false);
    return_to_low();
  }

  /// Refused at the first step: there is no rate in between to search for.
  constexpr void refused_in_probe(bool told) noexcept {
    if (step_ == comes_back) return return_to_low();
    auto const refused = step_ > 1 ? rate_ : low_;
    fine_ = told && step_ == 1 && !fine_;
    probes_.in_vain();
    return_to_low();
    high_ = refused;
  }

  constexpr void return_to_low() noexcept {
    high_ = low_;
    phase_ = phase::steady;
    set_rate(low_);
  }

  constexpr void limit_rate() noexcept {
    if (rate_ < floor_) rate_ = floor_;
    if (ceiling_ > 0 && rate_ > ceiling_) rate_ = ceiling_;
    interval_ = search_rules::interval_of(rate_);
  }

  [[nodiscard]] constexpr bool at_ceiling() const noexcept { return ceiling_ > 0 && low_ >= ceiling_; }

  /// Whether enough requests were accepted at the tried rate.
  [[nodiscard]] constexpr bool confirmed() const noexcept {
    return accepted_ >= search_rules::confirmations(burst_, rate_ / low_ - 1);
  }

  constexpr void set_rate(double r) noexcept {
    auto const lowest = ceiling_ > 0 ? least(floor_, ceiling_) : floor_;
    if (low_ < lowest) low_ = lowest;
    rate_ = r;
    limit_rate();
    ++version_, accepted_ = 0;
  }

  /// From one pause to the next, the server accepts its limit; the demonstrated rate at the beginning may be a burst.
  constexpr void learn_from_cycle(std::int64_t cycle) noexcept {
    auto const n = static_cast<double>(accepted_since_refusal_ == 0 ? 1 : accepted_since_refusal_);
    auto const found = n / seconds(cycle), most = search_rules::most_in_cycle(n, seconds(cycle));
    if (most < proven_) return;  // the server asks for longer pauses than its limit needs
    bool const tells = accepted_ >= search_rules::telling_cycle;
    if (tells) high_ = least(high_, most);
    // A long window had room for all requests that confirmed the lower end.
    if ((assumed_ && 2 * found < low_) || (tells && 2 * most < low_))
      low_ = found, max_step_up_ = search_rules::step_up_after(n, max_step_up_);
  }

  /// Tries the geometric mean, or keeps the lower end if the upper end is near. There is an upper end.
  constexpr void continue_search() noexcept {
    bool const found = high_ <= low_ * search_rules::precision;
    phase_ = found ? phase::steady : phase::search;
    set_rate(found ? low_ : least(root(low_ * high_), low_ * (1 + max_step_up_)));
  }

  constexpr void next_step() noexcept {
    if (++step_ <= search_rules::last_step && !at_ceiling())
      return set_rate(low_ * search_rules::probe_factor(step_, fine_));
    high_ = 0, proven_ = at_ceiling() ? proven_ : low_;
    probes_.start_over();
    phase_ = at_ceiling() ? phase::steady : phase::start;
    set_rate(at_ceiling() ? low_ : low_ * 2);
  }

  static constexpr double slowest = send_history::slowest;
  static constexpr unsigned comes_back = 1000;  // the step of a probe at a rate that was lost

  double floor_;          // the lowest rate
  double ceiling_ = 0;    // 0: none
  double given_ = 0;      // the ceiling given at the beginning; 0: none
  double announced_ = 0;  // the limit that the server announced; 0: none
  double rate_;
  std::int64_t interval_ = 0;
  double low_;
  double high_ = 0;    // 0: nothing was refused yet
  double proven_ = 0;  // all steps of a probe were accepted up to this rate, so it is no burst of a long window
  phase phase_ = phase::start;
  std::uint32_t version_ = 0;
  std::uint64_t accepted_ = 0, accepted_since_refusal_ = 0;
  unsigned contradictions_ = 0, step_ = 0;
  bool fine_ = false;  // whether the next probe begins with a smaller step
  double burst_ = 1;
  double max_step_up_ = search_rules::unlimited;  // the greatest distance of the next trial from the lower end
  bool assumed_ = false;                          // whether the lower end was never confirmed by enough requests
  probe_schedule probes_;
};

}  // namespace tenax::detail
