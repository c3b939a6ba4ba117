// SPDX-License-Identifier: MIT
// hedging.cpp: the snippets of docs/how-to/hedge-a-slow-read.md and docs/reference/async.md that need no Asio.
#include <functional>
#include <map>
#include <stop_token>
#include <string>

#include <tenax/async/callback_hedged.hpp>
#include <tenax/async/hedged.hpp>
#include <tenax/gate/rate_limiter.hpp>
#include <tenax/gate/windowed_retry_budget.hpp>
#include <tenax/tenax.hpp>

#include "../catch.hpp"

using namespace std::chrono_literals;

namespace {

using page = std::string;

page fetch(std::string const& url, std::stop_token const&) { return "page " + url; }

struct event_loop {
  std::multimap<tenax::duration, std::function<void()>> timers{};
  void after(tenax::duration d, std::function<void()> f) { timers.emplace(d, std::move(f)); }
};
struct client {
  void get(std::string const& url, tenax::callback_reply<page> const& reply) {
    reply("page " + url);
  }
  void abort() {}
};

}  // namespace

TEST_CASE("hedging: blocking") {
  std::string const url = "/a";
  // [blocking]
  tenax::windowed_retry_budget budget;
  tenax::hedging reads(budget, {.after = 5ms, .percentile = 0.95});

  auto const read = [](tenax::attempt_info const& info, std::string const& address) {
    return fetch(address,
                 tenax::stop_token_of(info));  // ends at once when the attempt is cancelled
  };
  page const p = tenax::hedged(reads, read, url);
  // [/blocking]
  CHECK(p == "page /a");

  tenax::rate_limiter limiter(tenax::rate{.permits = 60});
  // [blocking_retry]
  auto const polite = tenax::retrying{}.through(std::ref(limiter));
  page const q = tenax::hedged(polite, reads, read, url);  // hedges pass the limiter as well
  // [/blocking_retry]
  CHECK(q == "page /a");

  // [counts]
  auto const c = reads.counts();
  auto const extra = static_cast<double>(c.hedges) / static_cast<double>(c.calls);
  // [/counts]
  CHECK(extra < 1);
  CHECK(c.calls == 2);
}

TEST_CASE("hedging: callbacks") {
  event_loop loop;
  client http;
  std::string const url = "/a";
  tenax::windowed_retry_budget budget;
  tenax::hedging reads(budget, {.after = 5ms});
  page got;
  // [callbacks]
  auto const timer = [&](tenax::duration d, tenax::callback_alarm f) { loop.after(d, f); };
  auto const start = [&](tenax::callback_reply<page> reply) {
    http.get(url, reply);
    return [&] { http.abort(); };
  };
  auto const call =
      tenax::callback_hedged(reads, timer, start, [&](tenax::report<page> r) { got = r.value(); });
  // [/callbacks]
  CHECK(got == "page /a");
}
