// SPDX-License-Identifier: MIT
// async/detail/hedge_loop.hpp: the state of a hedged call: when another attempt starts, and which result wins.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include <tenax/async/detail/gate_pass.hpp>
#include <tenax/async/hedging.hpp>
#include <tenax/driver/detail/loop_state.hpp>
#include <tenax/errors.hpp>
#include <tenax/gate/detail/feedback.hpp>
#include <tenax/outcome.hpp>

namespace tenax::detail {

/// What the driver of a hedged call has to do.
struct hedge_step {
  enum class kind : unsigned char {
    start,  ///< start the attempt `number`
    wait,   ///< ask again after `delay`, or earlier if it is woken
    rest,   ///< no further attempt will start
    end     ///< the call is over
  };

  kind what;
  duration delay = (duration::max)();
  std::size_t number = 0;
};

/// One hedged call. It neither sleeps nor reads a clock, and does not know how attempts run. A driver asks for the
/// `next` step when the call begins and when a wait has ended, and reports every attempt that has `ended`. Exceptions
/// of the budget and of gates leave through these functions; the driver passes them to `fail`.
///
/// Thread safety: unsafe.
template <class T, class Hedging>
class hedge_loop {
  using kind = hedge_step::kind;

 public:
  hedge_loop(Hedging& hedging, inherited_limits&& limits)
      : use_(hedging), limits_(std::move(limits)), attempts_(std::make_unique<attempt[]>(hedging.at_most())) {}

  /// `fired`: the driver's timer says that the wait is over, whatever the clock says.
  [[nodiscard]] hedge_step next(time_point now, waker const& w = {}, bool fired = false) {
    if (!begun_) {
      begun_ = true;
      deadline_ = time_point(saturating_add(now.time_since_epoch(), limits_.time_left));
    }
    if (over()) {
      stop_asking();
      return {kind::end};
    }
    if (decided_ || resting_ || started_ == hedging_.at_most()) return {kind::rest};
    // A timer that was set before the server asked for a wait fires too early.
    bool const due = now >= due_ || (fired && !postponed_);
    postponed_ = false;
    bool const early = started_ > 0 && !at_gate_ && !due;
    return early ? hedge_step{kind::wait, saturating_between(now, due_)} : launch(now, w);
  }

  /// The attempt has ended. Returns whether that decides the call: then the driver cancels the other attempts.
  [[nodiscard]] bool ended(std::size_t number, outcome<T>&& result, time_point now) {
    auto& a = attempts_[number];
    a.under_way = false;
    --running_;
    bool const good = result.has_value() && !result_failed(result);
    if (number > 0) hedging_.count_end_of_hedge(good && !decided_);
    auto const said = hint_of(result);
    auto told = make_feedback(result, said);
    if (decided_ && !good) told.how = feedback::kind::cancelled;
    // A value is never lost, neither that of this attempt nor that of the winner.
    tell_gates(decided_ || result.has_value(), [&] { a.record(hedging_, told, now); });
    if (decided_) return false;
    if (good || (number == 0 && started_ > 1)) learn(good && number == 0, now);
    if (good || heed(said, now)) {
      result_.reset();
      result_.emplace(std::move(result));
    }
    if (good) decide();
    return good;
  }

  /// The call is to end: no attempt starts any more. Returns whether the driver has to cancel attempts.
  bool cancel(time_point now) {
    if (decided_) return false;
    // Without a hedge, the first attempt may have just begun.
    if (started_ > 1) learn(false, now);
    // The failure of another attempt is not how the call ended.
    if (running_ > 0) result_.reset();
    decide();
    return true;
  }

  /// Ends the call with an exception of the budget, of a gate or of the clock, unless it has a result. The driver then
  /// cancels all attempts.
  void fail(std::exception_ptr const& error) {
    if (decided_ && result_ && result_->has_value()) return;
    result_.reset();
    result_.emplace(caught_exception(error));
    decide();
  }

  /// The call is to be forgotten, and its attempts do not end any more.
  void abandon(time_point now) {
    cancel(now);
    for (std::size_t i = 1; i < started_; ++i) {
      if (attempts_[i].under_way) hedging_.count_end_of_hedge(false);
    }
  }

  /// The driver could not start the attempt that `next` has named: as if it had never been admitted.
  void did_not_start(std::size_t number) {
    attempts_[number].under_way = false;
    --running_;
    attempts_[number].give_back();
  }

  /// No further attempt starts.
  void rest() noexcept { resting_ = true; }

  /// Whether the call has ended: its result is there, and no attempt for which it waits is under way.
  [[nodiscard]] bool over() const noexcept {
    if (decided_ && hedging_.abandons_losers()) return true;
    return running_ == 0 && (decided_ || started_ > 0);
  }
  [[nodiscard]] bool decided() const noexcept { return decided_; }
  /// Whether the server has asked for a wait since the last step: the driver has to ask for the `next` one again.
  [[nodiscard]] bool postponed() const noexcept { return postponed_; }
  [[nodiscard]] std::size_t started() const noexcept { return started_; }
  [[nodiscard]] std::size_t running() const noexcept { return running_; }
  [[nodiscard]] bool under_way(std::size_t number) const noexcept { return attempts_[number].under_way; }

  /// The numbers of an attempt that has started. They stay where they are.
  [[nodiscard]] attempt_info& info(std::size_t number) noexcept { return attempts_[number].info; }
  [[nodiscard]] inherited_limits const& limits() const noexcept { return limits_; }

  /// The result of a call that is over. Call it once.
  [[nodiscard]] outcome<T> take_result() {
    if (!result_) result_.emplace(unstarted_exception(stop_reason::cancelled, {}));
    return std::move(*result_);
  }

 private:
  struct attempt {
    attempt_info info{};
    typename Hedging::budget_type::ticket budget{};
    typename Hedging::gates_type::tickets tickets{};
    std::unique_ptr<gate_pass> inherited{};
    bool under_way = false;

    /// Asks the budget first: it refuses most often, and takes its permit back if a gate refuses.
    admission admit(Hedging& hedging, time_point now, waker const& w) {
      auto answer = hedging.budget().admit(budget, info, now);
      if (answer.admitted()) answer = hedging.gates().admit(tickets, info, now, w);
      if (answer.admitted() && inherited) answer = inherited->admit(info, now, w);
      if (answer.admitted()) {
        hedging.gates().started(tickets, now);
        if (inherited) inherited->started(now);
      }
      return answer;
    }
    void record(Hedging& hedging, feedback const& how, time_point now) {
      struct at_exit {
        attempt& a;
        ~at_exit() { a.give_back(); }
      } const guard{*this};
      hedging.budget().record(budget, how, now);
      hedging.gates().record(tickets, how, now);
      if (inherited) inherited->record(how, now);
    }
    void give_back() {
      budget = {};
      tickets = {};
      if (inherited) inherited->give_back();
    }
  };

  /// Asks the budget and the gates for another attempt.
  hedge_step launch(time_point now, waker const& w) {
    bool const first = started_ == 0;
    auto const left = saturating_between(now, deadline_);
    // A hedge without time left is useless.
    if (!first && left <= duration::zero()) {
      stop_asking();
      resting_ = true;
      return {kind::rest};
    }
    auto& a = attempts_[started_];
    a.info = {.number = static_cast<std::uint32_t>(started_ + 1), .time_left = time_left(left), .started = now};
    a.info.name = limits_.name;
    if (!hedging_.abandons_losers()) a.info.token = limits_.token;
    // Until the answer is known: if a gate throws, the attempt leaves the others.
    at_gate_ = true;
    // The policy has admitted the first attempt.
    if (!first && limits_.gates && !a.inherited) a.inherited = limits_.gates->another();
    auto answer = a.admit(hedging_, now, w);
    if (answer.waits()) {
      if (answer.at_most ? left > duration::zero() : answer.delay < left) {
        return {kind::wait, shorter(answer.sleep(), left)};
      }
      answer = admission::refuse("a gate's wait would pass the deadline", answer.delay);
    }
    at_gate_ = false;
    if (answer.refused()) {
      a.give_back();
      if (!first) return wait_until(now, refused_pause());
      result_.emplace(unstarted_exception(stop_reason::refused_by_gate, answer));
      decided_ = true;
      return {kind::end};
    }
    first ? hedging_.count_call() : hedging_.count_hedge(started_);
    a.under_way = true;
    ++running_;
    auto const number = started_++;
    due_ = time_point(saturating_add(now.time_since_epoch(), hedging_.delay()));
    return {kind::start, {}, number};
  }

  hedge_step wait_until(time_point now, duration d) noexcept {
    due_ = time_point(saturating_add(now.time_since_epoch(), d));
    return {kind::wait, d};
  }

  /// What the server asked for in one answer holds for the whole call: no attempt starts during its wait, and none at
  /// all if there is to be no other. Returns whether the call ends with this failure, if no attempt succeeds: it ends
  /// with the one that asked for the latest retry, so that a policy around the call waits long enough.
  bool heed(hint const& said, time_point now) {
    bool const ends = said.verdict == verdict::forbidden || said.verdict == verdict::no_retry;
    auto const wait = longer(said.wait.value_or(duration::zero()), duration::zero());
    auto const earliest = ends ? (time_point::max)() : time_point(saturating_add(now.time_since_epoch(), wait));
    if (earliest < not_before_) return false;
    not_before_ = earliest;
    if (ends) {
      stop_asking();
      resting_ = true;
    } else if (earliest > now && earliest > due_) {
      stop_asking();
      due_ = earliest;
      postponed_ = true;
    }
    return true;
  }

  /// A refused hedge is tried again at the rate at which attempts are started, but at most once a millisecond.
  [[nodiscard]] duration refused_pause() const noexcept {
    return longer(hedging_.delay(), std::chrono::milliseconds(1));
  }

  /// `duration::max()` stays unchanged: no limit. At least a millisecond, because most clients take 0 for "no limit".
  [[nodiscard]] duration time_left(duration left) const noexcept {
    return limits_.time_left == (duration::max)() ? (duration::max)() : longer(left, std::chrono::milliseconds(1));
  }

  /// Records how long the first attempt took, or a lower bound; once for a call. Hedges are not recorded: they would
  /// take the place of slow first attempts, the percentile would sink, and more and more calls would be hedged.
  void learn(bool to_the_end, time_point now) {
    if (std::exchange(learned_, true)) return;
    auto const took = saturating_between(attempts_[0].info.started, now);
    to_the_end ? hedging_.record(took) : hedging_.record_at_least(took);
  }

  void decide() {
    decided_ = true;
    stop_asking();
  }

  /// Makes an attempt that waits at a gate leave it.
  void stop_asking() {
    if (std::exchange(at_gate_, false)) attempts_[started_].give_back();
  }

  hedging_use<Hedging> use_;  ///< destroyed last
  Hedging& hedging_ = use_.hedging;
  inherited_limits limits_;
  std::unique_ptr<attempt[]> attempts_;
  std::optional<outcome<T>> result_{};
  time_point deadline_{};
  time_point due_{};         ///< when the next attempt starts
  time_point not_before_{};  ///< the latest time for which the server asked
  std::size_t started_ = 0;
  std::size_t running_ = 0;
  bool begun_ = false;
  bool postponed_ = false;  ///< since the driver was told to wait
  bool at_gate_ = false;    ///< the next attempt asks the gates, or waits at one
  bool decided_ = false;
  bool resting_ = false;
  bool learned_ = false;
};

}  // namespace tenax::detail
