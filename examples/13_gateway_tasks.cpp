// SPDX-License-Identifier: MIT
// 13_gateway_tasks.cpp: shows a client of a gateway that delays its clients in many ways: with seconds, with a date, in
// the body; and with tasks whose results have to be polled.
//
//   13_gateway_tasks                          with a server in this program
//   13_gateway_tasks --url http://host:port   with another one that serves the same paths
#include <charconv>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <tenax/http.hpp>
#include <tenax/http/retrying_client.hpp>

#include "loopback.hpp"

namespace http = tenax::http;
using namespace std::chrono_literals;

// --- the client ------------------------------------------------------------------------------------------------------

// What this gateway puts into the body of a 429: {"error": "slow down", "retryAfterMs": 350}
// [body]
std::optional<std::chrono::milliseconds> retry_after_ms(std::string_view body) {
  constexpr std::string_view key = "\"retryAfterMs\": ";
  auto const at = body.find(key);
  if (at == body.npos) return {};
  auto const* const end = body.data() + body.size();
  unsigned ms = 0;
  auto const parsed = std::from_chars(body.data() + at + key.size(), end, ms);
  if (parsed.ec != std::errc()) return {};
  return std::chrono::milliseconds(ms);
}
// [/body]

// The gateway's own wait, from the headers or from the body, plus a random time.
auto gateway_policy() {
  // [policy]
  return tenax::retrying{}
      .when(tenax::when::transient && http::idempotent_only)
      .wait(tenax::wait::first_of(tenax::wait::retry_after + tenax::wait::uniform(0ms, 100ms),
                                  tenax::wait::exponential({.base = 100ms, .max = 2s}).full()))
      .stop(tenax::stop::after_attempts(5) || tenax::stop::deadline(30s))
      .read_hints_with(http::retry_after_from_body(retry_after_ms))
      .before_sleep(tenax::log_to(stdout));
  // [/policy]
}

bool show(char const* what, http::httplib_result const& r) {
  if (!r || r->status != 200) {
    std::printf("%s: %s\n", what, r ? "no good answer" : httplib::to_string(r.error()).c_str());
    return false;
  }
  std::printf("%s: %s\n", what, r->body.c_str());
  return true;
}

bool export_orders(http::retrying_client<>& client) {
  // The client retries failures; this only polls the task.
  // [poll]
  auto const patient = http::standard_poll()
                           .when(tenax::when::never)
                           .stop(tenax::stop::deadline(1min))
                           .before_sleep(tenax::log_to(stdout));
  auto const result = http::poll(
      patient, [&] { return client.Post("/v1/exports", R"({"what": "orders"})", "application/json"); },
      [&](http::location const& task) {
        std::printf("asking %s\n", task.url.c_str());
        return client.Get(task.target());
      },
      {.base = "/v1/exports"});
  // [/poll]
  return show("the export", result);
}

int run(std::string const& url) {
  http::retrying_client<> client(url);
  client.set_keep_alive(true);
  client.policy(gateway_policy());
  client.generate_idempotency_keys();  // so that the POST may be sent again

  bool well = true;
  for (auto const* path : {"/v1/rates", "/v1/orders", "/v1/stock"}) well = show(path, client.Get(path)) && well;
  well = export_orders(client) && well;
  std::puts(well ? "all is well" : "something is missing");
  return well ? 0 : 1;
}

// --- the server: refuses each first request, and needs time for exports ----------------------------------------------

std::string http_date(std::time_t when) {
  char text[40];
  std::tm utc{};
  ::gmtime_r(&when, &utc);
  std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &utc);
  return text;
}

class gateway {
 public:
  void set_up(httplib::Server& server) {
    using httplib::Request;
    using httplib::Response;
    server.Get("/v1/rates", [this](Request const& request, Response& r) {
      if (!is_first(request.path)) return r.set_content("1 EUR = 1.08 USD", "text/plain");
      r.status = 429;
      r.set_header("Retry-After", "1");
    });
    server.Get("/v1/orders", [this](Request const& request, Response& r) {
      if (!is_first(request.path)) return r.set_content("17 orders", "text/plain");
      auto const now = std::time(nullptr);
      r.status = 429;
      r.set_header("Date", http_date(now));
      r.set_header("Retry-After", http_date(now + 1));
    });
    server.Get("/v1/stock", [this](Request const& request, Response& r) {
      if (!is_first(request.path)) return r.set_content("42 in stock", "text/plain");
      r.status = 429;
      r.set_content(R"({"error": "slow down", "retryAfterMs": 350})", "application/json");
    });
    server.Post("/v1/exports", [this](Request const& request, Response& r) {
      if (!request.has_header("Idempotency-Key")) {
        r.status = 400;
      } else if (is_first(request.path)) {
        r.status = 503;  // the client may send it again, because of the key
      } else {
        r.status = 202;
        r.set_header("Location", "exports/7");
        r.set_header("Retry-After", "1");
      }
    });
    server.Get("/v1/exports/7", [this](Request const& request, Response& r) {
      if (is_first(request.path)) {
        r.status = 202;
        r.set_header("Retry-After", "1");
      } else {
        r.status = 303;
        r.set_header("Location", "7/result");
      }
    });
    server.Get("/v1/exports/7/result", [](Request const&, Response& r) { r.set_content("17 lines", "text/plain"); });
  }

 private:
  bool is_first(std::string const& path) {
    std::lock_guard const lock(mutex_);
    return ++requests_[path] == 1;
  }

  std::mutex mutex_;
  std::map<std::string, int> requests_;
};

// ---------------------------------------------------------------------------------------------------------------------

int main(int argc, char** argv) try {
  if (auto const url = url_option(argc, argv); !url.empty()) return run(url);
  gateway later;
  loopback const server([&](httplib::Server& s) { later.set_up(s); });
  return run(server.url());
} catch (std::exception const& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
