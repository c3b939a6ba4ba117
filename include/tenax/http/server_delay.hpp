// SPDX-License-Identifier: MIT
// http/server_delay.hpp: reads Retry-After and rate limit headers: how long a response asks the client to wait.
#pragma once

#include <bit>
#include <initializer_list>
#include <optional>

#include <tenax/http/detail/reader.hpp>
#include <tenax/http/rate_limit_fields.hpp>

namespace tenax::http {

/// What a server says about another attempt, independent of the status code.
enum class server_verdict {
  none,     ///< the server says nothing about it
  retry,    ///< the server wants another attempt, within the policy's limits
  no_retry  ///< the server forbids another attempt
};

/// What a response says about retrying: a delay, a verdict, and the field that it comes from.
struct server_hint {
  /// The time to wait from the arrival of the response; 0 to 365 days.
  std::optional<std::chrono::milliseconds> delay{};
  http::server_verdict verdict = http::server_verdict::none;
  /// The field that the delay comes from; if there is no delay, the field that the verdict comes from. A static string.
  std::string_view source{};
  /// Whether the server named a point in time that had to be compared with `now`. The delay has the error of that
  /// clock.
  bool by_local_clock = false;
  /// The first field that asked for more than 365 days, for log messages. Such a delay is ignored, because its unit is
  /// probably misread. Empty if there is none. A static string.
  std::string_view ignored{};

  friend constexpr bool operator==(server_hint const&, server_hint const&) noexcept = default;
};

}  // namespace tenax::http

namespace tenax::http::detail {

template <class H>
class delay_finder {
 public:
  /// `first`: what `first_relevant` returns.
  template <class Iterator>
  constexpr delay_finder(H const& headers, Iterator first, int status, http::profile p) noexcept
      : reader_(headers, first, is_quota_status(status) ? all_fields : all_fields & ~known_dialects.quotas, p),
        status_(status) {}

  /// Whether `http::quota` may find something.
  [[nodiscard]] constexpr bool names_quota() const noexcept { return reader_.names_quota(); }

  /// `received`: the time when the response arrived.
  constexpr http::server_hint find(http::wall_time received) noexcept {
    bool const refused = is_quota_status(status_);
    if (!reader_.fields().any() && !(refused && reader_.fields().has_windows())) return {};
    reader_.received(received);
    if (reader_.fields().has(field::grpc_retry_pushback_ms)) {
      push_back();
    } else {
      follow_directives();
      find_explicit_delay();
      if (refused) find_quota_delay();
    }
    // Constructed in the return statement: g++ warns about copies of an empty optional.
    if (delay_ms_ < 0) return {.verdict = directive_, .source = source_, .ignored = ignored_};
    return {.delay = std::chrono::milliseconds(delay_ms_),
            .verdict = directive_,
            .source = source_,
            .by_local_clock = by_local_clock_,
            .ignored = ignored_};
  }

 private:
  static constexpr bool is_quota_status(int status) noexcept { return status == 429 || status == 503 || status == 403; }

  /// gRFC A6: a non-negative 32-bit number of milliseconds in C++ notation. Everything else forbids a retry.
  constexpr void push_back() noexcept {
    constexpr auto f = field::grpc_retry_pushback_ms;
    directive_ = http::server_verdict::no_retry;
    source_ = name_of(f);
    if (reader_.fields().is_repeated(f)) return;
    field_lines<H> line(reader_.fields(), f);
    std::uint64_t n = 0;
    if (!line.next() || !line.value.usable || !read_digits(line.value.text, n)) return;
    bool const leading_zero = line.value.text.size() > 1 && line.value.text.front() == '0';
    if (leading_zero || n > 0x7fff'ffff) return;
    delay_ms_ = static_cast<std::int64_t>(n);
    directive_ = http::server_verdict::retry;
  }

  constexpr void follow_directives() noexcept {
    constexpr auto directives = bit(field::x_should_retry) | bit(field::stripe_should_retry);
    if ((reader_.fields().found() & directives) == 0) return;
    for (auto const f : {field::x_should_retry, field::stripe_should_retry}) {
      for (field_lines<H> lines(reader_.fields(), f); lines.next();) {
        auto const text = lines.value.usable ? lines.value.text : std::string_view();
        auto const said = text == "false"  ? http::server_verdict::no_retry
                          : text == "true" ? http::server_verdict::retry
                                           : http::server_verdict::none;
        // A field that forbids a retry wins.
        if (said == http::server_verdict::none || directive_ == http::server_verdict::no_retry) continue;
        if (said == directive_) continue;
        directive_ = said;
        source_ = name_of(f);
      }
    }
  }

  /// Returns true if no further field can change the decision. A delay of zero leaves the decision to the next field.
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
    // The standards give `Retry-After` precedence. The other fields are not standard.
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

  /// Some servers cut off the fraction in `Retry-After` and send the exact reset in another field. Servers with several
  /// windows send one field for each window.
  constexpr void find_later_reset() noexcept {
    if (!by_retry_after_) return;
    if (reader_.fields().has_windows()) {
      for (window_lines<H> lines(reader_.fields().headers(), true); lines.next();) {
        for (auto const& d : known_dialects) {
          if (d.pattern && d.wait == lines.f) offer(lines.f, reader_.delay_in(lines.value, d.how->as));
        }
      }
    }
    if ((reader_.fields().found() & known_dialects.plain_remaining) == 0) return;
    for (auto const& d : known_dialects) {
      if (d.how->when != when_told::not_left || d.how->standard || !reader_.fields().has(d.wait)) continue;
      if (!reader_.remaining(d.remaining).is_zero()) continue;
      auto const reading = reader_.delay(d.wait, d.how->as);
      offer(d.wait, reading);
      if (reading.ms > 0) return;
    }
  }

  /// A 403 may have other reasons than a quota: it must state that nothing remains. So must a contradicting field.
  [[nodiscard]] constexpr bool is_believed(dialect_fields const& d, bool explicitly) const noexcept {
    // Servers send such a field only with a refusal, so the remaining quota of another window does not make it invalid.
    if (d.how->when == when_told::refused && status_ != 403) return true;
    auto const remaining = reader_.remaining(d.remaining);
    if (remaining.found) return remaining.n == 0;
    return d.how->when != when_told::exhausted && status_ != 403 && !explicitly;
  }

  /// `explicitly`: only if the response states that nothing remains.
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
    read_rate_limits(reader_.fields().headers(), [&](rate_limit_numbers const& read, bare_item<H> const&) {
      if (!read.reset.there || (read.remaining.there ? read.remaining.n != 0 : told)) return;
      auto const reset = static_cast<std::uint64_t>(read.reset.n);
      longest.take_longer(reader_.delay_of({reset}, meaning::seconds_or_epoch));
    });
    return longest;
  }

  /// The exhausted window with the longest delay.
  struct exhausted_windows {
    delay_reading longest{};
    field source{};
    field ignored = static_cast<field>(field_names.size);  // the first field with a time of more than a year
    bool refused = false;                                  // a window's field states how long the server refuses

    constexpr void add(field f, delay_reading const& reading) noexcept {
      if (reading.ms > longest.ms || (reading.ms >= 0 && reading.ms == longest.ms && f < source)) source = f;
      if (reading.implausible && f < ignored) ignored = f;
      longest.take_longer(reading);
    }
  };

  [[nodiscard]] constexpr exhausted_windows read_windows() noexcept {
    exhausted_windows found;
    if (!reader_.names_quota()) return found;
    for (auto const& d : known_dialects) {
      if (d.how->when != when_told::window || d.pattern || !reader_.fields().has(d.wait) ||
          !reader_.remaining(d.remaining).is_zero())
        continue;
      found.add(d.wait, reader_.delay(d.wait, d.how->as));
    }
    if (reader_.fields().has_windows())
      for (window_lines<H> lines(reader_.fields().headers(), false); lines.next();) {
        for (auto const& d : known_dialects) {
          if (!d.pattern || d.wait != lines.f) continue;
          if (d.quota && !reader_.remaining(d.how->remaining, lines.window).is_zero()) continue;
          auto const reading = reader_.delay_in(lines.value, d.how->as);
          found.add(lines.f, reading);
          found.refused = found.refused || (!d.quota && reading.found());
        }
      }
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

template <class H, class D>
constexpr http::server_hint find_delay(H const& headers, int status,
                                       std::chrono::time_point<std::chrono::system_clock, D> now,
                                       http::profile p) noexcept {
  auto const first = first_relevant(headers);
  if (first == std::end(headers)) return {};
  return delay_finder<H>(headers, first, status, p).find(to_wall_time(now));
}

}  // namespace tenax::http::detail

namespace tenax::http {

/// Returns how long a response with these headers and this status asks the client to wait before the next attempt, and
/// whether it wants or forbids one. `now` is the time when the response arrived. No delay if no field can be
/// understood: tenax does not guess.
///
/// The first rule below that finds a delay decides; a delay of 0 leaves the decision to the next rule. Of several lines
/// of a field, the longest delay counts:
///
/// 1. `grpc-retry-pushback-ms` alone (gRFC A6): a malformed or negative value forbids a retry;
/// 2. `retry-after-ms`, `x-ms-retry-after-ms`, `x-amz-retry-after`, in milliseconds;
/// 3. `Retry-After`, in seconds or as a date (RFC 9110, section 10.2.3). If `X-RateLimit-Remaining` or
///    `X-Rate-Limit-Remaining` is 0, the later of this and their reset counts;
/// 4. only with status 429 or 503, or with 403 and an explicit remainder of 0: the longest `Retry-After-*` of several
///    windows; or the time until an exhausted quota is granted again, from `RateLimit`, `RateLimit-Reset`,
///    `X-RateLimit-Reset-After`, `X-RateLimit-Retry-After`, `X-RateLimit-Reset`, `X-RateLimit-Rate`,
///    `X-Rate-Limit-Reset`, the windows `X-RateLimit-Reset-*` and `X-RateLimit-*Reset`, and the windows of OpenAI and
///    Anthropic. A negative remainder counts as 0.
///
/// `x-should-retry` and `Stripe-Should-Retry` set the verdict. `profile::strict` reads only `grpc-retry-pushback-ms`,
/// `Retry-After`, `RateLimit` and `RateLimit-Reset`, without fractions, and repeated lines only if they are equal.
///
/// A reset of 10^8 or more is a Unix time: in seconds, from 10^11 on in milliseconds, from 10^14 on in microseconds.
/// Points in time are compared with the field `Date` plus `Age`, so that the clocks of client and server need not
/// agree. If there is no single valid `Date`, they are compared with `now`, limited to the years 0 to 9999. Fractions
/// are rounded up to a millisecond. A time in the past is 0. A delay of more than 365 days is probably a misread unit:
/// it counts as absent, and `ignored` names its field. Does not allocate.
template <header_list H, class D>
[[nodiscard]] constexpr server_hint server_delay(H const& headers, int status,
                                                 std::chrono::time_point<std::chrono::system_clock, D> now,
                                                 profile p = profile::pragmatic) noexcept {
  return detail::find_delay(headers, status, now, p);
}

/// The same, with headers written as `{{"Retry-After", "120"}}`.
template <class D>
[[nodiscard]] constexpr server_hint server_delay(std::initializer_list<header> headers, int status,
                                                 std::chrono::time_point<std::chrono::system_clock, D> now,
                                                 profile p = profile::pragmatic) noexcept {
  return detail::find_delay(headers, status, now, p);
}

}  // namespace tenax::http
