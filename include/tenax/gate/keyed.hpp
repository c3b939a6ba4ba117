// SPDX-License-Identifier: MIT
// gate/keyed.hpp: one gate (rate limiter, circuit breaker, ...) for each host, account or other key.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include <tenax/detail/reject.hpp>
#include <tenax/environment.hpp>
#include <tenax/gate/detail/gate_tables.hpp>
#include <tenax/gate/detail/whole_number.hpp>
#include <tenax/gate/gate.hpp>
#include <tenax/gate/keyed_options.hpp>

namespace tenax {

/// One `Gate` for each key, made at the first attempt with that key. `keyed[key]` is a gate: a small value, given to
/// `.through()` without `std::ref`.
/// ```
/// tenax::keyed<std::string, tenax::circuit_breaker<>> breakers(
///     [] { return tenax::circuit_breaker({.failures = 5}); });
/// polite.through(breakers[host])(fetch, host);
/// ```
/// A gate is in use while a ticket of it exists. A gate that was not in use for `forget_after` is discarded, with its
/// state, at the next attempt with a key in the same table; one that still limits its callers (`keep_until` at `gate`)
/// is kept until it does not. There are never more than `max_keys` gates: a new one replaces the gate that limits no
/// caller and has been unused for longest. If there is none, attempts with a new key are refused: otherwise callers
/// could get rid of a limit by using many keys.
///
/// Thread safety: safe. Keys are spread over 16 tables, each with its lock, which is held to find a gate, not while the
/// gate is asked. Neither copied nor moved; must outlive its tickets and the calls that go through it.
template <class Key, gate Gate, class Hash = std::hash<Key>>
class keyed {
  using tables = detail::gate_tables<Key, Gate, Hash>;
  using entry = typename tables::entry;
  static constexpr bool weighs = requires(Gate& g) { g.with_weight(std::uint64_t(1)); };

 public:
  /// What one attempt holds of the gate of its key. Keeps that gate alive.
  class ticket {
   public:
    ticket() = default;
    ticket(ticket&& other) noexcept : entry_(std::exchange(other.entry_, nullptr)), own_(std::move(other.own_)) {}
    ticket& operator=(ticket&& other) noexcept {
      if (this != &other) {
        give_back();
        own_ = std::move(other.own_);
        entry_ = std::exchange(other.entry_, nullptr);
      }
      return *this;
    }
    ~ticket() { give_back(); }

   private:
    friend keyed;
    void give_back() noexcept {
      if (entry_ == nullptr) return;
      own_ = {};
      std::exchange(entry_, nullptr)->unpin();
    }

    entry* entry_ = nullptr;
    typename Gate::ticket own_{};
  };

  /// The gate of one key: a value that holds the key, and refers to its `keyed`. Does not keep the gate alive.
  class view {
   public:
    using ticket = keyed::ticket;
    static constexpr bool is_gate_view = true;

    admission admit(ticket& t, attempt_info const& info, time_point now) const {
      return all_->ask(key_, t, now, [&] { return keyed::admit(t, info, now, weight_, {}); });
    }
    admission admit(ticket& t, attempt_info const& info, time_point now, waker const& w) const
      requires waking_gate<Gate>
    {
      return all_->ask(key_, t, now, [&] { return keyed::admit(t, info, now, weight_, w); });
    }
    void step_aside(ticket& t) const
      requires requires(Gate& g, typename Gate::ticket& own) { g.step_aside(own); }
    {
      if (t.entry_ != nullptr) t.entry_->own.step_aside(t.own_);
    }
    admission reserve_retry(ticket& t, attempt_info const& info, feedback::kind how, time_point now,
                            time_point then) const
      requires requires(Gate& g, typename Gate::ticket& own) { g.reserve_retry(own, info, how, now, then); }
    {
      return all_->ask(key_, t, now, [&] { return t.entry_->own.reserve_retry(t.own_, info, how, now, then); });
    }
    void started(ticket& t, time_point now) const
      requires requires(Gate& g, typename Gate::ticket& own) { g.started(own, now); }
    {
      if (t.entry_ != nullptr) t.entry_->own.started(t.own_, now);
    }
    admission would_admit(attempt_info const& info, time_point now, time_point then) const
      requires requires(Gate& g) { g.would_admit(info, now, then); }
    {
      auto answer = admission::go();
      all_->visit(key_, [&](Gate& g) { answer = g.would_admit(info, now, then); });
      return answer;
    }
    void record(ticket& t, feedback const& f, time_point now) const { keyed::record(t, f, now); }

    /// The longest wait of an attempt here, if it is the same for all gates of the type; see `gate`.
    [[nodiscard]] static constexpr duration longest_wait() noexcept
      requires requires { Gate::longest_wait(); }
    {
      return Gate::longest_wait();
    }

    /// The same gate, a rate limiter, at which every attempt takes `weight` permits. `admit` throws
    /// `std::invalid_argument` for a weight that the limiter rejects.
    [[nodiscard]] view with_weight(detail::whole_number<std::uint64_t> weight) const
      requires weighs
    {
      auto heavier = *this;
      heavier.weight_ = weight;
      return heavier;
    }

    [[nodiscard]] Key const& key() const noexcept { return key_; }

    template <class Out>
    void describe(Out& out) const {
      out.text("a gate for its key");
    }

   private:
    friend keyed;
    view(keyed* all, Key key) : all_(all), key_(std::move(key)) {}

    keyed* all_;
    Key key_;
    std::uint64_t weight_ = 1;
  };

  /// `make(key)`, or `make()`, returns a new `Gate`. Called without a lock, possibly by several threads at a time.
  ///
  /// Throws `std::invalid_argument` for an option outside of its range.
  template <class Make>
    requires(std::is_invocable_r_v<Gate, Make const&, Key const&> || std::is_invocable_r_v<Gate, Make const&>)
  explicit keyed(Make make, keyed_options o = {})
      : gates_(detail::require_count("keyed: max_keys", "must be at least 1", o.max_keys, 1),
               detail::require_positive("keyed: forget_after", o.forget_after),
               new detail::made_by<Key, Gate, Make>(std::move(make))) {}

  keyed(keyed const&) = delete;
  keyed& operator=(keyed const&) = delete;

  /// The gate of a key. Makes it at the first attempt.
  [[nodiscard]] view operator[](Key key) { return view(this, std::move(key)); }

  /// Calls `f(gate)` with the gate of a key, to look at it or to change it. Returns whether there is one.
  template <class F>
  bool visit(Key const& key, F&& f) {
    ticket pin;
    pin.entry_ = gates_.pin(key);
    if (pin.entry_ == nullptr) return false;
    std::forward<F>(f)(pin.entry_->own);
    return true;
  }

  /// Calls `f(key, gate)` with every gate that exists when its table is reached, to look at them or to change them.
  /// No lock is held meanwhile, so `f` may use this object. An exception from `f` ends it. Allocates.
  template <class F>
  void for_each(F&& f) {
    gates_.for_each(std::forward<F>(f));
  }

  /// Changes the gate of a key for good: calls `f(gate)` with the gate of the key, if there is one, and with every gate
  /// that is made for this key later, because the one before was discarded. So settings of a key outlive its gates:
  /// `limits.change("gold", [](auto& limiter) { limiter.set(tenax::per_second(50)); });`
  /// Replaces an earlier change of the key. Changes do not count for `max_keys`; remove them with `forget_change`.
  ///
  /// `f` is copied, and called without a lock, by any thread that makes the gate. `f` is called first with a gate that
  /// is discarded: an exception from it, such as that of an invalid rate, changes nothing. Allocates.
  template <class F>
  void change(Key const& key, F f) {
    constexpr bool takes_gate = detail::takes_gate_by_reference<F, Gate>;
    static_assert(takes_gate,
                  "tenax: keyed::change() needs a function that takes the gate by reference and does not change "
                  "itself; write .change(key, [](auto& gate) { ... })");
    if constexpr (takes_gate) {
      constexpr bool returns_nothing = std::is_void_v<std::invoke_result_t<F const&, Gate&>>;
      static_assert(returns_nothing,
                    "tenax: the function of keyed::change() changes the gate that it is given, and returns nothing; "
                    "write .change(key, [](auto& gate) { gate.set(...); })");
      if constexpr (returns_nothing) {
        gates_.set_change(key, typename tables::change(new detail::changed_by<Gate, F>(std::move(f))));
      }
    }
  }

  /// Ends the change of a key: later gates of the key are as they are made. The present gate stays as it is. Returns
  /// whether there was a change.
  bool forget_change(Key const& key) { return gates_.forget_change(key); }

  /// The number of gates.
  [[nodiscard]] std::size_t size() const noexcept { return gates_.size(); }

  /// Discards every gate that has not been in use for `forget_after`: for programs that seldom use their keys again.
  void forget_idle(time_point now = real_time::now()) { gates_.forget_idle(now); }

 private:
  /// Asks the gate of a key, which the ticket keeps.
  template <class Ask>
  admission ask(Key const& key, ticket& t, time_point now, Ask const& asked) {
    if (t.entry_ == nullptr) {
      t.entry_ = gates_.find_or_add(key, now);
      if (t.entry_ == nullptr) return refuse_key(now);
    }
    t.entry_->use(now);
    auto const answer = asked();
    if (answer.refused()) t.give_back();
    return answer;
  }

  /// Refuses: there is no room for another key.
  admission refuse_key(time_point now) const {
    auto const first = gates_.owes_until();
    if (first == (time_point::max)()) return admission::refuse("too many keys in use");
    return admission::refuse("too many keys in use", detail::longer(saturating_between(now, first), duration::zero()));
  }

  static admission admit(ticket& t, attempt_info const& info, time_point now, [[maybe_unused]] std::uint64_t weight,
                         [[maybe_unused]] waker const& w) {
    if constexpr (weighs) {
      return t.entry_->own.with_weight(weight).admit(t.own_, info, now, w);
    } else if constexpr (waking_gate<Gate>) {
      return t.entry_->own.admit(t.own_, info, now, w);
    } else {
      return t.entry_->own.admit(t.own_, info, now);
    }
  }

  static void record(ticket& t, feedback const& f, time_point now) {
    if (t.entry_ == nullptr) return;
    t.entry_->use(now);
    t.entry_->own.record(t.own_, f, now);
    t.give_back();
  }

  tables gates_;
};

}  // namespace tenax
