// SPDX-License-Identifier: MIT
// allocations.cpp: reading a response's headers does not allocate memory.
#include <cstdlib>
#include <map>
#include <new>
#include <string>

#include <tenax/http/quota.hpp>
#include <tenax/http/server_delay.hpp>

#include "catch.hpp"

namespace http = tenax::http;

namespace {

thread_local int allocations = 0;

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* p = std::malloc(size == 0 ? 1 : size)) return p;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t size, std::nothrow_t const&) noexcept {
  ++allocations;
  return std::malloc(size == 0 ? 1 : size);
}
// After inlining these, g++ warns that free() does not match new.
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }

TEST_CASE("Reading a delay or a quota from headers does not allocate") {
  auto const long_name = std::string(100, 'x');
  std::multimap<std::string, std::string> const headers{
      {"Date", "Wed, 01 Jan 2025 00:00:00 GMT"},
      {"Age", "7"},
      {"Retry-After", "Wed, 01 Jan 2025 00:01:00 and then something that makes a long line of it"},
      {"Retry-After", "Wednesday, 01 January 2025 00:01:00 GMT"},
      {"RateLimit", "\"a policy with a name that is not at all short\";r=0;t=30, b;r=4"},
      {"RateLimit", "\"another policy with a name that is not at all short\";r=0;t=40"},
      {"RateLimit-Policy", "\"a policy with a name that is not at all short\";q=0"},
      {"X-RateLimit-Reset", "23h47m36.648s"},
      {long_name, long_name}};
  auto const before = allocations;
  auto const now = http::wall_time(std::chrono::milliseconds(1735689600000));
  auto const delay = http::server_delay(headers, 429, now);
  auto const strict = http::server_delay(headers, 429, now, http::profile::strict);
  auto const quota = http::quota(headers, now);
  auto const after = allocations;

  CHECK(after == before);
  CHECK(delay.delay == std::chrono::seconds(40));
  CHECK(strict.delay == std::chrono::seconds(40));
  CHECK(quota->reset == std::chrono::seconds(40));
  // Copying the headers does allocate, which shows that the counter works.
  auto const copy = headers;
  CHECK(allocations > after);
}
