// SPDX-License-Identifier: MIT
// deduced_arguments.cpp: class templates that are written without arguments say so, for clang's
// -Wctad-maybe-unsupported.
#include <stdexcept>
#include <type_traits>

#include <tenax/gate/circuit_breaker.hpp>
#include <tenax/hedging.hpp>
#include <tenax/http.hpp>
#include <tenax/reconnect/schedule.hpp>
#include <tenax/tenax.hpp>

#if defined(__clang__)
#pragma clang diagnostic error "-Wctad-maybe-unsupported"
#endif

using namespace std::chrono_literals;

namespace {

constexpr auto heard = [](tenax::circuit_state, tenax::circuit_state, tenax::time_point) {};
constexpr auto second = [](tenax::attempt_info const&) { return tenax::duration(1s); };

static_assert(std::is_same_v<decltype(tenax::retrying{}), tenax::retrying<>>);
static_assert(std::is_same_v<decltype(tenax::retrying(tenax::retrying{}.policy())), tenax::retrying<>>);
static_assert(std::is_same_v<decltype(tenax::circuit_breaker()), tenax::circuit_breaker<>>);
static_assert(std::is_same_v<decltype(tenax::circuit_breaker({.failures = 3})), tenax::circuit_breaker<>>);
static_assert(std::is_same_v<decltype(tenax::circuit_breaker({}, heard)),
                             tenax::circuit_breaker<std::remove_const_t<decltype(heard)>>>);
static_assert(std::is_same_v<decltype(tenax::reconnect_schedule()), tenax::reconnect_schedule<>>);
static_assert(std::is_same_v<decltype(tenax::reconnect_schedule({.healthy_after = 1s})), tenax::reconnect_schedule<>>);
static_assert(std::is_same_v<decltype(tenax::reconnect_schedule(second, {.healthy_after = 1s})),
                             tenax::reconnect_schedule<std::remove_const_t<decltype(second)>>>);
static_assert(std::is_same_v<decltype(tenax::http::hint_reader{}), tenax::http::hint_reader<>>);
static_assert(
    std::is_same_v<decltype(tenax::with_hint(std::runtime_error("busy"))), tenax::with_hint<std::runtime_error>>);
static_assert(std::is_same_v<decltype(tenax::with_hint(3, tenax::hint{})), tenax::with_hint<int>>);

}  // namespace
