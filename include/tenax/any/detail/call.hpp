// SPDX-License-Identifier: MIT
// any/detail/call.hpp: a blocking call with an erased policy: the driver of the policy's own type makes it.
#pragma once

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <tenax/any/detail/parts.hpp>
#include <tenax/driver/detail/operation.hpp>
#include <tenax/report.hpp>

namespace tenax::detail {

/// The value of the last attempt, while the driver sees an `any_result`.
template <class T>
class kept_value {
 public:
  template <class F>
  any_result make(F const& f) {
    value_.reset();
    value_.emplace(made_by<F>{f});
    return any_result(value_->value);
  }
  T take() { return std::move(value_->value); }
  outcome<T> outcome_of_value() { return outcome<T>(std::move(value_->value)); }

 private:
  template <class F>
  struct made_by {
    F const& f;
  };
  struct place {
    template <class F>
    explicit place(made_by<F> m) : value(m.f()) {}
    T value;
  };
  std::optional<place> value_{};
};
template <class T>
  requires std::is_reference_v<T>
class kept_value<T> {
 public:
  template <class F>
  any_result make(F const& f) {
    T object = f();
    value_ = std::addressof(object);
    return any_result(*value_);
  }
  T take() { return static_cast<T>(*value_); }
  outcome<T> outcome_of_value() {
    return outcome<T>(from_call, [this]() -> T { return take(); });
  }

 private:
  std::remove_reference_t<T>* value_ = nullptr;
};
template <>
class kept_value<void> {
 public:
  template <class F>
  any_result make(F const& f) {
    f();
    return {};
  }
  void take() noexcept {}
  outcome<void> outcome_of_value() { return {}; }
};

/// Makes a call of `make(info)`, which returns a `T`. `Informed`: it looks at `info`.
template <bool Reports, bool Informed, class T, class... Results, class Make>
std::conditional_t<Reports, report<T>, T> call_erased(erased_block<Results...> const& b, Make const& make) {
  using seen = seen_as<T, Results...>;
  erased_attempt_functions<seen> const& functions = b;
  auto const run = [&](erased_operation<seen> operation) -> std::conditional_t<Reports, report<seen>, seen> {
    if constexpr (Reports) {
      return functions.run_report(b.policy, b.environment, operation);
    } else if constexpr (Informed) {
      return functions.run_informed(b.policy, b.environment, operation);
    } else {
      return functions.run(b.policy, b.environment, operation);
    }
  };
  if constexpr (std::is_same_v<seen, T>) {
    return run({const_cast<Make*>(std::addressof(make)),
                [](void* f, attempt_info const& info) -> T { return (*static_cast<Make const*>(f))(info); }});
  } else {
    struct state {
      Make const& make;
      kept_value<T> kept{};
    } s{make};
    auto&& ended = run({&s, [](void* of, attempt_info const& info) {
                          auto& me = *static_cast<state*>(of);
                          return me.kept.make([&]() -> T { return me.make(info); });
                        }});
    if constexpr (Reports) {
      return {ended.result.has_value() ? s.kept.outcome_of_value() : outcome<T>(*ended.result.caught()),
              ended.reason,
              ended.attempts,
              ended.elapsed,
              ended.waited,
              ended.server_wait,
              ended.refusal,
              ended.name,
              ended.retry_after};
    } else {
      return s.kept.take();
    }
  }
}

}  // namespace tenax::detail
