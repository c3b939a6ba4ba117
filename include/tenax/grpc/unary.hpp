// SPDX-License-Identifier: MIT
// grpc/unary.hpp: `grpc::unary`: a unary gRPC call as an operation for `tenax::retrying`. Tested with gRPC 1.51.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include <tenax/grpc/attempt_context.hpp>
#include <tenax/grpc/reply.hpp>

namespace tenax::grpc {

namespace detail {

/// The stub, given directly or by a pointer.
template <class Stub, class Given>
Stub* stub_of(Given&& given) {
  constexpr bool lives_on = std::is_lvalue_reference_v<Given> || std::is_pointer_v<std::remove_reference_t<Given>>;
  static_assert(lives_on,
                "tenax: the call was given a temporary stub, which is gone before the call is made; keep the stub in a "
                "variable");
  if constexpr (!lives_on) {
    return nullptr;
  } else if constexpr (std::is_base_of_v<Stub, std::remove_cvref_t<Given>>) {
    return std::addressof(given);
  } else {
    return std::addressof(*given);
  }
}

}  // namespace detail

/// A unary call as an operation. Made by `grpc::unary`.
template <class R, class F>
class unary_call {
 public:
  unary_call(F call, call_options options) : call_(std::move(call)), options_(std::move(options)) {}

  /// Makes one attempt, with a context of its own.
  [[nodiscard]] reply<R> operator()(attempt_info const& info) const {
    ::grpc::ClientContext context;
    if (options_.prepare) options_.prepare(context);
    prepare_attempt(context, info);
    reply<R> r;
    detail::canceller const cancels(context, info);
    ::grpc::Status ended = call_(context, r.message);
    static_cast<call_result&>(r) = call_result(std::move(ended), context, options_);
    return r;
  }

 private:
  F call_;
  call_options options_;
};

/// Makes an operation of a method of a generated stub: `policy(grpc::unary(stub, &Albums::Stub::Find, request))`.
/// Returns a `grpc::reply<R>`. `stub` is the stub or a (smart) pointer to it, and must outlive the operation; the
/// request is stored.
///
/// Every attempt has a context of its own. Its deadline is the time that is left of the policy's deadline and of
/// `.attempt_timeout()`. When the call is cancelled, the attempt is cancelled: at once by a `std::stop_token`, within
/// about 5 ms by another token. A retry says so in `grpc-previous-rpc-attempts`; see `grpc::disable_own_retries`.
///
/// A call that is not `.idempotent` is repeated only if no connection was made, and with `.own_retries_disabled` only.
///
/// Thread safety: an immutable value, as far as the stub is (generated stubs are).
template <class Given, class Stub, class Request, class R>
[[nodiscard]] auto unary(Given&& stub, ::grpc::Status (Stub::*method)(::grpc::ClientContext*, Request const&, R*),
                         std::type_identity_t<Request> request, call_options options = {}) {
  auto call = [s = detail::stub_of<Stub>(std::forward<Given>(stub)), method, q = std::move(request)](
                  ::grpc::ClientContext& context, R& message) { return (s->*method)(&context, q, &message); };
  return unary_call<R, decltype(call)>(std::move(call), std::move(options));
}

/// Makes an operation of a function that makes the call:
/// ```
/// policy(grpc::unary<Album>([&](grpc::ClientContext& context, Album& album) {
///   return stub->Find(&context, request, &album);
/// }, {.idempotent = true}));
/// ```
template <class R, class F>
  requires std::is_invocable_r_v<::grpc::Status, F const&, ::grpc::ClientContext&, R&>
[[nodiscard]] auto unary(F call, call_options options = {}) {
  return unary_call<R, F>(std::move(call), std::move(options));
}

}  // namespace tenax::grpc
