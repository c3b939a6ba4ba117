// SPDX-License-Identifier: MIT
// shared_limits.cpp: processes that share one limit on a redis-server, by tenax or by a plain implementation: one
// EVALSHA for each permit, and a sleep until the time that a refusal names. Prints one line of a table.
//
//   shared_limits tenax|plain RATE BURST PROCESSES THREADS SECONDS
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include <tenax/redis/hiredis.hpp>
#include <tenax/shared/rate_limiter.hpp>

#include "../../end_to_end/redis_server.hpp"

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

namespace {

/// A bucket that is asked for each permit, in floating-point seconds: the algorithm of clients that only say yes or no.
constexpr char plain_script[] = R"lua(
local t = redis.call('TIME')
local now = t[1] + t[2] / 1000000
local interval = 1 / tonumber(ARGV[1])
local tat = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now) + interval
local ahead = tat - tonumber(ARGV[2]) * interval - now
if ahead > 0 then return tostring(ahead) end
redis.call('SET', KEYS[1], string.format('%.17g', tat), 'EX', 10)
return '0'
)lua";

struct permit {
  std::int64_t at;      ///< nanoseconds
  std::int64_t waited;  ///< nanoseconds
  int process;
};

/// What all processes write into.
struct board {
  std::atomic<std::size_t> size;
  std::atomic<std::uint64_t> questions;
  permit permits[4'000'000];
};

template <class Take>
void work(board& all, int process, steady::time_point end, Take const& take) {
  while (steady::now() < end) {
    auto const began = steady::now();
    take();
    auto const now = steady::now();
    auto const i = all.size++;
    if (i < std::size(all.permits)) all.permits[i] = {now.time_since_epoch().count(), (now - began).count(), process};
  }
}

void run_tenax(board& all, int process, int port, std::int64_t rate, std::int64_t burst, int threads,
               steady::time_point end) {
  tenax::redis::hiredis_store store({.port = port});
  tenax::shared::rate_limiter limiter(store, "bench", tenax::per_second(rate).with_burst(burst));
  {
    std::vector<std::jthread> workers;
    for (int i = 0; i < threads; ++i) {
      workers.emplace_back([&] { work(all, process, end, [&] { (void)limiter.acquire(); }); });
    }
  }
  all.questions += limiter.state().questions;
}

void run_plain(board& all, int process, int port, std::int64_t rate, std::int64_t burst, int threads,
               steady::time_point end) {
  std::vector<std::jthread> workers;
  for (int i = 0; i < threads; ++i) {
    workers.emplace_back([&] {
      auto* const c = redisConnect("127.0.0.1", port);
      auto* const loaded = static_cast<redisReply*>(redisCommand(c, "SCRIPT LOAD %s", plain_script));
      std::string const sha = loaded->str;
      freeReplyObject(loaded);
      work(all, process, end, [&] {
        for (;;) {
          ++all.questions;
          auto* const r =
              static_cast<redisReply*>(redisCommand(c, "EVALSHA %s 1 plain %lld %lld", sha.c_str(),
                                                    static_cast<long long>(rate), static_cast<long long>(burst)));
          auto const wait = std::strtod(r->str, nullptr);
          freeReplyObject(r);
          if (wait == 0 || steady::now() > end) return;
          std::this_thread::sleep_for(std::chrono::duration<double>(wait));
        }
      });
      redisFree(c);
    });
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) return 2;
  bool const tenax = std::string(argv[1]) == "tenax";
  auto const rate = std::atoll(argv[2]);
  auto const burst = std::atoll(argv[3]);
  int const processes = std::atoi(argv[4]);
  int const threads = std::atoi(argv[5]);
  auto const length = std::chrono::duration<double>(std::atof(argv[6]));

  auto* const all =
      static_cast<board*>(::mmap(nullptr, sizeof(board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  tests::redis_server server;
  auto const end = steady::now() + std::chrono::duration_cast<steady::duration>(length);
  std::vector<::pid_t> children;
  for (int i = 0; i < processes; ++i) {
    auto const child = ::fork();
    if (child == 0) {
      (tenax ? run_tenax : run_plain)(*all, i, server.port, rate, burst, threads, end);
      std::_Exit(0);
    }
    children.push_back(child);
  }
  for (auto const c : children) ::waitpid(c, nullptr, 0);

  auto const cpu = [&] {
    auto const info = server.text("INFO", "cpu");
    double sum = 0;
    for (auto const* name : {"used_cpu_sys:", "used_cpu_user:"})
      sum += std::atof(info.c_str() + info.find(name) + std::string(name).size());
    return sum;
  }();
  std::vector<permit> permits(all->permits, all->permits + std::min(all->size.load(), std::size(all->permits)));
  std::sort(permits.begin(), permits.end(), [](permit const& a, permit const& b) { return a.at < b.at; });
  // The first fifth, when machines get to know each other, and the end do not count for what is used.
  auto const from = permits.front().at + (permits.back().at - permits.front().at) / 5;
  auto const to = permits.front().at + (permits.back().at - permits.front().at) * 9 / 10;
  auto const used =
      std::count_if(permits.begin(), permits.end(), [&](permit const& p) { return p.at >= from && p.at < to; });
  auto const most_in = [&](std::int64_t window) {
    std::size_t most = 0;
    for (std::size_t first = 0, last = 0; last < permits.size(); ++last) {
      while (permits[first].at + window <= permits[last].at) ++first;
      most = std::max(most, last - first + 1);
    }
    return most;
  };
  std::vector<std::int64_t> waits;
  for (auto const& p : permits) waits.push_back(p.waited);
  std::sort(waits.begin(), waits.end());
  std::vector<std::uint64_t> each(static_cast<std::size_t>(processes));
  for (auto const& p : permits) each[static_cast<std::size_t>(p.process)] += p.at >= from && p.at < to ? 1 : 0;
  auto const [least, most] = std::minmax_element(each.begin(), each.end());
  std::printf(
      "| %s | %lld/s, burst %lld | %.2f %% | %.2f | %zu / %zu / %zu | %.0f / %.0f / %lld | %.0f %% | %.1f / %.1f ms "
      "| %.2f |\n",
      argv[1], rate, burst, 100.0 * double(used) / (double(to - from) / 1e9 * double(rate)),
      double(permits.size()) / double(all->questions.load()), most_in(10'000'000), most_in(100'000'000),
      most_in(1'000'000'000), double(rate) / 100 + double(burst), double(rate) / 10 + double(burst), rate + burst,
      100 * cpu / length.count(), double(waits[waits.size() / 2]) / 1e6, double(waits[waits.size() * 99 / 100]) / 1e6,
      double(*most) / double(*least));
}
