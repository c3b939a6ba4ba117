// SPDX-License-Identifier: MIT
// 14_quota_monitor.cpp: shows an observer that reads the remaining quota from every response, and warns early.
//
//   14_quota_monitor                          with a server in this program that grants ten requests
//   14_quota_monitor --url http://host:port   with another one: ten times GET /
#include <chrono>
#include <cstdio>
#include <exception>
#include <string>

#include <tenax/http.hpp>
#include <tenax/http/retrying_client.hpp>

#include "loopback.hpp"

namespace http = tenax::http;

// [alarm]
/// Reads the quota from every response, whichever way the server says it, and warns when less than `threshold` is left.
struct quota_alarm {
  double threshold;

  template <http::response R>
  void after_attempt(tenax::attempt<R> const& a) const {
    if (!a.result.has_value()) return;
    auto const quota = http::quota_of(a.result.value());
    if (!quota || !quota->share() || *quota->share() >= threshold) return;
    std::printf("warning: only %.0f %% of the quota is left", *quota->share() * 100);
    if (quota->reset) std::printf(", more in %.0f s", std::chrono::duration<double>(*quota->reset).count());
    std::puts("");
  }
};
// [/alarm]

int run(std::string const& url) {
  // [observe]
  http::retrying_client<> client(url);
  client.policy(http::standard_retry().observe(quota_alarm{.threshold = 0.2}));
  // [/observe]
  client.set_keep_alive(true);
  for (int i = 1; i <= 10; ++i) {
    auto const r = client.Get("/");
    std::printf("request %d: status %d\n", i, r ? r->status : 0);
  }
  return 0;
}

int main(int argc, char** argv) try {
  if (auto const url = url_option(argc, argv); !url.empty()) return run(url);
  int remaining = 10;
  loopback const server([&](httplib::Server& s) {
    s.Get("/", [&](httplib::Request const&, httplib::Response& r) {
      r.set_header("RateLimit-Policy", R"("hourly";q=10;w=3600)");
      r.set_header("RateLimit", R"("hourly";r=)" + std::to_string(--remaining) + ";t=90");
    });
  });
  return run(server.url());
} catch (std::exception const& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
