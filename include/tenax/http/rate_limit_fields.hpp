// SPDX-License-Identifier: MIT
// http/rate_limit_fields.hpp: reads the fields RateLimit and RateLimit-Policy of the IETF drafts.
#pragma once

#include <optional>

#include <tenax/http/detail/structured_field.hpp>
#include <tenax/platform/chrono.hpp>

namespace tenax::http {

/// The contents of one item of a `RateLimit` field.
struct rate_limit {
  std::optional<std::int64_t> limit{};          ///< granted per window; never negative
  std::optional<std::int64_t> remaining{};      ///< left in the window; negative only if the server sent that
  std::optional<std::chrono::seconds> reset{};  ///< the time until more is granted; 0 to 365 days
  /// The length of a window, up to 365 days; absent if the quota does not count requests.
  std::optional<std::chrono::seconds> window{};
};

}  // namespace tenax::http

namespace tenax::http::detail {

constexpr std::optional<std::int64_t> not_negative(std::optional<std::int64_t> n) noexcept {
  return n && *n >= 0 ? n : std::nullopt;
}
constexpr std::optional<std::chrono::seconds> seconds_of(std::optional<std::int64_t> n) noexcept {
  return n && *n >= 0 ? std::optional(std::chrono::seconds(*n)) : std::nullopt;
}

/// The contents of one item of a `RateLimit` field, each with whether it is there. A program that reads only delays
/// does not compile the optional numbers of `http::rate_limit`.
struct rate_limit_numbers {
  struct number {
    std::int64_t n = 0;
    bool there = false;

    template <class H>
    constexpr void set(bare_item<H> const& item, bool negative_too) noexcept {
      there = item.kind == item_kind::integer && (negative_too || item.number >= 0);
      n = there ? item.number : 0;
    }
    [[nodiscard]] constexpr std::optional<std::int64_t> value() const noexcept {
      return there ? std::optional(n) : std::nullopt;
    }
  };
  number limit{}, remaining{}, reset{};
};

template <class H>
constexpr bool has_usable_lines(H const& headers, std::string_view name) noexcept {
  bool found = false;
  bool usable = true;
  http::for_each_line(headers, name, [&](std::string_view value) {
    found = true;
    usable = usable && is_printable(trimmed(value));
  });
  return found && usable;
}

/// Calls `visit(rate_limit_numbers const&, name)` if the whole field is well-formed. In a Dictionary there is no name.
template <class H, class Visit>
constexpr bool read_rate_limits(H const& headers, Visit visit) noexcept {
  using item = bare_item<H>;
  if (!has_usable_lines(headers, "RateLimit")) return false;
  joined_lines<H> const start(headers, "RateLimit");

  rate_limit_numbers read;
  item name;
  // The first time only to see whether the field is well-formed, and with the same functions, so that the compiler does
  // not translate them twice.
  bool visits = false;
  auto const begin = [&](item const& found) {
    read = {};
    name = found;
  };
  auto const parameter = [&](short_key const& key, item const& value) {
    if (key == "r") read.remaining.set(value, true);
    if (key == "t") read.reset.set(value, false);
  };
  auto const end = [&] {
    if (visits && read.remaining.there && name.kind != item_kind::inner_list) visit(read, name);
  };
  if (field_parser<H>(start).read_list(begin, parameter, end)) {
    visits = true;
    return field_parser<H>(start).read_list(begin, parameter, end);
  }

  read = {};
  bool const well_formed = field_parser<H>(start).read_dictionary([&](short_key const& key, item const& value) {
    if (key == "limit") read.limit.set(value, false);
    if (key == "remaining") read.remaining.set(value, true);
    if (key == "reset") read.reset.set(value, false);
  });
  if (well_formed && (read.limit.there || read.remaining.there || read.reset.there)) visit(read, item());
  return well_formed;
}

/// The number that a policy grants, and the length of its window.
struct policy_terms {
  std::int64_t quota = 0;
  std::optional<std::chrono::seconds> window{};
};

/// The terms of `RateLimit-Policy`, found by name. In older drafts, policies look like `100;w=60`, occur in other
/// fields as well, and are found by quota. The number of policies is limited, because each is compared with each item.
template <class H>
class rate_policies {
  using item = bare_item<H>;

 public:
  constexpr explicit rate_policies(H const& headers, std::string_view field = "RateLimit-Policy") noexcept {
    if (!has_usable_lines(headers, field)) return;
    policy read{};
    std::optional<std::int64_t> quota;
    bool of_requests = true;
    std::size_t size = 0;
    auto const begin = [&](item const& found) {
      read = {found, {}};
      quota = not_negative(found.integer());
      of_requests = true;
    };
    auto const parameter = [&](short_key const& key, item const& value) {
      if (key == "q" && read.name.text) quota = not_negative(value.integer());
      if (key == "w") read.terms.window = seconds_of(value.integer());
      if (key == "qu") of_requests = is_text(value, "requests");
    };
    auto const end = [&] {
      if (!quota || size == most) return;
      read.terms.quota = *quota;
      if (!of_requests) read.terms.window.reset();
      policies_[size++] = read;
    };
    if (field_parser<H>(joined_lines<H>(headers, field)).read_list(begin, parameter, end)) size_ = size;
  }

  [[nodiscard]] constexpr std::optional<policy_terms> named(item const& name) const noexcept {
    return find([&](policy const& p) { return same_text(p.name, name); });
  }

  /// The window of the first policy that grants `quota` and has no name.
  [[nodiscard]] constexpr std::optional<std::chrono::seconds> window_of(std::uint64_t quota) const noexcept {
    auto const found = find([&](policy const& p) {
      return !p.name.text && p.terms.window && static_cast<std::uint64_t>(p.terms.quota) == quota;
    });
    return found ? found->window : std::nullopt;
  }

  /// The first policy with a quota and a window.
  [[nodiscard]] constexpr std::optional<policy_terms> first() const noexcept {
    return find([](policy const& p) { return p.terms.window.has_value(); });
  }

 private:
  struct policy {
    item name{};
    policy_terms terms{};
  };
  static constexpr std::size_t most = 16;

  template <class Is>
  [[nodiscard]] constexpr std::optional<policy_terms> find(Is is) const noexcept {
    for (std::size_t i = 0; i != size_; ++i) {
      if (is(policies_[i])) return policies_[i].terms;
    }
    return std::nullopt;
  }

  policy policies_[most]{};
  std::size_t size_ = 0;
};

/// The same, with the limits and windows of the policies added.
template <class H, class Visit>
constexpr bool read_rate_limits_with_policies(H const& headers, Visit visit) noexcept {
  rate_policies<H> const policies(headers);
  return read_rate_limits(headers, [&](rate_limit_numbers const& numbers, bare_item<H> const& name) {
    http::rate_limit read{.limit = numbers.limit.value(),
                          .remaining = numbers.remaining.value(),
                          .reset = seconds_of(numbers.reset.value()),
                          .window = std::chrono::seconds(0)};  // g++ warns of a window that is never written
    if (read.limit) {
      read.window = policies.window_of(static_cast<std::uint64_t>(*read.limit));
    } else if (auto const terms = policies.named(name)) {
      read.limit = terms->quota;
      read.window = terms->window;
    } else {
      read.window.reset();
    }
    visit(read);
  });
}

}  // namespace tenax::http::detail

namespace tenax::http {

/// Calls `visit(rate_limit const&)` for each item of the field `RateLimit` that has a remainder.
///
/// In a List, as in draft-ietf-httpapi-ratelimit-headers-08 to -10, an item gets its limit and its window from the
/// policy with the same name in `RateLimit-Policy` (of the first 16 policies that have a quota). A Dictionary, as in
/// draft -07, is one item, and gets its window from the policy with the same limit.
///
/// Returns false, and visits nothing, if there is no such field or it is malformed. Lines are read as if joined by ", "
/// (RFC 8941, section 4.2). A reset or a window of more than 365 days is left out: its unit is wrong, or it is a Unix
/// time, which `http::quota` and `http::server_delay` compare with a clock.
template <header_list H, class F>
constexpr bool for_each_rate_limit(H const& headers, F&& visit) noexcept {
  return detail::read_rate_limits_with_policies(headers, [&](rate_limit& read) {
    constexpr std::chrono::seconds year = std::chrono::hours(365 * 24);
    if (read.reset && *read.reset > year) read.reset.reset();
    if (read.window && *read.window > year) read.window.reset();
    visit(static_cast<rate_limit const&>(read));
  });
}

}  // namespace tenax::http
