// SPDX-License-Identifier: MIT
// shared/detail/conversation.hpp: what one machine asks a store about one limit, and what it learns from the answers.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <tenax/shared/detail/rates.hpp>
#include <tenax/shared/detail/searching.hpp>
#include <tenax/shared/detail/server_clock.hpp>
#include <tenax/shared/lease_script.hpp>
#include <tenax/shared/leases.hpp>
#include <tenax/shared/options.hpp>

namespace tenax::shared::detail {

/// One machine's side: one question at a time. Times are nanoseconds of its steady clock.
///
/// Thread safety: none; the caller locks.
class conversation {
 public:
  using question = std::array<std::int64_t, question_size + 3 * most_limits + searching::question_size>;

  conversation(rates const& own, std::int64_t machine, std::int64_t timeout, bool strict,
               search_terms const& search = {})
      : own_(own), machine_(machine), timeout_(timeout), strict_(strict), search_(search) {
    hold(own);
  }
  searching& search() noexcept { return search_; }
  searching const& search() const noexcept { return search_; }

  rates const& held() const noexcept { return held_; }
  /// This machine's permits of the horizon.
  std::int64_t fair_share() const noexcept { return share_; }
  /// How late a permit may be used, in nanoseconds.
  std::int64_t late() const noexcept { return late_; }
  std::int64_t machines() const noexcept { return (std::max)(machines_, std::int64_t{1}); }
  std::int64_t paused_until() const noexcept { return paused_until_; }
  std::string const& trouble() const noexcept { return trouble_; }
  /// What is known; without what this machine has leased and used.
  shared::state state(std::int64_t now) const {
    auto const found = search_.interval();
    auto const rate = found > 0 ? 1e9 / static_cast<double>(found) : held_.per_second();
    return {.store_up = up_,
            .machines = machines(),
            .paused = duration((std::max)(paused_until_ - now, std::int64_t{0})),
            .per_second = rate,
            .share = rate / static_cast<double>(machines()),
            .questions = questions_,
            .trouble = trouble_};
  }
  /// Whether the store has leased less than this machine wanted, because one request asks for all.
  bool scarce() const noexcept { return scarce_; }
  bool away() const noexcept { return away_; }
  bool up() const noexcept { return up_; }
  bool in_flight() const noexcept { return in_flight_; }
  /// When the last question was asked.
  std::int64_t asked_at() const noexcept { return sent_; }
  /// Until when the answer must come.
  std::int64_t answer_by(std::int64_t now) const noexcept { return (in_flight_ ? sent_ : now) + timeout_; }
  bool overdue(std::int64_t now) const noexcept { return in_flight_ && now - sent_ >= timeout_; }

  void charge(std::int64_t n) noexcept {
    auto const most = held_.most();
    charged_ = n < most - charged_ ? charged_ + n : most;
  }
  /// `microseconds`: of the pause; less than zero: ends it.
  void pause(std::int64_t now, std::int64_t microseconds) noexcept {
    resuming_ = microseconds < 0;
    pause_wish_ = resuming_ ? 0 : (std::max)(pause_wish_, now + microseconds * 1000);
    heard(now, (std::max)(microseconds, std::int64_t{0}));
    if (resuming_) paused_until_ = now;
  }
  /// Another machine has asked for a pause.
  void heard(std::int64_t now, std::int64_t microseconds) noexcept {
    paused_until_ = microseconds == 0 ? now : (std::max)(paused_until_, now + microseconds * 1000);
  }
  void give_back(std::int64_t n, std::int64_t generation) noexcept { back_ = n, back_of_ = generation; }
  void refresh() noexcept { refresh_ = true; }
  void set(rates const& r) noexcept {
    own_ = r, stamp_ = 0, refresh_ = true;
    hold(r);
  }
  /// Other terms of a search. `r`: the rate until the store answers.
  void set(search_terms const& terms, rates const& r) noexcept {
    search_.set(terms);
    set(r);
  }

  /// Whether there is something to tell the store, without a wish for permits.
  bool has_news() const noexcept {
    return refresh_ || charged_ > 0 || resuming_ || pause_wish_ > 0 || back_ > 0 || search_.has_news();
  }
  /// Whether a question may be asked now.
  bool may_ask(std::int64_t now) const noexcept { return !in_flight_ && (!away_ || now >= next_try_); }

  /// The arguments of the next question, which the caller sends. `leaves`: the last one of this machine.
  std::size_t ask(std::int64_t now, std::int64_t wanted, question& q, bool leaves = false) noexcept {
    lease_question a;
    a.machine = machine_;
    bool const greets = greeted_ == never || now - greeted_ >= 10'000'000'000;
    a.greeting = leaves ? 2 : greets;
    if (greets) greeted_ = now;
    a.wanted = sent_wanted_ = away_ ? 0 : (std::min)(wanted, held_.most());
    a.charged = sent_charge_ = std::exchange(charged_, 0);
    // Other machines may have the store again since the last question: what was used alone counts.
    if (away_) a.charged += alone_leased_;
    alone_leased_ = 0;
    a.back = std::exchange(back_, 0);
    a.generation = back_of_;
    sent_pause_ = std::exchange(pause_wish_, 0);
    sent_resume_ = std::exchange(resuming_, false);
    a.pausing = sent_resume_ ? -1 : sent_pause_ > now ? (sent_pause_ - now) / 1000 : 0;
    a.empty = away_;
    a.stamp = stamp_;
    a.strict = strict_;
    a.limits = static_cast<std::int64_t>(own_.size);
    q = {a.machine, a.greeting, a.wanted, a.charged, a.back,  a.generation,
         a.pausing, a.empty,    a.stamp,  a.strict,  a.limits};
    for (std::size_t i = 0; i < own_.size; ++i) {
      auto const at = question_size + 3 * i;
      auto const& r = own_.each[i];
      q[at] = r.permits, q[at + 1] = r.time, q[at + 2] = r.allowance;
      // A store that has lost the rate goes on with the one that was found.
      if (search_.interval() > 0) q[at + 1] = search_.interval();
    }
    auto const size = question_size + 3 * own_.size;
    if (search_.on()) search_.write(q.data() + size);
    refresh_ = false;
    in_flight_ = true;
    sent_ = now;
    ++questions_;
    return size + (search_.on() ? searching::question_size : 0);
  }
  std::uint64_t number() const noexcept { return questions_; }

  /// What an answer has changed.
  struct news {
    bool back = false;     ///< the store answers again
    bool adopted = false;  ///< other limits hold
    bool revised = false;  ///< another rate was found: leased permits are void
    lease permits{};
  };

  /// Reads an answer to question `number`. Nothing if it cannot be read, which `lost` has to be told.
  std::optional<news> read(std::uint64_t number, reply const& r, std::int64_t now) {
    bool const late = number != questions_ || !in_flight_;
    auto const extra = search_.on() ? searching::answer_size : 0;
    auto const n = r.numbers;
    if (n.size() < answer_size) return std::nullopt;
    lease_answer const a{n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8]};
    // Scripts compute with whole numbers up to 2^53. They lease some of what is wanted, and no more.
    for (auto const each : n) {
      if (each > exact || each < -exact) return std::nullopt;
    }
    bool const leases = late ? a.granted >= 0 : a.granted <= sent_wanted_ && a.granted >= (sent_wanted_ > 0 ? 1 : 0);
    if (a.now <= 0 || a.first < 0 || !leases || a.paused < 0 || a.limits < (own_.size > 0 ? 1 : 0) ||
        static_cast<std::size_t>(a.limits) > most_limits ||
        n.size() != answer_size + 5 * static_cast<std::size_t>(a.limits) + extra) {
      return std::nullopt;
    }
    news told;
    rates held;
    held.size = static_cast<std::size_t>(a.limits);
    lease& l = told.permits;
    l.limits = held.size;
    for (std::size_t i = 0; i < held.size; ++i) {
      auto const at = answer_size + 5 * i;
      held.each[i] = {n[at], n[at + 1], n[at + 2]};
      if (!held.each[i].makes_sense()) return std::nullopt;
      auto const rest = std::clamp(n[at + 4], std::int64_t{0}, held.each[i].permits);
      l.lines[i] = {held.each[i], std::clamp(n[at + 3], -exact / 2, exact / 2), rest};
    }
    told.back = away_;
    searching::news found;
    if (search_.on()) {
      found = search_.read(n.last(extra));
      told.adopted = found.adopted, told.revised = found.revised;
      refresh_ = refresh_ || found.stale;
    } else {
      told.adopted = own_.size > 0 && held != held_ && held != own_;
    }
    if (search_.on() ? search_.own_terms_hold() : held == own_) stamp_ = a.stamp;
    bool const changed = own_.size > 0 && (held != held_ || a.machines != machines_);
    machines_ = a.machines;
    if (changed) hold(held);
    // A late answer says little about the moment at which the store had the question, and this machine has gone on
    // without its permits.
    l.from = late ? now : clock_.moment(a.now, sent_, now);
    l.first = a.first;
    l.count = late || found.stale ? 0 : a.granted;
    l.generation = a.generation;
    // Where another machine ends a pause, its message says no more than that something is new.
    bool const all_known = search_.on() && !late && !search_.was_refused() && pause_wish_ == 0;
    if (all_known && a.paused == 0) paused_until_ = (std::min)(paused_until_, l.from);
    paused_until_ = a.paused > 0 ? (std::max)(l.from + a.paused * 1000, paused_until_) : paused_until_;
    if (!late) in_flight_ = false, scarce_ = a.granted < sent_wanted_;
    up_ = true;
    away_ = false;
    trouble_.clear();
    wait_ = first_wait;
    return told;
  }

  /// The store did not answer, or with an error. True if it did before.
  bool lost(std::uint64_t number, std::int64_t now, std::string_view why) {
    if (number != questions_ || !in_flight_) return false;
    in_flight_ = false;
    // What the store may not have heard is said again: too much is used rather than too little.
    charge(std::exchange(sent_charge_, 0));
    search_.lost();
    pause_wish_ = (std::max)(pause_wish_, sent_pause_);
    resuming_ = resuming_ || sent_resume_;
    next_try_ = now + wait_;
    wait_ = (std::min)(2 * wait_, last_wait);
    trouble_ = why;
    greeted_ = never;
    up_ = false;
    if (std::exchange(away_, true)) return false;
    if (auto found = held_; search_.interval() > 0) found.each[0].time = search_.interval(), hold(found);
    // Nothing at first: all machines begin alone at about the same time.
    for (auto& a : alone_) a = now;
    for (std::size_t i = 0; i < held_.size; ++i) alone_[i] += share_of(i, 1) * 1000;
    return true;
  }

  /// A lease of `n` permits without the store: this machine's share of the rate, without a burst.
  lease alone(std::int64_t now, std::int64_t n) noexcept {
    lease l{.from = now, .count = n, .limits = held_.size};
    alone_leased_ += n;
    for (std::size_t i = 0; i < held_.size; ++i) {
      auto const& r = held_.each[i];
      alone_[i] = (std::max)(alone_[i], now);
      l.lines[i] = {alone_rate(r), (alone_[i] - now + 999) / 1000, 0};
      alone_[i] += share_of(i, n) * 1000;
    }
    return l;
  }

 private:
  void hold(rates const& r) noexcept {
    held_ = r;
    // A rate that is searched for is not exact, so a permit may be late.
    late_ = (search_.on() ? most_late : r.lateness()) * 1000;
    share_ = share_of_horizon(r, machines());
  }

  /// This machine's part of a rate; at least as slow as if there were so many machines that a permit takes 100 days.
  exact_rate alone_rate(exact_rate const& r) const noexcept {
    auto const slowest = (std::max)(r.time, exact / 1024);
    return {r.permits, r.time > slowest / machines() ? slowest : r.time * machines(), 0};
  }
  std::int64_t share_of(std::size_t i, std::int64_t n) const noexcept {
    auto const r = alone_rate(held_.each[i]);
    return r.time_of((std::min)(n, r.most()));
  }

  static constexpr std::int64_t never = INT64_MIN, first_wait = 100'000'000, last_wait = 250'000'000;

  rates own_;
  rates held_;
  std::int64_t late_ = 0;
  std::int64_t share_ = 1;
  std::int64_t const machine_;
  std::int64_t const timeout_;
  bool const strict_;
  bool up_ = false;
  bool away_ = false;
  bool in_flight_ = false;
  bool refresh_ = false;
  bool resuming_ = false;
  bool sent_resume_ = false;
  std::int64_t sent_ = 0;
  std::uint64_t questions_ = 0;
  std::int64_t stamp_ = 0;
  std::int64_t machines_ = 1;
  std::int64_t greeted_ = never;
  std::int64_t sent_wanted_ = 0;
  bool scarce_ = false;
  std::int64_t charged_ = 0;
  std::int64_t sent_charge_ = 0;
  std::int64_t pause_wish_ = 0;
  std::int64_t sent_pause_ = 0;
  std::int64_t paused_until_ = INT64_MIN / 2;
  std::int64_t back_ = 0;
  std::int64_t back_of_ = 0;
  std::int64_t next_try_ = 0;
  std::int64_t wait_ = first_wait;
  std::array<std::int64_t, most_limits> alone_{};
  std::int64_t alone_leased_ = 0;  ///< since the last question
  server_clock clock_;
  searching search_;
  std::string trouble_;
};

}  // namespace tenax::shared::detail
