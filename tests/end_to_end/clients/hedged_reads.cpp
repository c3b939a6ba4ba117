// SPDX-License-Identifier: MIT
// hedged_reads.cpp: reads a page again and again in several threads, without and with hedging, and prints how long
// reads took, how many hedges there were, and how soon losers were cancelled.
//
//   hedged_reads PORT PATH READS PERCENTILE AT-MOST
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <tenax/async/hedged.hpp>
#include <tenax/gate/windowed_retry_budget.hpp>

namespace {

using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

/// A request on a connection of its own, which ends at once when `stop` is triggered.
std::string fetch(std::uint16_t port, std::string const& path, std::stop_token const& stop) {
  int const s = ::socket(AF_INET, SOCK_STREAM, 0);
  struct closed {
    int socket;
    ~closed() { ::close(socket); }
  } const guard{s};
  auto const shut = [s] { ::shutdown(s, SHUT_RDWR); };
  ::sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(s, reinterpret_cast<::sockaddr const*>(&to), sizeof to) != 0) throw std::runtime_error("no connection");
  std::stop_callback const cancelled(stop, shut);
  auto const request = "GET " + path + " HTTP/1.0\r\nHost: localhost\r\n\r\n";
  if (::send(s, request.data(), request.size(), MSG_NOSIGNAL) < 0) throw std::runtime_error("not sent");
  std::string all;
  char part[4096];
  for (;;) {
    auto const n = ::recv(s, part, sizeof part, 0);
    if (stop.stop_requested()) throw std::runtime_error("cancelled");
    if (n < 0) throw std::runtime_error("not read");
    if (n == 0) break;
    all.append(part, static_cast<std::size_t>(n));
  }
  if (all.compare(9, 3, "200") != 0) throw std::runtime_error("not found");
  return all;
}

class times {
 public:
  void add(clock_type::duration d) {
    std::lock_guard const lock(mutex_);
    all_.push_back(std::chrono::duration<double, std::milli>(d).count());
  }
  double at(double share) {
    std::lock_guard const lock(mutex_);
    if (all_.empty()) return 0;
    std::sort(all_.begin(), all_.end());
    return all_[std::min(all_.size() - 1, static_cast<std::size_t>(share * static_cast<double>(all_.size())))];
  }

 private:
  std::mutex mutex_;
  std::vector<double> all_;
};

/// Makes `reads` calls in a few threads, and measures each.
template <class F>
void measure(int reads, times& took, F const& f) {
  std::atomic<int> left{reads};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] {
      while (left-- > 0) {
        auto const begin = clock_type::now();
        f();
        took.add(clock_type::now() - begin);
      }
    });
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) return 2;
  auto const port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  std::string const path = argv[2];
  int const reads = std::atoi(argv[3]);

  times plain, hedged, cancelled;
  measure(reads, plain, [&] { fetch(port, path + "?plain", {}); });

  tenax::windowed_retry_budget budget;
  tenax::hedging hedging(
      budget,
      {.after = 20ms, .percentile = std::atof(argv[4]), .at_most = static_cast<std::uint32_t>(std::atoi(argv[5]))});
  measure(reads, hedged, [&] {
    std::atomic<clock_type::rep> first{0};  // when the winner ended
    auto const attempt = [&](tenax::attempt_info const& info) {
      auto page = fetch(port, path + "?hedged", tenax::stop_token_of(info));
      first = clock_type::now().time_since_epoch().count();
      return page;
    };
    auto const before = hedging.hedged();
    tenax::hedged(hedging, attempt);
    // Calls of other threads may have been hedged meanwhile: then this is the time in which a call without losers ends.
    if (hedging.hedged() != before) {
      cancelled.add(clock_type::now().time_since_epoch() - clock_type::duration(first.load()));
    }
  });

  auto const c = hedging.counts();
  std::printf("plain p50=%.1f p99=%.1f\nhedged p50=%.1f p99=%.1f\n", plain.at(0.5), plain.at(0.99), hedged.at(0.5),
              hedged.at(0.99));
  std::printf("cut=%.1f extra_percent=%.1f won=%llu lost=%llu\n", plain.at(0.99) / hedged.at(0.99),
              100.0 * static_cast<double>(c.hedges) / static_cast<double>(c.calls),
              static_cast<unsigned long long>(c.won), static_cast<unsigned long long>(c.lost));
  std::printf("cancelled p50=%.3f p99=%.3f\n", cancelled.at(0.5), cancelled.at(0.99));
}
