// SPDX-License-Identifier: MIT
// when/error.hpp: retry on returned errors: values that say that the operation failed.
#pragma once

#include <stdexcept>
#include <typeinfo>

#include <tenax/detail/callable.hpp>
#include <tenax/platform/compiler.hpp>
#include <tenax/result_traits.hpp>
#include <tenax/when/compose.hpp>
#include <tenax/when/exception.hpp>

namespace tenax::when {

/// See `when::any_error`.
struct any_error_predicate : operators {
  static constexpr bool uses_time = false;
  template <class T>
  static constexpr bool accepts_every_value = !detail::can_fail<T>;

  template <class T>
  constexpr bool operator()(attempt<T> const& a) const {
    return detail::result_failed(a.result);
  }

  template <class Out>
  constexpr void describe(Out& out) const {
    out.text("results that say they failed");
  }
};

/// Retry if the returned value says that the operation failed: a `std::expected`-like result without a value, a set
/// `std::error_code`, or a value of your type whose `tenax::result_traits` say so. Never on an exception.
inline constexpr any_error_predicate any_error{};

/// See `when::error`.
template <class F>
struct error_predicate : operators {
  static constexpr bool uses_time = false;
  template <class T>
  static constexpr bool accepts_every_value = !detail::can_fail<T>;

  constexpr explicit error_predicate(F f) : condition(std::move(f)) {}

  template <class T>
    requires(detail::expected_like<std::remove_cvref_t<T>> || detail::error_code_like<std::remove_cvref_t<T>>)
  constexpr bool operator()(attempt<T> const& a) const {
    if (!detail::result_failed(a.result)) return false;
    if constexpr (detail::expected_like<std::remove_cvref_t<T>>) {
      return static_cast<bool>(condition(a.result.value().error()));
    } else {
      return static_cast<bool>(condition(a.result.value()));
    }
  }

  template <class Out>
  constexpr void describe(Out& out) const {
    out.text("certain errors");
  }

  TENAX_NO_UNIQUE_ADDRESS F condition;
};

/// Retry if the returned value is an error for which `condition(error)` is true. The error is the `error()` of an
/// expected-like result, or the error code itself.
template <class F>
[[nodiscard]] constexpr auto error_if(F condition) {
  constexpr bool steady = !detail::changes_when_called<F>;
  static_assert(steady,
                "tenax: the callable given to when::error_if() must be callable when const: policies are shared; keep "
                "what changes outside, behind a reference");
  if constexpr (steady) {
    return error_predicate<F>(std::move(condition));
  } else {
    return any_error;
  }
}

/// Retry if the returned value is an error equal to `code`: `when::error(std::errc::timed_out)`.
template <class Code>
[[nodiscard]] constexpr auto error(Code code) {
  constexpr bool comparable = !detail::only_callable<Code> && !detail::is_function<Code>;
  static_assert(comparable,
                "tenax: when::error() was given a function; it compares errors with a value: did you mean "
                "when::error_if(...)?");
  if constexpr (comparable) {
    return error_if([code = std::move(code)](auto const& error) { return error == code; });
  } else {
    return any_error;
  }
}

}  // namespace tenax::when

#if defined(__cpp_exceptions) && defined(__cpp_rtti)
namespace tenax::detail {

/// Whether the name of an exception's type has the word `in_doubt`: the operation may have taken effect.
TENAX_COLD inline bool is_in_doubt(std::exception const& e) noexcept {
  constexpr char word[] = "in_doubt";
  for (char const* at = typeid(e).name(); *at != 0; ++at) {
    int same = 0;
    while (word[same] != 0 && at[same] == word[same]) ++same;
    if (word[same] == 0) return true;
  }
  return false;
}

}  // namespace tenax::detail
#endif

namespace tenax::when {

/// The predicate of a policy without `.when()`; see `when::failed`.
struct failed_predicate : operators {
  static constexpr bool uses_time = false;
  template <class T>
  static constexpr bool accepts_every_value = !detail::can_fail<T>;

  template <class T>
  constexpr bool operator()(attempt<T> const& a) const {
#if defined(__cpp_exceptions)
    if (!a.result.has_value()) {
      auto const* const e = a.result.template exception_as<std::runtime_error>();
#if defined(__cpp_rtti)
      return e != nullptr && !detail::is_in_doubt(*e);
#else
      return e != nullptr;
#endif
    }
#endif
    return detail::result_transient(a.result);
  }

  template <class Out>
  constexpr void describe(Out& out) const {
#if defined(__cpp_exceptions)
    out.text("exceptions of type std::runtime_error or ");
#endif
    out.text("results that say they failed");
  }
};

/// The default: retry on exceptions derived from `std::runtime_error` and on results that say they failed, unless their
/// `tenax::result_traits` know that the failure will not pass. Not on `std::logic_error`, which is a bug and not an
/// outage; and not on an exception whose type has `in_doubt` in its name, such as `pqxx::in_doubt_error`: the operation
/// may have taken effect. No predicate retries `std::errc::operation_canceled`, returned or thrown in a
/// `std::system_error`: the operation was cancelled, and the call ends with `stop_reason::cancelled`.
inline constexpr failed_predicate failed{};

}  // namespace tenax::when
