// SPDX-License-Identifier: MIT
// operators.cpp: operators combine policies of one role only.
#include <tenax/tenax.hpp>

using namespace std::chrono_literals;

namespace {

template <class L, class R>
concept has_or = requires(L l, R r) { l || r; };
template <class L, class R>
concept has_and = requires(L l, R r) { l&& r; };
template <class L, class R>
concept has_plus = requires(L l, R r) { l + r; };
template <class P>
concept has_not = requires(P p) { !p; };

constexpr auto own = [](tenax::attempt_info const&) { return true; };
constexpr auto own_wait = [](tenax::attempt_info const&) { return 1s; };

using predicate = decltype(tenax::when::always);
using strategy = std::remove_const_t<decltype(tenax::wait::constant(1s))>;
using condition = std::remove_const_t<decltype(tenax::stop::after_attempts(3))>;
using lambda = decltype(own);
using function = bool (*)(tenax::attempt_info const&);

// Inside a role, including lambdas and functions on either side.
static_assert(has_or<predicate, predicate> && has_and<predicate, predicate> && has_not<predicate>);
static_assert(has_or<predicate, lambda> && has_or<lambda, predicate> && has_and<lambda, predicate>);
static_assert(has_or<predicate, function> && has_or<function, predicate> && has_and<predicate, function>);
static_assert(has_or<condition, condition> && has_and<condition, condition>);
static_assert(has_or<condition, lambda> && has_or<lambda, condition> && has_and<function, condition>);
static_assert(has_plus<strategy, strategy> && has_plus<strategy, decltype(own_wait)> &&
              has_plus<decltype(own_wait), strategy>);

// Between roles, and with times and numbers, an operator exists whose message says what to write: see
// tests/compile_fail/.

// Not for operations without a meaning for the role.
static_assert(!has_or<strategy, strategy> && !has_and<strategy, strategy> && !has_not<strategy>);
static_assert(!has_plus<predicate, predicate> && !has_plus<condition, condition> && !has_not<condition>);

// The operators do not apply to two lambdas.
static_assert(!has_plus<decltype(own_wait), decltype(own_wait)>);

}  // namespace
