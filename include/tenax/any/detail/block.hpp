// SPDX-License-Identifier: MIT
// any/detail/block.hpp: a policy of any type behind functions of known types.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>

#include <tenax/any/detail/limits.hpp>
#include <tenax/any/detail/policy_text.hpp>
#include <tenax/any/detail/steps.hpp>
#include <tenax/any/detail/text_sink.hpp>
#include <tenax/any/detail/world.hpp>
#include <tenax/any/result.hpp>
#include <tenax/driver/detail/reading.hpp>
#include <tenax/gate/gate.hpp>
#include <tenax/platform/compiler.hpp>
#include <tenax/policy.hpp>
#include <tenax/report.hpp>
#include <tenax/retrying.hpp>
#include <tenax/wait/bounds.hpp>
#include <tenax/worst_case.hpp>

namespace tenax::detail {

/// An operation of any type that returns a `T`.
template <class T>
struct erased_operation {
  void* context;
  T (*attempt)(void*, attempt_info const&);
  T operator()(attempt_info const& info) const { return attempt(context, info); }
};
/// What an operation gets that does not look at the attempt's numbers.
inline constexpr attempt_info no_info{};

/// The same for one that does not take the attempt's numbers.
template <class T>
struct uninformed_operation {
  erased_operation<T> own;
  T operator()() const { return own.attempt(own.context, no_info); }
};

/// The functions of a policy that take an attempt which returned a `T`, and whole calls of an operation that does.
template <class T>
struct erased_attempt_functions {
  T (*run)(void const* policy, void const* environment, erased_operation<T>);
  T (*run_informed)(void const* policy, void const* environment, erased_operation<T>);
  report<T> (*run_report)(void const* policy, void const* environment, erased_operation<T>);
  returned_decision (*finish)(void const* policy, erased_step const&, outcome<T> const&, bool asked);
  // Null: more has to be done with every value.
  first_look (*look)(void const* policy, first_times const&, char const* name, outcome<T> const&);
  // Null: no observer hears it.
  void (*conclude)(void const* policy, erased_step const&, outcome<T> const&);
  // Those of the parts, for policies that have some of them and others.
  bool (*wants)(void const*, attempt<T> const&);
  bool (*permits)(void const*, attempt<T> const&);
  char const* (*why_denied)(void const*, attempt<T> const&);
  bool (*goes_on)(void const*, attempt<T> const&);
  duration (*wait)(void const*, attempt<T> const&);
  stop::answer (*enough)(void const*, attempt<T> const&);
  hint (*read_hint)(void const*, attempt<T> const&);
  allowance (*quota)(void const*, attempt<T> const&);
  // Null: no observer hears it.
  void (*after_attempt)(void const*, attempt<T> const&);
  void (*before_sleep)(void const*, attempt<T> const&);
  void (*on_success)(void const*, attempt<T> const&);
  void (*on_give_up)(void const*, attempt<T> const&, stop_reason, char const*);
};

/// The other functions of a policy and its environment.
struct erased_functions {
  returned_decision (*start)(void const* policy, erased_step const&, waker const&);
  void (*before_attempt)(void const*, attempt_info const&);
  void (*before_gate_wait)(void const*, gate_wait const&);
  admission (*admit)(void const*, void* tickets, attempt_info const&, time_point, waker const&);
  admission (*before_wait)(void const*, void* tickets, attempt_info const&, feedback::kind, time_point, time_point);
  void (*started)(void const*, void* tickets, time_point);
  void (*record)(void const*, void* tickets, feedback const&, time_point);
  std::size_t tickets_size;
  std::size_t tickets_align;
  void (*make_tickets)(void* at);
  void (*move_tickets)(void* to, void* from) noexcept;
  void (*destroy_tickets)(void* at) noexcept;
  bool (*stop_requested)(void const*);
  duration (*clip)(void const*, attempt_info const&);
  duration (*time_left)(void const*, attempt_info const&);
  wait::bounds (*wait_bounds)(void const*, wait::range_query const&);
  std::uint32_t (*grows_until)(void const*, std::uint32_t) noexcept;
  stop::bounds (*stop_bounds)(void const*);
  worst_case_bounds (*worst_case)(void const*);
  void (*write)(void const*, text_sink&);
  void (*describe_when)(void const*, text_sink&);
  void (*describe_wait)(void const*, text_sink&);
  void (*describe_stop)(void const*, text_sink&);
  void (*describe_gates)(void const*, text_sink&);
  void (*describe_hints)(void const*, text_sink&);  ///< null: hints are read as by default
};

/// What the parts of an erased policy share. `policy` and `environment` are the objects that the functions take.
struct erased_block_base {
  void const* policy;
  void const* environment;
  erased_limits limits;
  erased_functions const* call;
  erased_world_functions const* world;  ///< null: the real environment
  bool uses_time;
  bool has_gates;
  bool starts_plainly;  ///< nothing looks at the beginning of an attempt but a token
  duration longest_gate_wait;
  bool has_token;
  bool has_deadline;
  bool may_clip;
  bool has_no_opinion;  ///< the predicate, of what is a failure
  token_view token;     ///< the policy's token, as operations see it
};

template <class... Results>
struct erased_block : erased_block_base, erased_attempt_functions<Results>... {};

// What follows is compiled where an erased policy is made.
template <class P, class E, class T>
struct erased_attempt_calls {
  static P const& at(void const* p) { return *static_cast<P const*>(p); }
  using observers = typename P::observers_type;

  static constexpr erased_attempt_functions<T> all() {
    erased_attempt_functions<T> f{
        .run = [](void const* p, void const* e, erased_operation<T> own) -> T {
          uninformed_operation<T> const operation{own};
          return make_call<false, T>(at(p), unwrap(*static_cast<E const*>(e)), operation);
        },
        .run_informed = [](void const* p, void const* e, erased_operation<T> operation) -> T {
          return make_call<false, T>(at(p), unwrap(*static_cast<E const*>(e)), operation);
        },
        .run_report = [](void const* p, void const* e, erased_operation<T> operation) -> report<T> {
          return report_call<T>(at(p), unwrap(*static_cast<E const*>(e)), operation);
        },
        .finish = erased_steps<P>::template finish<T>,
        .look = nullptr,
        .conclude = nullptr,
        .wants = [](void const* p, attempt<T> const& a) -> bool { return wants_retry(at(p).predicate, a); },
        .permits = [](void const* p, attempt<T> const& a) -> bool { return permits_retry(at(p).predicate, a); },
        .why_denied = [](void const* p, attempt<T> const& a) { return detail::why_denied(at(p).predicate, a); },
        .goes_on = [](void const* p, attempt<T> const& a) -> bool { return detail::goes_on(at(p).predicate, a); },
        .wait = [](void const* p, attempt<T> const& a) { return duration(ask_wait(at(p).strategy, a)); },
        .enough = [](void const* p, attempt<T> const& a) { return ask_stop(at(p).condition, a); },
        .read_hint = [](void const* p, attempt<T> const& a) -> hint {
          if constexpr (std::is_same_v<typename P::hint_reader_type, own_hint_reader>) {
            return hint_of(a.result);
          } else {
            return at(p).hint_reader(a);
          }
        },
        .quota = [](void const* p, attempt<T> const& a) { return quota_left(at(p), a); },
        .after_attempt = nullptr,
        .before_sleep = nullptr,
        .on_success = nullptr,
        .on_give_up = nullptr};
    if constexpr (accepts_plainly<P, T> && !observers::template hears_success<T>) {
      f.look = erased_steps<P>::template look<T>;
    }
    if constexpr (observers::template hears_after_attempt<T>) {
      f.after_attempt = [](void const* p, attempt<T> const& a) { at(p).observers.after_attempt(a); };
    }
    if constexpr (observers::template hears_before_sleep<T>) {
      f.before_sleep = [](void const* p, attempt<T> const& a) { at(p).observers.before_sleep(a); };
    }
    if constexpr (observers::template hears_end<T>) {
      f.conclude = erased_steps<P>::template conclude<T>;
      f.on_success = [](void const* p, attempt<T> const& a) { at(p).observers.on_success(a); };
      f.on_give_up = [](auto* p, auto& a, auto... why) { at(p).observers.on_give_up(a, why...); };
    }
    return f;
  }
};

template <class P>
struct erased_calls {
  static P const& at(void const* p) { return *static_cast<P const*>(p); }
  using tickets = typename P::gates_type::tickets;
  static tickets& tickets_at(void* t) { return *static_cast<tickets*>(t); }

  static constexpr erased_functions all() {
    erased_functions f{
        .start = erased_steps<P>::start,
        .before_attempt = nullptr,
        .before_gate_wait = nullptr,
        .admit = [](void const* p, void* t, attempt_info const& a, time_point now,
                    waker const& w) { return at(p).gates.admit(tickets_at(t), a, now, w); },
        .before_wait = nullptr,
        .started = [](void const* p, void* t, time_point now) { at(p).gates.started(tickets_at(t), now); },
        .record = [](void const* p, void* t, feedback const& how,
                     time_point now) { at(p).gates.record(tickets_at(t), how, now); },
        .tickets_size = sizeof(tickets),
        .tickets_align = alignof(tickets),
        .make_tickets = [](void* to) { ::new (to) tickets(); },
        .move_tickets =
            [](void* to, void* from) noexcept {
              ::new (to) tickets(std::move(tickets_at(from)));
              tickets_at(from).~tickets();
            },
        .destroy_tickets = [](void* t) noexcept { tickets_at(t).~tickets(); },
        .stop_requested = [](void const* p) { return asked_to_stop(at(p).token); },
        .clip = [](void const* p, attempt_info const& a) { return clip_wait(at(p).condition, a); },
        .time_left = [](void const* p, attempt_info const& a) { return detail::time_left(at(p).condition, a); },
        .wait_bounds = [](void const* p, wait::range_query const& q) { return wait::bounds_of(at(p).strategy, q); },
        .grows_until = [](void const* p, std::uint32_t n) noexcept { return detail::grows_until(at(p).strategy, n); },
        .stop_bounds = [](void const* p) { return detail::bounds_of(at(p).condition); },
        .worst_case = [](void const* p) { return tenax::worst_case(at(p)); },
        .write = [](void const* p, text_sink& out) { detail::write(out, at(p)); },
        .describe_when = [](void const* p,
                            text_sink& out) { describe(at(p).predicate, out, "a predicate of your own"); },
        .describe_wait = [](void const* p, text_sink& out) { describe(at(p).strategy, out, "a wait of your own"); },
        .describe_stop = [](void const* p,
                            text_sink& out) { describe(at(p).condition, out, "when your condition says so"); },
        .describe_gates = [](void const* p, text_sink& out) { at(p).gates.describe(out); },
        .describe_hints = nullptr};
    if constexpr (!std::is_same_v<typename P::hint_reader_type, own_hint_reader>) {
      f.describe_hints = [](void const* p, text_sink& out) {
        describe(at(p).hint_reader, out, "a reader of your own");
      };
    }
    if constexpr (P::gates_type::has_would_admit) {
      f.before_wait = [](void const* p, void* t, attempt_info const& a, feedback::kind how, time_point now,
                         time_point then) { return at(p).gates.before_wait(tickets_at(t), a, how, now, then); };
    }
    if constexpr (P::observers_type::hears_before_attempt) {
      f.before_attempt = [](void const* p, attempt_info const& a) { at(p).observers.before_attempt(a); };
    }
    if constexpr (P::observers_type::hears_gate_wait) {
      f.before_gate_wait = [](void const* p, gate_wait const& w) { at(p).observers.before_gate_wait(w); };
    }
    return f;
  }
};

template <class P>
inline constexpr erased_functions erased_functions_of = erased_calls<P>::all();

/// A policy with its environment, in one piece of memory.
template <class P, class E, class... Results>
struct erased_block_of final : erased_block<Results...> {
  erased_block_of(P const& p, E const& e) : own_policy(p), own_environment(e) {
    static_cast<erased_block_base&>(*this) = {
        .policy = &own_policy,
        .environment = &own_environment,
        .limits = limits_erased(p.limits),
        .call = &erased_functions_of<P>,
        .world = std::is_same_v<E, real_time> ? nullptr : &erased_world_of<E>,
        .uses_time = P::uses_time,
        .has_gates = !P::gates_type::empty,
        .starts_plainly = detail::starts_plainly<P> && !has_time_left<typename P::stop_type>,
        .longest_gate_wait = detail::longest_gate_wait(p.gates),
        .has_token = can_stop<typename P::token_type>,
        .has_deadline = has_time_left<typename P::stop_type>,
        .may_clip = detail::may_clip(own_policy.condition),
        .has_no_opinion = detail::has_no_opinion(own_policy.predicate),
        .token = {}};
    if constexpr (can_stop<typename P::token_type>) this->token = view_token(own_policy.token);
    ((static_cast<erased_attempt_functions<Results>&>(*this) = erased_attempt_calls<P, E, Results>::all()), ...);
  }
  erased_block_of(erased_block_of const&) = delete;
  erased_block_of& operator=(erased_block_of const&) = delete;

  P own_policy;
  TENAX_NO_UNIQUE_ADDRESS E own_environment;
};

}  // namespace tenax::detail
