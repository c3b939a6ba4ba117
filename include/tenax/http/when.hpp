// SPDX-License-Identifier: MIT
// http/when.hpp: retry predicates for HTTP responses: status codes, transient failures, transport errors, throttling.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <type_traits>

#include <tenax/detail/reject.hpp>
#include <tenax/http/hint_reader.hpp>
#include <tenax/when/compose.hpp>

namespace tenax::http::detail {

/// A predicate for responses, made from a function of a response and of the hint that was read from it.
template <class Judge>
struct response_predicate : when::operators {
  static constexpr bool uses_time = false;

  template <class T>
    requires(response<T>)
  constexpr bool operator()(attempt<T> const& a) const {
    return a.result.has_value() && static_cast<Judge const&>(*this).accepts(a.result.value(), a.hint);
  }
};

/// Whether the server says that the same request is worth another attempt. This overrules the client's judgement of the
/// status.
constexpr bool wants_retry(hint const& said) noexcept { return said.verdict == verdict::transient; }

/// Accepts a number, or an enumerator such as those of Boost.Beast.
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
    auto const status = http::detail::raw_status(r);
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

/// Retries responses with one of these statuses: `when::status(429, 503)`. Also retries responses whose headers ask for
/// it (`x-should-retry: true`, `grpc-retry-pushback-ms`). Never retries an exception.
///
/// Throws `std::invalid_argument` for a code that does not have three digits.
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

/// Retries responses with status 408, 425, 429, 500, 502, 503 or 504, requests that got no response for a transient
/// reason, and responses whose headers ask for a retry. Never retries an exception; for that:
/// `when::transient || when::exception<E>`.
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

/// Retries requests that got no response for a transient reason: no connection, a broken connection, or a timeout.
inline constexpr transport_error_predicate transport_error{};

/// See `when::throttled`.
struct throttled_predicate : http::detail::response_predicate<throttled_predicate> {
  template <http::response R>
  constexpr bool accepts(R const& r, hint const& said) const {
    return said.throttled || http::detail::raw_status(r) == 429;
  }

  template <class Out>
  constexpr void describe(Out& out) const {
    out.text("responses that say we are too fast");
  }
};

/// Retries responses that tell the client to slow down: 429, and 403 or 503 whose headers name a delay (some services
/// answer 403 to a client that has used up its quota). The policy's `http::hint_reader` decides which responses count.
inline constexpr throttled_predicate throttled{};

}  // namespace tenax::when
