// SPDX-License-Identifier: MIT
// tenax.cppm: `import tenax;` instead of including headers. The module has every name of the headers that need only the
// standard library; those of HTTP are in tenax.http. Written by `bash tests/module/names.sh --update`.
module;

#include <tenax/any/result.hpp>
#include <tenax/any_retrying.hpp>
#include <tenax/async/callback.hpp>
#include <tenax/async/callback_reply.hpp>
#include <tenax/async/completion.hpp>
#include <tenax/async/coroutine.hpp>
#include <tenax/async/hedging.hpp>
#include <tenax/async/latencies.hpp>
#include <tenax/async/wake_signal.hpp>
#include <tenax/attempt.hpp>
#include <tenax/attempt_range.hpp>
#include <tenax/cancel.hpp>
#include <tenax/capture.hpp>
#include <tenax/caught_exception.hpp>
#include <tenax/concepts.hpp>
#include <tenax/coroutine.hpp>
#include <tenax/current_attempt.hpp>
#include <tenax/default_policy.hpp>
#include <tenax/duration.hpp>
#include <tenax/environment.hpp>
#include <tenax/errors.hpp>
#include <tenax/gate/acquire.hpp>
#include <tenax/gate/adaptive_rate_limiter.hpp>
#include <tenax/gate/adaptive_rate_options.hpp>
#include <tenax/gate/adaptive_throttle.hpp>
#include <tenax/gate/bulkhead.hpp>
#include <tenax/gate/call.hpp>
#include <tenax/gate/circuit_breaker.hpp>
#include <tenax/gate/circuit_options.hpp>
#include <tenax/gate/concurrency_limiter.hpp>
#include <tenax/gate/concurrency_options.hpp>
#include <tenax/gate/gate.hpp>
#include <tenax/gate/in_flight_retry_budget.hpp>
#include <tenax/gate/keyed.hpp>
#include <tenax/gate/keyed_options.hpp>
#include <tenax/gate/rate.hpp>
#include <tenax/gate/rate_limiter.hpp>
#include <tenax/gate/retry_budget.hpp>
#include <tenax/gate/retry_quota.hpp>
#include <tenax/gate/waking.hpp>
#include <tenax/gate/windowed_retry_budget.hpp>
#include <tenax/hedging.hpp>
#include <tenax/observe/counters.hpp>
#include <tenax/observe/counters_snapshot.hpp>
#include <tenax/observe/hooks.hpp>
#include <tenax/observe/log.hpp>
#include <tenax/outcome.hpp>
#include <tenax/policy.hpp>
#include <tenax/random.hpp>
#include <tenax/report.hpp>
#include <tenax/result_traits.hpp>
#include <tenax/retry_loop.hpp>
#include <tenax/retrying.hpp>
#include <tenax/stop/after_attempts.hpp>
#include <tenax/stop/compose.hpp>
#include <tenax/stop/deadline.hpp>
#include <tenax/suspend_aware_time.hpp>
#include <tenax/tenax.hpp>
#include <tenax/testing/no_waits.hpp>
#include <tenax/testing/script.hpp>
#include <tenax/testing/virtual_time.hpp>
#include <tenax/version.hpp>
#include <tenax/wait/bounds.hpp>
#include <tenax/wait/chain.hpp>
#include <tenax/wait/clamp.hpp>
#include <tenax/wait/compose.hpp>
#include <tenax/wait/constant.hpp>
#include <tenax/wait/exponential.hpp>
#include <tenax/wait/fibonacci.hpp>
#include <tenax/wait/first_of.hpp>
#include <tenax/wait/jitter.hpp>
#include <tenax/wait/linear.hpp>
#include <tenax/wait/polynomial.hpp>
#include <tenax/wait/random.hpp>
#include <tenax/wait/retry_after.hpp>
#include <tenax/wait/sequence.hpp>
#include <tenax/when/compose.hpp>
#include <tenax/when/error.hpp>
#include <tenax/when/exception.hpp>
#include <tenax/when/result.hpp>
#include <tenax/worst_case.hpp>

export module tenax;

// The literals and the operators of durations, such as 100ms and <=, without a header of the standard library. Without <=>:
// clang 19 takes it for another definition where a program includes <chrono> after the import.
export namespace std {
namespace chrono {
using std::chrono::operator+;
using std::chrono::operator-;
using std::chrono::operator*;
using std::chrono::operator/;
using std::chrono::operator%;
using std::chrono::operator==;
using std::chrono::operator<;
using std::chrono::operator<=;
using std::chrono::operator>;
using std::chrono::operator>=;
}  // namespace chrono
inline namespace literals {
inline namespace chrono_literals {
using std::literals::chrono_literals::operator""h;
using std::literals::chrono_literals::operator""min;
using std::literals::chrono_literals::operator""s;
using std::literals::chrono_literals::operator""ms;
using std::literals::chrono_literals::operator""us;
using std::literals::chrono_literals::operator""ns;
}  // namespace chrono_literals
}  // namespace literals
}  // namespace std

export namespace tenax {
using tenax::acquire_options;
using tenax::acquired;
using tenax::adaptive_rate_limiter;
using tenax::adaptive_rate_options;
using tenax::adaptive_rate_state;
using tenax::adaptive_throttle;
using tenax::adaptive_throttle_options;
using tenax::admission;
using tenax::allowance;
using tenax::any_duration;
using tenax::any_result;
using tenax::any_retrying;
using tenax::any_retrying_of;
using tenax::attempt;
using tenax::attempt_info;
using tenax::attempt_limits;
using tenax::attempt_range;
using tenax::attempt_timed_out;
using tenax::bulkhead;
using tenax::bulkhead_options;
using tenax::call_through;
using tenax::callback_alarm;
using tenax::callback_call;
using tenax::callback_reply;
using tenax::callback_retry;
using tenax::cancellation_token;
using tenax::cancelled;
using tenax::capture;
using tenax::caught_exception;
using tenax::circuit_breaker;
using tenax::circuit_breaker_options;
using tenax::circuit_state;
using tenax::completion;
using tenax::concurrency_limiter;
using tenax::concurrency_options;
using tenax::concurrency_state;
using tenax::counters;
using tenax::counters_snapshot;
using tenax::current_attempt;
using tenax::decision;
using tenax::default_policy;
using tenax::draw_between;
using tenax::duration;
using tenax::environment;
using tenax::error_with_hint;
using tenax::expired;
using tenax::feedback;
using tenax::feedback_of;
using tenax::fixed_random;
using tenax::from_call;
using tenax::from_call_t;
using tenax::gate;
using tenax::gate_view;
using tenax::gate_wait;
using tenax::hedge_options;
using tenax::hedging;
using tenax::highest_draw;
using tenax::hint;
using tenax::in_flight_retry_budget;
using tenax::in_flight_retry_budget_options;
using tenax::invalid_parameter;
using tenax::keyed;
using tenax::keyed_options;
using tenax::latencies;
using tenax::log_to;
using tenax::lowest_draw;
using tenax::made_progress;
using tenax::middle_draw;
using tenax::no_circuit_observer;
using tenax::optional_duration;
using tenax::outcome;
using tenax::partial_wait_strategy;
using tenax::per_hour;
using tenax::per_minute;
using tenax::per_second;
using tenax::permanent;
using tenax::permit;
using tenax::policy;
using tenax::priority;
using tenax::random_source;
using tenax::rate;
using tenax::rate_limiter;
using tenax::real_time;
using tenax::refused;
using tenax::report;
using tenax::reseed;
using tenax::result_traits;
using tenax::retry_after;
using tenax::retry_budget;
using tenax::retry_budget_options;
using tenax::retry_loop;
using tenax::retry_predicate;
using tenax::retry_quota;
using tenax::retry_quota_options;
using tenax::retrying;
using tenax::saturating_add;
using tenax::saturating_between;
using tenax::saturating_multiply;
using tenax::saturating_scale;
using tenax::saturating_subtract;
using tenax::seeded_random;
using tenax::server_wait_limit;
using tenax::start_empty;
using tenax::start_empty_t;
using tenax::stop_condition;
using tenax::stop_reason;
#if defined(__cpp_lib_jthread)
using tenax::stop_token_of;
#endif
using tenax::suspend_aware_time;
using tenax::this_thread_random;
using tenax::time_point;
using tenax::to_string;
using tenax::too_long;
using tenax::verdict;
using tenax::version;
using tenax::version_major;
using tenax::version_minor;
using tenax::version_patch;
using tenax::version_text;
using tenax::wait_source;
using tenax::wait_strategy;
using tenax::wake_signal;
using tenax::waker;
using tenax::waking_gate;
using tenax::windowed_retry_budget;
using tenax::windowed_retry_budget_options;
using tenax::with_hint;
using tenax::worst_case;
using tenax::worst_case_bounds;
}  // namespace tenax

export namespace tenax::coroutine {
using tenax::coroutine::retry;
using tenax::coroutine::try_retry;
}  // namespace tenax::coroutine

export namespace tenax::stop {
using tenax::stop::after_attempts;
using tenax::stop::after_attempts_condition;
using tenax::stop::after_elapsed;
using tenax::stop::after_elapsed_condition;
using tenax::stop::all_of;
using tenax::stop::answer;
using tenax::stop::any_of;
using tenax::stop::attempt_count;
using tenax::stop::bounds;
using tenax::stop::deadline;
using tenax::stop::deadline_at;
using tenax::stop::deadline_at_condition;
using tenax::stop::deadline_condition;
using tenax::stop::never;
using tenax::stop::never_condition;
using tenax::stop::operand;
using tenax::stop::operators;
}  // namespace tenax::stop

export namespace tenax::testing {
using tenax::testing::no_waits;
using tenax::testing::script;
using tenax::testing::virtual_time;
}  // namespace tenax::testing

export namespace tenax::wait {
using tenax::wait::additive_jitter;
using tenax::wait::at_least;
using tenax::wait::at_most;
using tenax::wait::bounds;
using tenax::wait::bounds_of;
using tenax::wait::chain;
using tenax::wait::chain_strategy;
using tenax::wait::constant;
using tenax::wait::constant_strategy;
using tenax::wait::decorrelated;
using tenax::wait::decorrelated_maker;
using tenax::wait::decorrelated_options;
using tenax::wait::decorrelated_strategy;
using tenax::wait::equal_jitter;
using tenax::wait::exponential;
using tenax::wait::exponential_maker;
using tenax::wait::exponential_options;
using tenax::wait::exponential_positions;
using tenax::wait::exponential_strategy;
using tenax::wait::extreme;
using tenax::wait::fibonacci;
using tenax::wait::fibonacci_maker;
using tenax::wait::fibonacci_options;
using tenax::wait::fibonacci_strategy;
using tenax::wait::first_of;
using tenax::wait::first_of_strategy;
using tenax::wait::full_jitter;
using tenax::wait::is_repeated;
using tenax::wait::jitterable;
using tenax::wait::jittered;
using tenax::wait::limited;
using tenax::wait::linear;
using tenax::wait::linear_maker;
using tenax::wait::linear_options;
using tenax::wait::linear_strategy;
using tenax::wait::max_of;
using tenax::wait::min_of;
using tenax::wait::none;
using tenax::wait::none_strategy;
using tenax::wait::only_if;
using tenax::wait::only_if_strategy;
using tenax::wait::operand;
using tenax::wait::operators;
using tenax::wait::polynomial;
using tenax::wait::polynomial_maker;
using tenax::wait::polynomial_options;
using tenax::wait::polynomial_strategy;
using tenax::wait::proportional_jitter;
using tenax::wait::range_query;
using tenax::wait::repeat;
using tenax::wait::repeated;
using tenax::wait::retry_after;
using tenax::wait::retry_after_strategy;
using tenax::wait::sequence;
using tenax::wait::sum;
using tenax::wait::uniform;
using tenax::wait::uniform_maker;
using tenax::wait::uniform_strategy;
}  // namespace tenax::wait

export namespace tenax::when {
using tenax::when::all_of;
using tenax::when::always;
using tenax::when::any_error;
using tenax::when::any_error_predicate;
using tenax::when::any_exception;
using tenax::when::any_exception_predicate;
using tenax::when::any_of;
using tenax::when::constant_predicate;
using tenax::when::error;
using tenax::when::error_if;
using tenax::when::error_predicate;
using tenax::when::exception;
using tenax::when::exception_predicate;
using tenax::when::exception_where;
using tenax::when::failed;
using tenax::when::failed_predicate;
using tenax::when::negation;
using tenax::when::never;
using tenax::when::operand;
using tenax::when::operators;
using tenax::when::result;
using tenax::when::result_is;
using tenax::when::result_is_predicate;
using tenax::when::result_predicate;
}  // namespace tenax::when
