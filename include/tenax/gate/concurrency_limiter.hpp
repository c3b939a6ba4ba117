// SPDX-License-Identifier: MIT
// gate/concurrency_limiter.hpp: adaptive concurrency limit: a bulkhead that finds by itself how many attempts at once.
#pragma once

#include <mutex>
#include <type_traits>
#include <utility>

#include <tenax/gate/acquire.hpp>
#include <tenax/gate/adaptive/detail/knee_search.hpp>
#include <tenax/gate/concurrency_options.hpp>
#include <tenax/gate/detail/forward_clock.hpp>
#include <tenax/gate/detail/priority_queues.hpp>
#include <tenax/gate/detail/ticket.hpp>
#include <tenax/gate/detail/whole_number.hpp>
#include <tenax/gate/gate.hpp>
#include <tenax/gate/waking.hpp>
#include <tenax/platform/threads.hpp>

namespace tenax {

/// Limits the attempts at once to the number that the other side can use, which it finds and follows by itself: above
/// that number, answers only come later. Attempts without a place wait in a queue for at most `max_wait`, and others
/// are refused. With `with_priority`, the most important ones come first, and the least important are refused first.
///
/// The limiter tries a fifth more places every few round trips, and compares the round trips and the successes; see its
/// page in docs/reference/gates. It never lets the other side run idle in order to measure. It learns only while there
/// are more attempts than places; otherwise the limit stays as it is. If all attempts fail late or are throttled, the
/// limit shrinks; failures that come quickly, as from a server that is down, do not change it: use a circuit breaker
/// for them.
///
/// A place is held from admission until the attempt is reported or abandoned. Add it as the last gate: otherwise waits
/// at later gates keep places occupied.
///
/// Thread safety: safe. Neither copied nor moved; must outlive the calls that go through it.
class concurrency_limiter {
  struct place : detail::waiting_place<place> {
    time_point started{};
    detail::knee_search::sample sample{};
  };

 public:
  using ticket = detail::gate_ticket<concurrency_limiter, place>;

  /// How late a waiter without a waker may ask again without losing its turn.
  static constexpr duration grace = std::chrono::milliseconds(50);

  /// The limiter for attempts of one priority: a small value, given to `.through()` without `std::ref`.
  class view {
   public:
    using ticket = concurrency_limiter::ticket;
    static constexpr bool is_gate_view = true;

    admission admit(ticket& t, attempt_info const& info, time_point now, waker const& w = {}) const {
      return limiter_->admit_at(level_, t, info, now, w);
    }
    void step_aside(ticket& t) const { limiter_->step_aside(t); }
    void record(ticket& t, feedback const& f, time_point now) const { limiter_->record(t, f, now); }
    [[nodiscard]] duration longest_wait() const noexcept { return limiter_->longest_wait(); }

    template <class Out>
    void describe(Out& out) const {
      out.text("a concurrency limiter with priority ");
      out.text(to_string(level_));
    }

   private:
    friend concurrency_limiter;
    view(concurrency_limiter* limiter, priority level) noexcept : limiter_(limiter), level_(level) {}

    concurrency_limiter* limiter_;
    priority level_;
  };

  /// Throws `std::invalid_argument` for an option outside of its range.
  explicit concurrency_limiter(concurrency_options const& o = {})
      : room_(static_cast<std::size_t>(detail::checked(o).queue)),
        max_wait_(o.max_wait),
        search_(static_cast<double>(o.start), static_cast<double>(o.at_least), static_cast<double>(o.at_most)) {}

  /// Overloads for wrong calls: their message shows how to make a limiter.
  template <detail::bare_value First, class... More>
  explicit concurrency_limiter(First, More...) : concurrency_limiter() {
    static_assert(detail::always_false<First>,
                  "tenax: concurrency_limiter takes options by name; write concurrency_limiter({.start = 8})");
  }

  concurrency_limiter(concurrency_limiter const&) = delete;
  concurrency_limiter& operator=(concurrency_limiter const&) = delete;

  /// The same limiter for attempts of another priority than `priority::normal`.
  [[nodiscard]] view with_priority(priority p) noexcept { return {this, p}; }

  admission admit(ticket& t, attempt_info const& info, time_point now, waker const& w = {}) {
    return admit_at(priority::normal, t, info, now, w);
  }

  /// The caller waits at another gate: it keeps its rank, and others may pass it until it asks again.
  void step_aside(ticket& t) {
    if (t.gate_ == nullptr) return;
    std::lock_guard const lock(mutex_);
    auto& p = t.grant_;
    if (p.is != detail::standing::given && p.is != detail::standing::queued) return;
    if (p.is == detail::standing::given) --taken_;
    queues_.put_aside(p);
    serve(nullptr);
  }

  void record(ticket& t, feedback const& f, time_point now) {
    using kind = feedback::kind;
    std::lock_guard const lock(mutex_);
    if (t.gate_ == nullptr || t.grant_.is != detail::standing::running) return;
    now_ = clock_.at(now);
    t.gate_ = nullptr;
    auto const took = detail::longer(saturating_between(t.grant_.started, now_), duration::zero());
    using result = detail::knee_search::result;
    bool const good = f.how == kind::success || f.how == kind::answered;
    end(t.grant_, took,
        good                       ? result::good
        : f.how == kind::throttled ? result::overloaded
        : f.how == kind::failure   ? result::bad
                                   : result::unknown);
  }

  /// Waits for a place without a policy: for at most `timeout`, and at most `max_wait`. Report to the permit how the
  /// request ended. Takes time and sleep from `environment`; without it, real ones.
  ///
  /// Throws `std::invalid_argument` for a negative timeout.
  template <cancellation_token Token = detail::no_token, environment Env = real_time>
  [[nodiscard]] permit<concurrency_limiter> acquire(any_duration timeout = (duration::max)(), Token const& token = {},
                                                    Env&& environment = {}) {
    detail::gate_waiter<std::remove_reference_t<Env>, Token> waiter;  // outlives the ticket
    ticket t;
    auto const result = detail::wait_at([&](time_point now, waker const& w) { return admit(t, {}, now, w); },
                                        detail::require_not_negative("concurrency_limiter::acquire: timeout", timeout),
                                        token, environment, waiter);
    if (result != acquired::yes) t = {};
    return {*this, std::move(t), result};
  }

  /// Changes the fewest and the most places; the search goes on from the nearest number. Waiters that find a place are
  /// woken. Throws `std::invalid_argument` for an invalid number, and changes nothing.
  void set(detail::whole_number<std::int64_t> at_least, detail::whole_number<std::int64_t> at_most) {
    static_cast<void>(detail::checked({.start = at_least, .at_least = at_least, .at_most = at_most}));
    std::lock_guard const lock(mutex_);
    search_.set_range(static_cast<double>(at_least), static_cast<double>(at_most));
    serve(nullptr);
  }

  /// The present state.
  [[nodiscard]] concurrency_state state() const {
    std::lock_guard const lock(mutex_);
    return {.limit = search_.limit(),
            .found = search_.found(),
            .in_flight = static_cast<std::uint32_t>(taken_),
            .waiting = queues_.size(),
            .round_trip = search_.round_trip(),
            .least_round_trip = search_.least_round_trip(),
            .admitted = admitted_,
            .refused = refused_};
  }

  /// The longest wait of an attempt here; see `gate`.
  [[nodiscard]] duration longest_wait() const noexcept { return room_ == 0 ? duration::zero() : max_wait_; }

  template <class Out>
  void describe(Out& out) const {
    out.text("a concurrency limiter");
  }

 private:
  friend ticket;
  static constexpr bool moves_grants = true;
  using standing = detail::standing;

  admission admit_at(priority level, ticket& t, attempt_info const& info, time_point now, waker const& w) {
    std::lock_guard const lock(mutex_);
    now_ = clock_.at(now);
    auto& p = t.grant_;
    if (t.gate_ == nullptr) {
      p.level = level;
      serve(nullptr);
      if (free() > static_cast<std::int64_t>(queues_.before(level))) {
        ++taken_;
        return start(t);
      }
      if (queues_.size() >= room_) queues_.forget_lost(now_, max_wait_);
      if (queues_.size() >= room_ && !queues_.evict_for(level)) return refuse("concurrency limit reached");
      t.gate_ = this;
      p.wakes = w;
      p.joined = p.late = now_;
      queues_.append(p);
      return wait(p, info.time_left);
    }
    if (p.is == standing::running) {  // it waited at another gate
      p.started = now_;
      return admission::go();
    }
    if (p.is == standing::queued || p.is == standing::aside) {
      queues_.come_back(p, w);
      serve(&p);
      if (p.is == standing::queued && saturating_between(p.joined, now_) < max_wait_) return wait(p, info.time_left);
    }
    if (p.is == standing::given) return start(t);
    t.gate_ = nullptr;
    bool const evicted = p.is == standing::evicted;
    leave(p);
    return refuse(evicted ? "concurrency limit reached by more important attempts"
                          : "waited too long for a place in the concurrency limiter");
  }

  [[nodiscard]] std::int64_t free() const noexcept { return static_cast<std::int64_t>(search_.limit()) - taken_; }

  admission start(ticket& t) noexcept {
    auto& p = t.grant_;
    t.gate_ = this;
    p.is = standing::running;
    p.started = now_;
    p.sample = search_.started(static_cast<std::uint32_t>(taken_));
    ++admitted_;
    return admission::go();
  }

  admission refuse(char const* why) noexcept {
    ++refused_;
    return admission::refuse(why);
  }

  void serve(place const* asks) noexcept { taken_ += queues_.serve(free(), asks, now_); }

  admission wait(place& p, duration time_left) noexcept {
    constexpr duration least = std::chrono::milliseconds(1);
    constexpr duration most = std::chrono::milliseconds(50);
    auto const left = saturating_subtract(max_wait_, saturating_between(p.joined, now_));
    // Callers without a waker may not come, so those behind them ask again.
    if (p.wakes) return admission::wait_at_most(queues_.some_ask() ? detail::shorter(left, most) : left);
    auto const turn = saturating_multiply(search_.round_trip(), queues_.before(p) + 1) /
                      static_cast<duration::rep>(2 * search_.limit());
    auto d = detail::shorter(left, detail::longer(least, detail::shorter(most, turn)));
    // A caller with a deadline asks before it, because a place may be free sooner than expected.
    if (d >= time_left) d = detail::shorter(d, detail::longer(least, time_left / 2));
    p.late = time_point(saturating_add(now_.time_since_epoch(), d + grace));
    return admission::wait(d);
  }

  void end(place& p, duration took, detail::knee_search::result how) noexcept {
    search_.ended(p.sample, took, how, now_);
    --taken_;
    serve(nullptr);
  }

  /// A caller goes away without a result.
  void leave(place& p) noexcept {
    switch (p.is) {
      case standing::lost:
      case standing::evicted: return;
      case standing::aside:
      case standing::queued: queues_.remove(p); break;
      case standing::given: --taken_; break;
      case standing::running: return end(p, duration::zero(), detail::knee_search::result::unknown);
    }
    serve(nullptr);
  }

  void take_back(place& p) noexcept {
    std::lock_guard const lock(mutex_);
    leave(p);
  }

  /// A ticket has moved.
  void moved(place& from, place& to) noexcept {
    std::lock_guard const lock(mutex_);
    to = from;
    queues_.replace(from, to);
  }

  std::size_t const room_;
  duration const max_wait_;
  std::mutex mutable mutex_;
  detail::forward_clock clock_;
  time_point now_{};
  std::int64_t taken_ = 0;
  detail::knee_search search_;
  detail::priority_queues<place> queues_;
  std::uint64_t admitted_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace tenax
