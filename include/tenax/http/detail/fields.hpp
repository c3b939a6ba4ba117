// SPDX-License-Identifier: MIT
// http/detail/fields.hpp: the header fields that the library reads, as numbers, and the names of windows.
#pragma once

#include <bit>
#include <cstddef>
#include <iterator>
#include <utility>

#include <tenax/http/detail/dialects.hpp>

namespace tenax::http::detail {

/// A field that is read: either a field with its own syntax, or a field of the table of dialects.
enum class field : std::uint8_t {
  grpc_retry_pushback_ms,
  x_should_retry,
  stripe_should_retry,
  date,
  age,
  ratelimit,
  ratelimit_policy,
  first_of_dialects
};

/// The fields of a line of the table of dialects. A field that the line does not have is `no_field`.
struct line_fields {
  field wait{}, remaining{}, limit{};
};
inline constexpr std::size_t dialect_count = sizeof(dialects) / sizeof(*dialects);
inline constexpr auto no_field = static_cast<field>(63);

/// The names of all fields, each once, as their senders document them. Names with a `*` come last.
struct field_list {
  std::string_view names[64] = {
      "grpc-retry-pushback-ms", "x-should-retry", "Stripe-Should-Retry", "Date", "Age", "RateLimit",
      "RateLimit-Policy"};
  line_fields of_dialect[dialect_count] = {};
  unsigned exact = static_cast<unsigned>(field::first_of_dialects);
  unsigned size = 0;
  std::size_t longest = 0;

  constexpr field_list() noexcept {
    size = exact;
    for (unsigned i = 0; i != exact; ++i) keys_[i] = key_of(names[i]);
    for (bool const patterns : {false, true}) {
      for (std::size_t i = 0; i != dialect_count; ++i) {
        auto const& d = dialects[i];
        if (is_pattern(d.wait) == patterns) of_dialect[i] = {number(d.wait), number(d.remaining), number(d.limit)};
      }
      if (!patterns) exact = size;
    }
    for (unsigned i = 0; i != exact; ++i) longest = names[i].size() > longest ? names[i].size() : longest;
  }

  [[nodiscard]] constexpr unsigned find(std::string_view name) const noexcept {
    auto const key = key_of(name);
    unsigned i = 0;
    while (i != size && (keys_[i] != key || names[i] != name)) ++i;
    return i;
  }
  [[nodiscard]] constexpr std::string_view const* begin() const noexcept { return names; }
  [[nodiscard]] constexpr std::string_view const* end() const noexcept { return names + size; }

 private:
  /// Tells most names apart. To compare all names would take the compiler longer than the rest of this file.
  static constexpr unsigned key_of(std::string_view name) noexcept {
    auto const n = name.size();
    auto const letter = [&](std::size_t i) { return static_cast<unsigned>(static_cast<unsigned char>(name[i])); };
    return static_cast<unsigned>(n) * 0x10000U + letter(n / 2) * 0x100U + letter(n * 3 / 4);
  }
  constexpr field number(std::string_view name) noexcept {
    if (name.empty()) return no_field;
    auto const i = find(name);
    if (i == size) {
      keys_[i] = key_of(name);
      names[size++] = name;
    }
    return static_cast<field>(i);
  }

  unsigned keys_[64] = {};
};
inline constexpr field_list field_names{};
inline constexpr unsigned field_count = field_names.exact;
static_assert(field_names.size < 64);

constexpr std::string_view name_of(field f) noexcept { return field_names.names[static_cast<unsigned>(f)]; }

/// A set of fields: one bit for each.
using field_set = std::uint64_t;

constexpr field_set bit(field f) noexcept { return field_set{1} << static_cast<unsigned>(f); }

/// A line of the table of dialects, with numbers instead of names.
struct dialect_fields : line_fields {
  dialect const* how = nullptr;
  bool pattern = false;  // its names contain a `*`
  bool quota = false;    // it has a field with the remaining number
};
struct dialect_list {
  static constexpr std::size_t size = dialect_count;
  dialect_fields of[size] = {};
  field_set standard = bit(field::grpc_retry_pushback_ms) | bit(field::date) | bit(field::age) | bit(field::ratelimit) |
                       bit(field::ratelimit_policy);
  field_set always = 0;           // fields that are read with any status
  field_set plain_remaining = 0;  // non-standard fields with the remaining number
  field_set quotas = bit(field::ratelimit) | bit(field::ratelimit_policy);

  constexpr dialect_list() noexcept {
    for (std::size_t i = 0; i != size; ++i) {
      auto const& d = dialects[i];
      auto const& fields = field_names.of_dialect[i];
      bool const quota = fields.remaining != no_field;
      bool const pattern = static_cast<unsigned>(fields.wait) >= field_count;
      of[i] = {fields, &d, pattern, quota};
      if (pattern) continue;
      auto const all = quota ? bit(fields.wait) | bit(fields.remaining) | bit(fields.limit) : bit(fields.wait);
      if (d.standard) standard |= all;
      (d.when == when_told::always ? always : quotas) |= all;
      if (!d.standard && d.when == when_told::not_left) plain_remaining |= bit(fields.remaining);
    }
  }
  [[nodiscard]] constexpr dialect_fields const* begin() const noexcept { return of; }
  [[nodiscard]] constexpr dialect_fields const* end() const noexcept { return of + size; }
};
inline constexpr dialect_list known_dialects{};

inline constexpr auto retry_after_field = static_cast<field>(field_names.find("Retry-After"));
inline constexpr auto ratelimit_limit_field = static_cast<field>(field_names.find("RateLimit-Limit"));

/// Returns the line of the table for a field that is read with any status. Those lines come first.
constexpr dialect_fields const& line_of(field f) noexcept {
  return known_dialects.of[static_cast<unsigned>(f) - static_cast<unsigned>(field::first_of_dialects)];
}
static_assert(
    [] {
      for (auto left = known_dialects.always; left != 0; left &= left - 1) {
        auto const f = static_cast<field>(std::countr_zero(left));
        if (line_of(f).wait != f) return false;
      }
      return true;
    }(),
    "the lines that count always are the first of the table");

inline constexpr field_set all_fields = (field_set{1} << field_count) - 1;

/// The fields by the length of their names.
struct fields_by_length {
  field_set of[field_names.longest + 1] = {};

  constexpr fields_by_length() noexcept {
    for (unsigned i = 0; i != field_count; ++i) of[field_names.names[i].size()] |= field_set{1} << i;
  }
};
inline constexpr fields_by_length by_length{};

/// The first letters of the names of windows' fields, to skip other lines quickly.
struct beginnings_of_windows {
  std::uint32_t all = 0;    // a bit for each letter
  std::uint32_t waits = 0;  // only of fields with a delay and without a quota
  std::size_t shortest = 64;

  static constexpr std::uint32_t letter(char c) noexcept {
    return std::uint32_t{1} << (static_cast<unsigned>(c) & 31U);
  }

  constexpr beginnings_of_windows() noexcept {
    for (unsigned i = field_names.exact; i != field_names.size; ++i) {
      auto const name = field_names.names[i];
      all |= letter(name.front());
      shortest = name.size() < shortest ? name.size() : shortest;
    }
    for (auto const& d : known_dialects) {
      if (d.pattern && !d.quota) waits |= letter(d.how->wait.front());
    }
  }
};
inline constexpr beginnings_of_windows windows_begin{};

/// Whether the table contains this field's full name, so that it is not a window's field.
constexpr bool is_exact_field(std::string_view name) noexcept {
  if (name.size() > field_names.longest) return false;
  for (field_set left = by_length.of[name.size()]; left != 0; left &= left - 1) {
    if (http::same_name(name, field_names.names[static_cast<unsigned>(std::countr_zero(left))])) return true;
  }
  return false;
}

/// The value of a field.
struct field_value {
  std::string_view text{};
  bool usable = false;
};

/// Whether a value is unusable only because of the comment at the end of a JavaScript date, which may have letters of
/// any language.
constexpr bool has_foreign_comment(std::string_view value) noexcept {
  auto const comment = value.find('(');
  if (comment == std::string_view::npos || !is_printable(trimmed(value.substr(0, comment)))) return false;
  for (char const c : value.substr(comment)) {
    if ((static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7F') return false;
  }
  return true;
}

constexpr field_value readable_value(std::string_view value) noexcept {
  auto const text = trimmed(value);
  return {text, is_printable(text) || has_foreign_comment(value)};
}

struct window_line {
  field f;
  std::string_view window;  // empty unless the line is a window's
};
constexpr window_line window_of_line(std::string_view name) noexcept {
  for (unsigned i = field_names.exact; i != field_names.size; ++i) {
    auto const window = window_name(field_names.names[i], name);
    if (!window.empty() && !is_exact_field(name)) return {static_cast<field>(i), window};
  }
  return {};
}

/// The lines of fields that name a window, one after the other; with `only_waits`, only those of windows without a
/// quota. The number of lines is limited, because the fields of each window are searched in all lines.
template <class H>
class window_lines {
 public:
  constexpr window_lines(H const& headers, bool only_waits) noexcept
      : at_(std::begin(headers)),
        end_(std::end(headers)),
        begin_with_(only_waits ? windows_begin.waits : windows_begin.all) {}

  /// Goes on to the next line, the first time to the first one. Returns false after the last line.
  constexpr bool next() noexcept {
    for (; at_ != end_; ++at_) {
      auto const line = header_of(*at_);
      auto const first = line.name.empty() ? 0 : windows_begin.letter(line.name.front());
      if (line.name.size() < windows_begin.shortest || (begin_with_ & first) == 0) continue;
      auto const named = window_of_line(line.name);
      if (named.window.empty()) continue;
      if (left_-- == 0) return false;
      f = named.f;
      window = named.window;
      value = readable_value(line.value);
      ++at_;
      return true;
    }
    return false;
  }

  field f{};
  std::string_view window{};
  field_value value{};

 private:
  decltype(std::begin(std::declval<H const&>())) at_;
  decltype(std::end(std::declval<H const&>())) end_;
  std::uint32_t begin_with_;
  int left_ = 256;
};

}  // namespace tenax::http::detail
