// SPDX-License-Identifier: MIT
// http/rate_limit_fields.hpp: the fields RateLimit and RateLimit-Policy of the IETF's drafts.
#pragma once

#include <tenax/detail/chrono.hpp>
#include <tenax/detail/structured_field.hpp>

namespace tenax::http {

/// What one item of a `RateLimit` field says.
struct rate_limit {
  std::optional<std::int64_t> limit{};          ///< what is granted per window; never negative
  std::optional<std::int64_t> remaining{};      ///< what is left of it; negative only if that was sent
  std::optional<std::chrono::seconds> reset{};  ///< the time until more is granted; never negative
};

}  // namespace tenax::http

namespace tenax::detail {

constexpr std::optional<std::int64_t> not_negative(std::optional<std::int64_t> n) noexcept {
  return n && *n >= 0 ? n : std::nullopt;
}
constexpr std::optional<std::chrono::seconds> seconds_of(std::optional<std::int64_t> n) noexcept {
  return n && *n >= 0 ? std::optional(std::chrono::seconds(*n)) : std::nullopt;
}

template <class H>
constexpr bool has_usable_lines(H const& headers, std::string_view name) noexcept {
  bool found = false;
  bool usable = true;
  http::for_each_line(headers, name, [&](std::string_view value) {
    found = true;
    usable = usable && http::usable_value(value).has_value();
  });
  return found && usable;
}

/// Calls `visit(rate_limit, name)`, where a Dictionary has no name, if the field is well-formed as a whole.
template <class H, class Visit>
constexpr bool read_rate_limits(H const& headers, Visit visit) noexcept {
  using item = bare_item<H>;
  if (!has_usable_lines(headers, "RateLimit")) return false;
  joined_lines<H> const start(headers, "RateLimit");

  if (field_parser<H>(start).read_list([](item const&) {}, [](short_key const&, item const&) {}, [] {})) {
    http::rate_limit read;
    item name;
    return field_parser<H>(start).read_list(
        [&](item const& found) {
          read = {};
          name = found;
        },
        [&](short_key const& key, item const& value) {
          if (key == "r") read.remaining = value.integer();
          if (key == "t") read.reset = seconds_of(value.integer());
        },
        [&] {
          if (read.remaining && name.kind != item_kind::inner_list) visit(read, name);
        });
  }

  http::rate_limit read;
  bool const well_formed = field_parser<H>(start).read_dictionary([&](short_key const& key, item const& value) {
    if (key == "limit") read.limit = not_negative(value.integer());
    if (key == "remaining") read.remaining = value.integer();
    if (key == "reset") read.reset = seconds_of(value.integer());
  });
  if (well_formed && (read.limit || read.remaining || read.reset)) visit(read, item());
  return well_formed;
}

/// What `RateLimit-Policy` grants, by name. No more policies than servers have, because each is compared with each item.
template <class H>
class named_limits {
 public:
  constexpr explicit named_limits(H const& headers) noexcept {
    constexpr std::string_view field = "RateLimit-Policy";
    if (!has_usable_lines(headers, field)) return;
    policy read{};
    std::optional<std::int64_t> quota;
    std::size_t size = 0;
    bool const well_formed = field_parser<H>(joined_lines<H>(headers, field))
                                 .read_list(
                                     [&](bare_item<H> const& item) {
                                       read.name = item;
                                       quota.reset();
                                     },
                                     [&](short_key const& key, bare_item<H> const& value) {
                                       if (key == "q") quota = not_negative(value.integer());
                                     },
                                     [&] {
                                       if (!read.name.text || !quota || size == most) return;
                                       read.quota = *quota;
                                       policies_[size++] = read;
                                     });
    if (well_formed) size_ = size;
  }

  [[nodiscard]] constexpr std::optional<std::int64_t> of(bare_item<H> const& name) const noexcept {
    for (std::size_t i = 0; i != size_; ++i) {
      if (same_text(policies_[i].name, name)) return policies_[i].quota;
    }
    return std::nullopt;
  }

 private:
  struct policy {
    bare_item<H> name{};
    std::int64_t quota = 0;
  };
  static constexpr std::size_t most = 16;

  policy policies_[most]{};
  std::size_t size_ = 0;
};

}  // namespace tenax::detail

namespace tenax::http {

/// Calls `visit(rate_limit const&)` for each item of the field `RateLimit` that says what remains: of a List, as in the
/// drafts draft-ietf-httpapi-ratelimit-headers-08 to -10, with the limit from the policy of the same name in
/// `RateLimit-Policy` (the first 16 policies that have a quota); of a Dictionary, as in draft -07, once.
///
/// False, and nothing is visited, if there is no such field or it is malformed. Lines are read as if joined by ", "
/// (RFC 8941, section 4.2).
template <header_list H, class F>
constexpr bool for_each_rate_limit(H const& headers, F&& visit) noexcept {
  tenax::detail::named_limits<H> const limits(headers);
  return tenax::detail::read_rate_limits(headers, [&](rate_limit read, tenax::detail::bare_item<H> const& name) {
    if (!read.limit) read.limit = limits.of(name);
    visit(static_cast<rate_limit const&>(read));
  });
}

}  // namespace tenax::http
