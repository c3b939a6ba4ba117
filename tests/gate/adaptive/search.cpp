// SPDX-License-Identifier: MIT
// search.cpp: the rate search as a whole, at compile time.
#include <tenax/gate/adaptive/detail/search.hpp>

#include "catch.hpp"

using tenax::detail::rate_search;
using phase = rate_search::phase;

namespace {

constexpr std::int64_t second = rate_search::second;

struct result {
  double rate = 0;
  int accepted = 0;
  int refused = 0;
};

/// Sends through a search for `seconds` to a server with a token bucket, which answers after a millisecond.
constexpr result send(double guess, double limit, double burst, std::int64_t seconds, bool tells) {
  rate_search search(guess, 0, {});
  double tokens = burst;
  std::int64_t now = 0;
  result r;
  while (now < seconds * second) {
    auto const next = search.next(now);
    tokens += static_cast<double>(next - now) * 1e-9 * limit;
    if (tokens > burst) tokens = burst;
    now = next;
    auto const s = search.grant(now);
    if (tokens >= 1) {
      tokens -= 1;
      ++r.accepted;
      search.accepted(s, now + 1'000'000);
    } else {
      ++r.refused;
      search.refused(s, now + 1'000'000, tells ? static_cast<std::int64_t>((1 - tokens) / limit * 1e9) : -1);
    }
  }
  r.rate = search.rate();
  return r;
}

}  // namespace

TEST_CASE("A search finds the limit of a token bucket, whether the server says how long to wait or not") {
  static constexpr auto told = send(1, 20, 5, 40, true);
  static_assert(told.rate > 18 && told.rate < 21);
  static_assert(told.accepted > 600 && told.refused < 20);
  static constexpr auto untold = send(50, 20, 5, 40, false);
  static_assert(untold.rate > 17 && untold.rate < 21);
  static_assert(untold.accepted > 600 && untold.refused < 30);
}

TEST_CASE("A server's wait delays the next request, and resume() ends the wait and undoes the lower rate") {
  static constexpr auto resumed = [] {
    rate_search s(10, 10, {});
    auto const first = s.grant(0);
    s.refused(first, 1, 30 * second);
    bool const waits = s.next(2) >= 30 * second && s.rate() < 10;
    s.resume(second);
    return waits && s.next(second) == second && s.rate() == 10 && s.current_phase() == phase::steady;
  }();
  static_assert(resumed);
}

TEST_CASE("Of the refusals of requests that were under way together, the first one changes the rate") {
  static constexpr auto counted = [] {
    rate_search s(10, 10, {});
    auto const a = s.grant(0), b = s.grant(s.next(1));
    s.refused(a, second, -1);
    auto const rate = s.rate();
    s.refused(b, second + 1, -1);
    return s.rate() == rate && s.generation() == 1;
  }();
  static_assert(counted);
}

TEST_CASE("The reported rest of a quota is spread over the time until its reset") {
  static constexpr auto next = [] {
    rate_search s(1000, 1000, {});
    s.allowed(s.grant(0), 0, 9, 10, 10 * second, 0);
    return s.next(0);
  }();
  static_assert(next == second);
}
