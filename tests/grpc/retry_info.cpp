// SPDX-License-Identifier: MIT
// retry_info.cpp: google.rpc.RetryInfo from bytes, and grpc-retry-pushback-ms.
#include <tenax/grpc/retry_info.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include <tenax/grpc/status_code.hpp>

#include "../catch.hpp"
#include "retry_info_bytes.hpp"

using namespace std::chrono_literals;
using namespace wire;
using tenax::duration;
using tenax::optional_duration;
using tenax::grpc::read_pushback;
using tenax::grpc::read_retry_info;

TEST_CASE("retry_info: a delay among other details") {
  auto const other = field(3, any("type.googleapis.com/google.rpc.ErrorInfo", field(1, "RATE_LIMIT")));
  CHECK(read_retry_info(details(1s)).delay == optional_duration(1s));
  CHECK(read_retry_info(details(1ms)).delay == optional_duration(1ms));
  CHECK(read_retry_info(details(0s)).delay == optional_duration(0s));
  CHECK(read_retry_info(number(1, 14) + field(2, "busy") + other + details(1500ms) + other).delay ==
        optional_duration(1500ms));
  CHECK(read_retry_info(other).delay == optional_duration());
  CHECK(read_retry_info("").delay == optional_duration());
  CHECK_FALSE(read_retry_info("").malformed);
  // RetryInfo without a delay asks for none.
  CHECK(read_retry_info(field(3, any(retry_info_url, ""))) == tenax::grpc::retry_info{});
  // The longest of several.
  CHECK(read_retry_info(details(1s) + details(3s) + details(2s)).delay == optional_duration(3s));
  // The last part of the URL names the message, whatever is before it.
  CHECK(read_retry_info(field(3, any("/google.rpc.RetryInfo", field(1, delay(1, 0))))).delay == optional_duration(1s));
  CHECK(read_retry_info(field(3, any("x/google.rpc.RetryInfos", field(1, delay(1, 0))))).delay == optional_duration());
  CHECK(read_retry_info(field(3, any("google.rpc.RetryInfo", field(1, delay(1, 0))))).delay == optional_duration());
}

TEST_CASE("retry_info: unknown fields and groups are skipped, repeated fields replace or merge") {
  auto const unknown = number(100, ~std::uint64_t{0}) + tag(101, 1) + "12345678" + tag(102, 5) + "1234" + tag(103, 3) +
                       number(1, 1) + tag(104, 3) + tag(104, 4) + tag(103, 4) + field(105, "x");
  CHECK(read_retry_info(unknown + field(3, unknown + any(retry_info_url, unknown + field(1, unknown + delay(2, 5)))))
            .delay == optional_duration(2s + 5ns));
  // A message that occurs twice is merged.
  CHECK(read_retry_info(field(3, any(retry_info_url, field(1, number(1, 7)) + field(1, number(2, 9))))).delay ==
        optional_duration(7s + 9ns));
}

TEST_CASE("retry_info: malformed, negative and impossible delays are ignored as a whole") {
  auto const of = [](std::string const& d) { return field(3, any(retry_info_url, field(1, d))); };
  for (auto const& bytes :
       {of(delay(-1, 0)), of(delay(0, -1)), of(delay(0, 1'000'000'000)), of(delay(315'576'000'001, 0)),
        of(std::string("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11)),  // a number of more than 64 bits
        of("\x08"), of(tag(1, 3)), of(tag(1, 4)), of(tag(1, 6)), of(std::string(1, '\0')), std::string("not protobuf"),
        tag(3, 2) + "\x7f" + "short", details(1s) + of(delay(-1, 0)), details(1s) + std::string("\xff"),
        field(3, any(retry_info_url, field(1, delay(1, 0))) + "\xff")}) {
    auto const info = read_retry_info(bytes);
    CHECK(info.delay == optional_duration());
    CHECK(info.malformed);
  }
  std::string nested;
  for (int i = 0; i < 100'000; ++i) nested += tag(1, 3);
  CHECK(read_retry_info(nested).malformed);
  CHECK(read_retry_info(of(delay(315'576'000'000, 0))).delay == optional_duration((duration::max)()));
}

TEST_CASE("retry_info: every prefix and every changed byte of valid details is harmless") {
  auto const valid = number(1, 14) + field(2, "busy") + details(1500ms);
  for (std::size_t n = 0; n < valid.size(); ++n) {
    auto const cut = read_retry_info(std::string_view(valid).substr(0, n));
    CHECK(cut.delay == optional_duration());
    for (int bit = 0; bit < 8; ++bit) {
      auto changed = valid;
      changed[n] = static_cast<char>(changed[n] ^ (1 << bit));
      auto const info = read_retry_info(changed);
      CHECK((!info.delay || info.delay->count() >= 0));
      CHECK_FALSE((info.malformed && info.delay));
    }
  }
}

TEST_CASE("retry_info: a payload of absl::Status is the message alone") {
  CHECK(tenax::grpc::read_retry_info_message(field(1, delay(2, 0))).delay == optional_duration(2s));
  CHECK(tenax::grpc::read_retry_info_message("\xff").malformed);
}

TEST_CASE("status_code: pushback in all forms") {
  CHECK(read_pushback("0").wait == optional_duration(0s));
  CHECK(read_pushback("25").wait == optional_duration(25ms));
  CHECK(read_pushback("007").wait == optional_duration(7ms));
  CHECK(read_pushback("2147483648").wait == optional_duration(2147483648ms));
  CHECK(read_pushback("1000000000000000000").wait == optional_duration((duration::max)()));
  for (char const* text : {"-1", "-9223372036854775808", "", "abc", "1.5", "+5", " 5", "5 ", "0x5", "1e3",
                           "99999999999999999999", "9223372036854775808"}) {
    CAPTURE(text);
    CHECK(read_pushback(text) == tenax::grpc::pushback{.forbids = true});
  }
}

TEST_CASE("status_code: every code has its class") {
  using tenax::grpc::code_class;
  std::string classes;
  for (int code = -1; code <= 17; ++code) classes += "otrpc"[static_cast<int>(tenax::grpc::classify(code))];
  //               -1: OK CA UN IN DE NO AL PE RE FA AB OU UN IN UN DA UN
  CHECK(classes ==
        "poc"
        "pp"
        "t"
        "ppp"
        "r"
        "ppppp"
        "t"
        "ppp");
  CHECK(tenax::grpc::code_name(14) == "UNAVAILABLE");
  CHECK(tenax::grpc::code_name(99) == "UNKNOWN");
}
