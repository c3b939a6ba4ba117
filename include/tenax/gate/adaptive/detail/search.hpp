// SPDX-License-Identifier: MIT
// gate/adaptive/detail/search.hpp: the rate search: finds an unannounced limit from refusals, and follows it.
#pragma once

#include <cstdint>

#include <tenax/duration.hpp>
#include <tenax/gate/adaptive/detail/blackout.hpp>
#include <tenax/gate/adaptive/detail/bracket.hpp>
#include <tenax/gate/adaptive/detail/chance_refusals.hpp>
#include <tenax/gate/adaptive/detail/pause.hpp>
#include <tenax/gate/adaptive/detail/quota_pacing.hpp>
#include <tenax/gate/adaptive/detail/send_history.hpp>
#include <tenax/gate/detail/rate_math.hpp>

namespace tenax::detail {

/// The algorithm of `adaptive_rate_limiter` without its queue and lock: decides when the next request may be sent, from
/// a search for the rate (`rate_bracket`), pauses, and what the server reports. Rates are per second, times in
/// nanoseconds.
///
/// Answers count only for the rate at which their request was sent. Only the first refusal of a generation changes the
/// rate, because refusals of requests that were under way together say the same.
class rate_search {
 public:
  using phase = search_phase;
  static constexpr std::int64_t second = 1'000'000'000;

  /// What a request remembers from the moment at which it was admitted.
  struct stamp {
    std::uint32_t generation = 0;
    std::uint32_t version = 0;  // the version of the rate
    bool paced = false;         // followed the previous one as fast as the rate allows: its answer counts for the rate
    bool first_after_pause = false;
    bool told = false;  // the server had reported how many requests are left
    bool asks = false;  // asks alone, after a pause that was cut
    bool idle = false;  // sent after a time in which none was sent, although it was allowed
    chance_refusals::request sent{};
    std::int64_t at = 0;
  };

  /// Limits that hold whatever the search finds.
  struct bounds {
    double least = 0;                           // the lowest rate
    double at_once = 0.25;                      // see quota_pacing
    std::int64_t longest_pause = 300 * second;  // see throttle_pause
  };

  /// Begins with a guess, or with `limit` if that is more than 0; then never exceeds `limit`.
  constexpr rate_search(double guess, double limit, bounds const& b)
      : start_(limit > 0 ? limit : guess),
        bracket_(start_, b.least),
        before_pause_(bracket_),
        before_trial_(bracket_),
        pause_(b.longest_pause),
        told_(b.at_once, b.longest_pause) {
    if (limit > 0) bracket_.begin_at(limit);
  }

  [[nodiscard]] constexpr double rate() const noexcept { return bracket_.rate(); }
  [[nodiscard]] constexpr phase current_phase() const noexcept { return bracket_.current_phase(); }
  [[nodiscard]] constexpr std::uint32_t generation() const noexcept { return generation_; }
  [[nodiscard]] constexpr std::int64_t paused_until() const noexcept { return pause_.until(); }
  [[nodiscard]] constexpr throttle_pause const& pause() const noexcept { return pause_; }

  /// Ends a pause, undoes the change of the rate by the refusal before it, and discards the server's remaining quota.
  constexpr void resume(std::int64_t now) noexcept {
    if (pause_.asked_by_server(now) && paused_generation_ == generation_) bracket_.go_back_to(before_pause_);
    pause_.resume(now);
    cycle_ = unknown;
    told_.forget();
  }

  /// Until when a new search would send requests that this one would not, or a few intervals longer if the rate found
  /// is slow.
  [[nodiscard]] constexpr std::int64_t owes_until(std::int64_t now) const noexcept {
    if (!history_.any()) return now;
    auto const step = duration(spacing(now));
    bool const slow = step.count() > search_rules::interval_of(start_);
    auto until =
        saturating_add(duration(history_.last()), saturating_multiply(step, slow ? slow_intervals : 1)).count();
    if (pause_.until() > until) until = pause_.until();
    return pause_.asking_until() > until ? pause_.asking_until() : until;
  }

  /// The earliest time of the next request.
  [[nodiscard]] constexpr std::int64_t next(std::int64_t now) const noexcept {
    auto earliest = pause_.until() > now ? pause_.until() : now;
    if (pause_.asking_until() > earliest) earliest = pause_.asking_until();
    if (history_.any()) {
      auto const paced = saturating_add(duration(history_.last()), duration(spacing(now))).count();
      earliest = paced > earliest ? paced : earliest;
    }
    return earliest;
  }

  [[nodiscard]] constexpr std::int64_t interval() const noexcept { return bracket_.interval(); }

  /// Begins another search, for a limit that has changed. Pauses and the last requests stay. Answers to requests of the
  /// old search do not count.
  constexpr void begin_again(rate_search const& other) noexcept {
    start_ = other.start_;
    bracket_.go_back_to(other.bracket_);
    before_pause_ = before_trial_ = bracket_;
    history_.space_charged(interval());
    ++generation_;
    cycle_ = unknown;
    chance_ = {};
    told_.forget();
  }

  /// Delays the next request by `n` intervals.
  constexpr void charge(std::int64_t now, std::uint64_t n) noexcept {
    if (n != 0) history_.charge(now - interval(), interval(), n);
  }

  /// The server announces what it allows in each `window`. The rate is kept half a percent below, and never above;
  /// refusals still lower it. Delays later requests if earlier ones were too fast for the announced limit.
  constexpr void announced(std::int64_t now, double limit, std::int64_t window) noexcept {
    if (limit == bracket_.announced_limit() || !bracket_.announced(limit)) return;
    history_.delay_until(history_.next_after(now, window, interval()) - interval());
  }

  /// The server says that `remaining` requests are left for the time `reset`, besides those under way: they are spread
  /// over that time. After it, one request is sent to learn more. A server that refuses nevertheless is no longer
  /// trusted. `limit`: the whole quota, or 0 if that is unknown.
  constexpr void allowed(stamp const& s, std::int64_t now, std::uint64_t remaining, std::uint64_t limit,
                         std::int64_t reset, std::uint64_t in_flight) noexcept {
    if (s.generation != generation_ || reset <= 0) return;
    auto const left = remaining > in_flight ? remaining - in_flight : 0;
    if (told_.tell(now, history_.last(), left, limit, reset) && left == 0) pause_.obey(now, reset);
  }

  /// A request is sent now. Returns what its answer needs.
  constexpr stamp grant(std::int64_t now) noexcept {
    bool const told = holds_to_what_is_left(now);
    // If the quota decides the time, or a request asks, the answer says nothing about the rate.
    bool const of_quota = told || (now < told_.until() && told_.at_once());
    bool const asks = pause_.ask(now);
    bool const paced = history_.any() && now - history_.last() < interval() + interval() / 2;
    bool const first = pause_.leave(now);
    bool const idle = note_idle_time(now, first);
    stamp const s{.generation = generation_,
                  .version = bracket_.version(),
                  .paced = !of_quota && (paced || first),
                  .first_after_pause = first || asks,
                  .told = told,
                  .asks = asks,
                  .idle = idle,
                  .sent = generation_ == 0 || of_quota || asks ? chance_refusals::request{} : request_at(now, first),
                  .at = now};
    if (first) cycle_ = now;
    history_.add(now, idle);
    return s;
  }

  /// A grant was abandoned, or its answer says nothing.
  constexpr void withdrawn(stamp const& s) noexcept {
    if (s.asks) pause_.ask_again();
  }

  /// The answer is neither yes nor no.
  constexpr void failed(stamp const& s) noexcept {
    if (s.asks) pause_.answered();
  }

  constexpr void accepted(stamp const& s, std::int64_t now) noexcept {
    pause_.note_round_trip(now - s.at);
    if (s.asks) {
      pause_.answered();
      told_.contradicted();
    }
    if (s.generation != generation_) return blackout_.accepted_before();
    if (s.sent.rate > 0 && chance_.accepted(s.sent, s.version)) bracket_.raise_to(chance_.proven());
    bracket_.note_accepted();
    pause_.forget_refusals();
    if (blackout_.accepted()) {
      if (auto const found = blackout_.finding_of(s.at); found.seconds > 0) return bracket_.learn_from(found);
    }
    if (s.version == bracket_.version() && s.paced) bracket_.accepted(now, pause_.round_trip());
  }

  /// `wait`: the server's wait, or less than zero if it did not ask for one.
  constexpr void refused(stamp const& s, std::int64_t now, std::int64_t wait) noexcept {
    pause_.note_round_trip(now - s.at);
    if (s.asks) pause_.answered();
    if (wait < 0) wait = blackout_.silence(s.first_after_pause);
    bool const counts = s.generation == generation_;
    double rate = s.sent.rate;
    if (counts && rate > 0 && refused_by_chance(s, rate)) {
      if (wait > 0) pause_.obey(now, wait);
      return;
    }
    // A wait that is cut is obeyed up to the maximum, but says nothing about the rate: it may be a mistake.
    bool const told = wait >= 0 && wait <= pause_.longest();
    if (wait >= 0) pause_.begin(now, wait);
    if (!counts) return;
    if (wait < 0) pause_.hold(now, interval());
    if (!told) blackout_.refused(now);
    begin_generation(s, now, told, told || wait < 0 ? pause_.until() - now : 0, rate);
  }

 private:
  static constexpr std::int64_t slow_intervals = 10;  // for these, a slow rate that was found is remembered
  static constexpr std::int64_t unknown = INT64_MIN;

  /// The rate at which a request is sent, for `chance_`. `first`: the first one after a pause.
  [[nodiscard]] constexpr chance_refusals::request request_at(std::int64_t now, bool first) const noexcept {
    auto const gap = first ? 0 : now - history_.last();
    return {.rate = static_cast<float>(gap > interval() ? 1e9 / static_cast<double>(gap) : rate()),
            .paced = !first && gap < 2 * interval(),
            .confirmed = current_phase() == phase::steady};
  }

  /// Whether a request is sent after a time in which none was sent, although it was allowed.
  constexpr bool note_idle_time(std::int64_t now, bool first) noexcept {
    auto const since = pause_.until() > history_.last() ? pause_.until() : history_.last();
    bool const idle = history_.any() && now - since > second + 2 * interval();
    blackout_.sent(now, idle && !first);
    if (idle) idle_ += now - since;
    return idle && !first;
  }

  /// Whether a refusal says nothing about the rate; may begin a trial of a higher one. If a trial failed, goes back to
  /// the rate before it, where the refusal counts: sets `rate` to it.
  constexpr bool refused_by_chance(stamp const& s, double& rate) noexcept {
    using verdict = chance_refusals::verdict;
    switch (chance_.refused(s.sent, s.version)) {
      case verdict::real: return false;
      case verdict::chance: return true;
      case verdict::try_up:
        before_trial_ = bracket_;
        bracket_.raise_to(chance_.trial());
        return true;
      case verdict::give_up:
        bracket_.go_back_to(before_trial_);
        rate = bracket_.rate();
        return false;
    }
    return false;
  }

  /// The first refusal of a generation changes the rate, unless only the pause before it was too short. `pause`: how
  /// long nothing is sent, if that says something; `rate`: at which the refused request was sent.
  constexpr void begin_generation(stamp const& s, std::int64_t now, bool told, std::int64_t pause,
                                  double rate) noexcept {
    ++generation_;
    told_.refused(s.told);
    auto const pause_seconds = seconds(pause > 0 ? pause : 0);
    bracket_.costs(now, pause_seconds);
    auto const cycle = cycle_ == unknown ? 0 : s.at - cycle_ - idle_ + (pause > 0 ? pause : 0);
    cycle_ = unknown;
    idle_ = 0;
    // Says nothing about the rate if the pause was too short (rounded, cut, estimated), or no request was sent before.
    bool const too_early = s.first_after_pause && history_.count() > 1;
    if (too_early || (s.idle && current_phase() == phase::start)) {
      if (told && too_early && !s.asks) pause_.lengthen(now);
      if (paused_generation_ + 1 == generation_) paused_generation_ = generation_;
      return bracket_.refused_after_pause();
    }
    before_pause_ = bracket_;
    paused_generation_ = generation_;
    auto const accepted = current_phase() == phase::start ? bracket_.accepted_since_refusal() : 0;
    bracket_.refused({.demonstrated = history_.demonstrated(s.at, pause_seconds, accepted),
                      .peak = history_.peak(),
                      .accepted = bracket_.accepted_since_refusal() != 0,
                      .told = told,
                      .share = chance_.share_below(rate),
                      .cycle = cycle});
  }

  /// Whether the rest of the quota decides the spacing. With an announced limit only if that is slower, because other
  /// clients use the limit as well.
  [[nodiscard]] constexpr bool holds_to_what_is_left(std::int64_t now) const noexcept {
    bool const slower = told_.spacing() > interval();
    return now < told_.until() && (bracket_.announced_limit() == 0 || slower) && !(told_.at_once() && slower);
  }

  /// The time from one request to the next.
  [[nodiscard]] constexpr std::int64_t spacing(std::int64_t now) const noexcept {
    if (holds_to_what_is_left(now)) return told_.spacing();
    return pause_.answer_due() > interval() ? pause_.answer_due() : interval();
  }

  double start_;  // the rate at the beginning
  rate_bracket bracket_;
  rate_bracket before_pause_;  // as it was before the last refusal
  rate_bracket before_trial_;  // as it was before a trial of `chance_`
  std::uint32_t paused_generation_ = 0;
  std::uint32_t generation_ = 0;
  std::int64_t cycle_ = unknown;  // when the pause after the last refusal ended
  std::int64_t idle_ = 0;         // time since the last refusal in which requests were allowed but not sent
  send_history history_;
  throttle_pause pause_;
  blackout blackout_;
  chance_refusals chance_;
  quota_pacing told_;
};

}  // namespace tenax::detail
