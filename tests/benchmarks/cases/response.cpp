// SPDX-License-Identifier: MIT
// response.cpp: the cost of everything that a policy with a gate does with a response: it reads the hint, calls the
// predicate, and tells the gate how the attempt ended and what is left of the quota.
// `response NAME COUNT` prints nanoseconds and allocations a response.
//
//     ok         a 200 with twelve fields, none of which concerns a retry
//     quota      a 200 with twelve fields, three of them the quota of X-RateLimit
//     throttled  a 429 with twelve fields, and a date in Retry-After
#include <tenax/http.hpp>
#include <tenax/tenax.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <new>
#include <string>
#include <utility>
#include <vector>

static long allocations = 0;

void* operator new(std::size_t size) {
  ++allocations;
  if (void* p = std::malloc(size)) return p;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }

namespace {

struct answer {
  int status;
  std::vector<std::pair<std::string, std::string>> headers;
};

/// A gate that keeps what it gets to know.
struct listener {
  struct ticket {};
  tenax::feedback last{};

  static tenax::admission admit(ticket&, tenax::attempt_info const&, tenax::time_point) { return {}; }
  void record(ticket&, tenax::feedback const& f, tenax::time_point) { last = f; }
};

}  // namespace

template <>
struct tenax::http::response_traits<answer> {
  static int status(answer const& r) { return r.status; }
  static auto const& headers(answer const& r) { return r.headers; }
};

namespace {

answer const ok{200,
                {{"Server", "nginx/1.22.1"},
                 {"Date", "Wed, 01 Jan 2025 00:00:00 GMT"},
                 {"Content-Type", "application/json; charset=utf-8"},
                 {"Content-Length", "62"},
                 {"Connection", "keep-alive"},
                 {"Cache-Control", "no-store"},
                 {"Last-Modified", "Wed, 01 Jan 2025 00:00:00 GMT"},
                 {"X-Request-Id", "5f3c1b1e-6f1f-4b43-8d57-2a1d0c9f7d11"},
                 {"Strict-Transport-Security", "max-age=31536000; includeSubDomains"},
                 {"X-Content-Type-Options", "nosniff"},
                 {"Access-Control-Allow-Origin", "*"},
                 {"Vary", "Accept-Encoding"}}};

answer const quota{200,
                   {{"Server", "nginx/1.22.1"},
                    {"Date", "Wed, 01 Jan 2025 00:00:00 GMT"},
                    {"Content-Type", "application/json; charset=utf-8"},
                    {"Content-Length", "62"},
                    {"Connection", "keep-alive"},
                    {"Cache-Control", "no-store"},
                    {"X-RateLimit-Limit", "5000"},
                    {"X-RateLimit-Remaining", "4999"},
                    {"X-RateLimit-Reset", "1735689660"},
                    {"X-Content-Type-Options", "nosniff"},
                    {"Access-Control-Allow-Origin", "*"},
                    {"Vary", "Accept-Encoding"}}};

answer const throttled{429,
                       {{"Server", "nginx/1.22.1"},
                        {"Date", "Wed, 01 Jan 2025 00:00:00 GMT"},
                        {"Content-Type", "application/json; charset=utf-8"},
                        {"Content-Length", "62"},
                        {"Connection", "keep-alive"},
                        {"Cache-Control", "no-store"},
                        {"Retry-After", "Wed, 01 Jan 2025 00:01:00 GMT"},
                        {"X-Request-Id", "5f3c1b1e-6f1f-4b43-8d57-2a1d0c9f7d11"},
                        {"Strict-Transport-Security", "max-age=31536000; includeSubDomains"},
                        {"X-Content-Type-Options", "nosniff"},
                        {"Access-Control-Allow-Origin", "*"},
                        {"Vary", "Accept-Encoding"}}};

listener gate;
auto const policy = tenax::retrying{}
                        .when(tenax::when::transient)
                        .wait(tenax::wait::constant(std::chrono::seconds(1)))
                        .stop(tenax::stop::after_attempts(3))
                        .through(std::ref(gate))
                        .policy();

using loop = tenax::retry_loop<decltype(policy)&>;
using result = tenax::outcome<answer const&>;

}  // namespace

extern "C" [[gnu::noinline]] long measured_finish(loop& call, result const& ended) {
  return static_cast<long>(call.finish_attempt(ended, tenax::time_point()).delay.count());
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  struct {
    char const* name;
    answer const& with;
    std::chrono::seconds wait;
  } const all[] = {
      {"ok", ok, std::chrono::seconds(0)},
      {"quota", quota, std::chrono::seconds(0)},
      {"throttled", throttled, std::chrono::seconds(60)},
  };
  for (auto const& one : all) {
    if (std::strcmp(one.name, argv[1]) != 0) continue;
    int const count = std::atoi(argv[2]);
    bool good = true;
    auto const before = allocations;
    auto const start = std::chrono::steady_clock::now();
    for (int i = 0; i < count; ++i) {
      loop call(policy, tenax::time_point());
      good = call.start_attempt(tenax::time_point()).starts() && good;
      result const ended(one.with);
      good = measured_finish(call, ended) == tenax::duration(one.wait).count() && good;
    }
    std::chrono::duration<double, std::nano> const elapsed = std::chrono::steady_clock::now() - start;
    std::printf("%.1f %ld\n", elapsed.count() / count, (allocations - before) / count);
    return good && (one.with.status == 429) == (gate.last.how == tenax::feedback::kind::throttled) &&
                   (one.with.status == 429 || gate.last.left.known() == (&one.with == &quota))
               ? 0
               : 1;
  }
  return 2;
}
