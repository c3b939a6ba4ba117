// SPDX-License-Identifier: MIT
// async/detail/drive_coroutine.hpp: the retry loop as a coroutine.
#pragma once

#include <exception>
#include <type_traits>
#include <utility>

#include <tenax/async/detail/async_call.hpp>
#include <tenax/driver/detail/operation.hpp>
#include <tenax/platform/compiler.hpp>

namespace tenax::detail {

/// Returns the awaiter that `co_await a` uses.
template <class A>
decltype(auto) awaiter_of(A&& a) {
  if constexpr (requires { std::forward<A>(a).operator co_await(); }) {
    return std::forward<A>(a).operator co_await();
  } else if constexpr (requires { operator co_await(std::forward<A>(a)); }) {
    return operator co_await(std::forward<A>(a));
  } else {
    return std::forward<A>(a);
  }
}

template <class A>
concept awaitable = requires(A&& a) { awaiter_of(std::forward<A>(a)).await_resume(); };

template <class A>
struct awaited {
  using type = void;
};
template <awaitable A>
struct awaited<A> {
  using type = decltype(awaiter_of(std::declval<A>()).await_resume());
};

/// The type of the awaited result of an operation.
template <class F>
using awaited_result = typename awaited<result_or_void<F>>::type;

/// Whether an operation can be retried in a coroutine by a policy; if not, a static_assert says why. Uses variables
/// instead of concepts, because compilers print every part of a concept. `Interruptible`: the driver can end an attempt
/// that takes too long.
template <class Policy, class F, bool Interruptible>
constexpr bool check_async_operation() {
  constexpr bool callable = callable_operation<F>;
  constexpr bool awaits = awaitable<result_or_void<F>>;
  static_assert(callable,
                "tenax: a coroutine's operation takes no arguments, or a `tenax::attempt_info const&`, and returns "
                "something to co_await, as in [&] { return fetch(url); }");
  static_assert(!callable || awaits,
                "tenax: the operation returns nothing that can be awaited; for one that blocks, call the policy "
                "itself: policy(f)");
  constexpr bool in_time = Interruptible || keeps_time<Policy, F>;
  static_assert(
      !callable || !awaits || in_time,
      "tenax: .attempt_timeout() cannot interrupt a coroutine of a library that tenax does not know; let the "
      "operation take a `tenax::attempt_info const&` and obey its time_left, or use tenax::asio::async_retry");
  if constexpr (!callable || !awaits || !in_time) {
    return false;
  } else {
    return check_result<Policy, awaited_result<F>>();
  }
}

// g++ warns that coroutines of Boost.Asio 1.74 free their memory in the wrong way.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

/// Calls the operation, through the environment's own function if it has one.
template <class World, class Call, class Info, class F>
TENAX_ALWAYS_INLINE inline decltype(auto) make_attempt([[maybe_unused]] Call const& call, Info const& info, F& f) {
  if constexpr (requires { World::make_attempt(call, info, f); }) {
    return World::make_attempt(call, info, f);
  } else {
    return call_operation(info, f);
  }
}

/// Carries out decisions up to the next wait, attempt or end. Gives the environment the length of a wait.
template <class Call, class World>
decision::step next_step(Call& call, World& world, decision next) {
  while (next.waits()) {
    if (next.delay > duration::zero()) {
      world.set_pause(next.delay);
      break;
    }
    next = call.start(world);
  }
  return next.next;
}

/// The driver. All parameters are values, so that they live in the coroutine's frame. Compilers give every variable and
/// every temporary a place of its own in the frame, so there are few of them; the small ones come first and share one.
template <class T, bool WantsReport, class Task, class Policy, class World, class F>
Task drive_coroutine(Policy policy, World world, F operation) {
  auto next = decision::step::wait;
  std::conditional_t<called_with_attempt<F>, attempt_info, nothing> info{};
  async_call<T, Policy const&, World, WantsReport> call(policy, world);
  for (;;) {
    // Only the coroutine itself can query its cancellation state, which the operation may have replaced.
    if constexpr (requires { typename World::cancellation_query_type; }) {
      policy.token.state = co_await typename World::cancellation_query_type();
    }
    next = next_step(call, world, call.step(world));
    while (next == decision::step::wait) {
      co_await world.pause(policy.token);
      next = next_step(call, world, call.start(world));
    }
    if (next == decision::step::stop) break;

    info = call.template begin_attempt<called_with_attempt<F>>();
#if defined(__cpp_exceptions)
    try {
#endif
      if constexpr (std::is_void_v<T>) {
        co_await make_attempt<World>(call, info, operation);
        call.returned();
      } else {
        call.returned(co_await make_attempt<World>(call, info, operation));
      }
#if defined(__cpp_exceptions)
    } catch (std::exception const& e) {
      call.threw(&e);
    }
#if defined(__GLIBCXX__)
    catch (__cxxabiv1::__forced_unwind const&) {
      throw;
    }
#endif
    catch (...) {
      call.threw(nullptr);
    }
#endif
  }
  if constexpr (WantsReport) {
    co_return call.report_result();
  } else if constexpr (std::is_void_v<T>) {
    call.result().get();
  } else {
    co_return call.result().get();
  }
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

}  // namespace tenax::detail
