// SPDX-License-Identifier: MIT
// async/completion.hpp: what an asynchronous operation hands to its completion handler, seen as one value.
#pragma once

#include <tuple>
#include <type_traits>
#include <utility>

#include <tenax/detail/operation_canceled.hpp>
#include <tenax/result_traits.hpp>

namespace tenax {

/// What an operation hands to a handler of the signature `void(ErrorCode, Values...)`. Predicates see it as they see a
/// `std::expected`: `when::error(code)` compares its error, and the default policy retries any error that is set.
///
/// The error `operation_canceled` (in Asio `operation_aborted`) is a cancellation, whoever asked for it: the call ends with
/// `stop_reason::cancelled`, and gates learn nothing from it. a hint reader of the policy can say otherwise.
///
/// Thread safety: distinct objects safe; a shared object is safe to read.
template <class ErrorCode, class... Values>
class completion {
 public:
  completion(ErrorCode const& error, Values... values) : error_(error), values_(std::move(values)...) {}

  /// Whether no error is set.
  [[nodiscard]] bool has_value() const noexcept { return !error_; }
  [[nodiscard]] explicit operator bool() const noexcept { return has_value(); }

  [[nodiscard]] ErrorCode const& error() const noexcept { return error_; }

  /// The value that came with the error code; a tuple of them, if it was not one. Is there with an error, too: a read that
  /// failed half-way says how far it got.
  [[nodiscard]] auto const& value() const noexcept {
    if constexpr (sizeof...(Values) == 1) {
      return std::get<0>(values_);
    } else {
      return values_;
    }
  }

  /// All values.
  [[nodiscard]] std::tuple<Values...>& values() noexcept { return values_; }
  [[nodiscard]] std::tuple<Values...> const& values() const noexcept { return values_; }

  /// Whether the call had been asked to stop when the operation failed.
  [[nodiscard]] bool cancelled() const noexcept { return cancelled_; }
  void set_cancelled() noexcept { cancelled_ = true; }
  void set_error(ErrorCode const& error) noexcept { error_ = error; }

 private:
  ErrorCode error_;
  std::tuple<Values...> values_;
  bool cancelled_ = false;
};

template <class ErrorCode, class... Values>
struct result_traits<completion<ErrorCode, Values...>> {
  using result = completion<ErrorCode, Values...>;

  static constexpr bool can_fail = true;
  static bool failed(result const& r) noexcept { return !r.has_value(); }
  static hint read_hint(result const& r) noexcept {
    bool const stopped = r.cancelled() || detail::is_operation_canceled(r.error());
    return stopped ? hint{.verdict = verdict::cancelled} : hint{};
  }
  template <class Out>
  static void describe(result const& r, Out& out) {
    out.text(r.error().message());
  }
};

}  // namespace tenax
