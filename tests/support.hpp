// SPDX-License-Identifier: MIT
// support.hpp: helpers of many tests: attempts made by hand, results that can fail, checks of rejected parameters.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <tenax/attempt.hpp>

#include "catch.hpp"

namespace tests {

/// The numbers after attempt `n`, with which a strategy is called.
constexpr tenax::attempt_info at(std::uint32_t n, tenax::random_source* random = nullptr) {
  return {.number = n, .random = random};
}

/// The outcome of an attempt that throws `exception`.
template <class T, class E>
tenax::outcome<T> thrown(E exception) {
  try {
    throw exception;
  } catch (tenax::error_with_hint const& e) {
    return tenax::caught_exception(std::current_exception(), e.as_exception(), &e);
  } catch (std::exception const& e) {
    return tenax::caught_exception(std::current_exception(), &e);
  } catch (...) {
    return tenax::caught_exception(std::current_exception());
  }
}

/// Calls a predicate for an attempt that ended with `result`.
template <class P, class T>
constexpr bool holds(P const& predicate, tenax::outcome<T> const& result) {
  return predicate(tenax::attempt<T>{at(1), result});
}

/// The text in which a policy or a gate describes itself.
template <class P>
std::string described(P const& policy) {
  struct {
    std::string said{};
    void text(std::string_view words) { said += words; }
  } out;
  policy.describe(out);
  return out.said;
}

/// A result type with the shape of `std::expected`.
template <class T, class E>
class expected {
 public:
  constexpr expected(T value) : value_(std::move(value)) {}
  static constexpr expected failure(E error) { return expected(std::nullopt, std::move(error)); }

  constexpr bool has_value() const { return value_.has_value(); }
  constexpr T const& value() const { return *value_; }
  constexpr E const& error() const { return *error_; }

 private:
  constexpr expected(std::nullopt_t, E error) : error_(std::move(error)) {}

  std::optional<T> value_;
  std::optional<E> error_;
};

/// The text of the `std::invalid_argument` that `make` throws.
template <class F>
std::string rejection(F const& make) {
  try {
    static_cast<void>(make());
  } catch (std::invalid_argument const& e) {
    return e.what();
  }
  return "accepted";
}

/// Checks that `make` rejects a parameter, and that the text has its name and value.
template <class F>
void check_rejected(std::string const& parameter, std::string const& value, F const& make) {
  auto const said = rejection(make);
  auto const start = "tenax: " + parameter + " must ";
  auto const end = ", but is " + value;
  INFO(said);
  CHECK(said.substr(0, start.size()) == start);
  CHECK(said.substr(said.size() < end.size() ? 0 : said.size() - end.size()) == end);
}

}  // namespace tests
