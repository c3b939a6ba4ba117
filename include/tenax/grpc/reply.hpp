// SPDX-License-Identifier: MIT
// grpc/reply.hpp: how one attempt of a gRPC call ended: status, message and trailers; and how tenax reads a status.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include <tenax/grpc/status_code.hpp>
#include <tenax/result_traits.hpp>

namespace tenax::grpc {

/// Options of a call.
struct call_options {
  /// Whether the server may receive the call twice: a read, or a write with a key by which the server recognizes
  /// repetitions. Only such a call is repeated after a failure that does not prove that it was never sent.
  bool idempotent = false;
  /// A promise that the channel was made with `grpc::disable_own_retries`. Then tenax can tell a call for which there
  /// was no connection, and repeats it even if it is not idempotent. Otherwise gRPC may have sent the call before.
  bool own_retries_disabled = false;
  /// Called with the new context of every attempt: adds metadata, credentials, `set_wait_for_ready(true)`. A deadline
  /// that it sets is kept if it is earlier than that of the attempt.
  std::function<void(::grpc::ClientContext&)> prepare{};
};

/// How an attempt of a gRPC call ended, without its message. Owns everything: the context of the attempt may be gone.
struct call_result {
  ::grpc::Status status{};
  /// The trailers of the server, copied from the context.
  std::vector<std::pair<std::string, std::string>> trailers{};
  bool idempotent = false;  ///< see `call_options`
  /// Whether it is proven that the call was never sent: no connection was made, and gRPC does not retry by itself.
  /// False for targets that are addresses with a scheme (`ipv4:...`, `ipv6:...`, `unix:...`). Write them without a
  /// scheme, or name the host: `127.0.0.1:50051`, `dns:///localhost:50051`.
  bool unsent = false;

  call_result() = default;

  /// Reads how a call ended. Call it while the context lives and after the call has ended.
  call_result(::grpc::Status ended_with, ::grpc::ClientContext const& context, call_options const& options)
      : status(std::move(ended_with)), idempotent(options.idempotent) {
    for (auto const& [name, value] : context.GetServerTrailingMetadata()) {
      trailers.emplace_back(std::string(name.data(), name.size()), std::string(value.data(), value.size()));
    }
    if (options.own_retries_disabled && status.error_code() == ::grpc::StatusCode::UNAVAILABLE) {
      unsent = is_unsent(context);
    }
  }

  [[nodiscard]] bool ok() const { return status.ok(); }

  /// Returns the first trailer of that name; names are in lower case. Empty if there is none.
  [[nodiscard]] std::string_view trailer(std::string_view name) const noexcept {
    for (auto const& [key, value] : trailers) {
      if (key == name) return value;
    }
    return {};
  }

  /// What the server asks for in `grpc-retry-pushback-ms`. Of several trailers, the strictest one counts.
  [[nodiscard]] grpc::pushback pushback() const noexcept {
    grpc::pushback all;
    for (auto const& [key, value] : trailers) {
      if (key != "grpc-retry-pushback-ms") continue;
      auto const one = read_pushback(value);
      all.forbids = all.forbids || one.forbids;
      if (one.wait && (!all.wait || all.wait->count() < one.wait->count())) all.wait = one.wait;
    }
    if (all.forbids) all.wait.reset();
    return all;
  }

 private:
  /// Without a connection, `peer()` is the target of the channel, and the text is gRPC's own. Either alone proves
  /// nothing: a server can send any text, and gRPC forgets the peer of some calls that were sent.
  [[nodiscard]] bool is_unsent(::grpc::ClientContext const& context) const {
    auto const peer = context.peer();
    for (std::string_view const address : {"ipv4:", "ipv6:", "unix:", "unix-abstract:", "vsock:"}) {
      if (std::string_view(peer).substr(0, address.size()) == address) return false;
    }
    if (!trailers.empty()) return false;
    auto const text = status.error_message();
    for (std::string_view const own : {"failed to connect to all addresses", "DNS resolution failed"}) {
      if (std::string_view(text).substr(0, own.size()) == own) return true;
    }
    return false;
  }
};

/// How an attempt of a unary call ended, with the message of the server if `ok()`.
template <class R>
struct reply : call_result {
  R message{};
};

namespace detail {

/// The traits of everything that holds a `call_result`.
template <class R>
struct call_traits {
  static constexpr bool can_fail = true;
  static constexpr bool obeys_attempt_limits = true;

  static bool failed(R const& r) { return !r.ok(); }
  static bool transient(R const& r) {
    return detail::is_transient(static_cast<int>(r.status.error_code()), r.status.error_message());
  }
  static bool can_repeat(R const& r) { return r.ok() || r.idempotent || r.unsent; }
  static hint read_hint(R const& r) {
    if (r.ok()) return {};
    return detail::hint_of(static_cast<int>(r.status.error_code()), r.status.error_message(),
                           read_retry_info(r.status.error_details()), r.pushback());
  }
  template <class Out>
  static void describe(R const& r, Out& out) {
    detail::describe(static_cast<int>(r.status.error_code()), r.status.error_message(), out);
    if (transient(r) && !can_repeat(r)) out.text(" (not repeated: the call is not marked as idempotent)");
  }
};

}  // namespace detail
}  // namespace tenax::grpc

namespace tenax {

/// A `grpc::Status` as the result of an operation. It has no trailers, so pushback is not seen, and nothing about the
/// call: a policy repeats every transient failure. `grpc::unary` knows both.
template <>
struct result_traits<::grpc::Status> {
  static constexpr bool can_fail = true;
  static bool failed(::grpc::Status const& s) { return !s.ok(); }
  static bool transient(::grpc::Status const& s) {
    return grpc::detail::is_transient(static_cast<int>(s.error_code()), s.error_message());
  }
  static hint read_hint(::grpc::Status const& s) {
    if (s.ok()) return {};
    return grpc::detail::hint_of(static_cast<int>(s.error_code()), s.error_message(),
                                 grpc::read_retry_info(s.error_details()), {});
  }
  template <class Out>
  static void describe(::grpc::Status const& s, Out& out) {
    grpc::detail::describe(static_cast<int>(s.error_code()), s.error_message(), out);
  }
};

template <>
struct result_traits<grpc::call_result> : grpc::detail::call_traits<grpc::call_result> {};
template <class R>
struct result_traits<grpc::reply<R>> : grpc::detail::call_traits<grpc::reply<R>> {};

}  // namespace tenax
