// SPDX-License-Identifier: MIT
// gate/detail/slow_calls.hpp: counts slow attempts for a circuit breaker, including attempts that are still running.
#pragma once

#include <cstdint>
#include <utility>

#include <tenax/gate/circuit_options.hpp>
#include <tenax/gate/detail/sliding_window.hpp>
#include <tenax/gate/gate.hpp>

namespace tenax::detail {

/// The start of an attempt.
struct attempt_start {
  time_point at;
  std::int64_t part = 0;  ///< the part of time in which the attempt started, if `running`
  bool running = false;   ///< all gates have admitted the attempt, and `slow_calls` counts it
};

/// Counts attempts, and those that ran for `slow_after` or longer. Start times are grouped in parts of an eighth of
/// `slow_after`: a running attempt is counted as slow when it has run for between `slow_after` and nine eighths of it.
/// Each attempt is counted once. Takes constant time and memory, whatever the number of attempts.
///
/// Thread safety: unsafe. A `now` before the newest one counts as the newest.
class slow_calls {
 public:
  explicit slow_calls(circuit_rules const& rules)
      : limit_(rules.slow_after.value_or((duration::max)())),
        part_(limit_ / 8 + duration(limit_.count() % 8 == 0 ? 0 : 1)),
        counts_(*rules.window) {}

  /// Counts a running attempt.
  void start(attempt_start& s, time_point now) noexcept {
    advance(now);
    s = {now, newest_, true};
    ++running(newest_);
  }

  /// Ends an attempt. Returns whether it was slow: it ran for the limit, or for the policy's `.attempt_timeout()`. An
  /// attempt without a result (`!counts`) counts only if it was slow.
  bool end(attempt_start const& s, feedback const& f, time_point now, bool counts) noexcept {
    advance(now);
    if (s.running) {
      if (s.part < first_) return true;  // was counted while it ran
      --running(s.part);
    }
    auto const took = saturating_between(s.at, now);
    bool const slow = took >= limit_ || timed_out(f, took);
    if (slow || counts) counts_.add(now, 1, slow ? 1 : 0);
    return slow;
  }

  /// The attempt waits at another gate: it does not run yet.
  void wait_again(attempt_start& s, time_point now) noexcept {
    take_back(s);
    s = {now};
  }

  /// Takes back a start.
  void take_back(attempt_start const& s) noexcept {
    if (s.running && s.part >= first_) --running(s.part);
  }

  /// Whether attempts have become slow while they were running, since the last question or `clear`.
  bool found_late(time_point now) noexcept {
    advance(now);
    return std::exchange(found_late_, false);
  }

  [[nodiscard]] sliding_window::counts total(time_point now) noexcept { return counts_.total(now); }
  [[nodiscard]] sliding_window const& window() const noexcept { return counts_; }

  void clear() noexcept {
    counts_.clear();
    for (auto& n : running_) n = 0;
    found_late_ = false;
  }

 private:
  // The present part and the eight before it: attempts that started earlier are slow.
  static constexpr std::int64_t parts = 9;

  // Some clients end an attempt up to a millisecond early.
  static bool timed_out(feedback const& f, duration took) noexcept {
    return f.how == feedback::kind::failure && f.attempt_limit != (duration::max)() &&
           saturating_add(took, std::chrono::milliseconds(1)) >= f.attempt_limit;
  }

  void advance(time_point now) noexcept {
    auto const part = now.time_since_epoch().count() / part_.count();
    if (part <= newest_) return;
    auto const first = saturating_subtract(duration(part), duration(parts - 1)).count();
    std::int64_t late = 0;
    for (auto i = first_; i < first && i <= newest_; ++i) late += std::exchange(running(i), 0);
    first_ = first;
    newest_ = part;
    if (late == 0) return;
    counts_.add(now, late, late);
    found_late_ = true;
  }

  std::int64_t& running(std::int64_t part) noexcept { return running_[(part % parts + parts) % parts]; }

  duration limit_;
  duration part_;
  std::int64_t newest_ = (std::numeric_limits<std::int64_t>::min)();
  std::int64_t first_ = (std::numeric_limits<std::int64_t>::min)();  ///< parts before it have been counted as slow
  std::int64_t running_[parts]{};
  bool found_late_ = false;
  sliding_window counts_;
};

}  // namespace tenax::detail
