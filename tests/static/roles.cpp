// SPDX-License-Identifier: MIT
// roles.cpp: which types satisfy the concept of each role: each requirement is met once and missed once.
#include <tenax/concepts.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <tenax/tenax.hpp>

using namespace std::chrono_literals;
using namespace tenax;

namespace {

struct network_error {};
struct move_only {
  move_only() = default;
  move_only(move_only&&) = default;
  template <class R>
  struct answering;
};
template <class R>
struct move_only::answering : move_only {
  R operator()(attempt_info const&) const;
};
template <class R>
struct mutating {
  R operator()(attempt_info const&);
};
template <class R, class A = attempt_info>
struct policy_of {
  R operator()(A const&) const;
};
using milliseconds = std::chrono::milliseconds;

// --- retry predicates -----------------------------------------------------------------------------------------------

// Any copyable callable of an attempt that returns bool and changes nothing.
static_assert(retry_predicate<policy_of<bool>, attempt_info>);
static_assert(retry_predicate<policy_of<bool>, attempt<int>>);
static_assert(retry_predicate<policy_of<bool, attempt<int>>, attempt<int>>);
static_assert(retry_predicate<bool (*)(attempt_info const&), attempt<void>>);
static_assert(!retry_predicate<policy_of<int>, attempt_info>);
static_assert(!retry_predicate<policy_of<void>, attempt_info>);
static_assert(!retry_predicate<policy_of<std::true_type>, attempt_info>);
static_assert(!retry_predicate<policy_of<bool, attempt<int>>, attempt_info>);
static_assert(!retry_predicate<policy_of<bool, attempt<int>>, attempt<long>>);
static_assert(!retry_predicate<policy_of<bool, std::string>, attempt<int>>);
static_assert(!retry_predicate<mutating<bool>, attempt_info>);
static_assert(!retry_predicate<move_only::answering<bool>, attempt_info>);
static_assert(!retry_predicate<bool, attempt_info>);
static_assert(!retry_predicate<bool (*)(), attempt_info>);

// The library's own.
constexpr auto negative = [](int n) { return n < 0; };
using exception_predicate = decltype(tenax::when::exception<network_error>);
using result_predicate = decltype(tenax::when::result(negative));
template <class T>
struct expected {
  bool has_value() const;
  int const& error() const;
};

static_assert(retry_predicate<exception_predicate, attempt<int>>);
static_assert(retry_predicate<exception_predicate, attempt<void>>);
static_assert(retry_predicate<exception_predicate, attempt<std::string&>>);
static_assert(
    retry_predicate<decltype(tenax::when::exception<network_error>.where([](network_error const&) { return true; })),
                    attempt<int>>);
static_assert(retry_predicate<decltype(tenax::when::any_exception), attempt<void>>);
static_assert(retry_predicate<result_predicate, attempt<int>>);
static_assert(retry_predicate<result_predicate, attempt<int&>>);
static_assert(!retry_predicate<result_predicate, attempt<std::string>>);
static_assert(!retry_predicate<result_predicate, attempt<void>>);
static_assert(retry_predicate<decltype(tenax::when::result_is(7)), attempt<int>>);
static_assert(!retry_predicate<decltype(tenax::when::result_is(7)), attempt<std::string>>);
static_assert(!retry_predicate<decltype(tenax::when::result_is(7)), attempt<void>>);
static_assert(retry_predicate<decltype(tenax::when::any_error), attempt<int>>);
static_assert(retry_predicate<decltype(tenax::when::error(7)), attempt<expected<int>>>);
static_assert(retry_predicate<decltype(tenax::when::error(7)), attempt<expected<int> const&>>);
static_assert(!retry_predicate<decltype(tenax::when::error(7)), attempt<int>>);
static_assert(!retry_predicate<decltype(tenax::when::error(7)), attempt<void>>);
static_assert(retry_predicate<decltype(tenax::when::failed), attempt<void>>);
static_assert(retry_predicate<decltype(tenax::when::failed), attempt<std::unique_ptr<int>>>);
static_assert(retry_predicate<decltype(tenax::when::always), attempt_info>);
static_assert(retry_predicate<decltype(tenax::when::never), attempt<void>>);
static_assert(!retry_predicate<exception_predicate, attempt_info>);

// A combination is a predicate if both operands are.
static_assert(
    retry_predicate<decltype(tenax::when::exception<network_error> || tenax::when::result(negative)), attempt<int>>);
static_assert(!retry_predicate<decltype(tenax::when::exception<network_error> || tenax::when::result(negative)),
                               attempt<std::string>>);
static_assert(
    !retry_predicate<decltype(tenax::when::exception<network_error> && tenax::when::result(negative)), attempt<void>>);
static_assert(retry_predicate<decltype(!tenax::when::result(negative)), attempt<int>>);
static_assert(!retry_predicate<decltype(!tenax::when::result(negative)), attempt<void>>);

// --- wait strategies ------------------------------------------------------------------------------------------------

// Any copyable callable of an attempt that returns a duration of any unit and changes nothing.
static_assert(wait_strategy<policy_of<duration>, attempt_info>);
static_assert(wait_strategy<policy_of<milliseconds>, attempt<int>>);
static_assert(wait_strategy<policy_of<std::chrono::duration<double>>, attempt_info>);
static_assert(wait_strategy<policy_of<milliseconds const&>, attempt_info>);
static_assert(wait_strategy<milliseconds (*)(attempt_info const&), attempt<void>>);
static_assert(!wait_strategy<policy_of<void>, attempt_info>);
static_assert(!wait_strategy<policy_of<std::string>, attempt_info>);
static_assert(!wait_strategy<policy_of<std::optional<milliseconds>>, attempt_info>);
static_assert(!wait_strategy<policy_of<optional_duration>, attempt_info>);
static_assert(!wait_strategy<policy_of<time_point>, attempt_info>);
static_assert(!wait_strategy<policy_of<duration, attempt<int>>, attempt<long>>);
static_assert(!wait_strategy<mutating<duration>, attempt_info>);
static_assert(!wait_strategy<move_only::answering<duration>, attempt_info>);
static_assert(!wait_strategy<milliseconds, attempt_info>);

// A partial strategy may return an optional instead. Every strategy is a partial one.
static_assert(partial_wait_strategy<policy_of<std::optional<milliseconds>>, attempt_info>);
static_assert(partial_wait_strategy<policy_of<optional_duration>, attempt_info>);
static_assert(partial_wait_strategy<policy_of<duration>, attempt_info>);
static_assert(!partial_wait_strategy<policy_of<std::optional<std::string>>, attempt_info>);
static_assert(!partial_wait_strategy<policy_of<void>, attempt_info>);
static_assert(!partial_wait_strategy<mutating<std::optional<duration>>, attempt_info>);
static_assert(!partial_wait_strategy<move_only::answering<optional_duration>, attempt_info>);

// The library's own.
template <class W>
constexpr bool waits =
    wait_strategy<W, attempt_info> && wait_strategy<W, attempt<int>> && wait_strategy<W, attempt<void>>;
static_assert(waits<decltype(tenax::wait::none)>);
static_assert(waits<decltype(tenax::wait::constant(1s))>);
static_assert(waits<decltype(tenax::wait::linear())>);
static_assert(waits<decltype(tenax::wait::exponential())>);
static_assert(waits<decltype(tenax::wait::fibonacci())>);
static_assert(waits<decltype(tenax::wait::polynomial())>);
static_assert(waits<decltype(tenax::wait::sequence{1s, 2s})>);
static_assert(waits<decltype(tenax::wait::uniform(1s, 2s))>);
static_assert(waits<decltype(tenax::wait::decorrelated())>);
static_assert(waits<decltype(tenax::wait::exponential().full())>);
static_assert(waits<decltype(tenax::wait::exponential().equal())>);
static_assert(waits<decltype(tenax::wait::exponential().proportional(0.5))>);
static_assert(waits<decltype(tenax::wait::exponential().additive(1s))>);
static_assert(!waits<decltype(tenax::wait::retry_after)>);
static_assert(partial_wait_strategy<decltype(tenax::wait::retry_after), attempt_info>);

// No strategy is a stop condition or a predicate, and vice versa.
static_assert(!stop_condition<decltype(tenax::wait::none), attempt_info>);
static_assert(!retry_predicate<decltype(tenax::wait::none), attempt<int>>);

// --- stop conditions ------------------------------------------------------------------------------------------------

static_assert(stop_condition<policy_of<bool>, attempt_info>);
static_assert(stop_condition<policy_of<bool, attempt<int>>, attempt<int>>);
static_assert(stop_condition<bool (*)(attempt_info const&), attempt<void>>);
static_assert(!stop_condition<policy_of<int>, attempt_info>);
static_assert(!stop_condition<policy_of<void>, attempt_info>);
static_assert(!stop_condition<policy_of<bool, attempt<int>>, attempt<long>>);
static_assert(!stop_condition<mutating<bool>, attempt_info>);
static_assert(!stop_condition<move_only::answering<bool>, attempt_info>);
static_assert(!stop_condition<int, attempt_info>);

template <class S>
constexpr bool stops =
    stop_condition<S, attempt_info> && stop_condition<S, attempt<int>> && stop_condition<S, attempt<void>>;
static_assert(stops<decltype(tenax::stop::after_attempts(3))>);
static_assert(stops<decltype(tenax::stop::never)>);
static_assert(stops<decltype(tenax::stop::deadline(1s))>);
static_assert(stops<decltype(tenax::stop::deadline(1s).clip_last_wait())>);
static_assert(stops<decltype(tenax::stop::deadline_at({}))>);
static_assert(stops<decltype(tenax::stop::after_elapsed(1s))>);
static_assert(stops<decltype(tenax::stop::after_attempts(3) || tenax::stop::deadline(1s))>);
static_assert(stops<decltype(tenax::stop::after_attempts(3) && tenax::stop::deadline(1s))>);
static_assert(!stop_condition<decltype(tenax::stop::never || policy_of<bool, attempt<int>>{}), attempt<void>>);

// --- gates, environments, tokens ------------------------------------------------------------------------------------

struct open_gate {
  struct ticket {};
  admission admit(ticket&, attempt_info const&, time_point);
  void record(ticket&, feedback const&, time_point);
};
struct gate_without_ticket {
  admission admit(int&, attempt_info const&, time_point);
  void record(int&, feedback const&, time_point);
};
struct gate_without_answer {
  using ticket = int;
  void admit(ticket&, attempt_info const&, time_point);
  void record(ticket&, feedback const&, time_point);
};
struct gate_without_report {
  using ticket = int;
  admission admit(ticket&, attempt_info const&, time_point);
};
struct gate_with_fixed_ticket {
  struct ticket {
    ticket() = default;
    ticket& operator=(ticket const&) = delete;
  };
  admission admit(ticket&, attempt_info const&, time_point);
  void record(ticket&, feedback const&, time_point);
};
struct open_view {
  struct ticket {};
  static constexpr bool is_gate_view = true;
  admission admit(ticket&, attempt_info const&, time_point) const { return admission::go(); }
  void record(ticket&, feedback const&, time_point) const {}
};
struct const_gate {
  struct ticket {};
  admission admit(ticket&, attempt_info const&, time_point) const { return admission::go(); }
  void record(ticket&, feedback const&, time_point) const {}
};
static_assert(gate<open_gate>);
static_assert(gate_view<open_view>);
static_assert(!gate_view<open_gate>);   // its functions are not const
static_assert(!gate_view<const_gate>);  // it does not declare that copies share their counts
static_assert(!gate<gate_without_ticket>);
static_assert(!gate<gate_without_answer>);
static_assert(!gate<gate_without_report>);
static_assert(!gate<gate_with_fixed_ticket>);
static_assert(!gate<int>);
static_assert(!gate<decltype(tenax::wait::none)>);

struct frozen_time {
  time_point now() const;
  void sleep(duration) const;
};
struct time_without_sleep {
  time_point now() const;
};
struct time_without_clock {
  void sleep(duration) const;
};
struct wall_clock {
  std::chrono::system_clock::time_point now() const;
  void sleep(duration) const;
};
static_assert(environment<real_time>);
static_assert(environment<frozen_time>);
static_assert(!environment<time_without_sleep>);
static_assert(!environment<time_without_clock>);
static_assert(!environment<wall_clock>);
static_assert(!environment<int>);

struct flag {
  bool stop_requested() const;
};
struct flag_that_moves : flag {
  flag_that_moves(flag_that_moves&&);
};
struct flag_that_changes {
  bool stop_requested();
};
static_assert(cancellation_token<flag>);
static_assert(!cancellation_token<flag_that_moves>);
static_assert(!cancellation_token<flag_that_changes>);
static_assert(!cancellation_token<bool>);

// --- vocabulary -----------------------------------------------------------------------------------------------------

static_assert(std::is_aggregate_v<attempt_info>);
static_assert(std::is_trivially_copyable_v<attempt_info>);
static_assert(std::is_trivially_copyable_v<optional_duration>);
static_assert(sizeof(optional_duration) == sizeof(duration));
struct moves_and_may_throw {
  moves_and_may_throw(moves_and_may_throw&&);
};

static_assert(sizeof(any_duration) == sizeof(duration));
static_assert(std::is_same_v<duration, std::chrono::nanoseconds>);
static_assert(std::is_convertible_v<milliseconds, any_duration>);
static_assert(!std::is_convertible_v<time_point, any_duration>);
static_assert(!std::is_convertible_v<std::optional<milliseconds>, any_duration>);
static_assert(!std::is_convertible_v<optional_duration, any_duration>);
static_assert(!std::is_convertible_v<std::string, any_duration>);
static_assert(std::is_nothrow_move_constructible_v<outcome<int>>);
static_assert(std::is_copy_constructible_v<outcome<int>>);
static_assert(std::is_move_constructible_v<outcome<std::unique_ptr<int>>>);
static_assert(!std::is_copy_constructible_v<outcome<std::unique_ptr<int>>>);
static_assert(!std::is_default_constructible_v<outcome<int>>);
static_assert(std::is_default_constructible_v<outcome<void>>);
static_assert(!std::is_constructible_v<outcome<int>, std::string>);
static_assert(!std::is_constructible_v<outcome<int&>, int>);
static_assert(std::is_copy_assignable_v<outcome<int>> && std::is_nothrow_move_assignable_v<outcome<int>>);
static_assert(std::is_nothrow_move_assignable_v<outcome<std::unique_ptr<int>>>);
static_assert(!std::is_copy_assignable_v<outcome<std::unique_ptr<int>>>);
static_assert(std::is_nothrow_move_assignable_v<report<std::string>>);
static_assert(!std::is_move_assignable_v<outcome<moves_and_may_throw>>);
static_assert(std::is_copy_assignable_v<outcome<int&>> && std::is_copy_assignable_v<outcome<void>>);

}  // namespace
