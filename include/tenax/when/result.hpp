// SPDX-License-Identifier: MIT
// when/result.hpp: retry on returned values: `when::result`, `when::result_is`, `when::always`, `when::never`.
#pragma once

#include <concepts>

#include <tenax/detail/callable.hpp>
#include <tenax/platform/compiler.hpp>
#include <tenax/when/compose.hpp>

namespace tenax {
class any_result;
}

namespace tenax::when {

/// See `when::always` and `when::never`.
template <bool Answer>
struct constant_predicate : operators {
  static constexpr bool uses_time = false;
  template <class T>
  static constexpr bool accepts_every_value = !Answer;

  constexpr bool operator()(attempt_info const&) const noexcept { return Answer; }
  /// `never` does not say which outcomes are failures: gates hear what they hear without a policy.
  [[nodiscard]] static constexpr bool has_no_opinion() noexcept { return !Answer; }

  template <class Out>
  constexpr void describe(Out& out) const {
    out.text(Answer ? "every outcome, including values" : "nothing");
  }
};

/// Retry whatever the outcome is, until a stop condition ends the call: its result is the last outcome.
inline constexpr constant_predicate<true> always{};

/// Never retry: for a policy that only waits at gates or calls observers. Gates hear what `tenax::call_through` tells
/// them: every exception but a `std::logic_error`, and every result that says it failed, is a failure.
inline constexpr constant_predicate<false> never{};

}  // namespace tenax::when

namespace tenax::detail {

/// What a function for results answers for a `T`: `bool`, if it can be called. A class, because compilers differ in
/// whether they look at a constraint of a function before its type.
template <class F, class T>
struct result_answer {};
template <class F, class T>
  requires(!std::is_void_v<T> && !std::same_as<T, any_result> &&
           requires(F const& f, outcome<T> const& result) { static_cast<bool>(f(result.value())); })
struct result_answer<F, T> {
  using type = bool;
};

}  // namespace tenax::detail

namespace tenax::when {

/// See `when::result`.
template <class F>
struct result_predicate : operators {
  static constexpr bool uses_time = false;

  template <class T>
  constexpr typename detail::result_answer<F, T>::type operator()(attempt<T> const& a) const {
    return a.result.has_value() && static_cast<bool>(condition(a.result.value()));
  }
  /// For a result of any type: applies to the type that the function takes.
  template <std::same_as<any_result> T>
  bool operator()(attempt<T> const& a) const {
    using taken = detail::only_parameter<F>;
    if constexpr (std::same_as<taken, any_result>) {
      return a.result.has_value() && static_cast<bool>(condition(a.result.value()));
    } else if constexpr (!std::is_void_v<taken>) {
      return a.result.has_value() && a.result.value().template ask<taken>(condition);
    } else {
      static_assert(std::is_void_v<T>,
                    "tenax: when::result() was given a function that takes several types, so it cannot judge the "
                    "results of an any_retrying; let it take one type, or name the types of results: "
                    "tenax::any_retrying_of<page>");
      return false;
    }
  }

  template <class Out>
  constexpr void describe(Out& out) const {
    out.text("results that your function selects");
  }

  TENAX_NO_UNIQUE_ADDRESS F condition;
};

/// Retry if the attempt returned a value for which `condition(value)` is true:
/// `when::result([](job const& j) { return j.pending(); })`. Never on an exception.
template <class F>
[[nodiscard]] constexpr auto result(F condition) {
  constexpr bool steady = !detail::changes_when_called<F>;
  static_assert(
      steady,
      "tenax: the callable given to when::result() must be callable when const: policies are shared; keep what "
      "changes outside, behind a reference");
  constexpr bool called = detail::may_be_called<F>;
  static_assert(called,
                "tenax: when::result() was given a value; it takes a function of the result: did you mean "
                "when::result_is(...)?");
  if constexpr (steady && called) {
    return result_predicate<F>{{}, static_cast<F&&>(condition)};  // the compiler makes no constructor
  } else {
    return never;
  }
}

/// See `when::result_is`.
template <class V>
struct result_is_predicate : operators {
  static constexpr bool uses_time = false;

  constexpr explicit result_is_predicate(V v) : value(std::move(v)) {}

  template <class T>
    requires(!std::is_void_v<T> && !std::same_as<T, any_result>)
  constexpr auto operator()(attempt<T> const& a) const
      -> decltype(static_cast<bool>(a.result.value() == std::declval<V const&>())) {
    return a.result.has_value() && static_cast<bool>(a.result.value() == value);
  }
  /// For a result of any type: applies to the type of the value.
  template <std::same_as<any_result> T>
  bool operator()(attempt<T> const& a) const {
    return a.result.has_value() && a.result.value().template ask<V>([this](V const& v) { return v == value; });
  }

  template <class Out>
  constexpr void describe(Out& out) const {
    out.text("one particular result");
  }

  V value;
};

/// Retry if the attempt returned a value equal to `value`: `when::result_is(nullptr)`.
template <class V>
[[nodiscard]] constexpr auto result_is(V value) {
  constexpr bool comparable = !detail::only_callable<V>;
  static_assert(comparable,
                "tenax: when::result_is() was given a function; it compares results with a value: did you mean "
                "when::result(...)?");
  if constexpr (comparable) {
    return result_is_predicate<V>(std::move(value));
  } else {
    return never;
  }
}

}  // namespace tenax::when
