// SPDX-License-Identifier: MIT
// headers.cpp: the header types of HTTP clients are read in place, without copies.
#include <tenax/http/headers.hpp>

#include <list>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"

using namespace std::string_view_literals;
using tenax::http::for_each_line;
using tenax::http::header;
using tenax::http::header_line;
using tenax::http::header_list;
using tenax::http::same_name;
using tenax::http::usable_value;

namespace {

/// A string view as other libraries define it.
class foreign_view {
 public:
  constexpr explicit foreign_view(std::string_view text) : text_(text) {}
  [[nodiscard]] constexpr char const* data() const { return text_.data(); }
  [[nodiscard]] constexpr std::size_t size() const { return text_.size(); }

 private:
  std::string_view text_;
};

/// Like a field of Boost.Beast, which also has a `name()` that does not return the name as a string.
template <class Text>
class beast_field {
 public:
  constexpr beast_field(char const* name, char const* value) : name_(name), value_(value) {}
  [[nodiscard]] constexpr int name() const { return 7; }
  [[nodiscard]] constexpr Text name_string() const { return Text(name_); }
  [[nodiscard]] constexpr Text value() const { return Text(value_); }

 private:
  char const* name_;
  char const* value_;
};

struct own_line {
  std::string name;
  char const* value;
};

struct number_line {
  std::string name;
  int value;
};

/// A range that makes its lines when it is dereferenced.
template <class Line>
struct generator {
  struct iterator {
    int n;
    Line operator*() const { return {"a", "b"}; }
    iterator& operator++() { return ++n, *this; }
    bool operator==(iterator const&) const = default;
  };
  [[nodiscard]] iterator begin() const { return {0}; }
  [[nodiscard]] iterator end() const { return {2}; }
};

template <class H>
std::vector<std::string> lines(H const& headers, std::string_view name) {
  std::vector<std::string> found;
  for_each_line(headers, name, [&](std::string_view value) { found.emplace_back(value); });
  return found;
}

using strings = std::vector<std::string>;

static_assert(header_list<std::vector<header>>);
static_assert(header_list<header[3]>);
static_assert(header_list<std::initializer_list<header>>);
static_assert(header_list<std::list<own_line>>);
static_assert(header_list<std::vector<std::pair<std::string, std::string>>>);
static_assert(header_list<std::vector<std::pair<std::string_view, char const*>>>);
static_assert(header_list<std::map<std::string, std::string>>);
static_assert(header_list<std::multimap<std::string, std::string>>);
static_assert(header_list<std::vector<beast_field<std::string_view>>>);
static_assert(header_list<std::vector<beast_field<foreign_view>>>);
static_assert(header_list<std::vector<std::pair<foreign_view, foreign_view>>>);
static_assert(header_list<generator<header>>);
static_assert(header_list<generator<std::pair<char const*, std::string_view>>>);

static_assert(!header_list<int>);
static_assert(!header_list<header>);
static_assert(!header_list<std::string>);
static_assert(!header_list<std::vector<std::string>>);
static_assert(!header_list<std::vector<number_line>>);
static_assert(!header_list<std::map<std::string, int>>);
static_assert(!header_list<std::map<int, std::string>>);
// Their strings would be destroyed before they are read.
static_assert(!header_list<generator<std::pair<std::string, std::string>>>);
static_assert(!header_list<generator<std::pair<std::string_view, std::string>>>);
static_assert(!header_list<generator<own_line>>);
static_assert(!header_list<std::vector<beast_field<std::string>>>);
static_assert(!header_line<std::pair<char[4], char[4]>>);
static_assert(header_line<std::pair<char[4], char[4]> const&>);

}  // namespace

TEST_CASE("The lines of a field are found in every type of header, in order") {
  CHECK(lines(std::vector<header>{{"A", "1"}, {"B", "2"}, {"a", "3"}}, "A") == strings{"1", "3"});
  CHECK(lines(std::multimap<std::string, std::string>{{"A", "1"}, {"B", "2"}, {"A", "3"}}, "a") == strings{"1", "3"});
  CHECK(lines(std::list<own_line>{{"A", "1"}, {"B", "2"}}, "b") == strings{"2"});
  CHECK(lines(std::vector<beast_field<std::string_view>>{{"A", "1"}, {"B", "2"}}, "B") == strings{"2"});
  CHECK(lines(std::vector<beast_field<foreign_view>>{{"A", "1"}, {"B", "2"}}, "B") == strings{"2"});
  CHECK(lines(generator<header>(), "A") == strings{"b", "b"});
  header const array[] = {{"A", " 1 "}, {"B", "2"}};
  CHECK(lines(array, "A") == strings{" 1 "});
  CHECK(lines(array, "C").empty());
  CHECK(lines(std::vector<header>(), "A").empty());
}

TEST_CASE("Comparing names ignores the case of ASCII letters, and nothing else") {
  CHECK(same_name("Retry-After", "retry-after"));
  CHECK(same_name("RETRY-AFTER", "rEtRy-aFtEr"));
  CHECK(same_name("", ""));
  CHECK_FALSE(same_name("Retry-After", "Retry-Afte"));
  CHECK_FALSE(same_name("Retry-After", "Retry-Aftes"));
  // These pairs differ only in the bit that distinguishes upper case from lower case.
  CHECK_FALSE(same_name("-", "\r"));
  CHECK_FALSE(same_name("@", "`"));
  CHECK_FALSE(same_name("[", "{"));
  CHECK_FALSE(same_name("^", "~"));
  CHECK_FALSE(same_name("\xC4", "\xE4"));
}

TEST_CASE("A value is read without the spaces and tabs around it") {
  CHECK(usable_value("120") == "120"sv);
  CHECK(usable_value(" \t 120\t \t") == "120"sv);
  CHECK(usable_value("a \t b") == "a \t b"sv);
  CHECK(usable_value("") == ""sv);
  CHECK(usable_value(" \t ") == ""sv);
  CHECK(usable_value(" !~ ") == "!~"sv);
}

TEST_CASE("A value with a byte that is not printable ASCII is unusable") {
  for (int c = -128; c != 128; ++c) {
    char const text[] = {'1', static_cast<char>(c), '2'};
    INFO(c);
    CHECK(usable_value({text, 3}).has_value() == (c == '\t' || (c >= 0x20 && c <= 0x7E)));
  }
  CHECK_FALSE(
      usable_value("\xC2\xA0"
                   "120"));
  CHECK_FALSE(usable_value("120\r"));
  CHECK_FALSE(usable_value({"120\0", 4}));
}
