// SPDX-License-Identifier: MIT
// 19_concurrent_fetches.cpp: 64 coroutines of Boost.Asio fetch pages in one thread, each on its own connection, from a
// server with an unannounced limit below their possible rate. They share a limiter that finds the limit.
//
//   19_concurrent_fetches                          with a server in this program
//   19_concurrent_fetches --url http://host:port   with another one: GET /pages/1 ... /pages/300
#include <chrono>
#include <cstdio>
#include <exception>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>

#include <httplib.h>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <tenax/boost_asio.hpp>
#include <tenax/gate/adaptive_rate_limiter.hpp>
#include <tenax/http.hpp>
#include <tenax/http/beast.hpp>
#include <tenax/observe/counters.hpp>

#include "loopback.hpp"

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = tenax::http;
using namespace std::chrono_literals;
using net::ip::tcp;

constexpr int pages = 300, workers = 64;

// --- the client: knows HTTP, and nothing about retries ---------------------------------------------------------------

// [connection]
/// A connection that is kept, and made again after it broke.
class connection {
 public:
  connection(net::io_context& io, tcp::resolver::results_type server, std::string host)
      : stream_(io), server_(std::move(server)), host_(std::move(host)) {}

  net::awaitable<http::beast_response<>> get(std::string path) {
    http::beast_response<> r{.method = "GET"};
    auto into_error = net::redirect_error(net::use_awaitable, r.error);
    stream_.expires_after(5s);
    if (!stream_.socket().is_open()) {
      co_await stream_.async_connect(server_, into_error);
      r.connecting = r.error.failed();
      buffer_.clear();
    }
    beast::http::request<beast::http::empty_body> request(beast::http::verb::get, path, 11);
    request.set(beast::http::field::host, host_);
    if (!r.error) co_await beast::http::async_write(stream_, request, into_error);
    if (!r.error) co_await beast::http::async_read(stream_, buffer_, r.message, into_error);
    if (r.error || !r.message.keep_alive()) stream_.close();
    co_return r;
  }

 private:
  beast::tcp_stream stream_;
  tcp::resolver::results_type server_;
  std::string host_;
  beast::flat_buffer buffer_;
};
// [/connection]

// ---------------------------------------------------------------------------------------------------------------------

/// Shared by all coroutines.
struct work {
  int next = 0, fetched = 0;
};

// [worker]
template <class Policy>
net::awaitable<void> worker(Policy const& polite, connection server, work& shared) {
  while (shared.next < pages) {
    auto const path = "/pages/" + std::to_string(++shared.next);
    auto const r = co_await tenax::boost_asio::async_retry(polite, [&] { return server.get(path); });
    if (!r.error && r.message.result_int() == 200) ++shared.fetched;
  }
}
// [/worker]

int run(std::string const& url) {
  auto const host = url.substr(url.find("//") + 2);
  auto const colon = host.find(':');
  net::io_context io;
  auto const server =
      tcp::resolver(io).resolve(host.substr(0, colon), colon == host.npos ? "80" : host.substr(colon + 1));

  // [policy]
  tenax::adaptive_rate_limiter limiter({.start = tenax::per_second(50)});
  tenax::counters totals;
  auto const polite = http::standard_retry()
                          .stop(tenax::stop::after_attempts(10) || tenax::stop::deadline(1min))
                          .through(std::ref(limiter))
                          .observe(std::ref(totals));
  // [/policy]

  work shared;
  auto const started = std::chrono::steady_clock::now();
  for (int i = 0; i < workers; ++i) {
    net::co_spawn(io, worker(polite, connection(io, server, host), shared), [](std::exception_ptr e) {
      if (e) std::rethrow_exception(e);
    });
  }
  io.run();
  auto const took = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();

  std::printf("%d of %d pages by %d coroutines in %.1f s: %.0f in a second\n", shared.fetched, pages, workers, took,
              shared.fetched / took);
  std::printf("%d requests, and %d answers of 429\n", static_cast<int>(totals.read().attempts),
              static_cast<int>(limiter.state().throttled));
  return shared.fetched == pages ? 0 : 1;
}

// --- the server: a hundred requests in every second ------------------------------------------------------------------

class strict_pages {
 public:
  void set_up(httplib::Server& server) {
    server.new_task_queue = [] { return new httplib::ThreadPool(workers); };  // a thread for each connection
    server.Get(R"(/pages/\d+)", [this](httplib::Request const&, httplib::Response& r) {
      if (admits()) return r.set_content("a page\n", "text/plain");
      r.status = 429;
      r.set_header("Retry-After", "1");
    });
  }

 private:
  bool admits() {
    std::lock_guard const lock(mutex_);
    auto const now = std::chrono::steady_clock::now();
    if (now >= end_of_window_) {
      end_of_window_ = now + 1s;
      left_in_window_ = 100;
    }
    return left_in_window_-- > 0;
  }

  std::mutex mutex_;
  std::chrono::steady_clock::time_point end_of_window_{};
  int left_in_window_ = 0;
};

// ---------------------------------------------------------------------------------------------------------------------

int main(int argc, char** argv) try {
  if (auto const url = url_option(argc, argv); !url.empty()) return run(url);
  strict_pages strict;
  loopback const server([&](httplib::Server& s) { strict.set_up(s); });
  return run(server.url());
} catch (std::exception const& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
