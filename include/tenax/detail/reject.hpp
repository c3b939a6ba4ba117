// SPDX-License-Identifier: MIT
// detail/reject.hpp: rejects invalid parameters by exceptions that name the parameter, the rule and the value.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <type_traits>

#include <tenax/detail/duration_text.hpp>
#include <tenax/duration.hpp>

namespace tenax {
namespace detail {

/// A number or a duration where options have names: a common first mistake, answered by one sentence.
template <class T>
concept bare_value = std::is_arithmetic_v<std::remove_cvref_t<T>> || chrono_duration<std::remove_cvref_t<T>> ||
                     std::is_same_v<std::remove_cvref_t<T>, any_duration>;

/// Throws; without exceptions, prints the same text to stderr and aborts.
template <class Exception>
[[noreturn]] void raise(Exception const& exception) {
#if defined(__cpp_exceptions)
  throw exception;
#else
  std::fprintf(stderr, "%s\n", exception.what());
  std::abort();
#endif
}

}  // namespace detail

// Outside of `detail` and not constexpr on purpose: in a constant expression, the first line of the compiler's error
// then names `tenax::invalid_parameter` and quotes the call below it, which shows the parameter and the rule.

/// Throws `std::invalid_argument`: "tenax: <parameter> <rule>, but is <value>".
[[noreturn, gnu::cold]] inline void invalid_parameter(char const* parameter, char const* rule, char const* value) {
  char text[256];
  std::snprintf(text, sizeof text, "tenax: %s %s, but is %s", parameter, rule, value);
  detail::raise(std::invalid_argument(text));
}

[[noreturn, gnu::cold]] inline void invalid_parameter(char const* parameter, char const* rule, any_duration value) {
  invalid_parameter(parameter, rule, value.is_nan() ? "not a number" : detail::duration_text(value).c_str());
}

/// Throws "tenax: <parameter> <rule> (<limit>), but is <value>".
[[noreturn, gnu::cold]] inline void invalid_parameter(char const* parameter, char const* rule, any_duration value,
                                                      duration limit) {
  char text[128];
  std::snprintf(text, sizeof text, "%s (%s)", rule, detail::duration_text(limit).c_str());
  invalid_parameter(parameter, text, value);
}

[[noreturn, gnu::cold]] inline void invalid_parameter(char const* parameter, char const* rule, double value) {
  char text[64];
  std::snprintf(text, sizeof text, "%.15g", value);
  invalid_parameter(parameter, rule, text);
}

namespace detail {

constexpr duration require_not_negative(char const* parameter, any_duration value) {
  if (value.value().count() < 0) invalid_parameter(parameter, "must not be negative", value);
  return value;
}

constexpr duration require_positive(char const* parameter, any_duration value) {
  if (value.value().count() <= 0) invalid_parameter(parameter, "must be more than zero", value);
  return value;
}

/// `rule` ends with the name of the parameter whose value is `least`.
constexpr duration require_at_least(char const* parameter, char const* rule, any_duration value, duration least) {
  if (value.value().count() < least.count()) invalid_parameter(parameter, rule, value, least);
  return value;
}

constexpr double require_between(char const* parameter, char const* rule, double value, double low, double high) {
  if (!(value >= low && value <= high)) invalid_parameter(parameter, rule, value);
  return value;
}

/// Takes a number of things as a signed number, so that a negative one is rejected and not taken for a huge one.
constexpr std::uint32_t require_count(char const* parameter, char const* rule, std::int64_t value, std::int64_t least) {
  if (value < least) invalid_parameter(parameter, rule, static_cast<double>(value));
  if (value > 0xffff'ffff) invalid_parameter(parameter, "must be at most 4294967295", static_cast<double>(value));
  return static_cast<std::uint32_t>(value);
}

}  // namespace detail
}  // namespace tenax
