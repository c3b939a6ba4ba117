// SPDX-License-Identifier: MIT
// http/response_traits.hpp: how tenax reads an HTTP client's response; specialize response_traits for your client.
#pragma once

#include <concepts>
#include <string_view>
#include <type_traits>

#include <tenax/http/detail/cpr.hpp>
#include <tenax/http/headers.hpp>
#include <tenax/http/quota.hpp>
#include <tenax/http/server_delay.hpp>
#include <tenax/http/status.hpp>
#include <tenax/http/transport_error.hpp>

/// HTTP: reads from any client's response whether and when to retry.
namespace tenax::http {

/// How tenax reads a response of type `R`. Specialize it for your client's type:
/// ```
/// template <> struct tenax::http::response_traits<my_response> {
///   static int status(my_response const& r) { return r.code; }              // 0: no response arrived
///   static auto const& headers(my_response const& r) { return r.headers; }  // a range of (name, value), see
///   headers.hpp // These may be left out:
///   static transport_error error(my_response const& r);                     // why no response arrived, if status is 0
///   static std::string reason(my_response const& r);                        // the client's text for that, for logs
///   static std::string_view body(my_response const& r);
///   static std::string_view method(my_response const& r);                   // "GET", as it was sent
///   static std::string_view target(my_response const& r);                   // "/albums/1": for log lines
///   static bool has_idempotency_key(my_response const& r);                  // whether the request carried a key
///   static bool may_have_redirected(my_response const& r);                  // see below
///   static bool may_be_sent_again(my_response const& r);                    // see below
///   static char const* why_not_again(my_response const& r);                 // and why not, for logs
///   static void release(my_response& r);                                    // frees the connection before a wait
///   static constexpr bool obeys_attempt_limits = true;                      // the client obeys `current_attempt()`
/// };
/// ```
/// `status` must return 0 if the response is incomplete, unless the status is 400 or more: a success whose body is
/// incomplete has status 0. If `status` is not 0, `error` is ignored.
///
/// `may_have_redirected`: whether the client may have followed redirects, and so have sent other requests before the
/// last one. Then neither an error nor a status of the last request proves that no server has acted.
/// `may_be_sent_again`: false if the same request cannot be made again, because its body is gone. Then no policy
/// repeats it.
///
/// Types shaped like `cpr::Response` (`status_code`, `header`, `text`, and optionally `error.code`) need no
/// specialization.
template <class R>
struct response_traits {};

template <detail::cpr_like R>
struct response_traits<R> {
  /// A success whose body is incomplete has no status, as with every client. A failure keeps its status.
  static int status(R const& r) {
    auto const code = static_cast<int>(r.status_code);
    auto const e = error(r);
    return e == transport_error::none || (code >= 400 && e != transport_error::cancelled) ? code : 0;
  }
  static auto const& headers(R const& r) { return r.header; }
  static transport_error error(R const& r) {
    if constexpr (requires { requires std::is_enum_v<std::remove_cvref_t<decltype(r.error.code)>>; }) {
      return detail::classify_cpr(r.error.code);
    } else {
      return r.status_code == 0 ? transport_error::interrupted : transport_error::none;
    }
  }
  static auto reason(R const& r)
    requires requires { std::string_view(r.error.message); }
  {
    return std::string_view(r.error.message);
  }
  static std::string_view body(R const& r) { return r.text; }
  /// cpr follows redirects, and counts them.
  static bool may_have_redirected(R const& r) {
    if constexpr (requires { r.redirect_count > 0; }) {
      return r.redirect_count > 0;
    } else {
      return true;
    }
  }
};

namespace detail {

template <class R>
using traits = response_traits<std::remove_cvref_t<R>>;

}  // namespace detail

/// A type whose `response_traits` provide at least `status` and `headers`.
template <class R>
concept response = requires(std::remove_cvref_t<R> const& r) {
  { detail::traits<R>::status(r) } -> std::convertible_to<int>;
  { detail::traits<R>::headers(r) } -> header_list;
};

namespace detail {

template <class R>
concept knows_error = requires(R const& r) {
  { traits<R>::error(r) } -> std::same_as<transport_error>;
};
template <class R>
concept knows_body = requires(R const& r) {
  { traits<R>::body(r) } -> std::convertible_to<std::string_view>;
};
template <class R>
concept knows_method = requires(R const& r) {
  { traits<R>::method(r) } -> std::convertible_to<std::string_view>;
};
template <class R>
concept knows_target = requires(R const& r) {
  { traits<R>::target(r) } -> std::convertible_to<std::string_view>;
};
template <class R>
concept knows_reason = requires(R const& r) {
  { traits<R>::reason(r) } -> std::convertible_to<std::string_view>;
};
template <class R>
concept knows_idempotency_key = requires(R const& r) {
  { traits<R>::has_idempotency_key(r) } -> std::convertible_to<bool>;
};

/// Whether traits have an optional function that is not static, or takes no const response. It would not be used.
template <class R, class T = traits<R>>
inline constexpr bool misses_functions =
    (requires(T& t, R& r) { t.error(r); } && !requires(R const& r) { T::error(r); }) ||
    (requires(T& t, R& r) { t.reason(r); } && !requires(R const& r) { T::reason(r); }) ||
    (requires(T& t, R& r) { t.body(r); } && !requires(R const& r) { T::body(r); }) ||
    (requires(T& t, R& r) { t.method(r); } && !requires(R const& r) { T::method(r); }) ||
    (requires(T& t, R& r) { t.target(r); } && !requires(R const& r) { T::target(r); }) ||
    (requires(T& t, R& r) { t.has_idempotency_key(r); } && !requires(R const& r) { T::has_idempotency_key(r); }) ||
    (requires(T& t, R& r) { t.may_have_redirected(r); } && !requires(R const& r) { T::may_have_redirected(r); }) ||
    (requires(T& t, R& r) { t.may_be_sent_again(r); } && !requires(R const& r) { T::may_be_sent_again(r); }) ||
    (requires(T& t, R& r) { t.why_not_again(r); } && !requires(R const& r) { T::why_not_again(r); });

/// Whether `error` returns something else than a `transport_error`.
template <class R>
inline constexpr bool misnames_error = requires(R const& r) { traits<R>::error(r); } && !knows_error<R>;

/// The status as the client has it: 0 or negative if no response arrived.
template <response R>
[[nodiscard]] constexpr int raw_status(R const& r) {
  return static_cast<int>(traits<R>::status(r));
}

}  // namespace detail

/// Returns the status of a response; 0 if no response arrived, for which some clients have a negative one.
template <response R>
[[nodiscard]] constexpr int status_of(R const& r) {
  auto const status = detail::raw_status(r);
  return status < 0 ? 0 : status;
}

namespace detail {

/// Whether a status is interim: it announces the final response (RFC 9110 section 15.2). 101 is final.
constexpr bool announces(int status) noexcept { return status >= 100 && status < 200 && status != 101; }

}  // namespace detail

/// Returns why no response arrived; `none` if there is a status. `interrupted` if the traits do not provide `error`.
template <response R>
[[nodiscard]] constexpr transport_error error_of(R const& r) {
  if (detail::raw_status(r) > 0) return transport_error::none;
  if constexpr (detail::knows_error<R>) {
    return detail::traits<R>::error(r);
  } else {
    return transport_error::interrupted;
  }
}

/// Returns the value of the first header with that name, ignoring case; empty if there is none. Valid as long as the
/// response is.
template <response R>
[[nodiscard]] constexpr std::string_view header_of(R const& r, std::string_view name) {
  for (auto const& line : detail::traits<R>::headers(r)) {
    auto const [line_name, value] = detail::header_of(line);
    if (same_name(line_name, name)) return detail::trimmed(value);
  }
  return {};
}

/// Returns the delay that a response asks for; see `http::server_delay`. `now` is the wall clock's time; it is used for
/// responses without a `Date`.
template <response R, class Duration>
[[nodiscard]] constexpr auto delay_of(R const& r, std::chrono::time_point<std::chrono::system_clock, Duration> now,
                                      profile p = profile::pragmatic) {
  return server_delay(detail::traits<R>::headers(r), http::status_of(r), now, p);
}

/// Returns what a response reports about the client's quota; see `http::quota`.
template <response R, class Duration>
[[nodiscard]] constexpr auto quota_of(R const& r, std::chrono::time_point<std::chrono::system_clock, Duration> now,
                                      profile p = profile::pragmatic) {
  return quota(detail::traits<R>::headers(r), now, p);
}

/// The same, for a response that has just arrived: `now` is read from the system clock.
template <response R>
[[nodiscard]] auto delay_of(R const& r) {
  return http::delay_of(r, std::chrono::system_clock::now());
}
template <response R>
[[nodiscard]] auto quota_of(R const& r) {
  return http::quota_of(r, std::chrono::system_clock::now());
}

/// Whether no response arrived, or one with a status of 400 or more, or an interim one (1xx other than 101), after
/// which the client should have read the final response, or an invalid one (RFC 9110 section 15).
template <response R>
[[nodiscard]] constexpr bool failed(R const& r) {
  auto const status = detail::raw_status(r);
  if (status >= 200 && status < 400) return false;  // mostly
  return status != 101;
}

/// Whether the failure is transient: a status for which `is_transient_status` holds, or a transport error that is
/// neither permanent nor a cancellation by the caller.
template <response R>
[[nodiscard]] constexpr bool is_transient(R const& r) {
  switch (http::error_of(r)) {
    case transport_error::none: return is_transient_status(detail::raw_status(r));
    case transport_error::unsent:
    case transport_error::interrupted:
    case transport_error::timed_out: return true;
    case transport_error::permanent:
    case transport_error::cancelled: break;
  }
  return false;
}

}  // namespace tenax::http
