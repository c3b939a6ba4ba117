// SPDX-License-Identifier: MIT
// http/quota.hpp: reads a server's rate limit headers: limit, remaining quota, and the time until it is reset.
#pragma once

#include <initializer_list>
#include <optional>

#include <tenax/http/detail/reader.hpp>
#include <tenax/http/rate_limit_fields.hpp>

namespace tenax::http {

/// How much a server grants, in the server's units: mostly requests or tokens.
struct quota_state {
  std::optional<std::uint64_t> limit{};      ///< granted per window
  std::optional<std::uint64_t> remaining{};  ///< left in the current window
  /// The time until more is granted, from the arrival of the response; 0 to 365 days.
  std::optional<std::chrono::milliseconds> reset{};
  /// The length of a window, if it is known and requests are counted; 1 ms to 365 days.
  std::optional<std::chrono::milliseconds> window{};
  /// The field that `remaining` comes from; if there is none, the field that `limit` comes from. A static string.
  std::string_view source{};
  /// Whether the server named a point in time that had to be compared with `now`.
  bool by_local_clock = false;

  /// The remaining share, from 0 for nothing to 1 for everything. None if the remainder is not known, or if something
  /// remains and the limit is not known.
  [[nodiscard]] constexpr std::optional<double> share() const noexcept {
    if (remaining && *remaining == 0) return 0.0;
    if (!remaining || !limit || *limit == 0) return std::nullopt;
    return *remaining >= *limit ? 1.0 : static_cast<double>(*remaining) / static_cast<double>(*limit);
  }

  friend constexpr bool operator==(quota_state const&, quota_state const&) noexcept = default;
};

}  // namespace tenax::http

namespace tenax::http::detail {

/// Negative if `a` is less than `b`, positive if it is greater; nothing is less than everything. The operators of
/// `std::optional` do the same, but take much longer to compile.
template <class T>
constexpr int order_of(std::optional<T> const& a, std::optional<T> const& b) noexcept {
  if (!a || !b) return static_cast<int>(a.has_value()) - static_cast<int>(b.has_value());
  return *a < *b ? -1 : *b < *a ? 1 : 0;
}

/// Whether less is left of `a` than of `b`: a smaller share if shares are known; else fewer units; else a later reset.
constexpr bool is_tighter(http::quota_state const& a, http::quota_state const& b) noexcept {
  auto const share_of_a = a.share();
  auto const share_of_b = b.share();
  if (share_of_a.has_value() != share_of_b.has_value()) return share_of_a.has_value();
  if (auto const order = order_of(share_of_a, share_of_b); order != 0) return order < 0;
  if (!share_of_a) {
    if (a.remaining.has_value() != b.remaining.has_value()) return a.remaining.has_value();
    if (auto const order = order_of(a.remaining, b.remaining); order != 0) return order < 0;
  }
  if (auto const order = order_of(a.reset, b.reset); order != 0) return order > 0;
  // Of equal quotas, the choice must not depend on the order of fields.
  if (auto const order = order_of(a.remaining, b.remaining); order != 0) return order < 0;
  if (auto const order = order_of(a.limit, b.limit); order != 0) return order < 0;
  return a.by_local_clock && !b.by_local_clock;
}

constexpr std::optional<std::uint64_t> optional_of(count_reading const& read) noexcept {
  return read.found ? std::optional(read.n) : std::nullopt;
}

template <class H>
class quota_finder {
 public:
  /// `first`: what `first_relevant` returns.
  template <class Iterator>
  constexpr quota_finder(H const& headers, Iterator first, http::wall_time received, http::profile p) noexcept
      : reader_(headers, first, known_dialects.quotas, p) {
    reader_.received(received);
  }

  constexpr std::optional<http::quota_state> find() noexcept {
    if (reader_.fields().any()) {
      add_rate_limits();
      for (auto d = known_dialects.begin(); d != known_dialects.end();) d = add_quota(d);
    }
    if (!reader_.strict() && reader_.fields().has_windows()) add_windows();
    if (!tightest_) add_policy();
    return tightest_;
  }

 private:
  constexpr void add(http::quota_state const& found) noexcept {
    if (!found.limit && !found.remaining) return;
    if (tightest_ && !is_tighter(found, *tightest_)) {
      // Of equal quotas, the field's name decides, because the fields of windows come in any order.
      if (is_tighter(*tightest_, found) || found.source >= tightest_->source) return;
    }
    tightest_ = found;
  }

  static constexpr void add_reset(http::quota_state& found, delay_reading const& reading) noexcept {
    if (reading.ms <= (found.reset ? found.reset->count() : -1)) return;
    found.reset = std::chrono::milliseconds(reading.ms);
    found.by_local_clock = reading.by_local_clock;
  }

  /// Adds the quota of a line of the table and of the following lines with the same remainder; returns the first line
  /// with another remainder. The first of these lines that names a reset decides.
  constexpr dialect_fields const* add_quota(dialect_fields const* d) noexcept {
    auto const& fields = reader_.fields();
    auto const limit = d->limit;
    auto const remaining = d->remaining;
    bool const there = d->quota && !d->pattern && (fields.has(limit) || fields.has(remaining));
    if (!there) return d + 1;
    http::quota_state found{.limit = optional_of(reader_.limit(limit)),
                            .remaining = optional_of(reader_.remaining(remaining))};
    found.source = name_of(found.remaining ? remaining : limit);
    if (found.limit && fields.has(limit)) found.window = window_of(limit, *found.limit);
    for (; d != known_dialects.end() && d->quota && d->remaining == remaining; ++d) {
      if (!fields.has(d->wait) || d->how->when == when_told::refused) continue;
      if (d->how->as == meaning::per_second) {
        add_rate(found, d->wait);
      } else if (!found.reset || found.reset->count() == 0) {
        add_reset(found, reader_.delay(d->wait, d->how->as));
      }
    }
    add(found);
    return d;
  }

  /// A rate gives the time until one more is granted, and the length of the window.
  constexpr void add_rate(http::quota_state& found, field rate) noexcept {
    auto const one = reader_.delay(rate, meaning::per_second);
    if (found.remaining && *found.remaining == 0 && !found.reset) add_reset(found, one);
    if (!one.found() || !found.limit || *found.limit == 0 || found.window) return;
    auto const window = reader_.time_for(*found.limit, rate);
    if (window.found()) found.window = std::chrono::milliseconds(window.ms);
  }

  /// Adds the quota of each window. The remainder of a window has precedence over its limit.
  constexpr void add_windows() noexcept {
    for (window_lines<H> lines(reader_.fields().headers(), false); lines.next();) {
      auto const window = lines.window;
      for (auto const& d : known_dialects) {
        if (!d.pattern || !d.quota || (lines.f != d.remaining && lines.f != d.limit)) continue;
        http::quota_state found{.limit = optional_of(reader_.limit(d.how->limit, window)),
                                .remaining = optional_of(reader_.remaining(d.how->remaining, window))};
        found.source = name_of(found.remaining ? d.remaining : d.limit);
        add_reset(found, reader_.delay(d.how->wait, window, d.how->as));
        add(found);
      }
    }
  }

  /// The window in the field of the limit itself, as in `10, 10;w=60`, or in `RateLimit-Policy`.
  [[nodiscard]] constexpr std::optional<std::chrono::milliseconds> window_of(field limit,
                                                                             std::uint64_t quota) const noexcept {
    auto const& fields = reader_.fields();
    auto window = rate_policies<H>(fields.headers(), name_of(limit)).window_of(quota);
    if (!window && limit == ratelimit_limit_field && fields.has(field::ratelimit_policy)) {
      window = rate_policies<H>(fields.headers()).window_of(quota);
    }
    return in_ms(window);
  }

  /// A window of zero length is ignored, and so is one of more than a year, whose unit was probably misread.
  static constexpr std::optional<std::chrono::milliseconds> in_ms(
      std::optional<std::chrono::seconds> const& s) noexcept {
    auto const n = s ? s->count() : 0;
    if (n == 0) return std::nullopt;
    auto const window = plausible(scaled({static_cast<std::uint64_t>(n)}, 1000, longest_delay_ms));
    return window.found() ? std::optional(std::chrono::milliseconds(window.ms)) : std::nullopt;
  }

  /// Adds the quota of a policy whose remainder is not known.
  constexpr void add_policy() noexcept {
    if (!reader_.fields().has(field::ratelimit_policy)) return;
    auto const terms = rate_policies<H>(reader_.fields().headers()).first();
    if (!terms) return;
    add({.limit = static_cast<std::uint64_t>(terms->quota),
         .window = in_ms(terms->window),
         .source = name_of(field::ratelimit_policy)});
  }

  constexpr void add_rate_limits() noexcept {
    if (!reader_.fields().has(field::ratelimit)) return;
    read_rate_limits_with_policies(reader_.fields().headers(), [&](http::rate_limit const& read) {
      http::quota_state found{.source = name_of(field::ratelimit)};
      if (auto const n = not_negative(read.limit)) found.limit = static_cast<std::uint64_t>(*n);
      if (auto const n = not_negative(read.remaining)) found.remaining = static_cast<std::uint64_t>(*n);
      if (read.reset) {
        auto const reset = static_cast<std::uint64_t>(read.reset->count());
        add_reset(found, reader_.delay_of({reset}, meaning::seconds_or_epoch));
      }
      found.window = in_ms(read.window);
      add(found);
    });
  }

  http_reader<H> reader_;
  std::optional<http::quota_state> tightest_{};
};

template <class H, class D>
constexpr std::optional<http::quota_state> find_quota(H const& headers,
                                                      std::chrono::time_point<std::chrono::system_clock, D> now,
                                                      http::profile p) noexcept {
  auto const first = first_relevant(headers);
  if (first == std::end(headers)) return std::nullopt;
  return quota_finder<H>(headers, first, to_wall_time(now), p).find();
}

}  // namespace tenax::http::detail

namespace tenax::http {

/// Returns the tightest quota that a response with these headers reports: the quota with the smallest remaining share;
/// of quotas without a limit, the one with the fewest remaining units; of equal quotas, the one with the latest reset.
/// `now` is the time when the response arrived. None if no field names a limit or a remainder. Works with any status,
/// so that a client can slow down before the server refuses a request.
///
/// The fields are those of rule 4 of `http::server_delay`, and the fields of the limits that belong to them. In a list
/// of limits, the first element counts. The limit of an item of `RateLimit` is that of its policy. If no field names a
/// remainder, the quota is the first policy of `RateLimit-Policy` that has a window. `X-RateLimit-Rate` gives a limit
/// its window. Decimals are rounded down, and a negative remainder is 0. Resets and windows of more than 365 days count
/// as absent, because their unit is probably misread.
template <header_list H, class D>
[[nodiscard]] constexpr std::optional<quota_state> quota(H const& headers,
                                                         std::chrono::time_point<std::chrono::system_clock, D> now,
                                                         profile p = profile::pragmatic) noexcept {
  return detail::find_quota(headers, now, p);
}

/// The same, with headers written as `{{"RateLimit-Remaining", "5"}}`.
template <class D>
[[nodiscard]] constexpr std::optional<quota_state> quota(std::initializer_list<header> headers,
                                                         std::chrono::time_point<std::chrono::system_clock, D> now,
                                                         profile p = profile::pragmatic) noexcept {
  return detail::find_quota(headers, now, p);
}

}  // namespace tenax::http
