// SPDX-License-Identifier: MIT
// http/idempotent.hpp: which HTTP requests may be sent twice: idempotent methods and idempotency keys.
#pragma once

#include <string_view>

#include <tenax/detail/reject.hpp>
#include <tenax/http/detail/method.hpp>
#include <tenax/http/hint_reader.hpp>
#include <tenax/when/compose.hpp>

namespace tenax::http {

/// Whether sending a request twice has the same effect as sending it once: GET, HEAD, OPTIONS, TRACE, PUT and DELETE
/// (RFC 9110 section 9.2.2). Methods are case-sensitive.
[[nodiscard]] constexpr bool is_idempotent_method(std::string_view method) noexcept {
  return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "TRACE" || method == "PUT" ||
         method == "DELETE";
}

/// The properties of a request that decide whether it may be sent again.
struct request {
  std::string_view method;       ///< in capitals; the characters must outlive the policy, as those of a literal do
  bool idempotency_key = false;  ///< whether the request has a key by which the server recognizes repetitions
};

/// Whether a response proves that the server did not act on the request. That is so without a connection; with 408,
/// because the request did not arrive completely (RFC 9110 section 15.5.9); and with 425, because the server refused to
/// process it early (RFC 8470 section 5.2). If the client may have followed a redirect, nothing proves it: the server
/// before the last one has already answered.
template <response R>
[[nodiscard]] constexpr bool was_never_processed(R const& r) {
  if constexpr (requires { detail::traits<R>::may_have_redirected(r); }) {
    if (detail::traits<R>::may_have_redirected(r)) return false;
  }
  if (http::error_of(r) != transport_error::none) return http::error_of(r) == transport_error::unsent;
  auto const status = detail::raw_status(r);
  return status == 408 || status == 425;
}

namespace detail {

template <class T>
constexpr bool proves_unprocessed(outcome<T> const& result) {
  if constexpr (response<T>) return result.has_value() && http::was_never_processed(result.value());
  return false;
}

}  // namespace detail

namespace detail {

/// Whether a request may be sent twice. Throws `std::invalid_argument` for a method that is not in capitals.
constexpr bool is_idempotent(request const& r) {
  if (!is_method(r.method)) {
    invalid_parameter("http::request: method", "must be in capitals, such as GET", r.method.empty() ? "empty" : "not");
  }
  return r.idempotency_key || is_idempotent_method(r.method);
}

}  // namespace detail

/// See `http::idempotent_only`.
struct idempotent_request_predicate : when::operators {
  static constexpr bool uses_time = false;
  static constexpr bool has_veto = true;

  constexpr explicit idempotent_request_predicate(request r) : idempotent(detail::is_idempotent(r)) {}

  template <class T>
  constexpr bool operator()(attempt<T> const& a) const {
    return idempotent || detail::proves_unprocessed(a.result);
  }
  template <class T>
  constexpr bool wants(attempt<T> const&) const {
    return true;
  }
  template <class T>
  constexpr bool permits(attempt<T> const& a) const {
    return (*this)(a);
  }
  template <class T>
  constexpr char const* why_denied(attempt<T> const&) const {
    return "the method is not idempotent, and there is no idempotency key";
  }

  template <class Out>
  constexpr void describe(Out& out) const {
    out.text(idempotent ? "the request may be sent twice" : "the server has not acted on the request");
  }

  bool idempotent;
};

/// See `http::idempotent_only`.
struct idempotent_only_predicate : when::operators {
  static constexpr bool uses_time = false;
  static constexpr bool has_veto = true;

  template <class T>
  constexpr bool wants(attempt<T> const&) const {
    return true;
  }
  template <class T>
  constexpr bool permits(attempt<T> const& a) const {
    return (*this)(a);
  }
  template <class T>
  constexpr char const* why_denied(attempt<T> const& a) const {
    if (!a.result.has_value()) return "the server may have acted on the request";
    if constexpr (response<T> && detail::knows_method<T>) {
      std::string_view const method = detail::traits<T>::method(a.result.value());
      if (method == "POST") return "POST without an idempotency key";
      if (method == "PATCH") return "PATCH without an idempotency key";
    }
    return "the method is not idempotent, and there is no idempotency key";
  }

  /// For a client whose responses do not report the method of their request.
  [[nodiscard]] constexpr idempotent_request_predicate operator()(request r) const {
    return idempotent_request_predicate(r);
  }
  [[nodiscard]] constexpr idempotent_request_predicate operator()(char const* method) const {
    return idempotent_request_predicate({.method = method});
  }

  template <class T>
    requires(response<T> && detail::knows_method<T>)
  constexpr bool operator()(attempt<T> const& a) const {
    if (!a.result.has_value()) return false;
    auto const& r = a.result.value();
    if constexpr (detail::knows_idempotency_key<T>) {
      if (detail::traits<T>::has_idempotency_key(r)) return true;
    }
    return is_idempotent_method(detail::traits<T>::method(r)) || http::was_never_processed(r);
  }
  // Not constexpr: clang then explains the mistake without the whole chain of instantiations.
  template <class T>
  bool operator()(attempt<T> const&) const {
    static_assert(tenax::detail::always_false<T>,
                  "tenax: http::idempotent_only cannot see the method of the request; name it, as in "
                  "http::standard_retry(\"GET\") or http::idempotent_only(\"GET\")");
    return false;
  }

  template <class Out>
  constexpr void describe(Out& out) const {
    out.text("the request may be sent twice");
  }
};

/// Retries only requests that may be sent twice: with an idempotent method, with an idempotency key, or provably not
/// processed by the server (`was_never_processed`). Combine it with `&&`:
/// `.when(when::transient && http::idempotent_only("POST"))`. It is a veto: `tenax::retry_after` in a failure does not
/// override it.
///
/// The method comes from the response's traits. If the responses of your client do not report it, name it:
/// `http::idempotent_only("GET")`, or `http::idempotent_only({.method = "POST", .idempotency_key = true})`.
inline constexpr idempotent_only_predicate idempotent_only{};

}  // namespace tenax::http
