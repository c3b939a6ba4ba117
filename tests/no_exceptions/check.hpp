// SPDX-License-Identifier: MIT
// check.hpp: a minimal CHECK, for test programs without exceptions and run-time type information.
#pragma once

#include <cstdio>
#include <optional>
#include <utility>

#if defined(__cpp_exceptions) || defined(__cpp_rtti)
#error "these programs are to be compiled with -fno-exceptions -fno-rtti"
#endif

inline int failed_checks = 0;

/// Prints a condition that is false; main() returns `failed_checks`.
#define CHECK(...)                                                           \
  do {                                                                       \
    if (!(__VA_ARGS__)) {                                                    \
      ++failed_checks;                                                       \
      std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #__VA_ARGS__); \
    }                                                                        \
  } while (false)

/// A result type with the shape of `std::expected`.
template <class T, class E>
class expected {
 public:
  expected(T value) : value_(std::move(value)) {}
  static expected failure(E error) {
    expected result(T{});
    result.value_.reset();
    result.error_ = std::move(error);
    return result;
  }
  bool has_value() const { return value_.has_value(); }
  T const& value() const { return *value_; }
  E const& error() const { return *error_; }

 private:
  std::optional<T> value_;
  std::optional<E> error_{};
};
