// SPDX-License-Identifier: MIT
// grpc/absl_status.hpp: `absl::Status` and `absl::StatusOr` as results. Tested with Abseil 20220623.
#pragma once

#include <string>
#include <string_view>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <tenax/grpc/status_code.hpp>
#include <tenax/result_traits.hpp>

namespace tenax {

/// An `absl::Status` as the result of an operation. Its codes are those of gRPC, and a `google.rpc.RetryInfo` in its
/// payloads is obeyed. It does not say whether the operation is idempotent: a policy repeats every transient failure.
template <>
struct result_traits<absl::Status> {
  static constexpr bool can_fail = true;
  static bool failed(absl::Status const& s) { return !s.ok(); }
  static bool transient(absl::Status const& s) { return grpc::detail::is_transient(s.raw_code(), text(s)); }
  static hint read_hint(absl::Status const& s) {
    if (s.ok()) return {};
    grpc::retry_info info;
    if (auto const payload = s.GetPayload("type.googleapis.com/google.rpc.RetryInfo")) {
      info = grpc::read_retry_info_message(static_cast<std::string>(*payload));
    }
    return grpc::detail::hint_of(s.raw_code(), text(s), info, {});
  }
  template <class Out>
  static void describe(absl::Status const& s, Out& out) {
    grpc::detail::describe(s.raw_code(), text(s), out);
  }

 private:
  static std::string_view text(absl::Status const& s) { return {s.message().data(), s.message().size()}; }
};

/// The same, with a value if the operation succeeded.
template <class T>
struct result_traits<absl::StatusOr<T>> {
  using status_traits = result_traits<absl::Status>;
  static constexpr bool can_fail = true;
  static bool failed(absl::StatusOr<T> const& s) { return !s.ok(); }
  static bool transient(absl::StatusOr<T> const& s) { return status_traits::transient(s.status()); }
  static hint read_hint(absl::StatusOr<T> const& s) { return s.ok() ? hint{} : status_traits::read_hint(s.status()); }
  template <class Out>
  static void describe(absl::StatusOr<T> const& s, Out& out) {
    status_traits::describe(s.status(), out);
  }
};

}  // namespace tenax
