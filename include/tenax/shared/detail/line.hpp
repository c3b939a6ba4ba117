// SPDX-License-Identifier: MIT
// shared/detail/line.hpp: the callers of one machine that wait for a shared limit, its leases, and its store.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>

#include <tenax/gate/gate.hpp>
#include <tenax/shared/detail/callers.hpp>
#include <tenax/shared/detail/conversation.hpp>
#include <tenax/shared/detail/demand.hpp>
#include <tenax/shared/detail/event_list.hpp>
#include <tenax/shared/detail/expected_wait.hpp>
#include <tenax/shared/options.hpp>

namespace tenax::shared::detail {

/// Outlives its gate while a question is under way. Thread safety: safe.
class line : public asker, public std::enable_shared_from_this<line> {
  friend class searching_line;
  using lock = std::unique_lock<std::mutex>;

 public:
  line(store_ref store, std::string name, std::string key, rates const& r, options const& o,
       script const& run = lease_script, search_terms const& search = {})
      : store_(store),
        script_(run),
        name_(std::move(name)),
        key_(std::move(key)),
        options_(o),
        max_pause_(longest_pause(tenax::detail::require_positive("shared: max_pause", o.max_pause))),
        talk_(r, random_number(), tenax::detail::require_positive("shared: store_timeout", o.store_timeout).count(),
              o.refuse_other_limits, search) {}

  void listen() { store_.listen(key_, listener(weak_from_this())); }
  /// Whether the caller may go. `holds`: its place is in line, or has permits, afterwards.
  admission ask(place& p, std::int64_t now, std::int64_t time_left, std::int64_t weight, waker const& w, bool& holds) {
    lock held(mutex_);
    settle(now, weight, weight);
    p.weight = weight;
    auto const answer = decide(p, now, time_left, w);
    holds = p.is != place::standing::nowhere;
    finish(held, now);
    return answer;
  }
  void step_aside(place& p) noexcept {
    lock const held(mutex_);
    callers_.step_aside(p);
  }

  /// The caller goes away without permits.
  void leave(place& p) noexcept {
    lock const held(mutex_);
    callers_.leave(p);
    // What no caller waits for is given back, unless callers may come in time.
    if (callers_.permits() == 0) give_back(now_ + leases::horizon);
  }
  void moved(place const& from, place& to) noexcept {
    lock const held(mutex_);
    callers_.moved(from, to);
  }

  void charge(std::int64_t n, std::int64_t now) {
    change(now, [&] { talk_.charge(n); });
  }
  void set(rates const& r, std::int64_t now) {
    change(now, [&] {
      talk_.set(r);
      hand_.clear();
      callers_.wake_all();
    });
  }
  void pause(std::int64_t microseconds, std::int64_t now) {
    change(now, [&] {
      talk_.pause(now, longest(microseconds));
      hand_.clear();  // the store leases paced ones for the time after
      events_.add(event::kind::paused, "the other side asked for a pause");
    });
  }
  void resume(std::int64_t now) {
    change(now, [&] {
      talk_.pause(now, -1);
      callers_.wake_all();
    });
  }
  /// The gate goes: tells the store that this machine leaves. From now on, no event is told.
  void goodbye() {
    lock held(mutex_);
    if (std::exchange(left_, true)) return;
    events_.end(held);
    if (!talk_.up()) return;
    give_back(now_);
    conversation::question q;
    auto const size = talk_.ask(now_, 0, q, true);
    auto const number = talk_.number();
    held.unlock();
    store_.eval(script_, key_, std::span(q.data(), size), completion(shared_from_this(), number));
  }

  shared::state state(std::int64_t now) {
    lock const held(mutex_);
    auto s = talk_.state(now);
    s.in_hand = hand_.in_hand(), s.waiting = static_cast<std::int64_t>(callers_.size());
    s.admitted = used_, s.expired = expected_.expired();
    return s;
  }

  void answered(std::uint64_t question, reply const& r, time_point at) noexcept override {
    std::int64_t const now = at.time_since_epoch().count();
    lock held(mutex_);
    if (left_) return;
    now_ = (std::max)(now_, now);
    bool const known = talk_.paused_until() > now;
    auto const news = r.error.empty() ? talk_.read(question, r, now) : std::nullopt;
    if (news) {
      if (news->revised) hand_.clear();
      if (news->back) hand_.clear(), events_.add(event::kind::store_back, "the store answers again");
      if (news->adopted) events_.add(event::kind::limits_adopted, limits_adopted);
      if (!known) others_paused(now);  // not what this answer brings: that is for the time after the pause
      auto l = news->permits;
      if (talk_.paused_until() > l.from && l.from + l.first * 1000 < talk_.paused_until()) l.count = 0;
      hand_.add(l);
      news->back || news->revised ? callers_.wake_all() : callers_.wake_served(hand_.in_hand());
    } else {
      go_alone(question, now, r.error.empty() ? "an answer that does not belong to the question" : r.error);
    }
    finish(held, now);
  }

  void heard(std::int64_t microseconds, time_point at) noexcept override {
    std::int64_t const now = at.time_since_epoch().count();
    change(now, [&] {
      if (microseconds < 0) return talk_.refresh();
      if (talk_.search().on()) return revised(microseconds);
      bool const known = talk_.paused_until() > now;
      talk_.heard(now, longest(microseconds));
      if (microseconds == 0) return callers_.wake_all();
      if (!known) others_paused(now);
    });
  }

 private:
  std::int64_t longest(std::int64_t us) const noexcept { return (std::min)(us, max_pause_); }

  /// Whether leased permits may be void without a message.
  bool looks() const noexcept { return talk_.search().on() && !store_.listens(); }

  template <class F>
  void change(std::int64_t now, F const& f) {
    lock held(mutex_);
    if (left_) return;
    settle(now);
    f();
    finish(held, now);
  }

  void others_paused(std::int64_t now) {
    if (talk_.paused_until() <= now) return;
    hand_.clear();  // the store leases paced ones for the time after
    events_.add(event::kind::paused, "the other side asked another machine for a pause");
  }
  /// Another machine's question has changed the rate, or a pause: what it is comes with the next answer.
  void revised(std::int64_t version) {
    if (!talk_.search().heard(version, talk_.in_flight())) return;
    hand_.clear();
    talk_.refresh();
  }
  void give_back(std::int64_t after) noexcept {
    std::int64_t generation = 0;
    if (auto const n = hand_.take_last(after, generation); n > 0) talk_.give_back(n, generation);
  }

  /// Brings everything up to `now`. `asked`: permits that a caller asks for.
  void settle(std::int64_t now, std::int64_t weight = 1, std::int64_t asked = 0) {
    now_ = (std::max)(now_, now);
    if (talk_.overdue(now)) go_alone(talk_.number(), now, "the store did not answer in time");
    auto const* const front = callers_.front();
    if (front != nullptr) weight = (std::max)(weight, front->weight);
    // Permits that are used together are used when the last one may be.
    auto const late = talk_.late() + (weight > 1 ? talk_.held().time_of(weight - 1) * 1000 : 0);
    if (auto const n = hand_.expire(now, late); n > 0) expected_.expired(n), talk_.search().unused(n);
    auto const needed = front == nullptr ? (std::max)(wish_, asked) : front->weight;
    if (!talk_.away() || options_.while_away != without_store::share || hand_.in_hand() >= needed) return;
    hand_.add(talk_.alone(now, (std::max)(needed, (std::min)(callers_.permits(), talk_.fair_share()))));
  }

  void go_alone(std::uint64_t question, std::int64_t now, std::string_view why) {
    if (!talk_.lost(question, now, why)) return;
    events_.add(event::kind::store_away, talk_.trouble());
    callers_.wake_all();
  }

  admission decide(place& p, std::int64_t now, std::int64_t time_left, waker const& w) {
    using enum place::standing;
    auto const pause = talk_.paused_until() - now;
    // It may have waited at another gate since it got its permits.
    if (p.is == running) return pause > 0 ? paused(pause) : admission::go();
    if (talk_.away() && options_.while_away != without_store::share) {
      callers_.leave(p);
      if (options_.while_away == without_store::open) return go(p);
      return admission::refuse("the store of a shared limit is away");
    }
    callers_.come_back(p);
    if (pause > 0) {
      if (options_.refuse_while_paused) callers_.leave(p);
      if (!options_.refuse_while_paused && p.is == nowhere && pause <= time_left) callers_.join(p);
      p.wakes = w;
      p.due = talk_.paused_until();
      return paused(pause);
    }
    if (talk_.held().size == 0) return callers_.leave(p), go(p);
    auto const due = hand_.due(now, callers_.permits() + p.weight);
    if (callers_.is_next(p, due, now, talk_.late() / 2)) {
      callers_.use(p);
      hand_.use(p.weight);
      expected_.used(now);
      return go(p);
    }
    auto const answer = expected_wait(p, callers_, hand_, talk_, now, w, looks());
    if (p.is == nowhere && !answer.at_most && answer.delay.count() > time_left) {
      // The next caller may come in time for this permit.
      wish_ = (std::max)(wish_, p.weight);
      return admission::wait(answer.delay);
    }
    if (p.is == nowhere) callers_.join(p);
    p.wakes = w;
    return answer;
  }

  admission paused(std::int64_t rest) const noexcept {
    if (!options_.refuse_while_paused) return admission::wait_for_server(duration(rest));
    return admission::refuse("paused by another machine", duration(rest));
  }
  admission go(place& p) {
    p.is = place::standing::running;
    used_ += static_cast<std::uint64_t>(p.weight);
    if (talk_.search().on()) p.sent = now_, p.version = talk_.away() ? 0 : talk_.search().version();
    return admission::go();
  }

  /// How many permits to lease now.
  [[nodiscard]] std::int64_t wanted(std::int64_t now) noexcept {
    if (talk_.paused_until() > now || talk_.held().size == 0) return 0;
    if (talk_.scarce() && hand_.in_hand() > 0) return 0;
    auto const* const front = callers_.front();
    auto const fair = talk_.fair_share();
    // What a search leases ahead for few callers is missing elsewhere, where callers give up; and what they are late
    // for would look as if the other side refused it.
    auto const most = talk_.search().on() ? (std::min)(fair, callers_.permits()) : fair;
    auto const extra = expected_.next(now, talk_.late(), most);
    auto const n = to_lease({.first = front == nullptr ? (std::min)(wish_, std::int64_t{1}) : front->weight,
                             .all = callers_.permits() + wish_,
                             .extra = extra,
                             .in_hand = hand_.in_hand(),
                             .fair = fair});
    if (n > 0) expected_.leased(extra);
    return n;
  }

  /// Asks the store if there is a reason to, tells events, and unlocks.
  void finish(lock& held, std::int64_t now) {
    conversation::question q;
    std::size_t size = 0;
    auto const asks_again = ask_again(talk_, store_.listens());
    if (now - talk_.asked_at() > asks_again) talk_.refresh();
    if (talk_.may_ask(now)) {
      auto const n = talk_.away() ? 0 : wanted(now);
      if (n > 0 || talk_.away() || talk_.has_news() || !talk_.up()) size = talk_.ask(now, n, q);
    }
    if (size > 0) wish_ = 0;
    auto const number = talk_.number();
    events_.tell(held);
    if (size > 0) store_.eval(script_, key_, std::span(q.data(), size), completion(shared_from_this(), number));
  }

  static constexpr char limits_adopted[] = "another machine has set other limits under this name; they hold for all";
  store_ref const store_;
  script const script_;
  std::string const name_, key_;
  options const options_;
  std::int64_t const max_pause_;  ///< in microseconds
  std::mutex mutable mutex_;
  conversation talk_;
  leases hand_;
  callers callers_;
  expectation expected_;
  std::int64_t wish_ = 0;  ///< permits for a caller that had no time to wait
  std::uint64_t used_ = 0;
  std::int64_t now_ = 0;
  bool left_ = false;  ///< the gate does not exist any more
  event_list events_{options_.on_event, name_};
};

}  // namespace tenax::shared::detail
