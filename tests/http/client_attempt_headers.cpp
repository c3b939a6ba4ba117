// SPDX-License-Identifier: MIT
// client_attempt_headers.cpp: a retrying_client tells a server of cpp-httplib which attempt of a call a request is.
#include <tenax/http/retrying_client.hpp>

#include <cstdint>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <tenax/http/attempt_headers.hpp>
#include <tenax/tenax.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "../catch.hpp"

namespace http = tenax::http;
using strings = std::vector<std::string>;

namespace {

/// Answers every third request well, and remembers the headers of all.
class busy_server {
 public:
  busy_server() {
    auto const answer = [this](httplib::Request const& q, httplib::Response& r) {
      std::lock_guard const lock(mutex_);
      received_.push_back(q.headers);
      r.status = received_.size() % 3 == 0 ? 200 : 503;
      r.set_content(q.method + " " + q.body, "text/plain");
    };
    server_.Get("/.*", answer).Post("/.*", answer).Put("/.*", answer).Patch("/.*", answer);
    server_.Delete("/.*", answer).Options("/.*", answer);
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  busy_server(busy_server const&) = delete;
  ~busy_server() {
    server_.stop();
    thread_.join();
  }

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  /// The values of a header in the last three requests; `-` where it is missing.
  strings last(std::string const& name) {
    std::lock_guard const lock(mutex_);
    strings values;
    for (std::size_t i = received_.size() < 3 ? 0 : received_.size() - 3; i < received_.size(); ++i) {
      auto const [from, to] = received_[i].equal_range(name);
      std::string all = from == to ? "-" : "";
      for (auto h = from; h != to; ++h) all += (h == from ? "" : " and ") + h->second;
      values.push_back(all);
    }
    return values;
  }
  std::size_t requests() {
    std::lock_guard const lock(mutex_);
    return received_.size();
  }

 private:
  httplib::Server server_;
  int port_ = 0;
  std::mutex mutex_;
  std::vector<httplib::Headers> received_;
  std::thread thread_;
};

struct client : http::retrying_client<> {
  explicit client(busy_server const& server) : http::retrying_client<>(server.url()) {
    policy(http::standard_retry().environment(std::ref(clock)));
    generate_idempotency_keys();
  }
  tenax::testing::virtual_time clock{};
};

strings const none{"-", "-", "-"};
strings const resent{"-", "http.request.resend_count=1", "http.request.resend_count=2"};

}  // namespace

TEST_CASE("retrying_client: sends no attempt headers unless it is asked to") {
  busy_server server;
  client http(server);
  CHECK(http.Get("/")->status == 200);
  for (auto const* name : {"amz-sdk-request", "baggage", "grpc-previous-rpc-attempts"})
    CHECK(server.last(name) == none);
}

TEST_CASE("retrying_client: sends attempt headers with every request of every method") {
  busy_server server;
  client http(server);
  http.send_attempt_header(http::amz_sdk_request)
      .send_attempt_header(http::resend_baggage)
      .send_attempt_header(http::grpc_previous_rpc_attempts);
  auto const check = [&](httplib::Result const& r, std::string const& body) {
    REQUIRE(r);
    CHECK(r->status == 200);
    CHECK(r->body == body);
    CHECK(server.last("amz-sdk-request") == strings{"attempt=1", "attempt=2", "attempt=3"});
    CHECK(server.last("baggage") == resent);
    CHECK(server.last("grpc-previous-rpc-attempts") == strings{"-", "1", "2"});
  };
  std::string got;
  auto const receive = [&](char const* data, std::size_t size) {
    got.append(data, size);
    return true;
  };
  auto const provide = [](std::size_t, std::size_t, httplib::DataSink& sink) { return sink.write("abc", 3); };
  httplib::Headers const own{{"X-Own", "1"}};
  check(http.Get("/"), "GET ");
  check(http.Get("/", own), "GET ");
  CHECK(server.last("X-Own") == strings{"1", "1", "1"});
  check(http.Get("/", httplib::Params{{"a", "b"}}, own), "GET ");
  check(http.Get("/", receive), "");
  CHECK(got == "GET ");
  check(http.Options("/"), "OPTIONS ");
  check(http.Head("/"), "");
  check(http.Post("/", "abc", "text/plain"), "POST abc");
  check(http.Post("/", own, "abc", "text/plain"), "POST abc");
  check(http.Post("/"), "POST ");
  check(http.Put("/"), "PUT ");
  check(http.Put("/", "abc", "text/plain"), "PUT abc");
  check(http.Put("/", 3, provide, "text/plain"), "PUT abc");
  check(http.Put("/", own, "abc", "text/plain"), "PUT abc");
  check(http.Patch("/"), "PATCH ");
  check(http.Patch("/", "abc", "text/plain"), "PATCH abc");
  check(http.Delete("/"), "DELETE ");
  check(http.Delete("/", own), "DELETE ");
  httplib::Request built;
  built.method = "PUT";
  built.path = "/";
  built.body = "abc";
  built.headers = own;
  check(http.send(built), "PUT abc");
  CHECK(server.last("X-Own") == strings{"1", "1", "1"});
  // The key of a request is the same in each attempt.
  check(http.Post("/", "abc", "text/plain"), "POST abc");
  auto const keys = server.last("Idempotency-Key");
  CHECK(keys[0] != "-");
  CHECK(keys == strings{keys[0], keys[0], keys[0]});
}

TEST_CASE("retrying_client: an attempt header that the request has itself is extended") {
  busy_server server;
  client http(server);
  http.send_attempt_header(http::resend_baggage);
  CHECK(http.Get("/", {{"Baggage", "user=7"}})->status == 200);
  CHECK(server.last("baggage") ==
        strings{"user=7", "user=7,http.request.resend_count=1", "user=7,http.request.resend_count=2"});
}

TEST_CASE("retrying_client: attempt headers of one's own, with the attempt's numbers") {
  busy_server server;
  client http(server);
  SECTION("a function") {
    http.send_attempt_header([](tenax::attempt_info const& a) { return http::amz_sdk_request(a, {.max = 3}); });
    http.send_attempt_header([](tenax::attempt_info const& a) {
      return http::attempt_header("X-Waited").put(static_cast<std::uint64_t>(a.waited.count() > 0 ? 1 : 0));
    });
    CHECK(http.Get("/")->status == 200);
    CHECK(server.last("amz-sdk-request") == strings{"attempt=1; max=3", "attempt=2; max=3", "attempt=3; max=3"});
    CHECK(server.last("X-Waited") == strings{"0", "1", "1"});
  }
  SECTION("that throws: nothing is sent any more") {
    http.send_attempt_header([](tenax::attempt_info const& a) {
      if (a.number == 2) throw std::runtime_error("header");
      return http::amz_sdk_request(a);
    });
    CHECK_THROWS_WITH(http.Get("/"), "header");
    CHECK(server.requests() == 1);
  }
}
