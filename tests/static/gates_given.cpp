// SPDX-License-Identifier: MIT
// gates_given.cpp: how each kind of gate may be given to `.through()`, and which mistake is recognized.
#include <functional>
#include <memory>
#include <string>

#include <tenax/gate/adaptive_rate_limiter.hpp>
#include <tenax/gate/adaptive_throttle.hpp>
#include <tenax/gate/bulkhead.hpp>
#include <tenax/gate/circuit_breaker.hpp>
#include <tenax/gate/concurrency_limiter.hpp>
#include <tenax/gate/dry_run.hpp>
#include <tenax/gate/in_flight_retry_budget.hpp>
#include <tenax/gate/keyed.hpp>
#include <tenax/gate/rate_limiter.hpp>
#include <tenax/gate/retry_budget.hpp>
#include <tenax/gate/retry_quota.hpp>
#include <tenax/gate/windowed_retry_budget.hpp>
#include <tenax/shared/adaptive_rate_limiter.hpp>
#include <tenax/shared/pause.hpp>
#include <tenax/shared/rate_limiter.hpp>
#include <tenax/tenax.hpp>

namespace {

using given = tenax::detail::gate_given;
template <class G>
constexpr given as = tenax::detail::gate_given_as<G>();

template <class Gate>
constexpr bool recognized() {
  static_assert(as<std::reference_wrapper<Gate>> == given::shared);
  static_assert(as<Gate> == given::copy);
  static_assert(as<std::reference_wrapper<Gate const>> == given::constant);
  static_assert(as<Gate*> == given::pointer);
  static_assert(as<Gate const*> == given::pointer);
  static_assert(as<std::shared_ptr<Gate>> == given::pointer);
  static_assert(as<std::unique_ptr<Gate>> == given::pointer);
  static_assert(as<std::reference_wrapper<std::shared_ptr<Gate>>> == given::pointer);
  return true;
}

template <class Gate>
constexpr bool recognized_with_keys() {
  using keyed = tenax::keyed<std::string, Gate>;
  static_assert(as<keyed> == given::keyed);
  static_assert(as<std::reference_wrapper<keyed>> == given::keyed);
  static_assert(as<std::reference_wrapper<keyed const>> == given::keyed);
  static_assert(as<typename keyed::view> == given::shared);
  return recognized<Gate>();
}

static_assert(recognized_with_keys<tenax::rate_limiter<>>());
static_assert(recognized_with_keys<tenax::rate_limiter<2>>());
static_assert(recognized_with_keys<tenax::adaptive_rate_limiter>());
static_assert(recognized_with_keys<tenax::concurrency_limiter>());
static_assert(recognized_with_keys<tenax::circuit_breaker<>>());
static_assert(recognized_with_keys<tenax::bulkhead>());
static_assert(recognized_with_keys<tenax::retry_budget>());
static_assert(recognized_with_keys<tenax::windowed_retry_budget>());
static_assert(recognized_with_keys<tenax::in_flight_retry_budget>());
static_assert(recognized_with_keys<tenax::retry_quota>());
static_assert(recognized_with_keys<tenax::adaptive_throttle>());
static_assert(recognized<tenax::shared::rate_limiter>());
static_assert(recognized<tenax::shared::adaptive_rate_limiter>());
static_assert(recognized<tenax::shared::pause>());
static_assert(as<decltype(std::declval<tenax::rate_limiter<>&>().with_weight(2))> == given::shared);
static_assert(as<int> == given::copy);

}  // namespace
