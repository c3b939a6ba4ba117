// SPDX-License-Identifier: MIT
// rate_limit_fields.cpp: RateLimit and RateLimit-Policy of the IETF drafts, and their structured field syntax.
#include <tenax/http/rate_limit_fields.hpp>

#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "catch.hpp"

namespace http = tenax::http;
using http::header;

namespace {

struct item {
  int limit = -1;  // -1: absent
  int remaining = -1;
  int reset = -1;
  friend bool operator==(item const&, item const&) = default;
  friend std::ostream& operator<<(std::ostream& out, item const& i) {
    return out << '(' << i.limit << ", " << i.remaining << ", " << i.reset << ')';
  }
};
using items = std::vector<item>;

/// None if the field is malformed or absent.
std::optional<items> read(std::vector<header> const& headers) {
  items found;
  auto const number = [](auto const& n) { return static_cast<int>(n.value_or(-1)); };
  bool const ok = http::for_each_rate_limit(headers, [&](http::rate_limit const& r) {
    found.push_back({number(r.limit), number(r.remaining), static_cast<int>(r.reset ? r.reset->count() : -1)});
  });
  if (!ok) CHECK(found.empty());
  return ok ? std::optional(found) : std::nullopt;
}
std::optional<items> read(std::string_view value) { return read({{"RateLimit", value}}); }

std::optional<items> const malformed;

}  // namespace

TEST_CASE("A List has an item for each quota") {
  CHECK(read("\"default\";r=50;t=30") == items{{-1, 50, 30}});
  CHECK(read("\"default\";r=0") == items{{-1, 0, -1}});
  CHECK(read("\"a\";r=1;t=2, \"b\";t=4;r=3") == items{{-1, 1, 2}, {-1, 3, 4}});
  CHECK(read("\"a\";r=1 \t , \t b;r=2,*c;r=3") == items{{-1, 1, -1}, {-1, 2, -1}, {-1, 3, -1}});
  CHECK(read("a;  r=1;pk=:cHsdsRa894==:;t=2;x;y=?0;z=1.5") == items{{-1, 1, 2}});
  CHECK(read("10;r=1, 1.5;r=2, ?1;r=3, :YQ==:;r=4, ::;r=5") ==
        items{{-1, 1, -1}, {-1, 2, -1}, {-1, 3, -1}, {-1, 4, -1}, {-1, 5, -1}});
  CHECK(read("") == items{});
  CHECK(read("   ") == items{});
}

TEST_CASE("An item of RateLimit has the window of its policy") {
  auto const windows = [](std::string_view value, std::string_view policy) {
    std::vector<int> found;
    std::vector<header> const headers{{"RateLimit", value}, {"RateLimit-Policy", policy}};
    http::for_each_rate_limit(headers, [&](http::rate_limit const& r) {
      found.push_back(static_cast<int>(r.window ? r.window->count() : -1));
    });
    return found;
  };
  CHECK(windows("\"a\";r=1, \"b\";r=2, \"c\";r=3", "\"b\";q=1;w=2, \"a\";q=1;w=1, \"c\";q=5") ==
        std::vector<int>{1, 2, -1});
  CHECK(windows("\"a\";r=1", "\"a\";w=2;q=1;w=3") == std::vector<int>{3});
  CHECK(windows("limit=100, remaining=50, reset=5", "100;w=10") == std::vector<int>{10});
  CHECK(windows("remaining=50, reset=5", "100;w=10") == std::vector<int>{-1});
  CHECK(windows("\"a\";r=1", "\"a\";q=1;w=2,") == std::vector<int>{-1});
}

TEST_CASE("An item needs an Integer as its remainder, and a non-negative one as its reset") {
  CHECK(read("a;t=5") == items{});
  CHECK(read("a;r;t=5") == items{});
  CHECK(read("a;r=1.0, b;r=\"1\", c;r=x, d;r=?1, e;r=:AA==:, f;r=7") == items{{-1, 7, -1}});
  CHECK(read("a;r=0;t=1.5, b;r=0;t=\"2\", c;r=0;t=-1, d;r=0;t") ==
        items{{-1, 0, -1}, {-1, 0, -1}, {-1, 0, -1}, {-1, 0, -1}});
  CHECK(read("a;r=-7;t=0") == items{{-1, -7, 0}});
  CHECK(read("a;r=1;r=2;t=3;t=4") == items{{-1, 2, 4}});
  CHECK(read("a;r=1;r=x") == items{});
  CHECK(read("a;r=0;t=3;t=x") == items{{-1, 0, -1}});
  CHECK(read("(a b);r=0;t=1, c;r=2") == items{{-1, 2, -1}});
}

TEST_CASE("A Dictionary has one quota") {
  CHECK(read("limit=100, remaining=50, reset=5") == items{{100, 50, 5}});
  CHECK(read("reset=5,remaining=50,limit=100") == items{{100, 50, 5}});
  CHECK(read("limit=100, reset=5") == items{{100, -1, 5}});
  CHECK(read("limit=100;w=60, remaining=50;x, reset=5;y=\"z\"") == items{{100, 50, 5}});
  CHECK(read("limit=100, remaining=50, reset=5, other, more;x=1, inner=(1 2 \"x\";y);z") == items{{100, 50, 5}});
  CHECK(read("remaining=1, remaining=2, reset=3, reset=4") == items{{-1, 2, 4}});
  CHECK(read("remaining=1, remaining=x, reset=3") == items{{-1, -1, 3}});
  CHECK(read("remaining=1.0, reset=3.0, limit=5.0") == items{});
  CHECK(read("remaining=1, reset=-3, limit=-5") == items{{-1, 1, -1}});
  CHECK(read("remaining=(1), reset=(2), limit=3") == items{{3, -1, -1}});
  CHECK(read("remaining=-2, reset=3") == items{{-1, -2, 3}});
  CHECK(read("a=1, b=2") == items{});
  CHECK(read("a;r=0, limit=5") == items{{5, -1, -1}});
  // These are Tokens as well: the field is a List then, and its items have no remainder.
  CHECK(read("limit, remaining") == items{});
  CHECK(read("limit:100, reset:5") == items{});
}

TEST_CASE("A field that is malformed anywhere is ignored completely") {
  for (auto const* value : {",",
                            "a;r=0;t=1,",
                            "a;r=0;t=1, ",
                            ",a;r=0",
                            "a;r=0,,b;r=0",
                            "a;r=0 b;r=0",
                            "a;R=0",
                            "a;r=",
                            "a;r =0",
                            "a;r= 0",
                            "a ;r=0",
                            "a;",
                            "a;r=0;",
                            "a;=0",
                            "a;1=0",
                            ";r=0",
                            "\"a;r=0",
                            "\"a\\x\";r=0",
                            "\"a\\",
                            "\"a\tb\";r=0",
                            "a\"b\";r=0",
                            "(a b;r=0",
                            "(a,b);r=0",
                            "(a\"b\");r=0",
                            "(a\tb);r=0",
                            "-;r=0",
                            "--1;r=0",
                            "1.;r=0",
                            ".5;r=0",
                            "1.2345;r=0",
                            "1234567890123.5;r=0",
                            "1234567890123456;r=0",
                            "a;r=1234567890123456",
                            "?2;r=0",
                            "?;r=0",
                            ":a b:;r=0",
                            ":YQ==;r=0",
                            "a;r=0;t=1e3",
                            "a;r=0;t=@1",
                            "[a];r=0",
                            "limit=5, a;r=0,",
                            "limit=100, remaining=50, reset=5,",
                            "Limit=100, reset=5",
                            "limit=100 reset=5",
                            "limit = 100, reset=5",
                            "limit=, reset=5",
                            "limit=100, =5",
                            "limit=100, \"reset\"=5",
                            "inner=(1, reset=5",
                            "100"
                            "\xFF"}) {
    INFO(value);
    CHECK(read(value) == malformed);
  }
  CHECK(read(std::vector<header>{}) == malformed);
  CHECK(read(std::vector<header>{{"RateLimit-Policy", "a;q=1"}}) == malformed);
}

TEST_CASE("Numbers may have as many digits as RFC 8941 allows") {
  auto const remaining = [](std::string_view value) {
    std::optional<std::int64_t> found;
    http::for_each_rate_limit(std::vector<header>{{"RateLimit", value}},
                              [&](http::rate_limit const& r) { found = r.remaining; });
    return found;
  };
  CHECK(remaining("a;r=999999999999999") == 999'999'999'999'999);
  CHECK(remaining("a;r=-999999999999999") == -999'999'999'999'999);
  CHECK(remaining("a;r=000000000000001") == 1);
  CHECK(remaining("999999999999999;r=1") == 1);
  CHECK(remaining("-0;r=1") == 1);
  CHECK(remaining("123456789012.123;r=1") == 1);
}

TEST_CASE("Lines are joined by commas, wherever the field was split") {
  auto const joined = [](std::vector<std::string_view> const& values) {
    std::vector<header> headers{{"Server", "x"}};
    for (auto const value : values) {
      headers.push_back({"ratelimit", value});
      headers.push_back({"Via", "y"});
    }
    return read(headers);
  };
  CHECK(joined({"a;r=1", " b;r=2;t=3 "}) == items{{-1, 1, -1}, {-1, 2, 3}});
  CHECK(joined({"limit=1", "remaining=2", "reset=3"}) == items{{1, 2, 3}});
  CHECK(joined({"\"a", "b\";r=1"}) == items{{-1, 1, -1}});
  CHECK(joined({"a;r=1", "", "b;r=2"}) == malformed);
  CHECK(joined({"", "a;r=1"}) == malformed);
  CHECK(joined({"a;r=1", ""}) == malformed);
  CHECK(joined({"", ""}) == malformed);
  CHECK(joined({"a;r=1,", "b;r=2"}) == malformed);
  CHECK(joined({"a;r=1;", "t=2"}) == malformed);
  CHECK(joined({"a;r=1", "b;r=2\x80"}) == malformed);
}

TEST_CASE("The limit comes from the policy with the same name") {
  auto const with_policy = [](std::string_view rate_limit, std::string_view policy) {
    return read({{"ratelimit-policy", policy}, {"RateLimit", rate_limit}});
  };
  auto const* const both = "\"burst\";q=100;w=60, \"daily\";q=1000;w=86400";
  CHECK(with_policy("\"daily\";r=1", both) == items{{1000, 1, -1}});
  CHECK(with_policy("\"burst\";r=1, \"daily\";r=2", both) == items{{100, 1, -1}, {1000, 2, -1}});
  CHECK(with_policy("\"burs\";r=1, \"burstx\";r=2, \"Burst\";r=3", both) ==
        items{{-1, 1, -1}, {-1, 2, -1}, {-1, 3, -1}});
  CHECK(with_policy("burst;r=1", both) == items{{-1, 1, -1}});
  CHECK(with_policy("burst;r=1", "burst;q=5") == items{{5, 1, -1}});
  CHECK(with_policy("10;r=1", "10;q=5") == items{{-1, 1, -1}});
  CHECK(with_policy("\"a\\\"b\";r=1", "\"a\\\"b\";q=5") == items{{5, 1, -1}});
  CHECK(with_policy("\"a\\\\\";r=1", "\"a\\\"\";q=5") == items{{-1, 1, -1}});
  CHECK(with_policy("\"a\\\"b\";r=1", "\"a\\\"c\";q=5") == items{{-1, 1, -1}});
  CHECK(with_policy("b;r=1", "a;q=7, b;w=1") == items{{-1, 1, -1}});
  CHECK(with_policy("\"\";r=1", "\"\";q=5") == items{{5, 1, -1}});
  CHECK(with_policy("a;r=1", "a;w=60, a;q=x, a;q=-1, a;q=7, a;q=8") == items{{7, 1, -1}});
  CHECK(with_policy("a;r=1", "a;q=7, ") == items{{-1, 1, -1}});
  CHECK(with_policy("a;r=1", "a;q=7\xFF") == items{{-1, 1, -1}});
  CHECK(with_policy("limit=5, reset=1", "limit;q=7") == items{{5, -1, 1}});
  CHECK(read({{"RateLimit-Policy", "a;q=1"}, {"RateLimit", "b;r=3"}, {"RateLimit-Policy", "b;q=2"}}) ==
        items{{2, 3, -1}});

  std::string many;
  for (int i = 0; i != 17; ++i) many += (i == 0 ? "p" : ", p") + std::to_string(i) + ";q=9";
  CHECK(with_policy("p0;r=1, p15;r=2, p16;r=3", many) == items{{9, 1, -1}, {9, 2, -1}, {-1, 3, -1}});
}

TEST_CASE("A reset of more than a year, which may be a Unix time, is left out") {
  CHECK(read("a;r=1;t=31536000") == items{{-1, 1, 31536000}});
  CHECK(read("a;r=1;t=31536001") == items{{-1, 1, -1}});
  CHECK(read("limit=5, remaining=1, reset=1735689660") == items{{5, 1, -1}});
}
