// SPDX-License-Identifier: MIT
// gate/dry_run.hpp: a gate that only tells what it would do: `dry_run(std::ref(gate), observer)`.
#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>

#include <tenax/gate/gate.hpp>
#include <tenax/platform/shared_number.hpp>

namespace tenax {

/// A gate that admits all attempts, and tells `Observer` what the gate `Held` would do with each of them. See
/// `tenax::dry_run`, which makes it.
template <class Held, class Observer>
class dry_run_view {
  using gate_type = detail::unwrapped<Held>;
  using own_ticket = typename gate_type::ticket;
  static constexpr bool reserves = requires(gate_type& g, own_ticket& t, attempt_info const& a, time_point n) {
    g.reserve_retry(t, a, feedback::kind::failure, n, n);
  };
  static constexpr bool foresees =
      requires(gate_type& g, attempt_info const& a, time_point n) { g.would_admit(a, n, n); };

 public:
  static constexpr bool is_gate_view = true;

  /// What one attempt holds of the gate: nothing, unless the gate has admitted it.
  class ticket {
    friend dry_run_view;
    enum class state : unsigned char { unknown, admitted, told };
    state is_ = state::unknown;
    own_ticket own_{};
  };

  dry_run_view(Held const& held, Observer observer) : held_(held), observer_(std::move(observer)) {}

  admission admit(ticket& t, attempt_info const& info, time_point now) const {
    if (t.is_ == ticket::state::unknown) tell(t, info, detail::unwrap(held_).admit(t.own_, info, now));
    return admission::go();
  }

  /// A retry that the gate would refuse before its wait.
  admission reserve_retry(ticket& t, attempt_info const& info, [[maybe_unused]] feedback::kind how, time_point now,
                          time_point then) const
    requires(reserves || foresees)
  {
    auto answer = admission::go();
    if constexpr (reserves) {
      answer = detail::unwrap(held_).reserve_retry(t.own_, info, how, now, then);
    } else {
      answer = detail::unwrap(held_).would_admit(info, now, then);
    }
    if (answer.refused()) tell(t, info, answer);
    return admission::go();
  }

  void started(ticket& t, time_point now) const
    requires requires(gate_type& g, own_ticket& own) { g.started(own, now); }
  {
    if (t.is_ == ticket::state::admitted) detail::unwrap(held_).started(t.own_, now);
  }

  void record(ticket& t, feedback const& f, time_point now) const {
    if (t.is_ == ticket::state::admitted) detail::unwrap(held_).record(t.own_, f, now);
    t.is_ = ticket::state::unknown;
  }

  /// An attempt never waits here; see `gate`.
  [[nodiscard]] static constexpr duration longest_wait() noexcept { return duration::zero(); }

  template <class Out>
  void describe(Out& out) const {
    out.text("a dry run of ");
    detail::describe(detail::unwrap(held_), out, "a gate");
  }

 private:
  /// The gate forgets an attempt that it would not let start now.
  void tell(ticket& t, attempt_info const& info, admission const& answer) const {
    t.is_ = answer.admitted() ? ticket::state::admitted : ticket::state::told;
    if (!answer.admitted()) t.own_ = {};
    detail::unwrap(observer_)(info, answer);
  }

  Held held_;
  Observer observer_;
};

namespace detail {

template <class G, class F>
constexpr bool check_dry_run() {
  using given = unwrapped<G>;
  constexpr bool shared = gate_view<std::remove_const_t<given>> || (!std::is_const_v<given> && gate<given>);
  static_assert(shared, "tenax: dry_run() needs a gate that calls share; write dry_run(std::ref(gate), observer)");
  constexpr bool hears = std::is_invocable_v<unwrapped<F>&, attempt_info const&, admission const&>;
  static_assert(!shared || hears,
                "tenax: dry_run() needs a function for the gate's answers that takes (tenax::attempt_info const&, "
                "tenax::admission const&); one that changes is shared: std::ref(f)");
  return shared && hears;
}

/// The result of a wrong call of `dry_run`, so that compilers print no further errors.
struct admits_all {
  struct ticket {};
  static constexpr bool is_gate_view = true;
  admission admit(ticket&, attempt_info const&, time_point) const { return {}; }
  void record(ticket&, feedback const&, time_point) const {}
};

}  // namespace detail

/// Tries a gate without an effect on the calls: `polite.through(tenax::dry_run(std::ref(breaker), std::ref(counter)))`.
/// All attempts pass. For each, `observer(info, answer)` gets the gate's answer, an `admission`: `go`, `wait` with the
/// expected `delay`, or `refuse` with the reason. The gate counts the attempts that it admits, and hears how they
/// ended; it forgets the others, which it would have delayed or refused.
///
/// `gate` is given as to `.through()`: by `std::ref`, or as a view such as `keyed[key]`. `observer` is copied, or given
/// by `std::ref`; all threads that make calls call it, without a lock. An exception of the observer ends the call.
template <class G, class F>
[[nodiscard]] constexpr auto dry_run(G const& gate, F observer) {
  if constexpr (detail::check_dry_run<G, F const>()) {
    return dry_run_view<G, F>(gate, std::move(observer));
  } else {
    return detail::admits_all();
  }
}

/// Counts the answers of gates in dry runs: `tenax::dry_run(std::ref(gate), std::ref(counter))`.
///
/// Thread safety: safe. Each number is exact; numbers that are read together may come from different moments.
class dry_run_counter {
 public:
  /// The answers so far.
  struct snapshot {
    std::uint64_t admitted = 0;  ///< attempts that the gates would let start at once
    std::uint64_t delayed = 0;   ///< attempts that would have to wait
    std::uint64_t refused = 0;   ///< attempts that would not be made
    duration waiting{};          ///< the expected waits of the delayed attempts; the sum stays at the greatest duration

    friend constexpr bool operator==(snapshot const&, snapshot const&) = default;
  };

  [[nodiscard]] snapshot read() const noexcept {
    return {load(admitted_), load(delayed_), load(refused_), duration(waiting_.load_relaxed())};
  }

  void operator()(attempt_info const&, admission const& answer) noexcept {
    if (answer.refused()) return count(refused_);
    if (answer.admitted()) return count(admitted_);
    count(delayed_);
    auto before = waiting_.load_relaxed();
    while (!waiting_.replace_relaxed(before, saturating_add(duration(before), answer.delay).count())) {
    }
  }

 private:
  using number = platform::shared_number<std::uint64_t>;

  static void count(number& n) noexcept { n.fetch_add_relaxed(1); }
  static std::uint64_t load(number const& n) noexcept { return n.load_relaxed(); }

  number admitted_{};
  number delayed_{};
  number refused_{};
  platform::shared_number<duration::rep> waiting_{};
};

}  // namespace tenax
