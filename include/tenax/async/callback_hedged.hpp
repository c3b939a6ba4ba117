// SPDX-License-Identifier: MIT
// async/callback_hedged.hpp: `callback_hedged`: hedged calls in any event loop that has timers and calls back.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include <tenax/async/callback.hpp>
#include <tenax/async/detail/callback_hedge.hpp>
#include <tenax/async/detail/kept_hedging.hpp>
#include <tenax/async/hedging.hpp>

namespace tenax {

/// Makes a hedged call of an operation that calls back: starts it once, and once more if the first attempt takes too
/// long, as `hedging` says. The first reply that is not a failure wins. Returns at once; `done` may be called before
/// that.
/// ```
/// auto call = tenax::callback_hedged(reads, timer, start, [](tenax::report<page> r) { ... });
/// ```
/// `timer`, `start` and `done` are those of `callback_retry`. The other attempts are aborted with the functions that
/// `start` returned, before `done` is called; their replies have no effect any more. The call does not wait for aborted
/// attempts to end. The report's `attempts` is the number of attempts that were started. If all attempts fail, it has
/// the failure that asks for the latest retry, or the last one, and the reason is `stop_reason::not_retryable`;
/// `refused_by_gate` if the budget or a gate refused the first attempt. `hedging` outlives the call.
///
/// Exceptions of the budget, of gates and of `timer` leave through the function that the event loop called, and end the
/// call without `done`. If there is a result, what gates throw at the end of attempts is dropped.
///
/// Thread safety: as for `callback_retry`.
template <class T = detail::deduced_result, detail::any_hedging Hedging, class Timer, class Start, class Done>
callback_call callback_hedged(Hedging&& hedging, Timer timer, Start start, Done done) {
  using result = typename detail::callback_result<T, Done>::type;
  auto& kept = detail::kept_hedging<Hedging>(hedging);
  if constexpr (detail::check_callbacks<true, result, Timer, Start, Done>()) {
    using state = detail::callback_hedge<result, std::remove_cvref_t<Hedging>, Timer, Start, Done>;
    auto const made =
        std::make_shared<state>(kept, detail::inherited_limits(), std::move(timer), std::move(start), std::move(done));
    callback_call call(made);
    made->begin();
    return call;
  } else {
    return {};
  }
}

namespace detail {

/// Starts an attempt of a retried call that is a hedged call.
template <class T, class Policy, class Hedging, class Timer, class Start>
struct start_hedged_callback {
  Policy policy;
  Hedging* hedging;
  Timer timer;
  Start start;

  /// A function that aborts the hedged call.
  struct aborts {
    callback_call call;
    void operator()() { call = {}; }
  };
  struct refers {
    start_hedged_callback* self;
    auto operator()(attempt_info const& info, callback_reply<T> reply) const {
      if constexpr (starts_informed<T, Start>) {
        return self->start(info, std::move(reply));
      } else {
        return self->start(std::move(reply));
      }
    }
  };
  struct replies {
    callback_reply<T> to;
    void operator()(report<T> r) const { to(std::move(r.result)); }
  };

  aborts operator()(attempt_info const& info, callback_reply<T> reply) {
    using state = callback_hedge<T, Hedging, Timer, refers, replies>;
    auto const made =
        std::make_shared<state>(*hedging, limits_of(policy, info), timer, refers{this}, replies{std::move(reply)});
    callback_call call(made);
    made->begin();
    return {std::move(call)};
  }
};

}  // namespace detail

/// As `callback_retry(policy, timer, start, done)`, but every attempt is a hedged call. Hedges have the token and the
/// time limit of the attempt, and pass the gates of the policy.
template <class T = detail::deduced_result, class Policy, class Env, detail::any_hedging Hedging, class Timer,
          class Start, class Done>
callback_call callback_hedged(retrying<Policy, Env> const& policy, Hedging&& hedging, Timer timer, Start start,
                              Done done) {
  using result = typename detail::callback_result<T, Done>::type;
  auto& kept = detail::kept_hedging<Hedging>(hedging);
  if constexpr (detail::check_callbacks<true, result, Timer, Start, Done>()) {
    using starter = detail::start_hedged_callback<result, Policy, std::remove_cvref_t<Hedging>, Timer, Start>;
    auto own = timer;
    return callback_retry<result>(policy, std::move(timer),
                                  starter{policy.policy(), &kept, std::move(own), std::move(start)}, std::move(done));
  } else {
    return {};
  }
}

}  // namespace tenax
