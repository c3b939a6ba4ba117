// SPDX-License-Identifier: MIT
// detail/operation_canceled.hpp: the errors by which an operation says that it was cancelled.
#pragma once

#include <system_error>
#include <type_traits>

#include <tenax/errors.hpp>
#include <tenax/platform/compiler.hpp>

namespace tenax::detail {

/// Whether an error is equal to `std::errc::operation_canceled`: an error code, as `asio::error::operation_aborted` is
/// for example, or an enum with `make_error_code` or `make_error_condition`.
template <class Error>
constexpr bool is_operation_canceled([[maybe_unused]] Error const& error) noexcept {
  if constexpr (std::is_enum_v<Error>) {
    if constexpr (requires { make_error_code(error); }) {
      return is_operation_canceled(make_error_code(error));
    } else if constexpr (requires { make_error_condition(error); }) {
      return is_operation_canceled(make_error_condition(error));
    } else {
      return false;
    }
  } else if constexpr (std::is_convertible_v<Error const&, std::error_code>) {
    return static_cast<std::error_code>(error) == std::errc::operation_canceled;
  } else if constexpr (requires { static_cast<bool>(error == std::errc::operation_canceled); }) {
    return static_cast<bool>(error == std::errc::operation_canceled);
  } else {
    return false;
  }
}

/// Says of an exception that is not the library's own that the operation was cancelled.
struct cancelled_elsewhere final : error_with_hint {
  constexpr cancelled_elsewhere() noexcept : error_with_hint({.verdict = verdict::cancelled}) {}
  // NOLINTNEXTLINE(modernize-use-equals-default): g++ 12 does not define a defaulted one in time
  constexpr ~cancelled_elsewhere() override {}
};
inline constexpr cancelled_elsewhere cancelled_mark{};

/// What the exception of an operation says about trying again, if its error code says something.
TENAX_COLD inline error_with_hint const* hint_in(std::system_error const& error) noexcept {
  std::error_condition const cancelled(static_cast<int>(std::errc::operation_canceled), std::generic_category());
  return error.code() == cancelled ? &cancelled_mark : nullptr;
}

}  // namespace tenax::detail
