// SPDX-License-Identifier: MIT
// http/detail/found_fields.hpp: finds the header fields that the library reads, in one pass.
#pragma once

#include <bit>
#include <iterator>
#include <utility>

#include <tenax/http/detail/fields.hpp>
#include <tenax/platform/compiler.hpp>

namespace tenax::http::detail {

/// Rejects most lines by the length, the first and the third letter of their names. A line that passes may still be
/// irrelevant. `Date` and `Age` do not pass: nearly every response has them, and they matter only beside other fields.
struct line_filter {
  static constexpr std::size_t shortest = 9;  // RateLimit
  static constexpr std::size_t lengths = field_names.longest + 1 - shortest;
  std::uint32_t of_length[lengths] = {};  // a bit for each pair of letters

  constexpr line_filter() noexcept {
    for (unsigned i = 0; i != field_names.size; ++i) {
      if (i == static_cast<unsigned>(field::date) || i == static_cast<unsigned>(field::age)) continue;
      auto const name = field_names.names[i];
      auto const first = name.size() - shortest;
      // The name of a window's field may be longer.
      auto const last = i < field_names.exact ? first : lengths - 1;
      for (auto n = first; n <= last; ++n) of_length[n] |= std::uint32_t{1} << letters_of(name);
    }
  }

  TENAX_ALWAYS_INLINE constexpr bool passes(std::string_view name) const noexcept {
    auto const length = name.size() - shortest;
    if (length >= lengths) return name.size() > shortest;
    return ((of_length[length] >> letters_of(name)) & 1U) != 0;
  }

 private:
  /// The first and the third letter as one number, the same in any case.
  static constexpr unsigned letters_of(std::string_view name) noexcept {
    return (static_cast<unsigned>(name[0]) ^ static_cast<unsigned>(name[2])) & 31U;
  }
};
inline constexpr line_filter relevant_lines{};

/// Returns the first line that may be relevant.
template <class H>
constexpr auto first_relevant(H const& headers) noexcept {
  auto line = std::begin(headers);
  for (; line != std::end(headers); ++line) {
    if (relevant_lines.passes(header_of(*line).name)) break;
  }
  return line;
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
// When a whole call is inlined, GCC does not see that `found_` guards `first_`.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

/// The relevant lines of a header, without `Date` and `Age`: which fields are present, and their values.
template <class H>
class found_fields {
 public:
  /// `first`: what `first_relevant` returns.
  template <class Iterator>
  constexpr found_fields(H const& headers, Iterator first) noexcept : headers_(headers) {
    for (auto line = first; line != std::end(headers); ++line) {
      auto const [name, value] = header_of(*line);
      if (relevant_lines.passes(name)) add(name, value);
    }
  }

  /// Ignores all fields but these.
  constexpr void keep(field_set wanted) noexcept {
    found_ &= wanted;
    repeated_ &= wanted;
  }

  [[nodiscard]] constexpr field_set found() const noexcept { return found_; }
  [[nodiscard]] constexpr bool any() const noexcept { return found_ != 0; }
  [[nodiscard]] constexpr bool has(field f) const noexcept { return (found_ & bit(f)) != 0; }
  [[nodiscard]] constexpr bool is_repeated(field f) const noexcept { return (repeated_ & bit(f)) != 0; }
  /// Whether a field names a window.
  [[nodiscard]] constexpr bool has_windows() const noexcept { return has_windows_; }
  [[nodiscard]] constexpr H const& headers() const noexcept { return headers_; }

  /// The value of the only line of `f`. Precondition: `has(f) && !is_repeated(f)`.
  [[nodiscard]] constexpr std::string_view only_line(field f) const noexcept {
    auto const& line = first_[static_cast<unsigned>(f)];
    return {line.data, line.size};
  }

 private:
  struct place {
    char const* data;
    std::size_t size;
  };

  TENAX_NEVER_INLINE constexpr void add(std::string_view name, std::string_view value) noexcept {
    if (name.size() <= field_names.longest) {
      for (field_set left = by_length.of[name.size()]; left != 0; left &= left - 1) {
        auto const number = static_cast<unsigned>(std::countr_zero(left));
        if (!http::same_name(name, field_names.names[number])) continue;
        auto const found = field_set{1} << number;
        if ((found_ & found) == 0) first_[number] = {value.data(), value.size()};
        repeated_ |= found_ & found;
        found_ |= found;
        return;
      }
    }
    has_windows_ = has_windows_ || !window_of_line(name).window.empty();
  }

  H const& headers_;
  field_set found_ = 0;
  field_set repeated_ = 0;
  bool has_windows_ = false;
  // Only entries whose bit is set in `found_` are initialized: clearing all would take half the time of reading a
  // response without any such field.
  place first_[field_count];
};

/// The lines of a field, one after the other.
template <class H>
class field_lines {
 public:
  constexpr field_lines(found_fields<H> const& fields, field f) noexcept
      : fields_(fields), field_(f), at_(std::begin(fields.headers())), repeated_(fields.is_repeated(f)) {
    if (!repeated_ && fields.has(f)) left_ = 1;
  }

  /// Goes on to the next line, the first time to the first one. Returns false after the last line.
  constexpr bool next() noexcept {
    if (!repeated_) {
      if (left_ == 0) return false;
      left_ = 0;
      value = readable_value(fields_.only_line(field_));
      return true;
    }
    for (; at_ != std::end(fields_.headers()); ++at_) {
      auto const line = header_of(*at_);
      if (!http::same_name(line.name, name_of(field_))) continue;
      value = readable_value(line.value);
      ++at_;
      return true;
    }
    return false;
  }

  field_value value{};

 private:
  found_fields<H> const& fields_;
  field field_;
  decltype(std::begin(std::declval<H const&>())) at_;
  bool repeated_;
  int left_ = 0;
};

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

}  // namespace tenax::http::detail
