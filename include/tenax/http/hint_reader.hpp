// SPDX-License-Identifier: MIT
// http/hint_reader.hpp: reads a response's hints for the retry policy: Retry-After, throttling, quotas, delays in a
// body.
#pragma once

#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include <tenax/attempt.hpp>
#include <tenax/gate/gate.hpp>
#include <tenax/http/detail/response_hint.hpp>
#include <tenax/http/response_traits.hpp>
#include <tenax/platform/chrono.hpp>
#include <tenax/platform/compiler.hpp>
#include <tenax/result_traits.hpp>

namespace tenax::http {

namespace detail {

struct system_wall_clock {
  constexpr std::chrono::system_clock::time_point operator()() const noexcept {
    // In a constant expression there is no clock: points in time are compared with 1970.
    if (std::is_constant_evaluated()) return {};
    return std::chrono::system_clock::now();
  }
};

struct no_body {};

/// A function that finds a delay in a body and returns it with a unit.
template <class F>
concept body_reader = std::is_invocable_r_v<optional_duration, F const&, std::string_view> &&
                      !requires(F const& f, std::string_view body) {
                        requires std::is_arithmetic_v<std::remove_cvref_t<decltype(f(body))>>;
                      } && !requires(F const& f, std::string_view body) {
                        requires std::is_arithmetic_v<std::remove_cvref_t<decltype(*f(body))>>;
                      };

}  // namespace detail

/// Reads the hints of a response: the delay and the directive of `http::server_delay`. Adds a second to a delay that
/// had to be computed with the local clock. A directive `no_retry` ends the call with `stop_reason::server_forbids`. A
/// response counts as throttled if its status is 429, or if it is 503 or 403 and names a delay, plausible or not.
///
/// Every policy reads responses in this way by default. To change it, give the policy a hint reader:
/// `.read_hints_with(http::hint_reader{}.headers(http::profile::strict))`. Predicates, gates and observers see the
/// result. Attempts without a response are read as always.
///
/// Thread safety: an immutable value. All threads that make calls use its clock and its extractor.
template <class Clock = detail::system_wall_clock, class Extractor = detail::no_body>
class hint_reader {
 public:
  constexpr hint_reader() = default;
  constexpr hint_reader(profile p, Clock clock, Extractor extractor, detail::throttling_statuses throttling = {})
      : profile_(p), throttling_(throttling), clock_(std::move(clock)), extractor_(std::move(extractor)) {}

  /// Sets which header fields and forms are read. Default: `profile::pragmatic`.
  [[nodiscard]] constexpr hint_reader headers(profile p) const {
    return hint_reader(p, clock_, extractor_, throttling_);
  }

  /// Declares statuses that mean "too fast" at this service, whatever their headers contain:
  /// `http::hint_reader{}.throttled(503)` for nginx, whose `limit_req` answers with 503. Added to 429, and to 403 and
  /// 503 that name a delay. At most four.
  ///
  /// Throws `std::invalid_argument` for a code that does not have three digits.
  template <std::convertible_to<int>... Codes>
  [[nodiscard]] constexpr hint_reader throttled(Codes... codes) const {
    static_assert(sizeof...(Codes) >= 1 && sizeof...(Codes) <= 4,
                  "tenax: http::hint_reader::throttled() takes one to four statuses, such as .throttled(503)");
    return hint_reader(profile_, clock_, extractor_,
                       detail::throttling_statuses{{detail::require_throttling_status(static_cast<int>(codes))...}});
  }

  /// Sets the wall clock, for points in time in a response without a `Date`: a callable that returns a time point of
  /// `std::chrono::system_clock`.
  template <class C>
  [[nodiscard]] constexpr auto clock(C c) const {
    return hint_reader<C, Extractor>(profile_, std::move(c), extractor_, throttling_);
  }

  /// Reads the body as well; see `http::retry_after_from_body`.
  template <class F>
  [[nodiscard]] constexpr auto body(F f) const {
    if constexpr (detail::body_reader<F>) {
      return hint_reader<Clock, F>(profile_, clock_, std::move(f), throttling_);
    } else {
      static_assert(tenax::detail::always_false<F>,
                    "tenax: http::retry_after_from_body() needs a function that takes the body as a std::string_view "
                    "and returns an optional duration, such as a std::optional<std::chrono::seconds>");
      return *this;
    }
  }

  template <class T>
  constexpr hint operator()(attempt<T> const& a) const {
    if constexpr (response<T>) {
      // Also checked in `read`; here, the compiler's explanation is shorter.
      static_assert(sees_body<T>,
                    "tenax: http::retry_after_from_body() cannot see the body of this response; give its "
                    "tenax::http::response_traits a function body()");
      if constexpr (sees_body<T>) {
        if (a.result.has_value()) return read(a.result.value());
      }
    }
    return tenax::detail::carried_hint(a.result);
  }

  /// Returns the remaining quota, for gates.
  template <class T>
  [[nodiscard]] constexpr allowance quota(attempt<T> const& a) const {
    if constexpr (response<T>) {
      if (a.result.has_value()) {
        return detail::to_allowance(http::quota_of(a.result.value(), clock_(), profile_));
      }
    }
    return {};
  }

  /// Returns the hints of `r`.
  template <response R>
  [[nodiscard]] constexpr hint read(R const& r) const {
    auto const status = detail::raw_status(r);
    auto h = detail::to_hint(r, status, clock_, profile_);
    h.throttled = h.throttled || throttling_.has(status);
    if constexpr (std::is_same_v<Extractor, detail::no_body>) {
      return h;
    } else if constexpr (!sees_body<R>) {
      static_assert(tenax::detail::always_false<R>,
                    "tenax: http::retry_after_from_body() cannot see the body of this response; give its "
                    "tenax::http::response_traits a function body()");
    } else {
      if (http::failed(r)) {
        optional_duration asked = extractor_(std::string_view(detail::traits<R>::body(r)));
        if (asked && *asked < duration::zero()) asked.reset();  // a negative delay is ignored
        if (asked && detail::may_say_too_fast(status)) h.throttled = true;
        if (asked && *asked > std::chrono::milliseconds(detail::plausible_delay_ms)) {
          asked.reset();
          if (h.ignored.empty()) h.ignored = "the body's wait";
        }
        if (asked && (!h.wait || *h.wait < *asked)) h.wait = asked;
      }
    }
    return h;
  }

  template <class Out>
  constexpr void describe(Out& out) const {
    out.text(profile_ == profile::strict ? "headers, read strictly" : "headers");
    if (!std::is_same_v<Extractor, detail::no_body>) out.text(", and from bodies");
  }

 private:
  template <class R>
  static constexpr bool sees_body = std::is_same_v<Extractor, detail::no_body> || detail::knows_body<R>;

  profile profile_ = profile::pragmatic;
  detail::throttling_statuses throttling_{};
  TENAX_NO_UNIQUE_ADDRESS Clock clock_{};
  TENAX_NO_UNIQUE_ADDRESS Extractor extractor_{};
};

template <class Clock, class Extractor>
hint_reader(profile, Clock, Extractor, detail::throttling_statuses = {}) -> hint_reader<Clock, Extractor>;

/// For services that put the delay in the body: `.read_hints_with(http::retry_after_from_body(f))`, where `f` takes the
/// body as a `std::string_view` and returns an optional duration. `f` is called for responses with a status of 400 or
/// more. The headers are read as well, and the longer delay counts. A negative delay is ignored. So is one of more than
/// 365 days, as in a header, because its unit is probably misread. An exception of `f` ends the call.
template <class F>
[[nodiscard]] constexpr auto retry_after_from_body(F f) {
  return hint_reader{}.body(std::move(f));
}

}  // namespace tenax::http

/// How tenax reads a response as a result: it failed if no response arrived, or if its status is 400 or more. The delay
/// and the directive in its headers are obeyed. See `http::response_traits` and `http::hint_reader`.
template <tenax::http::response R>
struct tenax::result_traits<R> {
  static constexpr bool can_fail = true;
  static constexpr bool obeys_attempt_limits = requires { requires http::response_traits<R>::obeys_attempt_limits; };

  // For the library: a mistake in the `response_traits`, which would go unnoticed, and its explanation.
  static constexpr bool has_mistake = http::detail::misses_functions<R> || http::detail::misnames_error<R>;
  static constexpr bool explain_mistake() {
    static_assert(!http::detail::misses_functions<R>,
                  "tenax: an optional function of http::response_traits is not static, or cannot take a const "
                  "response, and would not be used; write it as static bool may_be_sent_again(R const&)");
    static_assert(!http::detail::misnames_error<R>,
                  "tenax: http::response_traits::error() has to return a tenax::http::transport_error");
    return false;
  }

  static constexpr bool failed(R const& r) { return http::failed(r); }
  static constexpr bool transient(R const& r) { return http::is_transient(r); }
  static constexpr hint read_hint(R const& r) { return http::hint_reader{}.read(r); }

  static bool can_repeat(R const& r)
    requires requires { http::response_traits<R>::may_be_sent_again(r); }
  {
    return http::response_traits<R>::may_be_sent_again(r);
  }
  static char const* why_not_repeated(R const& r)
    requires requires { http::response_traits<R>::may_be_sent_again(r); }
  {
    if constexpr (requires { http::response_traits<R>::why_not_again(r); }) {
      return http::response_traits<R>::why_not_again(r);
    } else {
      return "the body of the request cannot be sent again";
    }
  }

  static allowance quota(R const& r) { return http::detail::to_allowance(http::quota_of(r)); }

  static void release(R& r)
    requires requires { http::response_traits<R>::release(r); }
  {
    http::response_traits<R>::release(r);
  }

  template <class Out>
  static constexpr void describe(R const& r, Out& out) {
    if constexpr (http::detail::knows_method<R> && http::detail::knows_target<R>) {
      if (std::string_view const target = http::response_traits<R>::target(r); !target.empty()) {
        out.text(http::response_traits<R>::method(r));
        out.text(" ");
        out.text(target);
        out.text(": ");
      }
    }
    auto const error = http::error_of(r);
    if (error == http::transport_error::none) return write_status(http::status_of(r), out);
    out.text(text_of(error));
    if constexpr (http::detail::knows_reason<R>) {
      auto const reason = http::response_traits<R>::reason(r);
      if (std::string_view const text(reason); !text.empty()) {
        out.text(" (");
        out.text(text);
        out.text(")");
      }
    }
  }

 private:
  static constexpr std::string_view text_of(http::transport_error error) {
    switch (error) {
      case http::transport_error::none: break;
      case http::transport_error::unsent: return "no connection";
      case http::transport_error::interrupted: return "the connection broke";
      case http::transport_error::timed_out: return "no answer in time";
      case http::transport_error::permanent: return "the request cannot be sent";
      case http::transport_error::cancelled: return "the transfer was cancelled";
    }
    return "";
  }

  template <class Out>
  static constexpr void write_status(int status, Out& out) {
    char const digits[] = {static_cast<char>('0' + status / 100 % 10), static_cast<char>('0' + status / 10 % 10),
                           static_cast<char>('0' + status % 10)};
    out.text("status ");
    out.text(std::string_view(digits, 3));
    if (auto const text = http::status_text(status); !text.empty()) {
      out.text(" (");
      out.text(text);
      out.text(")");
    }
  }
};
