// SPDX-License-Identifier: MIT
// idempotency_key.cpp: keys are random UUIDs.
#include <tenax/http/idempotency_key.hpp>

#include <set>
#include <string>

#include "../catch.hpp"

namespace http = tenax::http;

TEST_CASE("A key is a UUID of version 4, in quotes or without") {
  for (int i = 0; i < 64; ++i) {
    auto const plain = http::make_idempotency_key(http::key_format::plain);
    REQUIRE(plain.size() == 36);
    for (std::size_t at = 0; at < plain.size(); ++at) {
      bool const is_dash = at == 8 || at == 13 || at == 18 || at == 23;
      CHECK(is_dash == (plain[at] == '-'));
      if (!is_dash) CHECK(std::string("0123456789abcdef").find(plain[at]) != std::string::npos);
    }
    CHECK(plain[14] == '4');
    CHECK(std::string("89ab").find(plain[19]) != std::string::npos);
  }
  auto const quoted = http::make_idempotency_key();
  REQUIRE(quoted.size() == 38);
  CHECK(quoted.front() == '"');
  CHECK(quoted.back() == '"');
  CHECK(quoted[15] == '4');
}

TEST_CASE("No two keys are the same, and every digit varies") {
  std::set<std::string> keys;
  std::set<char> digits[36];
  for (int i = 0; i < 1000; ++i) {
    auto const key = http::make_idempotency_key(http::key_format::plain);
    keys.insert(key);
    for (std::size_t at = 0; at < 36; ++at) digits[at].insert(key[at]);
  }
  CHECK(keys.size() == 1000);
  for (std::size_t at = 0; at < 36; ++at) {
    INFO(at);
    bool const fixed = at == 8 || at == 13 || at == 14 || at == 18 || at == 23;
    CHECK(digits[at].size() == (fixed ? 1U : at == 19 ? 4U : 16U));
  }
}
