// SPDX-License-Identifier: MIT
// http/server_delay.hpp: how long a response asks us to wait.
#pragma once

#include <bit>
#include <initializer_list>

#include <tenax/http/detail/reader.hpp>
#include <tenax/http/rate_limit_fields.hpp>

namespace tenax::http {

/// What a server says about another attempt, whatever the status code says.
enum class server_verdict {
  none,     ///< nothing
  retry,    ///< it wants one, as far as limits allow
  no_retry  ///< it forbids one
};

/// What a response says about retrying.
struct server_hint {
  /// The time to wait from the arrival of the response; 0 to 365 days.
  std::optional<std::chrono::milliseconds> delay{};
  http::server_verdict verdict = http::server_verdict::none;
  /// The name of the field that the delay was taken from; without a delay, of the field with the verdict. Lives for ever.
  std::string_view source{};
  /// The server named a point in time, and `now` had to do as its clock: the delay is wrong by as much as that is.
  bool by_local_clock = false;
  /// The name of the first field that asked for more than 365 days, which is a misread unit and was ignored: a word for the
  /// log. Empty if there was none. Lives for ever.
  std::string_view ignored{};

  friend constexpr bool operator==(server_hint const&, server_hint const&) noexcept = default;
};

}  // namespace tenax::http

namespace tenax::http::detail {

template <class H>
class delay_finder {
 public:
  constexpr delay_finder(H const& headers, int status, http::wall_time received, http::profile p) noexcept
      : reader_(headers, is_quota_status(status) ? all_fields : all_fields & ~known_dialects.quotas, received, p),
        status_(status) {}

  constexpr http::server_hint find() noexcept {
    bool const refused = is_quota_status(status_);
    if (!reader_.fields().any() && !refused) return {};
    if (reader_.fields().has(field::grpc_retry_pushback_ms)) {
      push_back();
    } else {
      follow_directives();
      find_explicit_delay();
      if (refused) find_quota_delay();
    }
    // Made where it is returned to: g++ warns of copies of an optional that is empty.
    if (delay_ms_ < 0) return {.verdict = directive_, .source = source_, .ignored = ignored_};
    return {.delay = std::chrono::milliseconds(delay_ms_),
            .verdict = directive_,
            .source = source_,
            .by_local_clock = by_local_clock_,
            .ignored = ignored_};
  }

 private:
  static constexpr bool is_quota_status(int status) noexcept { return status == 429 || status == 503 || status == 403; }

  /// gRFC A6: a 32-bit number of milliseconds that is not negative, written as C++ writes it; all else forbids a retry.
  constexpr void push_back() noexcept {
    constexpr auto f = field::grpc_retry_pushback_ms;
    directive_ = http::server_verdict::no_retry;
    source_ = name_of(f);
    if (reader_.fields().is_repeated(f)) return;
    reader_.fields().each_line(f, [&](std::optional<std::string_view> value) {
      auto const n = value ? read_digits(*value) : std::nullopt;
      bool const leading_zero = n && value->size() > 1 && value->front() == '0';
      if (!n || leading_zero || *n > static_cast<std::uint64_t>((std::numeric_limits<std::int32_t>::max)())) return;
      delay_ms_ = static_cast<std::int64_t>(*n);
      directive_ = http::server_verdict::retry;
    });
  }

  constexpr void follow_directives() noexcept {
    constexpr auto directives = bit(field::x_should_retry) | bit(field::stripe_should_retry);
    if ((reader_.fields().found() & directives) == 0) return;
    for (auto const f : {field::x_should_retry, field::stripe_should_retry}) {
      reader_.fields().each_line(f, [&](std::optional<std::string_view> value) {
        auto const said = value == "false"  ? http::server_verdict::no_retry
                          : value == "true" ? http::server_verdict::retry
                                            : http::server_verdict::none;
        // Whoever forbids is obeyed.
        if (said == http::server_verdict::none || directive_ == http::server_verdict::no_retry) return;
        if (said == directive_) return;
        directive_ = said;
        source_ = name_of(f);
      });
    }
  }

  /// True if nothing further can change the decision: a zero leaves it to the next field.
  constexpr bool offer(field f, delay_reading const& reading) noexcept {
    if (reading.implausible && ignored_.empty()) ignored_ = name_of(f);
    if (reading.ms > delay_ms_) {
      delay_ms_ = reading.ms;
      source_ = name_of(f);
      by_local_clock_ = reading.by_local_clock;
    }
    return delay_ms_ > 0;
  }

  constexpr void find_explicit_delay() noexcept {
    for (auto left = reader_.fields().found() & known_dialects.always; left != 0; left &= left - 1) {
      auto const f = static_cast<field>(std::countr_zero(left));
      by_retry_after_ = f == retry_after_field;
      if (offer(f, reader_.delay(f, line_of(f).how->as))) return;
    }
  }

  constexpr void find_quota_delay() noexcept {
    bool const said = delay_ms_ >= 0;
    // The standards give `Retry-After` precedence, and what stands beside it is not standard.
    if (reader_.strict()) {
      if (!said) find_reset(false);
      return;
    }
    if (delay_ms_ > 0) return find_later_reset();
    auto const windows = read_windows();
    if (windows.refused && offer(windows.source, windows.longest)) return;
    if (find_reset(said)) return;
    offer(windows.source, windows.longest);
  }

  /// Servers that cut off the fraction in `Retry-After` say in the field beside it when the quota is granted again. Those
  /// with several windows say in fields beside it how long each refuses.
  constexpr void find_later_reset() noexcept {
    if (!by_retry_after_) return;
    for_each_window_line<true>(reader_.fields().headers(), [&](field f, std::string_view, auto const& line) {
      for (auto const& d : known_dialects) {
        if (d.pattern && d.wait == f) offer(f, reader_.delay_in(line, d.how->as));
      }
    });
    if ((reader_.fields().found() & known_dialects.plain_remaining) == 0) return;
    for (auto const& d : known_dialects) {
      if (d.how->when != when_told::not_left || d.how->standard || !reader_.fields().has(d.wait)) continue;
      if (reader_.remaining(d.remaining) != 0) continue;
      auto const reading = reader_.delay(d.wait, d.how->as);
      offer(d.wait, reading);
      if (reading.ms > 0) return;
    }
  }

  /// A 403 has other reasons than quotas: it has to say that none is left. So has a field that contradicts another.
  [[nodiscard]] constexpr bool is_believed(dialect_fields const& d, bool explicitly) const noexcept {
    // A field that is sent only with a refusal is not revoked by what remains of some window.
    if (d.how->when == when_told::refused && status_ != 403) return true;
    auto const remaining = reader_.remaining(d.remaining);
    if (remaining) return *remaining == 0;
    return d.how->when != when_told::exhausted && status_ != 403 && !explicitly;
  }

  /// `explicitly`: none has to be left, expressly.
  constexpr bool find_reset(bool explicitly) noexcept {
    if (offer(field::ratelimit, rate_limit(explicitly))) return true;
    for (auto const& d : known_dialects) {
      if (!d.quota || d.pattern || d.how->when == when_told::window || !reader_.fields().has(d.wait)) continue;
      if (is_believed(d, explicitly) && offer(d.wait, reader_.delay(d.wait, d.how->as))) return true;
    }
    return false;
  }

  [[nodiscard]] constexpr delay_reading rate_limit(bool explicitly) noexcept {
    delay_reading longest;
    if (!reader_.fields().has(field::ratelimit)) return longest;
    bool const told = explicitly || status_ == 403;
    read_rate_limits(reader_.fields().headers(), [&](http::rate_limit const& read, bare_item<H> const&) {
      if (!read.reset || (read.remaining ? *read.remaining != 0 : told)) return;
      auto const reset = static_cast<std::uint64_t>(read.reset->count());
      longest.take_longer(reader_.delay_of({reset}, meaning::seconds_or_epoch));
    });
    return longest;
  }

  /// The longest of the windows of which nothing is left.
  struct exhausted_windows {
    delay_reading longest{};
    field source{};
    field ignored = static_cast<field>(field_names.size);  // the first of which a time is beyond a year
    bool refused = false;                                  // one says how long it refuses

    constexpr void add(field f, delay_reading const& reading) noexcept {
      if (reading.ms > longest.ms || (reading.ms >= 0 && reading.ms == longest.ms && f < source)) source = f;
      if (reading.implausible && f < ignored) ignored = f;
      longest.take_longer(reading);
    }
  };

  [[nodiscard]] constexpr exhausted_windows read_windows() noexcept {
    exhausted_windows found;
    for (auto const& d : known_dialects) {
      if (d.how->when != when_told::window || d.pattern || !reader_.fields().has(d.wait) ||
          reader_.remaining(d.remaining) != 0)
        continue;
      found.add(d.wait, reader_.delay(d.wait, d.how->as));
    }
    for_each_window_line(reader_.fields().headers(), [&](field f, std::string_view window, auto const& line) {
      for (auto const& d : known_dialects) {
        if (!d.pattern || d.wait != f) continue;
        if (d.quota && reader_.remaining(d.how->remaining, window) != 0) continue;
        auto const reading = reader_.delay_in(line, d.how->as);
        found.add(f, reading);
        found.refused = found.refused || (!d.quota && reading.found());
      }
    });
    if (found.longest.implausible && ignored_.empty()) ignored_ = name_of(found.ignored);
    found.longest.implausible = false;
    return found;
  }

  http_reader<H> reader_;
  int status_;
  std::int64_t delay_ms_ = -1;
  http::server_verdict directive_ = http::server_verdict::none;
  std::string_view source_{};
  bool by_local_clock_ = false;
  bool by_retry_after_ = false;
  std::string_view ignored_{};
};

}  // namespace tenax::http::detail

namespace tenax::http {

/// How long the response with these headers and this status, which arrived at `now`, asks us to wait before the next
/// attempt; and whether it wants or forbids one. No delay if it says nothing that can be understood: nothing is guessed.
///
/// Of several fields, the first in this order that has a meaning decides, except that a delay of 0 leaves the decision to the
/// next; of its lines, the longest delay:
///
/// 1. `grpc-retry-pushback-ms` alone (gRFC A6): what is malformed or negative forbids a retry;
/// 2. `retry-after-ms`, `x-ms-retry-after-ms`, `x-amz-retry-after` in milliseconds;
/// 3. `Retry-After` in seconds, or a date (RFC 9110, section 10.2.3). If `X-RateLimit-Remaining` or `X-Rate-Limit-Remaining`
///    says beside it that none is left, the later of this and their reset;
/// 4. only with status 429 or 503, or with 403 and an explicit remainder of 0: the longest `Retry-After-*` of several
///    windows; the time until an exhausted quota is granted again, as `RateLimit`, `RateLimit-Reset`,
///    `X-RateLimit-Reset-After`, `X-RateLimit-Retry-After`, `X-RateLimit-Reset`, `X-RateLimit-Rate`, `X-Rate-Limit-Reset`
///    and the windows `X-RateLimit-Reset-*`, `X-RateLimit-*Reset` and those of OpenAI and Anthropic say it. A remainder
///    that is negative is 0.
///
/// `x-should-retry` and `Stripe-Should-Retry` set the verdict. `profile::strict` knows `grpc-retry-pushback-ms`,
/// `Retry-After`, `RateLimit` and `RateLimit-Reset`, without fractions and with only equal repetitions.
///
/// A reset of 10^8 or more is a Unix time: in seconds, from 10^11 on in milliseconds, from 10^14 on in microseconds. Points
/// in time are compared with the field `Date`, advanced by `Age`, so that the clocks of two machines need not agree; with
/// `now`, within the years 0 to 9999, if there is no single valid `Date`. Fractions are rounded up to a millisecond, and the
/// past is 0. A delay of more than 365 days is a misread unit: it counts as absent, and `ignored` names its field.
/// Allocates nothing.
template <header_list H, class D>
[[nodiscard]] constexpr server_hint server_delay(H const& headers, int status,
                                                 std::chrono::time_point<std::chrono::system_clock, D> now,
                                                 profile p = profile::pragmatic) noexcept {
  return detail::delay_finder<H>(headers, status, detail::to_wall_time(now), p).find();
}

/// The same, with headers written as `{{"Retry-After", "120"}}`.
template <class D>
[[nodiscard]] constexpr server_hint server_delay(std::initializer_list<header> headers, int status,
                                                 std::chrono::time_point<std::chrono::system_clock, D> now,
                                                 profile p = profile::pragmatic) noexcept {
  return detail::delay_finder<std::initializer_list<header>>(headers, status, detail::to_wall_time(now), p).find();
}

}  // namespace tenax::http
