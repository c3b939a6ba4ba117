// SPDX-License-Identifier: MIT
// http/detail/structured_field.hpp: parses Lists and Dictionaries of RFC 8941 in place, without copying.
#pragma once

#include <cstdint>
#include <optional>

#include <tenax/http/detail/number.hpp>
#include <tenax/http/headers.hpp>

namespace tenax::http::detail {

/// The characters of all lines of a field, joined by ", ". Copies are independent: a copy stores a position.
template <class H>
class joined_lines {
  using iterator = decltype(std::begin(std::declval<H const&>()));
  using sentinel = decltype(std::end(std::declval<H const&>()));

 public:
  static constexpr char end = '\0';

  constexpr joined_lines(H const& headers, std::string_view name) noexcept
      : name_(name), next_(std::begin(headers)), last_(std::end(headers)) {
    to_next_line();
    separator_ = 0;
    if (rest_.empty()) to_next_line();
  }

  /// The next character, or `end`, which no usable line contains.
  [[nodiscard]] constexpr char peek() const noexcept {
    if (separator_ != 0) return separator_ == 2 ? ',' : ' ';
    return rest_.empty() ? end : rest_.front();
  }
  /// Precondition: not at the end.
  constexpr void advance() noexcept {
    if (separator_ != 0) {
      --separator_;
    } else {
      rest_.remove_prefix(1);
    }
    if (separator_ == 0 && rest_.empty()) to_next_line();
  }
  constexpr bool take(char c) noexcept {
    if (peek() != c) return false;
    advance();
    return true;
  }
  constexpr char take_any() noexcept {
    char const c = peek();
    if (c != end) advance();
    return c;
  }
  constexpr void skip_spaces() noexcept {
    while (peek() == ' ') advance();
  }
  constexpr void skip_blanks() noexcept {
    while (is_blank(peek())) advance();
  }

 private:
  constexpr void to_next_line() noexcept {
    for (; next_ != last_; ++next_) {
      auto const [name, value] = header_of(*next_);
      if (!http::same_name(name, name_)) continue;
      ++next_;
      rest_ = trimmed(value);
      separator_ = 2;
      return;
    }
  }

  std::string_view name_;
  iterator next_;
  sentinel last_;
  std::string_view rest_{};
  int separator_ = 0;
};

enum class item_kind : std::uint8_t { integer, decimal, string, token, bytes, boolean, inner_list };

template <class H>
struct bare_item {
  item_kind kind{};
  std::int64_t number = 0;                // of an Integer
  std::optional<joined_lines<H>> text{};  // of a String or a Token: where its characters begin

  [[nodiscard]] constexpr std::optional<std::int64_t> integer() const noexcept {
    return kind == item_kind::integer ? std::optional(number) : std::nullopt;
  }
};

/// The key of a parameter or of a member; only the characters that are needed to compare it with known keys.
class short_key {
 public:
  constexpr void add(char c) noexcept {
    if (size_ < sizeof text_) text_[size_] = c;
    ++size_;
  }
  friend constexpr bool operator==(short_key const& key, std::string_view text) noexcept {
    return key.size_ <= sizeof text_ && std::string_view(key.text_, key.size_) == text;
  }

 private:
  char text_[10] = {};
  std::size_t size_ = 0;
};

constexpr bool is_lower(char c) noexcept { return c >= 'a' && c <= 'z'; }
constexpr bool is_letter(char c) noexcept { return is_lower(lower_case(c)); }
constexpr bool is_one_of(std::string_view set, char c) noexcept { return set.find(c) != std::string_view::npos; }

/// Reads parts of a field, each by its algorithm in section 4.2 of RFC 8941. Returns false for a malformed field.
template <class H>
class field_parser {
 public:
  using cursor = joined_lines<H>;
  using item = bare_item<H>;

  constexpr explicit field_parser(cursor const& at) noexcept : at_(at) {}

  /// Calls `begin(item)` for each member and `parameter(key, item)` for each of its parameters, then `end()`.
  template <class Begin, class Parameter, class End>
  constexpr bool read_list(Begin begin, Parameter parameter, End end) noexcept {
    return read_members([&] {
      item member;
      if (!read_member(member, [&] { begin(member); }, parameter)) return false;
      end();
      return true;
    });
  }

  /// Calls `visit(key, item)` for each member. Skips parameters.
  template <class Visit>
  constexpr bool read_dictionary(Visit visit) noexcept {
    return read_members([&] {
      short_key key;
      item value{item_kind::boolean};
      if (!read_key(key)) return false;
      bool const well_formed = at_.take('=') ? read_member(value, [] {}, ignore) : read_parameters(ignore);
      visit(key, value);
      return well_formed;
    });
  }

 private:
  static constexpr auto ignore = [](short_key const&, item const&) {};

  template <class Read>
  constexpr bool read_members(Read read) noexcept {
    at_.skip_spaces();
    if (at_.peek() == cursor::end) return true;
    for (;;) {
      if (!read()) return false;
      at_.skip_blanks();
      if (at_.peek() == cursor::end) return true;
      if (!at_.take(',')) return false;
      at_.skip_blanks();
    }
  }

  template <class Begin, class Parameter>
  constexpr bool read_member(item& out, Begin begin, Parameter parameter) noexcept {
    if (at_.take('(')) {
      out.kind = item_kind::inner_list;
      if (!read_inner_list()) return false;
    } else if (!read_bare_item(out)) {
      return false;
    }
    begin();
    return read_parameters(parameter);
  }

  constexpr bool read_inner_list() noexcept {
    for (;;) {
      at_.skip_spaces();
      if (at_.take(')')) return true;
      item inner;
      if (!read_bare_item(inner) || !read_parameters(ignore)) return false;
      if (at_.peek() != ' ' && at_.peek() != ')') return false;
    }
  }

  template <class Parameter>
  constexpr bool read_parameters(Parameter parameter) noexcept {
    while (at_.take(';')) {
      at_.skip_spaces();
      short_key key;
      item value{item_kind::boolean};
      if (!read_key(key)) return false;
      if (at_.take('=') && !read_bare_item(value)) return false;
      parameter(key, value);
    }
    return true;
  }

  constexpr bool read_key(short_key& out) noexcept {
    if (!is_lower(at_.peek()) && at_.peek() != '*') return false;
    do out.add(at_.take_any());
    while (is_lower(at_.peek()) || is_digit(at_.peek()) || is_one_of("_-.*", at_.peek()));
    return true;
  }

  constexpr bool read_bare_item(item& out) noexcept {
    char const c = at_.peek();
    if (c == '-' || is_digit(c)) return read_number(out);
    if (is_letter(c) || c == '*') return read_token(out);
    at_.take_any();
    switch (c) {
      case '"': out.kind = item_kind::string; return out.text = at_, read_string();
      case ':': out.kind = item_kind::bytes; return read_bytes();
      case '?': out.kind = item_kind::boolean; return is_one_of("01", at_.take_any());
      default: return false;
    }
  }

  /// An Integer has at most 15 digits, a Decimal at most 12 before the point and 1 to 3 after it.
  constexpr bool read_number(item& out) noexcept {
    bool const negative = at_.take('-');
    int whole = 0;
    out.number = 0;
    for (; is_digit(at_.peek()); ++whole) {
      if (whole == 15) return false;
      out.number = out.number * 10 + (at_.take_any() - '0');
    }
    if (negative) out.number = -out.number;
    out.kind = item_kind::integer;
    if (whole == 0 || !at_.take('.')) return whole != 0;
    out.kind = item_kind::decimal;
    int fraction = 0;
    for (; is_digit(at_.peek()) && fraction != 4; ++fraction) at_.advance();
    return whole <= 12 && fraction >= 1 && fraction <= 3;
  }

  constexpr bool read_token(item& out) noexcept {
    out.kind = item_kind::token;
    out.text = at_;
    while (is_token_character(at_.peek())) at_.advance();
    return true;
  }

  constexpr bool read_string() noexcept {
    for (;;) {
      char const c = at_.take_any();
      if (c == '"') return true;
      if (c == '\\' && !is_one_of("\"\\", at_.take_any())) return false;
      if (c < ' ' || c > '~') return false;
    }
  }

  constexpr bool read_bytes() noexcept {
    char c = at_.take_any();
    while (is_letter(c) || is_digit(c) || is_one_of("+/=", c)) c = at_.take_any();
    return c == ':';
  }

 public:
  static constexpr bool is_token_character(char c) noexcept {
    return is_letter(c) || is_digit(c) || is_one_of("!#$%&'*+-.^_`|~:/", c);
  }

 private:
  cursor at_;
};

/// Takes the next character of a String or a Token that is known to be well-formed; `end` after the last.
template <class H>
constexpr char take_text(joined_lines<H>& at, item_kind kind) noexcept {
  char const c = at.take_any();
  if (kind == item_kind::token) return field_parser<H>::is_token_character(c) ? c : at.end;
  return c == '"' ? at.end : c == '\\' ? at.take_any() : c;
}

/// Whether an item is a String or a Token with these characters.
template <class H>
constexpr bool is_text(bare_item<H> const& item, std::string_view text) noexcept {
  if (!item.text) return false;
  auto in_item = *item.text;
  for (char const c : text) {
    if (take_text(in_item, item.kind) != c) return false;
  }
  return take_text(in_item, item.kind) == in_item.end;
}

/// Whether two items are the same String or Token.
template <class H>
constexpr bool same_text(bare_item<H> const& a, bare_item<H> const& b) noexcept {
  if (a.kind != b.kind || !a.text || !b.text) return false;
  auto in_a = *a.text;
  auto in_b = *b.text;
  for (;;) {
    char const c = take_text(in_a, a.kind);
    if (c != take_text(in_b, b.kind)) return false;
    if (c == in_a.end) return true;
  }
}

}  // namespace tenax::http::detail
