// SPDX-License-Identifier: MIT
// fetch_adaptive.cpp: threads send requests as fast as an adaptive_rate_limiter admits them; the limiter does not know
// the server's limit.
//
//   fetch_adaptive --url http://host:port/path --rate 10 [--threads 4] [--start 20] [--seconds 120]
//
// Prints one line about the `seconds` after the first `start` seconds: the accepted share of the rate, number of
// requests, refused requests, longest run of refusals, requests that failed otherwise. Then the number of stale
// requests since the beginning, and the rate that the limiter has found.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include <tenax/gate/adaptive_rate_limiter.hpp>
#include <tenax/gate/call.hpp>
#include <tenax/http/httplib.hpp>

#include "../../behaviour/stale_watch.hpp"

namespace {

using clock_type = std::chrono::steady_clock;

struct options {
  std::string host;
  std::string path;
  double rate = 0;
  unsigned threads = 4;
  unsigned start = 20;
  unsigned seconds = 120;
};

options parse(int argc, char** argv) {
  options o;
  for (int i = 1; i + 1 < argc; i += 2) {
    std::string_view const option = argv[i];
    std::string const value = argv[i + 1];
    auto const number = static_cast<unsigned>(std::strtoul(value.c_str(), nullptr, 10));
    if (option == "--url") {
      auto const slash = value.find('/', value.find("//") + 2);
      o.host = value.substr(0, slash);
      o.path = slash == std::string::npos ? "/" : value.substr(slash);
    }
    if (option == "--rate") o.rate = number;
    if (option == "--threads") o.threads = number;
    if (option == "--start") o.start = number;
    if (option == "--seconds") o.seconds = number;
  }
  if (o.host.empty() || o.rate <= 0) {
    std::fprintf(stderr, "usage: %s --url http://host:port/path --rate n [--threads n] [--start s] [--seconds s]\n",
                 argv[0]);
    std::exit(2);
  }
  return o;
}

/// The server's answers during the measurement.
class answers {
 public:
  void add(int status) {
    std::lock_guard const lock(mutex_);
    if (!counting_) return;
    if (status == 200) {
      ++accepted_;
    } else if (status == 429) {
      ++refused_;
    } else {
      ++failed_;
    }
    run_ = status == 429 ? run_ + 1 : 0;
    longest_run_ = std::max(longest_run_, run_);
  }

  void count(bool yes) {
    std::lock_guard const lock(mutex_);
    counting_ = yes;
  }

  void print(double allowed) const {
    auto const all = accepted_ + refused_;
    std::printf("share %.4f requests %u refused %u run %u failed %u", accepted_ / allowed, all, refused_, longest_run_,
                failed_);
  }

 private:
  std::mutex mutex_;
  bool counting_ = false;
  unsigned accepted_ = 0, refused_ = 0, failed_ = 0, run_ = 0, longest_run_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  auto const wanted = parse(argc, argv);
  tenax::adaptive_rate_limiter limiter;
  tests::stale_watch watched(limiter);
  answers seen;

  for (unsigned i = 0; i < wanted.threads; ++i) {
    std::thread([&] {
      httplib::Client client(wanted.host);
      client.set_keep_alive(true);
      client.set_tcp_nodelay(true);
      for (;;) {
        // Without retries: only the limiter is measured.
        auto const result = tenax::call_through(watched, [&] { return client.Get(wanted.path); });
        seen.add(result ? result->status : 0);
      }
    }).detach();
  }

  std::this_thread::sleep_for(std::chrono::seconds(wanted.start));
  auto const begin = clock_type::now();
  seen.count(true);
  std::this_thread::sleep_for(std::chrono::seconds(wanted.seconds));
  seen.count(false);
  std::chrono::duration<double> const took = clock_type::now() - begin;
  seen.print(wanted.rate * took.count());
  std::printf(" stale %llu found %.2f\n", static_cast<unsigned long long>(watched.stale()), limiter.state().rate);
  std::fflush(stdout);
  std::_Exit(0);  // without joining the threads that wait for their turn
}
