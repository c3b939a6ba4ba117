// SPDX-License-Identifier: MIT
// gate/keyed_scheduler.hpp: hands the work of many keys to a pool of threads, as the gate of each key admits it.
#pragma once

#include <mutex>
#include <optional>
#include <utility>

#include <tenax/detail/reject.hpp>
#include <tenax/gate/call.hpp>
#include <tenax/gate/detail/key_lane.hpp>
#include <tenax/gate/detail/sleeping_workers.hpp>
#include <tenax/gate/keyed.hpp>
#include <tenax/gate/waking.hpp>

namespace tenax {

/// The options of a scheduler: how much work may wait.
struct keyed_scheduler_options {
  std::int64_t max_waiting = 1'000'000;          ///< for all keys together; at least 1
  std::int64_t max_waiting_per_key = 1'000'000;  ///< for each key; at least 1
};

/// Hands work to threads: the next work whose key's gate admits it now. So no thread of a pool waits at the gate of one
/// key while there is work for another one.
/// ```
/// tenax::keyed<std::string, tenax::rate_limiter<1>> limiters([] { return tenax::rate_limiter(tenax::per_second(10)); });
/// tenax::keyed_scheduler<request, std::string, tenax::rate_limiter<1>> line(limiters);
/// line.push(tenant, request(...));           // any thread
/// while (auto job = line.pop(token)) {       // every thread of the pool
///   job->run();                              // calls the work, and reports to the gate how it ended
/// }
/// ```
/// The work of one key is handed out in the order of `push`. Keys whose gates admit take turns. A gate is asked for the
/// first work of its key only; while it makes that wait, a thread of the pool is free for other keys. Gates wake the
/// scheduler; it asks gates that do not wake after the wait that they answer.
///
/// A gate that refuses does not keep the work: `pop` returns it with `admitted() == false`, and `run()` throws
/// `tenax::refused`. A `bulkhead` refuses work that has waited for its `max_wait`.
///
/// Thread safety: safe. No lock is held while a gate is asked, nor while work is run. Neither copied nor moved; must
/// outlive its jobs, and be outlived by the gates.
template <class Work, class Key, gate Gate, class Hash = std::hash<Key>>
class keyed_scheduler {
 public:
  using gates = keyed<Key, Gate, Hash>;

 private:
  using view = typename gates::view;
  using item = detail::lane_item<Key, Work>;
  using lane = detail::key_lane<view, item>;

 public:
  /// Work that was handed to a thread, and what it holds of its gate. A job that is destroyed without a report gives
  /// that back.
  class job {
   public:
    [[nodiscard]] Key const& key() const noexcept { return view_.key(); }
    [[nodiscard]] Work& work() noexcept { return work_; }
    /// Whether the gate has admitted the work. If not, `refusal` has the reason.
    [[nodiscard]] bool admitted() const noexcept { return answer_.admitted(); }
    /// The gate's answer if it refused.
    [[nodiscard]] admission refusal() const noexcept { return answer_; }

    /// Calls the work, without arguments, and reports to the gate how it ended. Returns what it returns, and throws
    /// what it throws. Throws `tenax::refused` if the gate has refused.
    template <environment Env = real_time, class W = Work>
    auto run(Env&& environment = {}) -> decltype(std::declval<W&>()()) {
      if (!admitted()) detail::raise(refused(answer_.reason, answer_.retry_after));
      auto result = capture(work_);
      detail::tell_gates(result.has_value(), [&] { record(feedback_of(result), time_point(environment.now())); });
      return std::move(result).get();
    }

    /// Reports how the work ended, once. For work that is not run by `run`.
    void record(feedback const& f, time_point now = real_time::now()) {
      if (admitted()) view_.record(ticket_, f, now);
    }

   private:
    friend keyed_scheduler;
    job(view v, Work&& work, typename view::ticket&& t, admission const& answer)
        : view_(std::move(v)), work_(std::move(work)), ticket_(std::move(t)), answer_(answer) {}

    view view_;
    Work work_;
    typename view::ticket ticket_;
    admission answer_;
  };

  /// Throws `std::invalid_argument` for an option outside of its range.
  explicit keyed_scheduler(gates& all, keyed_scheduler_options o = {})
      : gates_(&all),
        most_(detail::require_count("keyed_scheduler: max_waiting", "must be at least 1", o.max_waiting, 1)),
        most_per_key_(detail::require_count("keyed_scheduler: max_waiting_per_key", "must be at least 1",
                                            o.max_waiting_per_key, 1)) {}

  keyed_scheduler(keyed_scheduler const&) = delete;
  keyed_scheduler& operator=(keyed_scheduler const&) = delete;

  /// Adds work behind the other work of its key. Returns false, and leaves `work` as it was, if too much work waits or
  /// the scheduler is closed.
  [[nodiscard]] bool push(Key key, Work&& work) {
    std::lock_guard const lock(mutex_);
    if (closed_ || waiting_ >= most_) return false;
    auto at = lanes_.find(key);
    bool const is_new = at == lanes_.end();
    if (is_new) at = lanes_.try_emplace(key, *this, (*gates_)[key]).first;
    lane& l = at->second;
    if (l.size >= most_per_key_) return false;
    detail::erased_if_empty<lane_map> const guard{&lanes_, at};
    l.append(new item{std::move(key), std::move(work)});
    ++waiting_;
    if (is_new) make_ready(l);
    return true;
  }

  /// Waits for work that may start now, and takes it. Empty if `token` is triggered, or if the scheduler is closed and
  /// all work was handed out. An exception of a gate passes through; the work stays.
  template <cancellation_token Token = detail::no_token, environment Env = real_time>
  [[nodiscard]] std::optional<job> pop(Token const& token = {}, Env&& environment = {}) {
    detail::gate_waiter<std::remove_reference_t<Env>, Token> waiter;  // outlives the place of this thread
    sleeper me{this};
    for (;;) {
      if (detail::asked_to_stop(token)) return {};
      auto const now = time_point(environment.now());
      lane* next = nullptr;
      time_point until;
      {
        std::lock_guard const lock(mutex_);
        workers_.remove(me.place);
        next = take_ready(now);
        if (next == nullptr) {
          if (closed_ && waiting_ == 0) return {};
          me.place.wakes = waiter.lend();
          me.has_slept = true;
          until = workers_.add(me.place, first_moment());
        }
      }
      if (next != nullptr) {
        auto taken = ask(*next, now, environment);
        me.has_slept = me.has_slept && !taken;
        if (taken) return taken;
        continue;
      }
      auto wait = saturating_between(now, until);
      // A thread that cannot be woken looks again from time to time.
      if (!me.place.wakes) wait = detail::shorter(wait, std::chrono::milliseconds(10));
      waiter.sleep(environment, wait, token);
    }
  }

  /// Takes work that may start now. Empty if there is none.
  template <environment Env = real_time>
  [[nodiscard]] std::optional<job> try_pop(Env&& environment = {}) {
    auto const now = time_point(environment.now());
    for (;;) {
      lane* next = nullptr;
      {
        std::lock_guard const lock(mutex_);
        next = take_ready(now);
        if (next == nullptr) return workers_.watch(first_moment()), std::nullopt;
      }
      if (auto taken = ask(*next, now, environment)) return taken;
    }
  }

  /// Ends the scheduler: `push` accepts no more work, and `pop` returns nothing when all work was handed out.
  void close() {
    std::lock_guard const lock(mutex_);
    closed_ = true;
    workers_.wake_all();
  }

  /// How much work waits.
  [[nodiscard]] std::size_t waiting() const {
    std::lock_guard const lock(mutex_);
    return waiting_;
  }

 private:
  using lane_map = std::unordered_map<Key, lane, Hash>;
  friend lane;

  /// The place of a thread that waits. When it leaves without work, another one looks after what is ready.
  struct sleeper {
    keyed_scheduler* all;
    detail::sleeping_workers::worker place{};
    bool has_slept = false;
    ~sleeper() {
      if (!has_slept) return;
      std::lock_guard const lock(all->mutex_);
      all->workers_.remove(place);
      all->hand_over();
    }
  };

  /// Puts a lane back if its gate throws.
  struct asking {
    keyed_scheduler* all;
    lane* asked;
    ~asking() {
      if (asked == nullptr) return;
      std::lock_guard const lock(all->mutex_);
      all->make_ready(*asked);
    }
  };

  // Under the lock:

  void make_ready(lane& l) noexcept {
    ready_.append(l);
    workers_.wake_one();
  }

  void hand_over() noexcept {
    if (!ready_.empty()) return workers_.wake_one();
    workers_.watch(first_moment());
  }

  [[nodiscard]] time_point first_moment() const noexcept {
    auto const* const l = static_cast<lane const*>(timed_.head());
    return l == nullptr ? (time_point::max)() : l->ask_at;
  }

  /// Takes the lane that is to be asked next. No other thread uses it then, except to add work.
  lane* take_ready(time_point now) noexcept {
    while (auto* const l = static_cast<lane*>(timed_.head())) {
      if (l->ask_at > now) break;
      timed_.erase(*l);
      ready_.append(*l);
    }
    auto* const l = ready_.take();
    if (l != nullptr) l->begin();
    return l;
  }

  /// A gate wakes the scheduler, under the gate's lock.
  void woken(lane& l) noexcept {
    std::lock_guard const lock(mutex_);
    if (l.wake()) {
      timed_.erase(l);
      make_ready(l);
    }
  }

  // Without the lock:

  template <class Env>
  std::optional<job> ask(lane& l, time_point now, Env& environment) {
    attempt_info info{.started = now};
    if constexpr (requires { environment.random(); }) info.random = &environment.random();
    asking guard{this, &l};
    auto const answer = l.ask(info, now);
    if (answer.waits()) {
      std::lock_guard const lock(mutex_);
      guard.asked = nullptr;
      if (l.wait(now, answer.sleep())) {
        timed_.insert(l);
      } else {
        make_ready(l);
      }
      return {};
    }
    if constexpr (requires { l.own.started(l.ticket, now); }) {
      if (answer.admitted()) l.own.started(l.ticket, now);
    }
    typename view::ticket ticket(std::move(l.ticket));
    typename lane_map::node_type last;
    item* first = nullptr;
    {
      std::lock_guard const lock(mutex_);
      guard.asked = nullptr;
      first = l.take();
      --waiting_;
      if (l.size != 0) {
        ready_.append(l);
      } else {
        last = lanes_.extract(l.own.key());
      }
      if (closed_ && waiting_ == 0) workers_.wake_all();
      hand_over();
    }
    detail::deleted<item> const owned{first};
    return job((*gates_)[std::move(first->key)], std::move(first->work), std::move(ticket), answer);
  }

  gates* const gates_;
  std::size_t const most_;
  std::size_t const most_per_key_;
  std::mutex mutable mutex_;
  lane_map lanes_{};
  detail::lane_queue<lane> ready_{};  ///< lanes to be asked, in turn
  detail::waiting_line timed_{};      ///< lanes that wait at their gates, by the moment at which they ask again
  detail::sleeping_workers workers_{};
  std::size_t waiting_ = 0;
  bool closed_ = false;
};

}  // namespace tenax
