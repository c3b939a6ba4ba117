// SPDX-License-Identifier: MIT
// load.hpp: common parts of the end-to-end clients: options, threads, a policy, and output.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <tenax/http.hpp>
#include <tenax/observe/counters.hpp>

struct load {
  std::string url;  ///< http://host:port
  std::string path = "/items";
  unsigned threads = 1;
  unsigned count = 10;    ///< requests of each thread
  unsigned seconds = 0;   ///< if not 0: the duration, instead of `count`
  unsigned pause_ms = 0;  ///< between two requests of a thread
};

inline load parse_load(int argc, char** argv) {
  load l;
  for (int i = 1; i + 1 < argc; i += 2) {
    std::string_view const option = argv[i];
    auto const number = static_cast<unsigned>(std::strtoul(argv[i + 1], nullptr, 10));
    if (option == "--url") l.url = argv[i + 1];
    if (option == "--path") l.path = argv[i + 1];
    if (option == "--threads") l.threads = number;
    if (option == "--count") l.count = number;
    if (option == "--seconds") l.seconds = number;
    if (option == "--pause-ms") l.pause_ms = number;
  }
  if (l.url.empty()) {
    std::fprintf(stderr, "usage: %s --url http://host:port [--path /items] [--threads n] [--count n] [--seconds n]\n",
                 argv[0]);
    std::exit(2);
  }
  return l;
}

/// The standard policy with enough attempts for a server that fails often.
inline auto patient_policy(tenax::counters& totals) {
  return tenax::http::standard_retry()
      .stop(tenax::stop::after_attempts(50) || tenax::stop::deadline(std::chrono::minutes(1)))
      .observe(std::ref(totals));
}

/// Each thread calls `make(url, policy)`, which returns a function that takes a path and returns the status. With it,
/// the thread gets PATH/THREAD/1, PATH/THREAD/2, and so on. Returns 0 if every answer was 200.
template <class Make>
int run_load(int argc, char** argv, Make make) {
  using clock = std::chrono::steady_clock;
  auto const wanted = parse_load(argc, argv);
  tenax::counters totals;
  std::atomic<unsigned> good = 0;
  std::atomic<unsigned> bad = 0;
  auto const end = clock::now() + std::chrono::seconds(wanted.seconds);
  auto const work = [&](unsigned thread) {
    auto get = make(wanted.url, patient_policy(totals));
    auto const prefix = wanted.path + "/" + std::to_string(thread) + "/";
    for (unsigned i = 1; wanted.seconds == 0 ? i <= wanted.count : clock::now() < end; ++i) {
      ++(get(prefix + std::to_string(i)) == 200 ? good : bad);
      if (wanted.pause_ms != 0) std::this_thread::sleep_for(std::chrono::milliseconds(wanted.pause_ms));
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 1; i <= wanted.threads; ++i) threads.emplace_back(work, i);
  for (auto& thread : threads) thread.join();
  auto const seen = totals.read();
  std::printf("%u fetched, %u not; %llu attempts, %llu retries, %.1f s of waiting\n", good.load(), bad.load(),
              static_cast<unsigned long long>(seen.attempts), static_cast<unsigned long long>(seen.retries),
              std::chrono::duration<double>(seen.waiting).count());
  return bad == 0 ? 0 : 1;
}
