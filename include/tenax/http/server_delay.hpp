// SPDX-License-Identifier: MIT
// http/server_delay.hpp: how long a response asks us to wait.
#pragma once

#include <initializer_list>

#include <tenax/detail/http_reader.hpp>
#include <tenax/http/rate_limit_fields.hpp>

namespace tenax::http {

/// What a server says about another attempt, whatever the status code says.
enum class directive {
  none,     ///< nothing
  retry,    ///< it wants one, as far as limits allow
  no_retry  ///< it forbids one
};

/// What a response says about retrying.
struct server_advice {
  /// The time to wait from the arrival of the response; 0 to 2147483648 s.
  std::optional<std::chrono::milliseconds> delay{};
  http::directive directive = http::directive::none;
  /// The name of the field that the delay was taken from; without a delay, the directive. Lives for ever.
  std::string_view source{};
  /// The server named a point in time, and `now` had to do as its clock: the delay is wrong by as much as that is.
  bool by_local_clock = false;

  friend constexpr bool operator==(server_advice const&, server_advice const&) noexcept = default;
};

}  // namespace tenax::http

namespace tenax::detail {

template <class H>
class delay_finder {
 public:
  constexpr delay_finder(H const& headers, int status, http::wall_time received, http::profile p) noexcept
      : reader_(headers, may_be_quota(status) ? all_fields : all_fields & ~quota_fields, received, p),
        status_(status) {}

  constexpr http::server_advice find() noexcept {
    if (!reader_.fields().any()) return {};
    if (reader_.fields().has(field::grpc_retry_pushback_ms)) {
      push_back();
    } else {
      follow_directives();
      if (!find_explicit_delay() && may_be_quota(status_)) find_reset();
    }
    // Made where it is returned to: g++ warns of copies of an optional that is empty.
    if (delay_ms_ < 0) return {.directive = directive_, .source = source_};
    return {.delay = std::chrono::milliseconds(delay_ms_),
            .directive = directive_,
            .source = source_,
            .by_local_clock = by_local_clock_};
  }

 private:
  static constexpr bool may_be_quota(int status) noexcept { return status == 429 || status == 503 || status == 403; }

  /// gRFC A6: a 32-bit number of milliseconds that is not negative, written as C++ writes it; all else forbids a retry.
  constexpr void push_back() noexcept {
    constexpr auto f = field::grpc_retry_pushback_ms;
    directive_ = http::directive::no_retry;
    source_ = name_of(f);
    if (reader_.fields().is_repeated(f)) return;
    reader_.fields().each_line(f, [&](std::optional<std::string_view> value) {
      auto const n = value ? read_digits(*value) : std::nullopt;
      bool const leading_zero = n && value->size() > 1 && value->front() == '0';
      if (!n || leading_zero || *n > static_cast<std::uint64_t>(std::numeric_limits<std::int32_t>::max())) return;
      delay_ms_ = static_cast<std::int64_t>(*n);
      directive_ = http::directive::retry;
    });
  }

  constexpr void follow_directives() noexcept {
    for (auto const f : {field::x_should_retry, field::stripe_should_retry}) {
      reader_.fields().each_line(f, [&](std::optional<std::string_view> value) {
        auto const said = value == "false"  ? http::directive::no_retry
                          : value == "true" ? http::directive::retry
                                            : http::directive::none;
        // Whoever forbids is obeyed.
        if (said == http::directive::none || directive_ == http::directive::no_retry) return;
        if (said == directive_) return;
        directive_ = said;
        source_ = name_of(f);
      });
    }
  }

  constexpr bool find_explicit_delay() noexcept {
    return take(field::retry_after_ms, meaning::milliseconds) ||
           take(field::x_ms_retry_after_ms, meaning::milliseconds) ||
           take(field::x_amz_retry_after, meaning::whole_milliseconds) ||
           take(field::retry_after, meaning::seconds_or_date);
  }

  constexpr bool find_reset() noexcept {
    return take(field::ratelimit, rate_limit()) ||
           take_if_exhausted(field::ratelimit_remaining, field::ratelimit_reset, meaning::seconds) ||
           take_if_exhausted(field::x_ratelimit_remaining, field::x_ratelimit_reset_after, meaning::seconds) ||
           take_unless_forbidden() ||
           take_if_exhausted(field::x_ratelimit_remaining, field::x_ratelimit_reset, meaning::reset) ||
           take_if_exhausted(field::x_rate_limit_remaining, field::x_rate_limit_reset, meaning::reset) || take_bucket();
  }

  constexpr bool take(field f, delay_reading const& reading) noexcept {
    if (!reading.found()) return false;
    delay_ms_ = reading.ms;
    source_ = name_of(f);
    by_local_clock_ = reading.by_local_clock;
    return true;
  }

  constexpr bool take(field f, meaning m) noexcept { return reader_.fields().has(f) && take(f, reader_.delay(f, m)); }

  /// A 403 has other reasons than quotas: it has to say that none is left.
  template <class Number>
  [[nodiscard]] constexpr bool is_exhausted(std::optional<Number> remaining) const noexcept {
    return remaining ? *remaining == 0 : status_ != 403;
  }

  constexpr bool take_if_exhausted(field remaining, field reset, meaning m) noexcept {
    return reader_.fields().has(reset) && is_exhausted(reader_.remaining(remaining)) && take(reset, m);
  }

  /// `X-RateLimit-Retry-After` is sent only with a refusal, which what remains of some window does not revoke.
  constexpr bool take_unless_forbidden() noexcept {
    constexpr auto f = field::x_ratelimit_retry_after;
    return status_ == 403 ? take_if_exhausted(field::x_ratelimit_remaining, f, meaning::seconds)
                          : take(f, meaning::seconds);
  }

  [[nodiscard]] constexpr delay_reading rate_limit() const noexcept {
    delay_reading longest;
    if (!reader_.fields().has(field::ratelimit)) return longest;
    read_rate_limits(reader_.fields().headers(), [&](http::rate_limit const& read, bare_item<H> const&) {
      if (!read.reset || !is_exhausted(read.remaining)) return;
      auto const ms = scaled({static_cast<std::uint64_t>(read.reset->count())}, 1000, longest_delay_ms);
      if (ms > longest.ms) longest.ms = ms;
    });
    return longest;
  }

  constexpr bool take_bucket() noexcept {
    delay_reading longest;
    auto source = field::first_bucket;
    for (unsigned i = 0; i != bucket_count; ++i) {
      auto const reset = bucket(i, bucket_field::reset);
      if (!reader_.fields().has(reset) || reader_.remaining(bucket(i, bucket_field::remaining)) != 0) continue;
      auto const reading = reader_.delay(reset, meaning::reset);
      if (reading.ms <= longest.ms) continue;
      longest = reading;
      source = reset;
    }
    return take(source, longest);
  }

  http_reader<H> reader_;
  int status_;
  std::int64_t delay_ms_ = -1;
  http::directive directive_ = http::directive::none;
  std::string_view source_{};
  bool by_local_clock_ = false;
};

}  // namespace tenax::detail

namespace tenax::http {

/// How long the response with these headers and this status, which arrived at `now`, asks us to wait before the next
/// attempt; and whether it wants or forbids one. No delay if it says nothing that can be understood: nothing is guessed.
///
/// Of several fields, the first in this order that has a meaning decides; of its lines, the longest delay:
///
/// 1. `grpc-retry-pushback-ms` alone (gRFC A6): what is malformed or negative forbids a retry;
/// 2. `retry-after-ms`, `x-ms-retry-after-ms`, `x-amz-retry-after` in milliseconds;
/// 3. `Retry-After` in seconds, or a date (RFC 9110, section 10.2.3);
/// 4. only with status 429 or 503, or with 403 and an explicit remainder of 0: the time until an exhausted quota is
///    granted again, as `RateLimit`, `RateLimit-Reset`, `X-RateLimit-Reset-After`, `X-RateLimit-Retry-After`,
///    `X-RateLimit-Reset`, `X-Rate-Limit-Reset` and the buckets of OpenAI and Anthropic say it.
///
/// `x-should-retry` and `Stripe-Should-Retry` set the directive. `profile::strict` knows `grpc-retry-pushback-ms`,
/// `Retry-After`, `RateLimit` and `RateLimit-Reset`, without fractions and with only equal repetitions.
///
/// Points in time are compared with the field `Date`, advanced by `Age`, so that the clocks of two machines need not agree;
/// with `now`, within the years 0 to 9999, if there is no single valid `Date`. Fractions are rounded up to a millisecond,
/// numbers saturate at 2^31 seconds, and the past is 0. Allocates nothing.
template <header_list H, class D>
[[nodiscard]] constexpr server_advice server_delay(H const& headers, int status,
                                                   std::chrono::time_point<std::chrono::system_clock, D> now,
                                                   profile p = profile::pragmatic) noexcept {
  return tenax::detail::delay_finder<H>(headers, status, tenax::detail::to_wall_time(now), p).find();
}

/// The same, with headers written as `{{"Retry-After", "120"}}`.
template <class D>
[[nodiscard]] constexpr server_advice server_delay(std::initializer_list<header> headers, int status,
                                                   std::chrono::time_point<std::chrono::system_clock, D> now,
                                                   profile p = profile::pragmatic) noexcept {
  return tenax::detail::delay_finder<std::initializer_list<header>>(headers, status, tenax::detail::to_wall_time(now),
                                                                    p)
      .find();
}

}  // namespace tenax::http
