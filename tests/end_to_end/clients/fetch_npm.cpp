// SPDX-License-Identifier: MIT
// fetch_npm.cpp: one request after another through http::retrying_client with the unchanged standard policy.
#include <csignal>

#include <tenax/http/retrying_client.hpp>

#include "load.hpp"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  auto const wanted = parse_load(argc, argv);
  tenax::counters totals;
  tenax::http::retrying_client<> client(wanted.url);
  client.set_keep_alive(true);
  client.policy(tenax::http::standard_retry().observe(std::ref(totals)));
  unsigned bad = 0;
  for (unsigned i = 1; i <= wanted.count; ++i) {
    auto const r = client.Get(wanted.path + "/1/" + std::to_string(i));
    if (!r || r->status != 200) ++bad;
  }
  auto const seen = totals.read();
  std::printf("%u fetched, %u not; %llu attempts, %.1f s of waiting\n", wanted.count - bad, bad,
              static_cast<unsigned long long>(seen.attempts), std::chrono::duration<double>(seen.waiting).count());
  return bad == 0 ? 0 : 1;
}
