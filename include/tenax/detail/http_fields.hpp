// SPDX-License-Identifier: MIT
// detail/http_fields.hpp: the header fields that the library reads, found in one pass.
#pragma once

#include <tenax/http/headers.hpp>

#include <cstdint>

namespace tenax::detail {

/// In the order in which they are asked.
enum class field : std::uint8_t {
  grpc_retry_pushback_ms,
  x_should_retry,
  stripe_should_retry,
  retry_after_ms,
  x_ms_retry_after_ms,
  x_amz_retry_after,
  retry_after,
  date,
  age,
  // The rest are quotas.
  ratelimit,
  ratelimit_policy,
  ratelimit_limit,
  ratelimit_remaining,
  ratelimit_reset,
  x_ratelimit_limit,
  x_ratelimit_remaining,
  x_ratelimit_reset,
  x_ratelimit_reset_after,
  x_ratelimit_retry_after,
  x_rate_limit_limit,
  x_rate_limit_remaining,
  x_rate_limit_reset,
  // Buckets: three fields each, in the order of `bucket_field`.
  first_bucket
};
enum class bucket_field : std::uint8_t { limit, remaining, reset };

/// As their senders document them.
inline constexpr std::string_view field_names[] = {
    "grpc-retry-pushback-ms",
    "x-should-retry",
    "Stripe-Should-Retry",
    "retry-after-ms",
    "x-ms-retry-after-ms",
    "x-amz-retry-after",
    "Retry-After",
    "Date",
    "Age",
    "RateLimit",
    "RateLimit-Policy",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "X-RateLimit-Reset-After",
    "X-RateLimit-Retry-After",
    "X-Rate-Limit-Limit",
    "X-Rate-Limit-Remaining",
    "X-Rate-Limit-Reset",
    "x-ratelimit-limit-requests",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-reset-requests",
    "x-ratelimit-limit-tokens",
    "x-ratelimit-remaining-tokens",
    "x-ratelimit-reset-tokens",
    "anthropic-ratelimit-requests-limit",
    "anthropic-ratelimit-requests-remaining",
    "anthropic-ratelimit-requests-reset",
    "anthropic-ratelimit-tokens-limit",
    "anthropic-ratelimit-tokens-remaining",
    "anthropic-ratelimit-tokens-reset",
    "anthropic-ratelimit-input-tokens-limit",
    "anthropic-ratelimit-input-tokens-remaining",
    "anthropic-ratelimit-input-tokens-reset",
    "anthropic-ratelimit-output-tokens-limit",
    "anthropic-ratelimit-output-tokens-remaining",
    "anthropic-ratelimit-output-tokens-reset",
};
inline constexpr unsigned field_count = sizeof(field_names) / sizeof(*field_names);
inline constexpr unsigned bucket_count = (field_count - static_cast<unsigned>(field::first_bucket)) / 3;

constexpr std::string_view name_of(field f) noexcept { return field_names[static_cast<unsigned>(f)]; }

constexpr field bucket(unsigned number, bucket_field f) noexcept {
  return static_cast<field>(static_cast<unsigned>(field::first_bucket) + number * 3 + static_cast<unsigned>(f));
}

/// Which fields: one bit each.
using field_set = std::uint64_t;
static_assert(field_count <= 64);

constexpr field_set bit(field f) noexcept { return field_set{1} << static_cast<unsigned>(f); }
constexpr field_set all_before(field f) noexcept { return bit(f) - 1; }
inline constexpr field_set all_fields = (field_set{1} << field_count) - 1;
inline constexpr field_set quota_fields = all_fields & ~all_before(field::ratelimit);
inline constexpr field_set strict_fields = bit(field::grpc_retry_pushback_ms) | bit(field::retry_after) |
                                           bit(field::date) | bit(field::age) | bit(field::ratelimit) |
                                           bit(field::ratelimit_policy) | bit(field::ratelimit_limit) |
                                           bit(field::ratelimit_remaining) | bit(field::ratelimit_reset);

inline constexpr std::size_t longest_field_name = [] {
  std::size_t longest = 0;
  for (auto const name : field_names) longest = name.size() > longest ? name.size() : longest;
  return longest;
}();

/// For each length, the fields whose names have it.
struct fields_by_length {
  field_set of[longest_field_name + 1] = {};

  constexpr fields_by_length() noexcept {
    for (unsigned i = 0; i != field_count; ++i) of[field_names[i].size()] |= field_set{1} << i;
  }
};
inline constexpr fields_by_length by_length{};

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
// Where a whole call is inlined, GCC does not see that `found_` guards `first_`.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

/// The lines of a header that are of interest: which fields there are, and their values.
template <class H>
class found_fields {
 public:
  constexpr found_fields(H const& headers, field_set wanted) noexcept : headers_(headers) {
    for (auto const& line : headers) {
      auto const [name, value] = header_of(line);
      if (name.size() > longest_field_name) continue;
      for (field_set left = by_length.of[name.size()] & wanted; left != 0; left &= left - 1) {
        auto const number = static_cast<unsigned>(__builtin_ctzll(left));
        if (!http::same_name(name, field_names[number])) continue;
        auto const found = field_set{1} << number;
        if ((found_ & found) == 0) first_[number] = {value.data(), value.size()};
        repeated_ |= found_ & found;
        found_ |= found;
        break;
      }
    }
  }

  [[nodiscard]] constexpr bool any() const noexcept { return found_ != 0; }
  [[nodiscard]] constexpr bool has(field f) const noexcept { return (found_ & bit(f)) != 0; }
  [[nodiscard]] constexpr bool is_repeated(field f) const noexcept { return (repeated_ & bit(f)) != 0; }
  [[nodiscard]] constexpr H const& headers() const noexcept { return headers_; }

  /// Calls `visit(std::optional<std::string_view>)` for each line of `f`, with none for an unusable value.
  template <class F>
  constexpr void each_line(field f, F&& visit) const noexcept {
    auto const number = static_cast<unsigned>(f);
    if (is_repeated(f)) {
      http::for_each_line(headers_, name_of(f), [&](std::string_view value) { visit(http::usable_value(value)); });
    } else if (has(f)) {
      visit(http::usable_value({first_[number].data, first_[number].size}));
    }
  }

 private:
  struct place {
    char const* data;
    std::size_t size;
  };

  H const& headers_;
  field_set found_ = 0;
  field_set repeated_ = 0;
  // Only what `found_` says is there has been written: clearing it all would be half the price of a response without any.
  place first_[field_count];
};

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

}  // namespace tenax::detail
