// SPDX-License-Identifier: MIT
// http/when.hpp: retry predicates for HTTP responses.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <type_traits>

#include <tenax/detail/reject.hpp>
#include <tenax/http/hint_reader.hpp>
#include <tenax/when/compose.hpp>

namespace tenax::http::detail {

/// A predicate about responses, given as a function of one and of the hint that was read from it.
template <class Judge>
struct response_predicate : when::operators {
  static constexpr bool uses_time = false;

  template <class T>
    requires(response<T>)
  constexpr bool operator()(attempt<T> const& a) const {
    return a.result.has_value() && static_cast<Judge const&>(*this).accepts(a.result.value(), a.hint);
  }
};

/// Whether the server itself says that the same request is worth another attempt, which overrules what a client makes of
/// the status.
constexpr bool wants_retry(hint const& said) noexcept { return said.verdict == verdict::transient; }

/// A number; or an enumerator, as Boost.Beast has for statuses.
template <class C>
concept status_code = (std::integral<C> && !std::same_as<C, bool>) || std::is_enum_v<C>;

constexpr int require_status(int code) {
  if (code < 100 || code > 999) {
    invalid_parameter("when::status: code", "must be a number of three digits, such as 429", static_cast<double>(code));
  }
  return code;
}

}  // namespace tenax::http::detail

namespace tenax::when {

/// See `when::status`.
template <std::size_t Size>
struct status_predicate : http::detail::response_predicate<status_predicate<Size>> {
  std::array<int, Size> codes;

  template <http::response R>
  constexpr bool accepts(R const& r, hint const& said) const {
    auto const status = http::status_of(r);
    for (auto const code : codes) {
      if (code == status) return true;
    }
    return http::detail::wants_retry(said);
  }

  template <class Out>
  constexpr void describe(Out& out) const {
    out.text(Size == 1 ? "status " : "one of the statuses ");
    for (std::size_t i = 0; i < Size; ++i) {
      char const digits[] = {static_cast<char>('0' + codes[i] / 100), static_cast<char>('0' + codes[i] / 10 % 10),
                             static_cast<char>('0' + codes[i] % 10), ' '};
      out.text({digits, i + 1 < Size ? 4U : 3U});
    }
  }
};

/// Retry responses with one of these statuses: `when::status(429, 503)`. Also those whose headers tell us to retry
/// (`x-should-retry: true`, `grpc-retry-pushback-ms`). Never on an exception.
///
/// Throws `std::invalid_argument` for a code that has not three digits.
template <class... Codes>
[[nodiscard]] constexpr auto status(Codes... codes) {
  constexpr bool numbers = sizeof...(Codes) > 0 && (http::detail::status_code<Codes> && ...);
  static_assert(numbers, "tenax: when::status() needs status codes, such as when::status(429, 503)");
  status_predicate<sizeof...(Codes)> predicate{};
  if constexpr (numbers) predicate.codes = {http::detail::require_status(static_cast<int>(codes))...};
  return predicate;
}

/// See `when::transient`.
struct transient_predicate : http::detail::response_predicate<transient_predicate> {
  template <http::response R>
  constexpr bool accepts(R const& r, hint const& said) const {
    return http::is_transient(r) || http::detail::wants_retry(said);
  }

  template <class Out>
  constexpr void describe(Out& out) const {
    out.text("transient failures (statuses 408 425 429 500 502 503 504, transport errors)");
  }
};

/// Retry responses that say 408, 425, 429, 500, 502, 503 or 504, requests that got no response for a reason that may pass,
/// and responses whose headers tell us to retry. Never on an exception: `when::transient || when::exception<E>`.
inline constexpr transient_predicate transient{};

/// See `when::transport_error`.
struct transport_error_predicate : http::detail::response_predicate<transport_error_predicate> {
  template <http::response R>
  constexpr bool accepts(R const& r, hint const&) const {
    return http::error_of(r) != http::transport_error::none && http::is_transient(r);
  }

  template <class Out>
  constexpr void describe(Out& out) const {
    out.text("transport errors");
  }
};

/// Retry requests that got no response for a reason that may pass: no connection, a broken one, no answer in time.
inline constexpr transport_error_predicate transport_error{};

/// See `when::throttled`.
struct throttled_predicate : http::detail::response_predicate<throttled_predicate> {
  template <http::response R>
  constexpr bool accepts(R const& r, hint const& said) const {
    return said.throttled || http::status_of(r) == 429;
  }

  template <class Out>
  constexpr void describe(Out& out) const {
    out.text("responses that say we are too fast");
  }
};

/// Retry responses that say we are too fast: 429, and 403 and 503 whose headers say when to come back (some services answer
/// 403 to a client that has used up its quota). What the policy's `http::hint_reader` calls throttled is.
inline constexpr throttled_predicate throttled{};

}  // namespace tenax::when
