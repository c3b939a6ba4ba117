// SPDX-License-Identifier: MIT
// http_clients.cpp: the snippets about cpp-httplib and tenax::http::retrying_client.
#include <atomic>
#include <sstream>

// [prelude]
#include <tenax/http.hpp>
#include <tenax/http/retrying_client.hpp>  // with cpp-httplib; or <tenax/http/curl.hpp>, beast.hpp

namespace http = tenax::http;
// [/prelude]

#include <tenax/gate/circuit_breaker.hpp>
#include <tenax/http/httplib.hpp>

#include "../../examples/loopback.hpp"
#include "docs.hpp"

namespace {

/// A server that fails every second request, and records the keys that it gets.
struct flaky_server {
  std::atomic<int> requests = 0;
  std::vector<std::string> keys;
  loopback server{[this](httplib::Server& s) {
    auto const answer = [this](httplib::Request const& request, httplib::Response& r) {
      keys.push_back(request.get_header_value("Idempotency-Key"));
      if (++requests % 2 == 1) r.status = 503;
    };
    s.Get(".*", answer);
    s.Post(".*", answer);
    s.Put(".*", [this](httplib::Request const& request, httplib::Response& r) {
      r.set_content(request.body, "audio/flac");
      if (++requests % 2 == 1) r.status = 503;
    });
  }};
};

}  // namespace

TEST_CASE("http_clients: httplib") {
  flaky_server flaky;
  auto const url = flaky.server.url();
  // [httplib]
  httplib::Client client(url);
  auto const album = http::standard_retry("GET")([&] { return client.Get("/v1/albums/1"); });
  if (album && album->status == 200) std::printf("%s\n", album->body.c_str());
  // [/httplib]
  CHECK(album->status == 200);
  CHECK(flaky.requests == 2);
}

TEST_CASE("http_clients: retrying_client") {
  flaky_server flaky;
  auto const url = flaky.server.url();
  // [retrying_client]
  http::retrying_client<> client(url);  // was: httplib::Client client(url);
  auto const album = client.Get("/v1/albums/1");
  // [/retrying_client]
  CHECK(album->status == 200);
  CHECK(flaky.requests == 2);
}

TEST_CASE("http_clients: refused") {
  flaky_server flaky;
  auto const url = flaky.server.url();
  std::string shown;
  auto const show_old_album = [&](char const* why, tenax::duration) { shown = why; };
  tenax::circuit_breaker breaker({.failures = 5});
  breaker.open();
  // [refused]
  http::retrying_client<> client(url);
  client.policy(http::standard_retry().through(std::ref(breaker)));
  auto const album = client.Get("/v1/albums/1");
  if (!album && album.reason == tenax::stop_reason::refused_by_gate) {
    show_old_album(album.refusal, album.retry_after.value_or(1s));  // "circuit open"
  }
  // [/refused]
  CHECK(shown == "circuit open");
  CHECK(flaky.requests == 0);
}

TEST_CASE("http_clients: policies") {
  flaky_server flaky;
  auto const url = flaky.server.url();
  // [policies]
  auto const standard = http::standard_retry();
  auto const stubborn =
      standard.stop(tenax::stop::after_attempts(8) || tenax::stop::deadline(2min));
  http::retrying_client<> client(url);
  client
      .policy("GET /v1/albums/*/tracks", stubborn)                  // * is anything but a slash
      .policy("/v1/reports/**", standard.when(tenax::when::never))  // ** is anything; any method
      .policy(standard.before_sleep(tenax::log_to(stderr)));        // everything else
  // [/policies]
  CHECK(client.Get("/v1/reports/1/pages/2")->status == 503);
  CHECK(client.Get("/v1/albums/1/tracks?limit=2")->status == 200);
}

TEST_CASE("http_clients: attempt headers") {
  std::vector<std::string> sent;
  loopback const server([&](httplib::Server& s) {
    s.Get(".*", [&](httplib::Request const& request, httplib::Response& r) {
      sent.push_back(request.get_header_value("amz-sdk-request") +
                     request.get_header_value("baggage"));
      if (sent.size() == 1) r.status = 503;
    });
  });
  auto const url = server.url();
  // [attempt_headers]
  http::retrying_client<> client(url);
  client.send_attempt_header(http::amz_sdk_request);
  client.send_attempt_header(http::resend_baggage);
  // [/attempt_headers]
  CHECK(client.Get("/"));
  CHECK(sent == std::vector<std::string>{"attempt=1", "attempt=2http.request.resend_count=1"});
}

TEST_CASE("http_clients: keys") {
  flaky_server flaky;
  auto const url = flaky.server.url();
  // [generate_keys]
  http::retrying_client<> client(url);
  client.generate_idempotency_keys();
  auto const order = client.Post("/v1/orders", R"({"item": 7})", "application/json");
  // [/generate_keys]
  CHECK(order->status == 200);
  CHECK(flaky.requests == 2);
  CHECK(flaky.keys.front() == flaky.keys.back());
  CHECK(!flaky.keys.front().empty());
}

TEST_CASE("http_clients: rewindable") {
  flaky_server flaky;
  auto const url = flaky.server.url();
  std::istringstream file("the song");
  // [rewindable]
  http::retrying_client<> client(url);
  auto const next_block = [&](std::size_t, httplib::DataSink& sink) {
    char block[4096];
    file.read(block, sizeof block);
    if (file.gcount() == 0) return sink.done(), true;
    return sink.write(block, static_cast<std::size_t>(file.gcount()));
  };
  auto const rewind = [&] {
    file.clear();
    file.seekg(0);
  };
  auto const stored = client.Put("/v1/songs/1", http::rewindable(next_block, rewind), "audio/flac");
  // [/rewindable]
  CHECK(stored->status == 200);
  CHECK(stored->body == "the song");
  CHECK(flaky.requests == 2);
}

TEST_CASE("http_clients: a POST without a key is sent once") {
  flaky_server flaky;
  http::retrying_client<> client(flaky.server.url());
  CHECK(client.Post("/v1/orders", "{}", "application/json")->status == 503);
  CHECK(flaky.requests == 1);
}
