// SPDX-License-Identifier: MIT
// 17_workers.cpp: three workers fetch a hundred pages from a bounded queue. They share a limiter that follows the
// remaining quota of the server (X-RateLimit-Remaining), and an alarm that warns when less than a fifth is left.
//
//   17_workers                          with a server in this program that allows 40 requests in every two seconds
//   17_workers --url http://host:port   with another one: GET /pages/1 ... /pages/100
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <queue>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <tenax/gate/adaptive_rate_limiter.hpp>
#include <tenax/http.hpp>
#include <tenax/http/retrying_client.hpp>
#include <tenax/observe/counters.hpp>

#include "loopback.hpp"

namespace http = tenax::http;
using namespace std::chrono_literals;

constexpr int pages = 100, workers = 3;

/// Holds a limited number of items; a thread that puts more into it waits.
template <class T>
class bounded_queue {
 public:
  explicit bounded_queue(std::size_t most) : most_(most) {}

  void put(T value) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return values_.size() < most_; });
    values_.push(std::move(value));
    changed_.notify_all();
  }
  void close() {
    std::lock_guard const lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  std::optional<T> take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || !values_.empty(); });
    if (values_.empty()) return {};
    std::optional<T> value(std::move(values_.front()));
    values_.pop();
    changed_.notify_all();
    return value;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::queue<T> values_;
  std::size_t most_;
  bool closed_ = false;
};

/// Warns once each time that less than a fifth of the quota is left.
class quota_alarm {
 public:
  template <http::response R>
  void after_attempt(tenax::attempt<R> const& a) {
    auto const quota = http::quota_of(a.result.value());
    if (!quota || !quota->share()) return;
    bool const low = *quota->share() < 0.2;
    if (!low_.exchange(low) && low) std::printf("warning: %.0f %% of the quota is left\n", *quota->share() * 100);
  }

 private:
  std::atomic<bool> low_ = false;
};

int run(std::string const& url) {
  tenax::adaptive_rate_limiter limiter({.start = tenax::per_second(20)});
  tenax::counters totals;
  quota_alarm alarm;
  auto const policy = http::standard_retry()
                          .stop(tenax::stop::after_attempts(5) || tenax::stop::deadline(1min))
                          .through(std::ref(limiter))
                          .observe(std::ref(alarm))
                          .observe(std::ref(totals));

  bounded_queue<int> queue(10);
  std::atomic<int> fetched = 0;
  std::vector<std::thread> all;
  for (int i = 0; i < workers; ++i) {
    all.emplace_back([&] {
      http::retrying_client<> client(url);
      client.policy(policy);
      client.set_keep_alive(true);
      while (auto const page = queue.take()) {
        auto const r = client.Get("/pages/" + std::to_string(*page));
        if (!r || r->status != 200) continue;
        if (int const n = ++fetched; n % 20 == 0) std::printf("%d of %d pages\n", n, pages);
      }
    });
  }
  for (int page = 1; page <= pages; ++page) queue.put(page);
  queue.close();
  for (auto& t : all) t.join();

  std::printf("%d pages with %lu requests, %lu of them throttled\n", fetched.load(),
              static_cast<unsigned long>(totals.read().attempts),
              static_cast<unsigned long>(limiter.state().throttled));
  return fetched == pages ? 0 : 1;
}

int main(int argc, char** argv) try {
  if (auto const url = url_option(argc, argv); !url.empty()) return run(url);
  std::mutex mutex;
  auto ends = std::chrono::steady_clock::now();
  int left = 0;
  loopback const server([&](httplib::Server& s) {
    s.Get(R"(/pages/\d+)", [&](httplib::Request const&, httplib::Response& r) {
      std::lock_guard const lock(mutex);
      auto const now = std::chrono::steady_clock::now();
      if (now >= ends) {
        ends = now + 2s;
        left = 40;
      }
      if (left > 0)
        --left;
      else
        r.status = 429;
      auto const reset = std::chrono::ceil<std::chrono::milliseconds>(ends - now).count();
      r.set_header("X-RateLimit-Limit", "40");
      r.set_header("X-RateLimit-Remaining", std::to_string(left));
      r.set_header("X-RateLimit-Reset-After",
                   std::to_string(reset / 1000) + "." + std::to_string(1000 + reset % 1000).substr(1));
    });
  });
  return run(server.url());
} catch (std::exception const& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
