// SPDX-License-Identifier: MIT
// http/quota.hpp: how much more a server allows.
#pragma once

#include <initializer_list>

#include <tenax/detail/http_reader.hpp>
#include <tenax/http/rate_limit_fields.hpp>

namespace tenax::http {

/// How much a server grants of something, in units of its own: requests or tokens, mostly.
struct quota_state {
  std::optional<std::uint64_t> limit{};      ///< granted per window
  std::optional<std::uint64_t> remaining{};  ///< left of it
  /// The time until more is granted, from the arrival of the response; 0 to 2147483648 s.
  std::optional<std::chrono::milliseconds> reset{};
  /// How long a window is, if that is said and requests are counted; 1 s to 2147483648 s.
  std::optional<std::chrono::milliseconds> window{};
  /// The name of the field that `remaining` was taken from, or without one, `limit`. Lives for ever.
  std::string_view source{};
  /// The server named a point in time, and `now` had to do as its clock.
  bool by_local_clock = false;

  /// What is left, from 0 for nothing to 1 for all; none if that cannot be told, for want of a limit or of a remainder.
  [[nodiscard]] constexpr std::optional<double> share() const noexcept {
    if (remaining == 0U) return 0.0;
    if (!remaining || !limit || *limit == 0) return std::nullopt;
    return *remaining >= *limit ? 1.0 : static_cast<double>(*remaining) / static_cast<double>(*limit);
  }

  friend constexpr bool operator==(quota_state const&, quota_state const&) noexcept = default;
};

}  // namespace tenax::http

namespace tenax::detail {

/// Less is left of `a` than of `b`: a smaller share, if shares are known; else fewer units; else for longer.
constexpr bool is_tighter(http::quota_state const& a, http::quota_state const& b) noexcept {
  auto const share_of_a = a.share();
  auto const share_of_b = b.share();
  if (share_of_a.has_value() != share_of_b.has_value()) return share_of_a.has_value();
  if (share_of_a && (*share_of_a < *share_of_b || *share_of_b < *share_of_a)) return *share_of_a < *share_of_b;
  if (!share_of_a) {
    if (a.remaining.has_value() != b.remaining.has_value()) return a.remaining.has_value();
    if (a.remaining != b.remaining) return a.remaining < b.remaining;
  }
  return a.reset > b.reset;
}

template <class H>
class quota_finder {
 public:
  constexpr quota_finder(H const& headers, http::wall_time received, http::profile p) noexcept
      : reader_(headers, wanted, received, p) {}

  constexpr std::optional<http::quota_state> find() noexcept {
    if (!reader_.fields().any()) return std::nullopt;
    add_rate_limits();
    add(field::ratelimit_limit, field::ratelimit_remaining, field::ratelimit_reset, meaning::seconds);
    bool const relative = reader_.fields().has(field::x_ratelimit_reset_after) &&
                          reader_.delay(field::x_ratelimit_reset_after, meaning::seconds).found();
    add(field::x_ratelimit_limit, field::x_ratelimit_remaining,
        relative ? field::x_ratelimit_reset_after : field::x_ratelimit_reset,
        relative ? meaning::seconds : meaning::reset);
    add(field::x_rate_limit_limit, field::x_rate_limit_remaining, field::x_rate_limit_reset, meaning::reset);
    for (unsigned i = 0; i != bucket_count; ++i) {
      add(bucket(i, bucket_field::limit), bucket(i, bucket_field::remaining), bucket(i, bucket_field::reset),
          meaning::reset);
    }
    if (!tightest_) add_policy();
    return tightest_;
  }

 private:
  static constexpr field_set wanted = quota_fields | bit(field::date) | bit(field::age);

  constexpr void add(http::quota_state const& found) noexcept {
    if (!found.limit && !found.remaining) return;
    if (!tightest_ || is_tighter(found, *tightest_)) tightest_ = found;
  }

  constexpr void add(field limit, field remaining, field reset, meaning m) noexcept {
    auto const& fields = reader_.fields();
    if (!fields.has(limit) && !fields.has(remaining)) return;
    http::quota_state found{.limit = reader_.limit(limit), .remaining = reader_.remaining(remaining)};
    found.source = name_of(found.remaining ? remaining : limit);
    if (auto const reading = reader_.delay(reset, m); reading.found()) {
      found.reset = std::chrono::milliseconds(reading.ms);
      found.by_local_clock = reading.by_local_clock;
    }
    if (found.limit && fields.has(limit)) found.window = window_of(limit, *found.limit);
    add(found);
  }

  /// As `10, 10;w=60` says it in the field of the limit itself, or in `RateLimit-Policy`.
  [[nodiscard]] constexpr std::optional<std::chrono::milliseconds> window_of(field limit,
                                                                             std::uint64_t quota) const noexcept {
    auto const& fields = reader_.fields();
    auto window = rate_policies<H>(fields.headers(), name_of(limit)).window_of(quota);
    if (!window && limit == field::ratelimit_limit && fields.has(field::ratelimit_policy)) {
      window = rate_policies<H>(fields.headers()).window_of(quota);
    }
    return in_ms(window);
  }

  /// A window of no time is none.
  static constexpr std::optional<std::chrono::milliseconds> in_ms(std::optional<std::chrono::seconds> s) noexcept {
    if (!s || s->count() == 0) return std::nullopt;
    return std::chrono::milliseconds(scaled({static_cast<std::uint64_t>(s->count())}, 1000, longest_delay_ms));
  }

  /// A policy, of which nothing is said to be left.
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
    http::for_each_rate_limit(reader_.fields().headers(), [&](http::rate_limit const& read) {
      http::quota_state found{.source = name_of(field::ratelimit)};
      if (auto const n = not_negative(read.limit)) found.limit = static_cast<std::uint64_t>(*n);
      if (auto const n = not_negative(read.remaining)) found.remaining = static_cast<std::uint64_t>(*n);
      if (read.reset) {
        auto const seconds = static_cast<std::uint64_t>(read.reset->count());
        found.reset = std::chrono::milliseconds(scaled({seconds}, 1000, longest_delay_ms));
      }
      found.window = in_ms(read.window);
      add(found);
    });
  }

  http_reader<H> reader_;
  std::optional<http::quota_state> tightest_{};
};

}  // namespace tenax::detail

namespace tenax::http {

/// What the response with these headers, which arrived at `now`, says about the tightest quota: the one of which the
/// smallest share is left; of those without a limit, the fewest units; of equals, for the longest time. None if no field
/// tells of a limit or a remainder. With any status: it tells when to slow down before being told to.
///
/// The fields are those of `http::server_delay`'s rule 4 with the limits that go with them. The first element of a list of
/// limits is the one that counts, and the limit of an item of `RateLimit` is its policy's. Where nothing is said to be left of
/// anything, the first policy of `RateLimit-Policy` that has a window is the quota. Decimals are rounded down.
template <header_list H, class D>
[[nodiscard]] constexpr std::optional<quota_state> quota(H const& headers,
                                                         std::chrono::time_point<std::chrono::system_clock, D> now,
                                                         profile p = profile::pragmatic) noexcept {
  return tenax::detail::quota_finder<H>(headers, tenax::detail::to_wall_time(now), p).find();
}

/// The same, with headers written as `{{"RateLimit-Remaining", "5"}}`.
template <class D>
[[nodiscard]] constexpr std::optional<quota_state> quota(std::initializer_list<header> headers,
                                                         std::chrono::time_point<std::chrono::system_clock, D> now,
                                                         profile p = profile::pragmatic) noexcept {
  return tenax::detail::quota_finder<std::initializer_list<header>>(headers, tenax::detail::to_wall_time(now), p)
      .find();
}

}  // namespace tenax::http
