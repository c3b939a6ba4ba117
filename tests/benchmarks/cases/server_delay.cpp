// SPDX-License-Identifier: MIT
// server_delay.cpp: the cost of reading how long a response asks the client to wait, in seconds and as a date.
// `server_delay NAME COUNT` prints nanoseconds and allocations a call.
//
//     delay      http::server_delay of a 429 with twelve fields and a date in Retry-After
//     nothing    http::server_delay of a 200 with twelve fields, all irrelevant
//     by_hand    a quick hand-written version: fields into a map, then std::stoi or strptime
//     date       http::parse_http_date alone
//     curl       curl_getdate alone (-DWITH_CURL)
#include <tenax/http/server_delay.hpp>

#include <cctype>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <map>
#include <new>
#include <string>
#include <utility>
#include <vector>

#ifdef WITH_CURL
#include <curl/curl.h>
#endif

namespace http = tenax::http;
using headers = std::vector<std::pair<std::string, std::string>>;

static long allocations = 0;

void* operator new(std::size_t size) {
  ++allocations;
  if (void* p = std::malloc(size)) return p;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }

namespace {

constexpr http::wall_time now(std::chrono::seconds(1735689600));
constexpr char const* one_minute_later = "Wed, 01 Jan 2025 00:01:00 GMT";

headers const throttled{{"Server", "nginx/1.22.1"},
                        {"Date", "Wed, 01 Jan 2025 00:00:00 GMT"},
                        {"Content-Type", "application/json; charset=utf-8"},
                        {"Content-Length", "62"},
                        {"Connection", "keep-alive"},
                        {"Cache-Control", "no-store"},
                        {"Retry-After", one_minute_later},
                        {"X-Request-Id", "5f3c1b1e-6f1f-4b43-8d57-2a1d0c9f7d11"},
                        {"Strict-Transport-Security", "max-age=31536000; includeSubDomains"},
                        {"X-Content-Type-Options", "nosniff"},
                        {"Access-Control-Allow-Origin", "*"},
                        {"Vary", "Accept-Encoding"}};

headers const plain{{"Server", "nginx/1.22.1"},
                    {"Content-Type", "application/json; charset=utf-8"},
                    {"Content-Length", "62"},
                    {"Content-Encoding", "gzip"},
                    {"Connection", "keep-alive"},
                    {"Cache-Control", "no-store"},
                    {"Last-Modified", one_minute_later},
                    {"X-Request-Id", "5f3c1b1e-6f1f-4b43-8d57-2a1d0c9f7d11"},
                    {"Strict-Transport-Security", "max-age=31536000; includeSubDomains"},
                    {"X-Content-Type-Options", "nosniff"},
                    {"Access-Control-Allow-Origin", "*"},
                    {"Vary", "Accept-Encoding"}};

}  // namespace

extern "C" [[gnu::noinline]] long measured_delay() {
  return static_cast<long>(http::server_delay(throttled, 429, now).delay->count());
}

extern "C" [[gnu::noinline]] long measured_nothing() { return http::server_delay(plain, 200, now).delay ? 0 : 60000; }

extern "C" [[gnu::noinline]] long measured_by_hand() {
  std::map<std::string, std::string> fields;
  for (auto const& [name, value] : throttled) {
    std::string lower;
    for (char const c : name) lower += static_cast<char>(std::tolower(c));
    fields[lower] = value;
  }
  auto const found = fields.find("retry-after");
  if (found == fields.end()) return -1;
  if (std::isdigit(found->second[0]) != 0) return std::stoi(found->second) * 1000L;
  std::tm date{};
  if (strptime(found->second.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date) == nullptr) return -1;
  return static_cast<long>(timegm(&date) * 1000 - now.time_since_epoch().count());
}

extern "C" [[gnu::noinline]] long measured_date() {
  return static_cast<long>((*http::parse_http_date(one_minute_later, now) - now).count());
}

extern "C" [[gnu::noinline]] long measured_curl() {
#ifdef WITH_CURL
  return static_cast<long>(curl_getdate(one_minute_later, nullptr) * 1000 - now.time_since_epoch().count());
#else
  return -1;
#endif
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  struct {
    char const* name;
    long (*function)();
  } const all[] = {{"delay", measured_delay},
                   {"nothing", measured_nothing},
                   {"by_hand", measured_by_hand},
                   {"date", measured_date},
                   {"curl", measured_curl}};
  long (*measured)() = nullptr;
  for (auto const& one : all) {
    if (std::strcmp(one.name, argv[1]) == 0) measured = one.function;
  }
  if (measured == nullptr) return 2;
  int const count = std::atoi(argv[2]);
  long sum = 0;
  auto const before = allocations;
  auto const start = std::chrono::steady_clock::now();
  for (int i = 0; i < count; ++i) sum += measured();
  std::chrono::duration<double, std::nano> const elapsed = std::chrono::steady_clock::now() - start;
  std::printf("%.1f %ld\n", elapsed.count() / count, (allocations - before) / count);
  return sum == 60000L * count ? 0 : 1;
}
