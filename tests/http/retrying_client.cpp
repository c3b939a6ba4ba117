// SPDX-License-Identifier: MIT
// retrying_client.cpp: cpp-httplib's client with retries, and a server that misbehaves like real ones.
#include <tenax/http/retrying_client.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <tenax/gate/circuit_breaker.hpp>
#include <tenax/gate/rate_limiter.hpp>
#include <tenax/tenax.hpp>
#include <tenax/testing/no_waits.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "../catch.hpp"
#include "server.hpp"

using namespace std::chrono_literals;
namespace http = tenax::http;
using http::transport_error;
using tenax::testing::virtual_time;
using names = std::vector<std::string>;

static_assert(http::detail::knows_method<http::httplib_result>);
static_assert(!std::is_convertible_v<std::string, http::retrying_client<>>, "as httplib::Client");

namespace {

/// Answers "503, 503, 200", repeatedly, and echoes the request's body.
struct moody {
  int calls = 0;
  tests::answer operator()(tests::received const& r) {
    return ++calls % 3 != 0 ? tests::respond(503, "busy") : tests::respond(200, "got " + r.body);
  }
};

/// A client with virtual waits.
struct client : http::retrying_client<> {
  explicit client(tests::server const& server) : http::retrying_client<>(server.url()) {
    policy(http::standard_retry().environment(std::ref(clock)));
  }
  auto standard() { return http::standard_retry().environment(std::ref(clock)); }

  virtual_time clock{};
};

names methods(tests::server const& server) {
  names result;
  for (auto const& r : server.requests()) result.push_back(r.method);
  return result;
}

}  // namespace

TEST_CASE("A client with retries is constructed like one without") {
  tests::server server([](auto const&) { return tests::respond(200, "ok"); });
  http::retrying_client<> by_url(server.url());
  CHECK(by_url.Get("/")->body == "ok");
  http::retrying_client<> by_host("127.0.0.1", server.port());
  CHECK(by_host.Get("/")->body == "ok");
  http::retrying_client<httplib::ClientImpl> plain("127.0.0.1", server.port());
  CHECK(plain.Get("/")->body == "ok");
  httplib::Result const as_before = by_url.Get("/");
  CHECK(as_before->body == "ok");
  CHECK(by_url.is_valid());
}

TEST_CASE("Requests with an idempotent method are retried") {
  tests::server server{moody()};
  client c(server);
  auto const get = c.Get("/");
  REQUIRE(get);
  CHECK(get->body == "got ");
  CHECK(get.sent.method == "GET");
  CHECK(get.target == "/");
  CHECK(c.Head("/")->status == 200);
  CHECK(c.Options("/")->status == 200);
  CHECK(c.Put("/", "x", "text/plain")->body == "got x");
  CHECK(c.Delete("/")->body == "got ");
  CHECK(methods(server) == names{"GET", "GET", "GET", "HEAD", "HEAD", "HEAD", "OPTIONS", "OPTIONS", "OPTIONS", "PUT",
                                 "PUT", "PUT", "DELETE", "DELETE", "DELETE"});
  CHECK(c.clock.sleeps().size() == 10);
}

TEST_CASE("The standard policy is used if no policy is given") {
  int calls = 0;
  tests::server server([&](auto const&) { return ++calls == 1 ? tests::respond(503) : tests::respond(200); });
  tenax::testing::no_waits const quick;
  http::retrying_client<> c(server.url());
  CHECK(c.Get("/")->status == 200);
  calls = 0;
  CHECK(c.Post("/", "x", "text/plain")->status == 503);
}

TEST_CASE("A call that waits for its next attempt does not hold up the calls of other threads") {
  int calls = 0;
  tests::server server([&](auto const&) { return ++calls == 1 ? tests::respond(503) : tests::respond(200); });
  client c(server);
  int other = 0;
  auto const ask = [&](auto const&) { std::thread([&] { other = c.Get("/other")->status; }).join(); };
  c.policy("/waits", c.standard().before_sleep(ask));
  CHECK(c.Get("/waits")->status == 200);
  CHECK(other == 200);
}

TEST_CASE("Log lines name the request") {
  int calls = 0;
  tests::server server([&](auto const&) { return ++calls == 1 ? tests::respond(503) : tests::respond(200); });
  tenax::testing::virtual_time clock;
  names lines;
  http::retrying_client<> c(server.url());
  c.policy(http::standard_retry()
               .wait(tenax::wait::none)
               .environment(std::ref(clock))
               .before_sleep(tenax::log_to([&](std::string_view line) { lines.emplace_back(line); })));
  CHECK(c.Get("/albums/1?full=1")->status == 200);
  CHECK(lines ==
        names{"tenax: attempt 1 failed: GET /albums/1?full=1: status 503 (Service Unavailable); attempt 2 at once"});
}

TEST_CASE("POST and PATCH are not retried, unless the server has seen no part of them") {
  tests::server server([](auto const&) { return tests::respond(503, "busy"); });
  client c(server);
  auto const post = c.Post("/", "x", "text/plain");
  CHECK(post->body == "busy");
  CHECK(post.sent.method == "POST");
  CHECK_FALSE(post.sent.idempotency_key);
  CHECK(std::string(post.refusal) == "POST without an idempotency key");
  CHECK(c.Patch("/", "x", "text/plain")->status == 503);
  CHECK(server.requests().size() == 2);

  http::retrying_client<> nobody("127.0.0.1", tests::closed_port());
  virtual_time clock;
  nobody.policy(http::standard_retry().environment(std::ref(clock)));
  auto const unsent = nobody.Post("/", "x", "text/plain");
  CHECK(unsent.error() == httplib::Error::Connection);
  CHECK(clock.sleeps().size() == 2);
}

TEST_CASE("POST and PATCH are retried with one key for all attempts of a request") {
  tests::server server{moody()};
  client c(server);
  SECTION("in quotes") { c.generate_idempotency_keys(); }
  SECTION("plain") { c.generate_idempotency_keys(http::key_format::plain); }
  auto const post = c.Post("/", "x", "text/plain");
  CHECK(post->body == "got x");
  CHECK(post.sent.idempotency_key);
  CHECK(c.Patch("/", "y", "text/plain")->body == "got y");
  CHECK(c.Get("/")->status == 200);
  CHECK(c.Put("/", "z", "text/plain")->status == 200);
  CHECK(c.Delete("/")->status == 200);
  auto const requests = server.requests();
  REQUIRE(requests.size() == 15);
  auto const key = [&](std::size_t i) { return requests[i].header("Idempotency-Key"); };
  CHECK(key(0) == key(1));
  CHECK(key(1) == key(2));
  CHECK(key(3) == key(4));
  CHECK(key(4) == key(5));
  CHECK(key(0) != key(3));
  CHECK(key(0).size() == key(3).size());
  for (std::size_t i = 6; i < 15; ++i) CHECK(key(i).empty());
}

TEST_CASE("Keys are written in the chosen format") {
  tests::server server([](auto const&) { return tests::respond(200); });
  client c(server);
  c.generate_idempotency_keys().Post("/");
  c.generate_idempotency_keys(http::key_format::plain).Post("/");
  c.generate_idempotency_keys(http::key_format::quoted).Post("/");
  CHECK(server.requests()[0].header("Idempotency-Key").size() == 38);
  CHECK(server.requests()[1].header("Idempotency-Key").size() == 36);
  CHECK(server.requests()[2].header("Idempotency-Key").front() == '"');
}

TEST_CASE("A key that the caller sets is kept, and a POST with it is retried") {
  tests::server server{moody()};
  client c(server);
  SECTION("without generated keys") {}
  SECTION("in addition to generated keys") { c.generate_idempotency_keys(); }
  auto const r = c.Post("/", {{"idempotency-key", "mine"}}, "x", "text/plain");
  CHECK(r->status == 200);
  CHECK(r.sent.idempotency_key);
  CHECK(c.Patch("/", {{"Idempotency-Key", "mine"}}, "x", "text/plain")->status == 200);
  auto const requests = server.requests();
  REQUIRE(requests.size() == 6);
  for (auto const& request : requests) {
    CHECK(request.header("Idempotency-Key") == "mine");
    std::size_t keys = 0;
    for (auto const& [name, value] : request.headers) keys += http::same_name(name, "Idempotency-Key") ? 1U : 0U;
    CHECK(keys == 1);
  }
}

TEST_CASE("Headers can be lvalues, temporaries and braces") {
  tests::server server([](tests::received const& r) { return tests::respond(200, r.header("X-Thing") + r.body); });
  client c(server);
  httplib::Headers headers{{"X-Thing", "a"}};
  httplib::Headers const constant{{"X-Thing", "b"}};
  std::string const path = "/";
  CHECK(c.Get("/", headers)->body == "a");
  CHECK(c.Get(path, constant)->body == "b");
  CHECK(c.Get("/", httplib::Headers{{"X-Thing", "c"}})->body == "c");
  CHECK(c.Get("/", {{"X-Thing", "d"}})->body == "d");
  CHECK(c.Post("/", headers)->body == "a");
  CHECK(c.Post("/", constant, "x", "text/plain")->body == "bx");
  CHECK(c.Post("/", {{"X-Thing", "d"}}, std::string("x"), "text/plain")->body == "dx");
  CHECK(c.Put("/", headers, "x", "text/plain")->body == "ax");
  CHECK(c.Put("/", {{"X-Thing", "d"}}, "x", "text/plain")->body == "dx");
  CHECK(c.Patch("/", headers, "x", "text/plain")->body == "ax");
  CHECK(c.Delete("/", headers)->body == "a");
  CHECK(c.Delete("/", {{"X-Thing", "d"}}, "x", "text/plain")->body == "dx");
  CHECK(c.Options("/", {{"X-Thing", "d"}})->body == "d");
  CHECK(c.Head("/", headers)->status == 200);
}

TEST_CASE("Bodies can be given in every way of cpp-httplib, and are completely sent again") {
  tests::server server{moody()};
  client c(server);
  c.generate_idempotency_keys();
  std::string const body = "words";
  std::string const type = "text/plain";
  httplib::Params const form{{"a", "1"}};
  CHECK(c.Post("/")->body == "got ");
  CHECK(c.Post("/", body, type)->body == "got words");
  CHECK(c.Post("/", body.data(), body.size(), type)->body == "got words");
  CHECK(c.Post("/", form)->body == "got a=1");
  CHECK(c.Put("/")->body == "got ");
  CHECK(c.Put("/", body, type)->body == "got words");
  CHECK(c.Put("/", form)->body == "got a=1");
  CHECK(c.Patch("/")->body == "got ");
  CHECK(c.Patch("/", body.data(), body.size(), type)->body == "got words");
  CHECK(c.Delete("/", body, type)->body == "got words");
  auto const provider = [&](std::size_t offset, std::size_t length, httplib::DataSink& sink) {
    return sink.write(body.data() + offset, length);
  };
  CHECK(c.Post("/", body.size(), provider, type)->body == "got words");
  CHECK(c.Put("/", body.size(), provider, type)->body == "got words");
  auto const parts = httplib::MultipartFormDataItems{{"name", "content", "", ""}};
  CHECK(c.Post("/", parts)->body.find("content") != std::string::npos);
  for (auto const& request : server.requests()) {
    if (request.method == "PUT" && !request.body.empty()) CHECK((request.body == "words" || request.body == "a=1"));
  }
  CHECK(server.requests().size() == 39);
}

TEST_CASE("A request can have parameters and report progress") {
  tests::server server([](tests::received const& r) { return tests::respond(200, r.target); });
  client c(server);
  int reports = 0;
  auto const progress = [&](std::uint64_t, std::uint64_t) { return ++reports > 0; };
  CHECK(c.Get("/", httplib::Params{{"a", "1"}}, httplib::Headers{})->body == "/?a=1");
  CHECK(c.Get("/p", progress)->body == "/p");
  CHECK(c.Get("/p", {{"X", "y"}}, progress)->body == "/p");
  CHECK(reports >= 2);
}

TEST_CASE("A transfer that the caller ends is not retried") {
  tests::server server([](auto const&) { return tests::respond(503, "busy"); });
  client c(server);
  auto const r = c.Get("/", [](std::uint64_t, std::uint64_t) { return false; });
  CHECK(r.error() == httplib::Error::Canceled);
  CHECK(server.requests().size() == 1);
}

TEST_CASE("Broken connections are retried") {
  int calls = 0;
  tests::server server([&](auto const&) -> tests::answer {
    switch (++calls) {
      case 1: return {"", tests::answer::then::close};
      case 2: return tests::break_off(200, "half");
      default: return tests::respond(200, "whole");
    }
  });
  client c(server);
  CHECK(c.Get("/")->body == "whole");
}

TEST_CASE("Attempts use one connection") {
  tests::server server{moody()};
  client c(server);
  c.set_keep_alive(true);
  CHECK(c.Get("/")->status == 200);
  CHECK(c.Get("/")->status == 200);
  CHECK(server.requests().size() == 6);
  CHECK(server.connections() == 1);
}

TEST_CASE("The client waits as long as the server asks") {
  int calls = 0;
  tests::server server(
      [&](auto const&) { return ++calls == 1 ? tests::respond(429, "", "Retry-After: 9\r\n") : tests::respond(200); });
  client c(server);
  CHECK(c.Get("/")->status == 200);
  CHECK(c.clock.slept() >= 9s);
}

// --- policies -------------------------------------------------------------------------------------------------------

TEST_CASE("A path pattern has stars for one segment and for many characters") {
  using http::detail::matches;
  CHECK(matches("/a", "/a"));
  CHECK_FALSE(matches("/a", "/ab"));
  CHECK_FALSE(matches("/ab", "/a"));
  CHECK(matches("", ""));
  CHECK(matches("/v1/*", "/v1/x"));
  CHECK(matches("/v1/*", "/v1/"));
  CHECK_FALSE(matches("/v1/*", "/v1/x/y"));
  CHECK_FALSE(matches("/v1/*", "/v1"));
  CHECK(matches("/v1/*/tracks", "/v1/x/tracks"));
  CHECK_FALSE(matches("/v1/*/tracks", "/v1/x/y/tracks"));
  CHECK(matches("/v1/**", "/v1/x/y"));
  CHECK(matches("/v1/**/tracks", "/v1/x/y/tracks"));
  CHECK(matches("**", "/anything/at/all"));
  CHECK(matches("**", ""));
  CHECK(matches("/a*c*e", "/abcde"));
  CHECK_FALSE(matches("/a*c*e", "/abcd"));
  CHECK(matches("*/b", "/b"));
}

TEST_CASE("An endpoint is a path for all methods or for one, and its query does not count") {
  using http::detail::is_endpoint;
  CHECK(is_endpoint("/a", "GET", "/a"));
  CHECK(is_endpoint("/a", "POST", "/a?b=c"));
  CHECK(is_endpoint("/a", "POST", "/a#b"));
  CHECK(is_endpoint("GET /a", "GET", "/a?b"));
  CHECK_FALSE(is_endpoint("GET /a", "POST", "/a"));
  CHECK_FALSE(is_endpoint("get /a", "GET", "/a"));
  CHECK_FALSE(is_endpoint("GET /a", "GET", "/b"));
  CHECK_FALSE(is_endpoint("/a?b", "GET", "/a?b"));
  CHECK(is_endpoint("DELETE **", "DELETE", "/a/b"));
}

TEST_CASE("An endpoint has the first policy whose pattern matches; other requests have the default policy") {
  tests::server server([](auto const&) { return tests::respond(503); });
  client c(server);
  auto const attempts = [&](std::int64_t n) { return c.standard().stop(tenax::stop::after_attempts(n)); };
  c.policy("GET /v1/*/tracks", attempts(4))
      .policy("/v1/**", attempts(5))
      .policy("/v1/albums", attempts(6))
      .policy(attempts(2));
  auto const made = [&](auto const& send) {
    auto const before = server.requests().size();
    send();
    return server.requests().size() - before;
  };
  CHECK(made([&] { c.Get("/v1/albums/tracks?limit=5"); }) == 4);
  CHECK(made([&] { c.Head("/v1/albums/tracks"); }) == 5);
  CHECK(made([&] { c.Get("/v1/albums"); }) == 5);
  CHECK(made([&] { c.Get("/v2"); }) == 2);
  CHECK(made([&] { c.Delete("/v2"); }) == 2);
}

TEST_CASE("A custom policy may retry statuses that the standard policy does not") {
  tests::server server([](auto const&) { return tests::respond(404); });
  client c(server);
  c.policy(
      "POST /search",
      tenax::retrying{}.when(tenax::when::status(404)).wait(tenax::wait::none).stop(tenax::stop::after_attempts(4)));
  CHECK(c.Post("/search", "x", "text/plain")->status == 404);
  CHECK(server.requests().size() == 4);
}

TEST_CASE("No policy sends a POST twice, unless its endpoint names the method") {
  tests::server server([](auto const&) { return tests::respond(503); });
  client c(server);
  auto const eager = tenax::retrying{}.environment(std::ref(c.clock));
  c.policy("/v1/**", eager.when(tenax::when::status(503))).policy(eager);
  CHECK(c.Post("/v1/x", "x", "text/plain").attempts == 1);
  CHECK(c.Post("/v2/x", "x", "text/plain").attempts == 1);
  CHECK(c.Get("/v1/x").attempts == 3);
  CHECK(c.Get("/v2/x").attempts == 3);
  CHECK(c.Post("/v1/x", httplib::Headers{{"Idempotency-Key", "1"}}, "x", "text/plain").attempts == 3);
}

TEST_CASE("A result contains the number of attempts, and why no further one was made") {
  int calls = 0;
  tests::server server([&](auto const&) { return ++calls == 1 ? tests::respond(503) : tests::respond(200); });
  client c(server);
  auto const good = c.Get("/");
  CHECK(good.attempts == 2);
  CHECK(good.reason == tenax::stop_reason::succeeded);
  calls = 0;
  auto const once = c.Post("/", "x", "text/plain");
  CHECK(once.attempts == 1);
  CHECK(once.reason == tenax::stop_reason::not_retryable);
}

TEST_CASE("An endpoint that no request can match is refused") {
  http::retrying_client<> c("http://127.0.0.1:1");
  for (auto const* const endpoint : {"", "v1/x", "/v1 /x", "get /v1", "GET  /v1", " /v1", "/v1?x=1", "* /v1", "GET v1",
                                     "GET,POST /v1", "http://127.0.0.1/x"}) {
    CAPTURE(endpoint);
    CHECK_THROWS_AS(c.policy(endpoint, tenax::retrying{}), std::invalid_argument);
  }
  CHECK_NOTHROW(c.policy("**", tenax::retrying{}).policy("GET /v1/**", tenax::retrying{}));
}

// --- responses that are streamed ------------------------------------------------------------------------------------

namespace {

/// The data that a receiver got.
struct seen {
  std::string body{};
  names statuses{};

  auto receiver() {
    return [this](char const* data, std::size_t size) {
      body.append(data, size);
      return true;
    };
  }
  auto handler(bool wanted = true) {
    return [this, wanted](httplib::Response const& r) {
      statuses.push_back(std::to_string(r.status));
      return wanted;
    };
  }
};

}  // namespace

TEST_CASE("A receiver sees the body of the last response only") {
  int calls = 0;
  tests::server server([&](auto const&) {
    return ++calls % 3 != 0 ? tests::respond(429, "too fast") : tests::respond(200, "the song");
  });
  client c(server);
  seen s;
  auto const progress = [](std::uint64_t, std::uint64_t) { return true; };
  SECTION("alone") { CHECK(c.Get("/", s.receiver())->status == 200); }
  SECTION("with headers") { CHECK(c.Get("/", {{"X", "y"}}, s.receiver())->status == 200); }
  SECTION("with progress") { CHECK(c.Get("/", s.receiver(), progress)->status == 200); }
  SECTION("as a function object of cpp-httplib") {
    httplib::ContentReceiver const receiver = s.receiver();
    CHECK(c.Get("/", receiver)->status == 200);
  }
  SECTION("with a response handler") {
    CHECK(c.Get("/", s.handler(), s.receiver())->status == 200);
    CHECK(s.statuses == names{"200"});
  }
  SECTION("with headers, a response handler and progress") {
    CHECK(c.Get("/", {{"X", "y"}}, s.handler(), s.receiver(), progress)->status == 200);
    CHECK(s.statuses == names{"200"});
  }
  SECTION("with parameters") {
    CHECK(c.Get("/", httplib::Params{{"a", "1"}}, httplib::Headers{}, s.receiver())->status == 200);
    CHECK(server.requests().back().target == "/?a=1");
  }
  CHECK(s.body == "the song");
  CHECK(calls == 3);
}

TEST_CASE("A receiver gets the body of a final failure") {
  tests::server server([](tests::received const& r) {
    return r.target == "/busy" ? tests::respond(503, "busy") : tests::respond(404, "no such song");
  });
  client c(server);
  seen s;
  auto const r = c.Get("/song", s.handler(), s.receiver());
  CHECK(r->status == 404);
  CHECK(s.body == "no such song");
  CHECK(s.statuses == names{"404"});
  seen busy;
  CHECK(c.Get("/busy", busy.receiver())->status == 503);
  CHECK(busy.body == "busy");
  CHECK(server.requests().size() == 4);
}

TEST_CASE("A response handler is called for a final failure without a body") {
  tests::server server([](auto const&) { return tests::respond(404); });
  client c(server);
  seen s;
  CHECK(c.Get("/", s.handler(), s.receiver())->status == 404);
  CHECK(s.statuses == names{"404"});
  CHECK(s.body.empty());
}

TEST_CASE("A receiver is not called for a final failure without a body") {
  tests::server server([](auto const&) { return tests::respond(404); });
  client c(server);
  int calls = 0;
  auto const r = c.Get("/", [&](char const*, std::size_t) { return ++calls < 0; });
  CHECK(r->status == 404);
  CHECK(calls == 0);
}

TEST_CASE("A handler that refuses the body of a final failure cancels the request, as without retries") {
  tests::server server([](auto const&) { return tests::respond(404, "no such song"); });
  client c(server);
  seen s;
  auto const by_handler = c.Get("/", s.handler(false), s.receiver());
  CHECK_FALSE(by_handler);
  CHECK(by_handler.error() == httplib::Error::Canceled);
  CHECK(by_handler.sent.method == "GET");
  CHECK(s.body.empty());
  auto const by_receiver = c.Get("/", [](char const*, std::size_t) { return false; });
  CHECK(by_receiver.error() == httplib::Error::Canceled);
}

TEST_CASE("A handler or a receiver that returns false ends the call") {
  tests::server server([](auto const&) { return tests::respond(200, "the song"); });
  client c(server);
  seen s;
  CHECK(c.Get("/", s.handler(false), s.receiver()).error() == httplib::Error::Canceled);
  CHECK(c.Get("/", [](char const*, std::size_t) { return false; }).error() == httplib::Error::Canceled);
  CHECK(server.requests().size() == 2);
  CHECK(s.body.empty());
}

TEST_CASE("Nothing is sent again after the receiver's first byte") {
  tests::server server([](auto const&) { return tests::break_off(200, "half a song"); });
  client c(server);
  seen s;
  SECTION("by the standard policy") {}
  SECTION("by a policy that retries every failure") {
    c.policy(
        tenax::retrying{}.when(tenax::when::any_error).wait(tenax::wait::none).stop(tenax::stop::after_attempts(3)));
  }
  auto const r = c.Get("/", s.receiver());
  CHECK_FALSE(r);
  CHECK(r.delivered);
  CHECK(http::error_of(r) == transport_error::interrupted);
  CHECK(s.body == "half a song");
  CHECK(server.requests().size() == 1);
}

TEST_CASE("A policy does not repeat a request whose complete response was received") {
  tests::server server([](auto const&) { return tests::respond(202, "not yet"); });
  client c(server);
  c.policy(
      tenax::retrying{}.when(tenax::when::status(202)).wait(tenax::wait::none).stop(tenax::stop::after_attempts(3)));
  seen s;
  CHECK(c.Get("/", s.receiver())->status == 202);
  CHECK(s.body == "not yet");
  CHECK(c.Get("/")->status == 202);
  CHECK(server.requests().size() == 4);
}

TEST_CASE("A connection that breaks before the receiver's first byte is retried") {
  int calls = 0;
  tests::server server([&](auto const&) -> tests::answer {
    switch (++calls) {
      case 1: return tests::break_off(200);
      case 2: return tests::break_off(503, "bus");
      default: return tests::respond(200, "the song");
    }
  });
  client c(server);
  seen s;
  CHECK(c.Get("/", s.receiver())->status == 200);
  CHECK(s.body == "the song");
}

TEST_CASE("A body that was held back is not delivered if the response is incomplete") {
  int calls = 0;
  tests::server server([&](auto const&) -> tests::answer {
    if (++calls < 3) return tests::respond(503, "busy");
    return tests::break_off(503, "bus");
  });
  client c(server);
  seen s;
  CHECK_FALSE(c.Get("/", s.handler(), s.receiver()));
  CHECK(s.body.empty());
  CHECK(s.statuses.empty());
}

TEST_CASE("An exception of a receiver reaches the caller, and the request is not sent again") {
  struct too_loud : std::runtime_error {
    using runtime_error::runtime_error;
  };
  tests::server server([](tests::received const& r) {
    return r.target == "/song" ? tests::respond(200, "the song") : tests::respond(404, "no such song");
  });
  client c(server);
  c.policy(tenax::retrying{}.wait(tenax::wait::none));
  auto const receiver = [](char const*, std::size_t) -> bool { throw too_loud("too loud"); };
  CHECK_THROWS_AS(c.Get("/song", receiver), too_loud);
  CHECK(server.requests().size() == 1);
  CHECK_THROWS_AS(c.Get("/nothing", receiver), too_loud);
  CHECK(server.requests().size() == 2);
  CHECK(c.Get("/song")->body == "the song");
}

TEST_CASE("An exception of a response handler reaches the caller, and the request is not sent again") {
  struct mine : std::runtime_error {
    using runtime_error::runtime_error;
  };
  tests::server server([](tests::received const& r) {
    return r.target == "/song" ? tests::respond(200, "the song") : tests::respond(r.target == "/empty" ? 200 : 404);
  });
  client c(server);
  SECTION("by a policy that retries every failure") { c.policy(tenax::retrying{}.wait(tenax::wait::none)); }
  SECTION("by a policy that names the method") {
    c.policy("GET /**",
             http::standard_retry().when(tenax::when::any_exception || tenax::when::transient).wait(tenax::wait::none));
  }
  SECTION("even if the exception asks for a retry") {}
  auto const handler = [](httplib::Response const&) -> bool { throw tenax::retry_after(1ms, mine("mine")); };
  auto const receiver = [](char const*, std::size_t) { return true; };
  for (auto const* const path : {"/song", "/empty", "/nothing"}) {
    auto const before = server.requests().size();
    CHECK_THROWS_AS(c.Get(path, handler, receiver), mine);
    CHECK(server.requests().size() == before + 1);
  }
}

TEST_CASE("An exception of a progress callback reaches the caller, and the request is not sent again") {
  tests::server server([](auto const&) { return tests::respond(200, "the song"); });
  client c(server);
  c.policy(tenax::retrying{}.wait(tenax::wait::none));
  auto const progress = [](std::uint64_t, std::uint64_t) -> bool { throw std::runtime_error("mine"); };
  CHECK_THROWS_AS(c.Get("/", progress), std::runtime_error);
  CHECK(server.requests().size() == 1);
}

TEST_CASE("A response handler is called once, even if earlier responses broke off after their headers") {
  int calls = 0;
  tests::server server(
      [&](auto const&) { return ++calls < 3 ? tests::break_off(200) : tests::respond(200, "the song"); });
  client c(server);
  seen s;
  CHECK(c.Get("/", s.handler(), s.receiver())->status == 200);
  CHECK(s.statuses == names{"200"});
  CHECK(s.body == "the song");
  CHECK(calls == 3);
}

TEST_CASE("A response handler is called for a response without a body, and can refuse it") {
  tests::server server([](auto const&) { return tests::respond(200); });
  client c(server);
  seen s;
  CHECK(c.Get("/", s.handler(), s.receiver())->status == 200);
  CHECK(s.statuses == names{"200"});
  CHECK(c.Get("/", s.handler(false), s.receiver()).error() == httplib::Error::Canceled);
  CHECK(server.requests().size() == 2);
}

// --- bodies that are read once --------------------------------------------------------------------------------------

namespace {

/// Gives a stream's bytes in blocks of three, and `done()` at its end.
struct from_stream {
  std::istream& in;
  bool operator()(std::size_t, httplib::DataSink& sink) const {
    char block[3];
    in.read(block, sizeof block);
    if (in.gcount() > 0) return sink.write(block, static_cast<std::size_t>(in.gcount()));
    sink.done();
    return true;
  }
  bool operator()(std::size_t, std::size_t, httplib::DataSink& sink) const {
    char block[3];
    in.read(block, sizeof block);
    return in.gcount() > 0 && sink.write(block, static_cast<std::size_t>(in.gcount()));
  }
};

/// The same, as cpp-httplib's types.
httplib::ContentProviderWithoutLength endless(std::istream& in) { return from_stream{in}; }
httplib::ContentProvider sized(std::istream& in) { return from_stream{in}; }

/// The bytes of a request's body, without the frames of its chunks.
std::string payload(tests::received const& r) {
  if (r.header("Transfer-Encoding").empty()) return r.body;
  std::string result;
  for (std::size_t at = 0; at < r.body.size();) {
    auto const size = std::stoul(r.body.substr(at), nullptr, 16);
    at = r.body.find("\r\n", at) + 2;
    result += r.body.substr(at, size);
    at += size + 2;
  }
  return result;
}

}  // namespace

TEST_CASE("A body that was read from a stream is not sent again, and the caller gets the first answer") {
  tests::server server{moody()};
  client c(server);
  c.generate_idempotency_keys();
  std::istringstream file("the song");
  std::string const type = "text/plain";
  httplib::Headers const headers{{"X", "y"}};
  auto const result = [&]() -> http::httplib_result {
    auto const mine = endless(file);
    auto const with_length = sized(file);
    auto const by_lambda = [&](std::size_t, httplib::DataSink& sink) { return from_stream{file}(0, sink); };
    auto const changing = [&, reads = 0](std::size_t, httplib::DataSink& sink) mutable {
      return ++reads > 0 && from_stream{file}(0, sink);
    };
    auto const forwards = [&, rewound = http::rewindable(endless(file), [] {})](
                              std::size_t offset, httplib::DataSink& sink) mutable { return rewound(offset, sink); };
    switch (GENERATE(range(0, 20))) {
      case 0: return c.Put("/", mine, type);
      case 1: return c.Post("/", mine, type);
      case 2: return c.Patch("/", mine, type);
      case 3: return c.Put("/", headers, mine, type);
      case 4: return c.Post("/", headers, mine, type);
      case 5: return c.Patch("/", headers, mine, type);
      case 6: return c.Put("/", 8, with_length, type);
      case 7: return c.Post("/", 8, with_length, type);
      case 8: return c.Patch("/", 8, with_length, type);
      case 9: return c.Put("/", headers, 8, with_length, type);
      case 10: return c.Post("/", headers, 8, with_length, type);
      case 11: return c.Patch("/", headers, 8, with_length, type);
      case 12: return c.Put("/", endless(file), "text/plain");
      case 13: return c.Put("/", by_lambda, type);
      case 14: return c.Put("/", changing, type);
      case 15: return c.Put("/", httplib::ContentProviderWithoutLength(forwards), type);
      case 16: {
        httplib::MultipartFormDataProviderItems const parts{{"file", mine, "song.txt", type}};
        return c.Put("/", {}, httplib::MultipartFormDataItems{}, parts);
      }
      case 17: {
        httplib::MultipartFormDataProviderItems const parts{{"file", mine, "song.txt", type}};
        return c.Post("/", headers, httplib::MultipartFormDataItems{{"name", "x", "", ""}}, parts);
      }
      case 18: {
        httplib::Request request;
        request.method = "PUT";
        request.path = "/";
        request.content_length_ = 8;
        request.content_provider_ = with_length;
        return c.send(request);
      }
      default: {
        c.policy("PUT /", tenax::retrying{}.wait(tenax::wait::none).stop(tenax::stop::after_attempts(5)));
        return c.Put("/", mine, type);
      }
    }
  }();
  REQUIRE(result);
  CHECK(result->status == 503);
  CHECK(result.attempts == 1);
  CHECK(result.reason == tenax::stop_reason::not_retryable);
  CHECK(result.body_spent);
  CHECK(std::string(result.refusal) == "the body of the request has been read; see http::rewindable");
  REQUIRE(server.requests().size() == 1);
  CHECK(payload(server.requests()[0]).find("the song") != std::string::npos);
}

TEST_CASE("A stream that gives equal bytes twice is not taken for a body that is read by offset") {
  tests::server server{moody()};
  client c(server);
  auto const length = GENERATE(std::size_t{12}, std::size_t{12000});
  std::istringstream file(std::string(length + 3, 'x') + std::string(length, 'y'));
  auto const result = c.Put("/", length, sized(file), "text/plain");
  CHECK_FALSE(result);
  CHECK(result.body_spent);
  CHECK(http::error_of(result) == transport_error::permanent);
  REQUIRE(server.requests().size() == 1);  // the second request did not arrive completely
  CHECK(server.requests()[0].body == std::string(length, 'x'));
}

TEST_CASE("A policy around the client does not repeat a request whose body has been read") {
  int status = 503;
  tests::server server([&, n = 0](auto const&) mutable { return tests::respond(++n == 1 ? status : 200); });
  client c(server);
  std::istringstream file("the song");
  auto const outer =
      tenax::retrying{}.wait(tenax::wait::none).when(tenax::when::transient || tenax::when::status(409, 202));
  SECTION("the client retries") {}
  SECTION("the client does not retry") { c.policy(tenax::retrying{}.when(tenax::when::never)); }
  SECTION("the failure is permanent") { status = 409; }
  SECTION("there is no failure") { status = 202; }
  auto const result = outer([&] { return c.Put("/", endless(file), "text/plain"); });
  CHECK(result->status == status);
  CHECK_FALSE(result.body_ready);
  REQUIRE(server.requests().size() == 1);
  CHECK(payload(server.requests()[0]) == "the song");
}

TEST_CASE("A policy around the client repeats a request whose body can be read again") {
  tests::server server([n = 0](auto const&) mutable { return tests::respond(++n == 1 ? 503 : 200); });
  client c(server);
  c.policy(tenax::retrying{}.when(tenax::when::never));
  std::istringstream file("the song");
  auto const rewind = [&] {
    file.clear();
    file.seekg(0);
  };
  auto const outer = tenax::retrying{}.wait(tenax::wait::none).when(tenax::when::transient);
  auto const by_offset = [](std::size_t offset, std::size_t length, httplib::DataSink& sink) {
    return sink.write(&"the song"[offset], length);
  };
  auto const kind = GENERATE(range(0, 4));
  auto const result = outer([&] {
    switch (kind) {
      case 0: return c.Put("/", http::rewindable(endless(file), rewind), "text/plain");
      case 1: return c.Put("/", 8, http::rewindable(sized(file), rewind), "text/plain");
      case 2: return c.Put("/", 8, by_offset, "text/plain");
      default: return c.Put("/", "the song", "text/plain");
    }
  });
  CHECK(result->status == 200);
  REQUIRE(server.requests().size() == 2);
  CHECK(payload(server.requests()[1]) == "the song");
}

TEST_CASE("A content provider that can be rewound is completely sent again") {
  tests::server server{moody()};
  client c(server);
  c.generate_idempotency_keys();
  std::istringstream file("the song");
  int rewound = 0;
  auto const rewind = [&] {
    ++rewound;
    file.clear();
    file.seekg(0);
  };
  std::string const type = "text/plain";
  auto const result = [&]() -> http::httplib_result {
    switch (GENERATE(range(0, 9))) {
      case 0: return c.Put("/", http::rewindable(endless(file), rewind), type);
      case 1: return c.Post("/", http::rewindable(from_stream{file}, rewind), type);
      case 2: return c.Patch("/", {{"X", "y"}}, http::rewindable(from_stream{file}, rewind), type);
      case 3: return c.Put("/", 8, http::rewindable(sized(file), rewind), type);
      case 4: return c.Put("/", httplib::ContentProviderWithoutLength(http::rewindable(endless(file), rewind)), type);
      case 5: return c.Put("/", 8, httplib::ContentProvider(http::rewindable(sized(file), rewind)), type);
      case 6: {
        auto const constant = http::rewindable(from_stream{file}, rewind);
        return c.Put("/", constant, type);
      }
      case 7: {
        httplib::MultipartFormDataProviderItems const parts{
            {"file", http::rewindable(endless(file), rewind), "song.txt", type}};
        return c.Post("/", {}, httplib::MultipartFormDataItems{{"name", "x", "", ""}}, parts);
      }
      default: return c.Put("/", http::rewindable(endless(file), [&] { return rewind(), true; }), type);
    }
  }();
  REQUIRE(result);
  CHECK(result->status == 200);
  CHECK(result.attempts == 3);
  CHECK(rewound == 2);
  REQUIRE(server.requests().size() == 3);
  for (auto const& r : server.requests()) CHECK(payload(r).find("the song") != std::string::npos);
}

TEST_CASE("A body that is read by offset is sent again") {
  tests::server server{moody()};
  client c(server);
  std::string const song = "the song";
  auto const by_offset = [&](std::size_t offset, httplib::DataSink& sink) {
    if (offset < song.size()) return sink.write(song.data() + offset, song.size() - offset);
    sink.done();
    return true;
  };
  CHECK(c.Put("/", http::replayable(by_offset), "text/plain").attempts == 3);
  CHECK(c.Put("/", by_offset, "text/plain").attempts == 1);
  for (auto const& r : server.requests()) CHECK(payload(r) == song);
}

TEST_CASE("A body whose rewinding fails is not sent again") {
  tests::server server{moody()};
  client c(server);
  std::istringstream file("the song");
  auto const result = c.Put("/", http::rewindable(endless(file), [] { return false; }), "text/plain");
  CHECK(result->status == 503);
  CHECK(server.requests().size() == 1);
  file = std::istringstream("the song");
  auto const throws = [] { throw std::runtime_error("mine"); };
  CHECK_THROWS_AS(c.Put("/", http::rewindable(endless(file), throws), "text/plain"), std::runtime_error);
  CHECK(server.requests().size() == 2);
}

TEST_CASE("An exception of a content provider reaches the caller, and the request is not sent again") {
  tests::server server{moody()};
  client c(server);
  c.policy(tenax::retrying{}.wait(tenax::wait::none));
  auto const provider = [](std::size_t, httplib::DataSink&) -> bool { throw std::runtime_error("mine"); };
  CHECK_THROWS_AS(c.Put("/", provider, "text/plain"), std::runtime_error);
  CHECK_THROWS_AS(c.Put("/", http::replayable(provider), "text/plain"), std::runtime_error);
  CHECK(c.Put("/", "x", "text/plain").attempts >= 1);
}

TEST_CASE("A provider that was not called may be called by a later attempt") {
  tests::server server([](auto const&) { return tests::respond(200, "ok"); });
  http::retrying_client<> nobody("127.0.0.1", tests::closed_port());
  virtual_time clock;
  nobody.policy(http::standard_retry().environment(std::ref(clock)));
  std::istringstream file("the song");
  auto const result = nobody.Put("/", endless(file), "text/plain");
  CHECK(result.attempts == 3);
  CHECK_FALSE(result.body_spent);
  CHECK(file.tellg() == 0);
}

TEST_CASE("A redirect does not send a body again that has been read") {
  int calls = 0;
  tests::server server([&](auto const&) {
    return ++calls == 1 ? tests::respond(307, "", "Location: /there\r\n") : tests::respond(200, "ok");
  });
  client c(server);
  c.set_follow_location(true);
  std::istringstream file("the song");
  auto const once = c.Put("/", endless(file), "text/plain");
  CHECK_FALSE(once);
  CHECK(http::error_of(once) == transport_error::permanent);
  CHECK(once.attempts == 1);
  for (auto const& r : server.requests()) CHECK(payload(r) == "the song");

  calls = 0;
  file = std::istringstream("the song");
  auto const again = c.Put("/", http::rewindable(endless(file), [&] { file = std::istringstream("the song"); }), "a/b");
  REQUIRE(again);
  CHECK(again->status == 200);
  for (auto const& r : server.requests()) CHECK(payload(r) == "the song");
}

#if defined(CPPHTTPLIB_OPENSSL_SUPPORT)
TEST_CASE("Authentication does not send a body again that has been read") {
  tests::server server([](tests::received const& r) {
    auto const known = !r.header("Authorization").empty();
    return known ? tests::respond(200, "ok")
                 : tests::respond(401, "who?", "WWW-Authenticate: Digest realm=\"a\", nonce=\"b\", qop=\"auth\"\r\n");
  });
  client c(server);
  c.set_digest_auth("me", "secret");
  std::istringstream file("the song");
  auto const once = c.Put("/", endless(file), "text/plain");
  CHECK_FALSE(once);
  CHECK(http::error_of(once) == transport_error::permanent);
  for (auto const& r : server.requests()) CHECK(payload(r) == "the song");
  seen s;
  CHECK(c.Get("/", s.handler(), s.receiver())->status == 200);
  CHECK(s.statuses == names{"200"});
  CHECK(s.body == "ok");
}
#endif

// --- redirects ------------------------------------------------------------------------------------------------------

TEST_CASE("A POST is not sent again after a redirect, whatever the other host does") {
  auto const status = GENERATE(302, 303, 307, 308);
  auto const other = GENERATE(0, 408, 425, 503);
  CAPTURE(status, other);
  tests::server second([&](auto const&) { return tests::respond(other); });
  auto const place =
      "http://127.0.0.1:" + std::to_string(other == 0 ? tests::closed_port() : second.port()) + "/receipt";
  tests::server first([&](auto const&) { return tests::respond(status, "", "Location: " + place + "\r\n"); });
  client c(first);
  c.set_follow_location(true);
  SECTION("by the standard policy") {}
  SECTION("by a policy that names the method") { c.policy("POST /orders", c.standard()); }
  SECTION("with settings made through the base") { static_cast<httplib::Client&>(c).set_follow_location(true); }
  SECTION("on a connection that was kept") { c.set_keep_alive(true); }
  SECTION("with a logger") {
    c.set_logger([](auto const&, auto const&) {});
  }
  auto const r = c.Post("/orders", "item=7", "text/plain");
  CHECK(first.requests().size() == 1);
  CHECK(second.requests().size() == (other == 0 ? 0 : 1));
  CHECK(r.redirected);
  CHECK(http::error_of(r) != transport_error::unsent);
  CHECK_FALSE(http::was_never_processed(r));
}

TEST_CASE("A POST that could not connect is sent again, even if the client follows redirects") {
  http::retrying_client<> nobody("127.0.0.1", tests::closed_port());
  virtual_time clock;
  nobody.policy(http::standard_retry().environment(std::ref(clock)));
  nobody.set_follow_location(true);
  CHECK(nobody.Post("/", "x", "text/plain").attempts == 3);
  tests::server busy([](auto const&) { return tests::respond(425); });
  client c(busy);
  c.set_follow_location(true);
  CHECK(c.Post("/", "x", "text/plain").attempts == 3);
}

TEST_CASE("A GET is sent again after a redirect") {
  int calls = 0;
  tests::server server([&](tests::received const& r) {
    if (r.target == "/") return tests::respond(302, "", "Location: /there\r\n");
    return ++calls < 3 ? tests::respond(503, "busy") : tests::respond(200, "the song");
  });
  client c(server);
  c.set_follow_location(true);
  seen s;
  CHECK(c.Get("/", s.handler(), s.receiver())->body.empty());
  CHECK(s.body == "the song");
  CHECK(s.statuses == names{"200"});
}

// --- stop() ---------------------------------------------------------------------------------------------------------

namespace {

/// Calls `stop()` on a client in another thread, once `ready`.
struct stopper {
  template <class Client, class Ready>
  stopper(Client& c, Ready ready)
      : thread_([&c, ready] {
          while (!ready()) std::this_thread::sleep_for(1ms);
          c.stop();
        }) {}
  ~stopper() { thread_.join(); }
  std::thread thread_;
};

struct stopwatch {
  std::chrono::steady_clock::time_point begun = std::chrono::steady_clock::now();
  [[nodiscard]] std::chrono::nanoseconds passed() const { return std::chrono::steady_clock::now() - begun; }
};

}  // namespace

TEST_CASE("stop() ends a request that waits for its answer, and it is not sent again") {
  tests::server server(
      [](tests::received const& r) { return r.target == "/slow" ? tests::hang() : tests::respond(200, "ok"); });
  http::retrying_client<> c(server.url());
  c.set_keep_alive(true);
  if (GENERATE(false, true)) CHECK(c.Get("/")->status == 200);  // on a kept connection
  auto const before = server.requests().size();
  auto const asked = [&] { return server.requests().size() == before + 1; };
  stopwatch const watch;
  auto const r = [&] {
    stopper const stops(c, asked);
    return c.Get("/slow");
  }();
  CHECK_FALSE(r);
  CHECK(r.error() == httplib::Error::Read);
  CHECK(r.reason == tenax::stop_reason::cancelled);
  CHECK(r.attempts == 1);
  CHECK(watch.passed() < 1s);
  CHECK(server.requests().size() == before + 1);
  CHECK(c.Get("/")->body == "ok");
}

TEST_CASE("stop() ends the wait after an answer") {
  std::atomic<int> calls = 0;
  tests::server server([&](auto const&) {
    return ++calls == 1 ? tests::respond(503, "busy", "Retry-After: 20\r\n") : tests::respond(200, "ok");
  });
  std::stop_source source;
  http::retrying_client<> c(server.url());
  SECTION("of the standard policy") {}
  SECTION("of a policy with a token") { c.policy(http::standard_retry().cancel_with(source.get_token())); }
  SECTION("of a policy with a token that cannot call back") {
    struct polled {
      static bool stop_requested() { return false; }
    };
    c.policy(http::standard_retry().cancel_with(polled{}));
  }
  stopwatch const watch;
  auto const r = [&] {
    stopper const stops(c, [&] { return server.requests().size() == 1; });
    return c.Get("/");
  }();
  CHECK((!r || r->status == 503));
  CHECK(r.reason == tenax::stop_reason::cancelled);
  CHECK(watch.passed() < 5s);
  CHECK(server.requests().size() == 1);
  CHECK(c.Get("/")->body == "ok");
}

TEST_CASE("stop() ends the wait at a gate") {
  tests::server server([](auto const&) { return tests::respond(200, "ok"); });
  tenax::rate_limiter limiter(tenax::per_minute(3));
  http::retrying_client<> c(server.url());
  c.policy(http::standard_retry().through(std::ref(limiter)));
  CHECK(c.Get("/")->status == 200);
  std::atomic<bool> waits = false;
  c.policy(http::standard_retry().through(std::ref(limiter)).before_gate_wait([&](tenax::gate_wait const&) {
    waits = true;
  }));
  auto const r = [&] {
    stopper const stops(c, [&] { return waits.load(); });
    return c.Get("/");
  }();
  CHECK_FALSE(r);
  CHECK(r.error() == httplib::Error::Canceled);
  CHECK(r.reason == tenax::stop_reason::cancelled);
  CHECK(r.attempts == 0);
  CHECK(server.requests().size() == 1);
}

TEST_CASE("A call that ends before its first attempt returns a result without a response, and throws nothing") {
  tests::server server([](auto const&) { return tests::respond(200, "ok"); });
  client c(server);
  tenax::rate_limiter limiter(tenax::per_minute(1));
  auto const limited = c.standard().through(std::ref(limiter));
  CHECK(c.standard().when(tenax::when::never).through(std::ref(limiter))([] { return 1; }) == 1);
  auto expected = tenax::stop_reason::refused_by_gate;
  auto error = transport_error::unsent;
  std::string refusal = "a gate's wait would exceed max_gate_wait";
  std::stop_source source;
  SECTION("refused by a gate") { c.policy(limited.max_gate_wait(1s)); }
  SECTION("refused by a gate at an endpoint with a policy of its own") {
    c.policy("/**", limited.max_gate_wait(1s));
    c.policy("POST /**", limited.max_gate_wait(1s));
  }
  SECTION("because the deadline leaves no time") {
    c.policy(limited.stop(tenax::stop::deadline(1s)));
    expected = tenax::stop_reason::expired_on_entry;
    refusal = "a gate's wait would pass the deadline";
  }
  SECTION("because its token was triggered") {
    source.request_stop();
    c.policy(c.standard().cancel_with(source.get_token()));
    expected = tenax::stop_reason::cancelled;
    error = transport_error::cancelled;
    refusal = "";
  }
  int called = 0;
  auto const receiver = [&](char const*, std::size_t) { return ++called > 0; };
  auto const provider = [&](std::size_t, httplib::DataSink& sink) { return ++called, sink.done(), true; };
  auto const ended = [&](http::httplib_result const& r) {
    CHECK_FALSE(r);
    CHECK(r.error() == httplib::Error::Canceled);
    CHECK(http::error_of(r) == error);
    CHECK(r.reason == expected);
    CHECK(r.attempts == 0);
    CHECK(std::string_view(r.refusal) == refusal);
    CHECK(r.retry_after.has_value() == !refusal.empty());
    CHECK(r.body_ready);
    CHECK_FALSE(r.body_spent);
  };
  ended(c.Get("/"));
  ended(c.Get("/", receiver));
  ended(c.Head("/"));
  ended(c.Options("/"));
  ended(c.Post("/", "x", "text/plain"));
  ended(c.Post("/", provider, "text/plain"));
  ended(c.Put("/", "x", "text/plain"));
  ended(c.Patch("/", "x", "text/plain"));
  ended(c.Delete("/"));
  httplib::Request request;
  request.method = "GET";
  request.path = "/";
  ended(c.send(request));
  httplib::Response response;
  auto why = httplib::Error::Success;
  CHECK_FALSE(c.send(request, response, why));
  CHECK(why == httplib::Error::Canceled);
  CHECK(called == 0);
  CHECK(server.requests().empty());
}

TEST_CASE("An exception of a policy's callback leaves a call that has made no attempt") {
  tests::server server([](auto const&) { return tests::respond(200, "ok"); });
  client c(server);
  c.policy(c.standard().before_attempt([](auto const&) { throw std::runtime_error("the log is full"); }));
  CHECK_THROWS_AS(c.Get("/"), std::runtime_error);
}

TEST_CASE("A policy around the client waits for as long as the gate that refused its call says") {
  tests::server server([](auto const&) { return tests::respond(200, "ok"); });
  client c(server);
  tenax::rate_limiter limiter(tenax::per_minute(1));
  tenax::circuit_breaker breaker({.failures = 1});
  auto const limited = c.standard().through(std::ref(limiter)).max_gate_wait(1s);
  CHECK(c.standard().when(tenax::when::never).through(std::ref(limiter))([] { return 1; }) == 1);
  c.policy(limited);
  names log;
  auto const around = c.standard().stop(tenax::stop::after_attempts(2)).through(std::ref(breaker));
  auto const logged = around.before_sleep(tenax::log_to([&](std::string_view line) { log.emplace_back(line); }));
  auto const r = logged.try_call([&] { return c.Post("/", "x", "text/plain"); });
  CHECK(r.succeeded());
  CHECK(c.clock.slept() >= 60s);
  CHECK(c.clock.slept() < 66s);
  CHECK(breaker.state() == tenax::circuit_state::closed);
  CHECK(log.size() == 1);
  CHECK(log[0].find("POST /: no connection (a gate's wait would exceed max_gate_wait)") != std::string::npos);
}

TEST_CASE("stop() without a call under way changes nothing") {
  tests::server server([](auto const&) { return tests::respond(200, "ok"); });
  client c(server);
  c.stop();
  CHECK(c.Get("/")->body == "ok");
  c.stop();
  CHECK(c.Post("/", "x", "text/plain")->body == "ok");
}

TEST_CASE("stop() ends calls of several threads") {
  tests::server server([](auto const&) { return tests::hang(); });
  http::retrying_client<> c(server.url());
  std::atomic<int> begun = 0, ended = 0;
  c.policy(http::standard_retry().before_attempt([&](tenax::attempt_info const&) { ++begun; }));
  auto const call = [&] {
    if (c.Get("/").reason == tenax::stop_reason::cancelled) ++ended;
  };
  std::thread one(call), two(call), three(call);
  while (begun < 3 || server.requests().empty()) std::this_thread::sleep_for(1ms);
  c.stop();
  one.join();
  two.join();
  three.join();
  CHECK(ended == 3);
  CHECK(server.requests().size() == 1);
}

TEST_CASE("A client can be used after it was moved") {
  tests::server server([](auto const&) { return tests::respond(200, "ok"); });
  http::retrying_client<> first(server.url());
  CHECK(first.Get("/")->body == "ok");
  http::retrying_client<> second(std::move(first));
  CHECK(second.Get("/")->body == "ok");
}

// --- limits ---------------------------------------------------------------------------------------------------------

namespace {

/// A server that sends a part of a response again and again, and never ends it.
class dripping {
 public:
  dripping(std::string head, std::string drop) : head_(std::move(head)), drop_(std::move(drop)) {
    ::listen(listening_.get(), 8);
    thread_ = std::thread([this] { run(); });
  }
  ~dripping() {
    ends_ = true;
    ::shutdown(listening_.get(), SHUT_RDWR);
    thread_.join();
  }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(listening_.port()); }
  std::atomic<int> connections{0};

 private:
  void run() {
    while (!ends_) {
      int const connection = ::accept(listening_.get(), nullptr, nullptr);
      if (connection < 0) return;
      ++connections;
      auto ok = ::send(connection, head_.data(), head_.size(), MSG_NOSIGNAL) >= 0;
      while (ok && !ends_) {
        std::this_thread::sleep_for(2ms);
        ok = ::send(connection, drop_.data(), drop_.size(), MSG_NOSIGNAL) > 0;
      }
      ::close(connection);
    }
  }

  tests::bound_socket listening_{};
  std::string head_, drop_;
  std::atomic<bool> ends_{false};
  std::thread thread_{};
};

}  // namespace

TEST_CASE("A deadline ends a request in the middle of a transfer") {
  std::string const head = "HTTP/1.1 200 OK\r\n";
  dripping body(head + "Content-Length: 100000\r\n\r\n", "x");
  dripping headers(head, "X-Drop: x\r\n");
  tests::server silent([](auto const&) { return tests::hang(); });
  auto const kind = GENERATE(0, 1, 2);
  auto const url = kind == 0 ? body.url() : kind == 1 ? headers.url() : silent.url();
  http::retrying_client<> c(url);
  auto const limited = tenax::retrying{}.when(tenax::when::any_error).wait(tenax::wait::none);
  SECTION("of the policy") {
    c.policy(limited.stop(tenax::stop::deadline(100ms)));
    stopwatch const watch;
    auto const r = c.Get("/");
    CHECK_FALSE(r);
    CHECK(r.reason == tenax::stop_reason::deadline);
    CHECK(http::error_of(r) == transport_error::timed_out);
    CHECK(watch.passed() >= 99ms);
    CHECK(watch.passed() < 1s);
  }
  SECTION("of each attempt") {
    std::uint32_t attempt = 0;
    std::optional<std::uint32_t> delivered_by;
    c.policy(limited.attempt_timeout(20ms)
                 .stop(tenax::stop::after_attempts(3))
                 .before_attempt([&](tenax::attempt_info const& a) { attempt = a.number; }));
    stopwatch const watch;
    auto const r = c.Get("/", [&](char const*, std::size_t) {
      delivered_by = attempt;
      return true;
    });
    CHECK_FALSE(r);
    CHECK(r.delivered == delivered_by.has_value());
    CHECK(r.attempts == delivered_by.value_or(3));
    CHECK(http::error_of(r) == transport_error::timed_out);
    CHECK(watch.passed() < 1s);
  }
  SECTION("of a POST, which is not sent again") {
    c.policy(limited.attempt_timeout(100ms).stop(tenax::stop::after_attempts(3)));
    auto const r = c.Post("/", "x", "text/plain");
    CHECK(r.attempts == 1);
    CHECK(http::error_of(r) == transport_error::timed_out);
  }
  SECTION("of a policy around the client") {
    stopwatch const watch;
    auto const r = limited.stop(tenax::stop::deadline(100ms)).try_call([&] { return c.Get("/"); });
    CHECK(r.reason == tenax::stop_reason::deadline);
    CHECK(watch.passed() < 1s);
  }
}

TEST_CASE("A deadline ends a request behind a redirect") {
  dripping slow("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", "x");
  tests::server first([&](auto const&) { return tests::respond(302, "", "Location: " + slow.url() + "/\r\n"); });
  http::retrying_client<> c(first.url());
  c.set_follow_location(true);
  c.policy(http::standard_retry().stop(tenax::stop::deadline(100ms)));
  stopwatch const watch;
  auto const r = c.Get("/");
  CHECK(http::error_of(r) == transport_error::timed_out);
  CHECK(watch.passed() < 1s);
  CHECK(first.requests().size() == 1);
}

TEST_CASE("A deadline ends an upload that the server does not read") {
  tests::bound_socket deaf;
  ::listen(deaf.get(), 8);
  http::retrying_client<> c("127.0.0.1", deaf.port());
  c.policy(http::standard_retry().stop(tenax::stop::deadline(40ms)));
  std::string const much(1U << 24U, 'x');
  stopwatch const watch;
  auto const r = c.Put("/", much, "text/plain");
  CHECK(http::error_of(r) == transport_error::timed_out);
  CHECK(watch.passed() < 4s);
}

namespace {

/// A port that accepts no connections: its queue is full.
class full_queue {
 public:
  full_queue() {
    ::listen(listening_.get(), 0);
    ::sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(listening_.port()));
    for (int& s : sockets_) {
      s = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
      static_cast<void>(::connect(s, reinterpret_cast<::sockaddr*>(&address), sizeof address));
    }
  }
  full_queue(full_queue const&) = delete;
  full_queue& operator=(full_queue const&) = delete;
  ~full_queue() {
    for (int const s : sockets_) ::close(s);
  }
  [[nodiscard]] int port() const { return listening_.port(); }

 private:
  tests::bound_socket listening_{};
  int sockets_[4] = {};
};

}  // namespace

TEST_CASE("A deadline ends an attempt to connect") {
  full_queue const full;
  http::retrying_client<> c("127.0.0.1", full.port());
  c.policy(http::standard_retry().stop(tenax::stop::deadline(40ms)));
  stopwatch const watch;
  auto const r = c.Get("/");
  CHECK_FALSE(r);
  CHECK(r.reason == tenax::stop_reason::deadline);
  CHECK(watch.passed() < 1s);
}

TEST_CASE("stop() ends an attempt to connect") {
  full_queue const full;
  http::retrying_client<> c("127.0.0.1", full.port());
  std::atomic<bool> begun = false;
  c.policy(http::standard_retry().before_attempt([&](tenax::attempt_info const&) { begun = true; }));
  stopwatch const watch;
  auto const r = [&] {
    stopper const stops(c, [&] { return begun.load(); });
    return c.Get("/");
  }();
  CHECK_FALSE(r);
  CHECK(r.reason == tenax::stop_reason::cancelled);
  CHECK(r.attempts == 1);
  CHECK(watch.passed() < 1s);
}

TEST_CASE("A call that waits for its turn ends at its deadline, without a request") {
  tests::server silent([](auto const&) { return tests::hang(); });
  http::retrying_client<> c(silent.url());
  c.policy("/short", http::standard_retry().stop(tenax::stop::deadline(30ms)));
  std::thread other([&] { static_cast<void>(c.Get("/long")); });
  while (silent.requests().empty()) std::this_thread::sleep_for(1ms);
  stopwatch const watch;
  auto const r = c.Post("/short", "x", "text/plain");
  CHECK_FALSE(r);
  CHECK(http::error_of(r) == transport_error::unsent);
  CHECK(watch.passed() < 1s);
  CHECK(silent.requests().size() == 1);
  c.stop();
  other.join();
}

TEST_CASE("A token ends a request immediately") {
  dripping slow("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", "x");
  http::retrying_client<> c(slow.url());
  std::atomic<bool> asked = false;
  struct polled {
    std::atomic<bool> const* asked;
    [[nodiscard]] bool stop_requested() const { return asked->load(); }
  };
  std::stop_source source;
  auto const standard = http::standard_retry();
  auto const around = tenax::retrying{}.when(tenax::when::transient);
  std::function<http::httplib_result()> call;
  SECTION("that calls back") {
    c.policy(standard.cancel_with(source.get_token()));
    call = [&] { return c.Get("/"); };
  }
  SECTION("that is polled") {
    c.policy(standard.cancel_with(polled{&asked}));
    call = [&] { return c.Get("/"); };
  }
  SECTION("of a policy around the client") {
    call = [&] { return around.cancel_with(source.get_token())([&] { return c.Get("/"); }); };
  }
  stopwatch const watch;
  std::thread user([&] {
    while (slow.connections == 0) std::this_thread::sleep_for(1ms);
    std::this_thread::sleep_for(3ms);
    source.request_stop();
    asked = true;
  });
  auto const r = call();
  user.join();
  CHECK(r.reason == tenax::stop_reason::cancelled);
  CHECK(http::error_of(r) == transport_error::cancelled);
  CHECK(watch.passed() < 1s);
  CHECK(slow.connections == 1);
}

TEST_CASE("A client that obeys limits keeps its own timeouts unchanged") {
  tests::server silent([](auto const&) { return tests::hang(); });
  http::retrying_client<> c(silent.url());
  c.set_read_timeout(20ms);
  c.policy(http::standard_retry().wait(tenax::wait::none).attempt_timeout(5s).stop(tenax::stop::after_attempts(2)));
  stopwatch const watch;
  auto const r = c.Get("/");
  CHECK(http::error_of(r) == transport_error::interrupted);
  CHECK(r.attempts == 2);
  CHECK(watch.passed() < 1s);
}

// --- interim responses ----------------------------------------------------------------------------------------------

TEST_CASE("An announcement is not an answer") {
  auto const status = GENERATE(100, 102, 103);
  tests::server server([&](auto const&) -> tests::answer {
    return {tests::respond(status).bytes + tests::respond(503, "busy", "Retry-After: 1\r\n").bytes,
            tests::answer::then::close};
  });
  client c(server);
  auto const get = c.Get("/");
  CHECK((!get || get->status == 503));
  CHECK(get.attempts == 3);
  auto const post = c.Post("/", "x", "text/plain");
  CHECK((!post || post->status == 503));
  CHECK(post.attempts == 1);
  CHECK(http::failed(post));
}

TEST_CASE("The final response after an interim one is not taken for the answer to the next request") {
  tests::server server([&](tests::received const& r) -> tests::answer {
    if (r.target == "/next") return tests::respond(200, "mine");
    return {tests::respond(103).bytes + tests::respond(200, "another's").bytes, tests::answer::then::keep};
  });
  client c(server);
  c.set_keep_alive(true);
  c.policy(c.standard().stop(tenax::stop::after_attempts(1)));
  CHECK_FALSE(c.Head("/first"));
  CHECK(c.Get("/next")->body == "mine");
  static_cast<void>(c.Get("/first"));
  CHECK(c.Get("/next")->body == "mine");
}

TEST_CASE("A 429 is obeyed, even if its body is incomplete") {
  tests::server server([](auto const&) { return tests::break_off(429, "slow", "Retry-After: 7\r\n"); });
  client c(server);
  std::vector<bool> throttled;
  c.policy(c.standard().after_attempt(
      [&](auto const& a) { throttled.push_back(a.hint.throttled && a.hint.wait == tenax::optional_duration(7s)); }));
  auto const r = c.Get("/");
  CHECK_FALSE(r);
  CHECK(r.attempts == 3);
  CHECK(throttled == std::vector<bool>{true, true, true});
  CHECK(c.clock.slept() >= 14s);
  CHECK(http::status_of(r) == 429);
  CHECK(http::response_traits<http::httplib_result>::error(r) == transport_error::interrupted);
}

// --- every function of the plain client -----------------------------------------------------------------------------

TEST_CASE("A request made by hand is sent again if its method allows it") {
  tests::server server{moody()};
  client c(server);
  httplib::Request request;
  request.method = "PUT";
  request.path = "/x";
  request.body = "words";
  request.headers = {{"X-Thing", "a"}};
  auto const put = c.send(request);
  REQUIRE(put);
  CHECK(put->body == "got words");
  CHECK(put.attempts == 3);
  CHECK(put.sent.method == "PUT");
  CHECK(server.requests().back().header("X-Thing") == "a");

  request.method = "POST";
  httplib::Response response;
  auto error = httplib::Error::Unknown;
  CHECK(c.send(request, response, error));
  CHECK(error == httplib::Error::Success);
  CHECK(response.status == 503);
  CHECK(server.requests().size() == 4);

  seen s;
  request.method = "GET";
  request.body.clear();
  request.response_handler = s.handler();
  request.content_receiver = [&](char const* data, std::size_t size, std::uint64_t, std::uint64_t) {
    s.body.append(data, size);
    return true;
  };
  CHECK(c.send(request)->status == 200);
  CHECK(s.statuses == names{"200"});
  CHECK(s.body == "got ");
  CHECK(server.requests().size() == 6);
}

// Every overload of cpp-httplib 0.11, called as programs call it: with values, and with types that convert from
// lambdas.
TEST_CASE("Every overload of cpp-httplib can be called") {
  tests::server server([](tests::received const& r) { return tests::respond(200, r.method); });
  client retrying(server);
  httplib::Client plain(server.url());
  std::string const path = "/", body = "x", type = "text/plain", boundary = "frontier";
  httplib::Headers const headers{{"X", "y"}};
  httplib::Params const params{{"a", "1"}};
  httplib::Progress const progress = [](std::uint64_t, std::uint64_t) { return true; };
  httplib::ResponseHandler const handler = [](httplib::Response const&) { return true; };
  std::string received;
  httplib::ContentReceiver const receiver = [&](char const* data, std::size_t size) {
    received.append(data, size);
    return true;
  };
  httplib::ContentProvider const provider = [](std::size_t, std::size_t length, httplib::DataSink& sink) {
    return sink.write("xxxxxxxx", length);
  };
  httplib::ContentProviderWithoutLength const endless_one = [](std::size_t, httplib::DataSink& sink) {
    sink.done();
    return true;
  };
  httplib::MultipartFormDataItems const items{{"name", "content", "", ""}};
  httplib::MultipartFormDataProviderItems const providers{{"file", endless_one, "f", "text/plain"}};
  auto const all = [&](auto& c) {
    int made = 0;
    auto const sent = [&](auto const& r) {
      CAPTURE(made);
      CHECK(r);
      ++made;
    };
    sent(c.Get(path));
    sent(c.Get(path, headers));
    sent(c.Get(path, progress));
    sent(c.Get(path, headers, progress));
    sent(c.Get(path, receiver));
    sent(c.Get(path, headers, receiver));
    sent(c.Get(path, receiver, progress));
    sent(c.Get(path, headers, receiver, progress));
    sent(c.Get(path, handler, receiver));
    sent(c.Get(path, headers, handler, receiver));
    sent(c.Get(path, handler, receiver, progress));
    sent(c.Get(path, headers, handler, receiver, progress));
    sent(c.Get(path, params, headers));
    sent(c.Get(path, params, headers, progress));
    sent(c.Get(path, params, headers, receiver));
    sent(c.Get(path, params, headers, receiver, progress));
    sent(c.Get(path, params, headers, handler, receiver));
    sent(c.Get(path, params, headers, handler, receiver, progress));
    sent(c.Get("/", {{"a", "1"}}, {{"X", "y"}}));
    sent(c.Get("/", {{"a", "1"}}, {{"X", "y"}}, receiver));
    sent(c.Get("/", {{"X", "y"}}, [](char const*, std::size_t) { return true; }));
    sent(c.Get("/", httplib::ResponseHandler(), receiver));
    sent(c.Get("/", receiver, httplib::Progress()));
    sent(c.Head(path));
    sent(c.Head(path, headers));
    sent(c.Options(path));
    sent(c.Options(path, headers));
    sent(c.Delete(path));
    sent(c.Delete(path, headers));
    sent(c.Delete(path, body.data(), body.size(), type));
    sent(c.Delete(path, headers, body.data(), body.size(), type));
    sent(c.Delete(path, body, type));
    sent(c.Delete(path, headers, body, type));
    sent(c.Post(path));
    sent(c.Put(path));
    sent(c.Patch(path));
    sent(c.Post(path, headers));
    sent(c.Post(path, params));
    sent(c.Put(path, params));
    sent(c.Post(path, headers, params));
    sent(c.Put(path, headers, params));
    sent(c.Post(path, items));
    sent(c.Put(path, items));
    sent(c.Post(path, headers, items));
    sent(c.Put(path, headers, items));
    sent(c.Post(path, headers, items, boundary));
    sent(c.Put(path, headers, items, boundary));
    sent(c.Post(path, headers, items, providers));
    sent(c.Put(path, headers, items, providers));
    auto const bodies = [&](auto const& send) {
      send(body.data(), body.size(), type);
      send("x", std::size_t{1}, "text/plain");
      send(body, type);
      send("x", "text/plain");
      send(std::size_t{8}, provider, type);
      send(
          std::size_t{8}, [](std::size_t, std::size_t n, httplib::DataSink& sink) { return sink.write("xxxxxxxx", n); },
          type);
      send(endless_one, type);
      send([](std::size_t, httplib::DataSink& sink) { return sink.done(), true; }, "text/plain");
    };
    bodies([&](auto const&... a) { sent(c.Post(path, a...)); });
    bodies([&](auto const&... a) { sent(c.Put(path, a...)); });
    bodies([&](auto const&... a) { sent(c.Patch(path, a...)); });
    bodies([&](auto const&... a) { sent(c.Post(path, headers, a...)); });
    bodies([&](auto const&... a) { sent(c.Put(path, headers, a...)); });
    bodies([&](auto const&... a) { sent(c.Patch(path, headers, a...)); });
    bodies([&](auto... a) { sent(c.Put(path, std::move(a)...)); });
    httplib::Request request;
    request.method = "GET";
    request.path = path;
    sent(c.send(request));
    httplib::Response response;
    auto error = httplib::Error::Success;
    sent(c.send(request, response, error));
    CHECK(response.body == "GET");
    return made;
  };
  CHECK(all(plain) == all(retrying));
  auto const requests = server.requests();
  REQUIRE(requests.size() % 2 == 0);
  for (std::size_t i = 0, half = requests.size() / 2; i < half; ++i) {
    CAPTURE(i);
    CHECK(requests[i].method == requests[half + i].method);
    CHECK(requests[i].target == requests[half + i].target);
    CHECK(requests[i].body.size() == requests[half + i].body.size());
  }
}

TEST_CASE("A hint to retry does not repeat a request that must not be sent twice") {
  tests::server server([](auto const&) { return tests::respond(409, "", "x-should-retry: true\r\n"); });
  client c(server);
  CHECK(c.Post("/", "x", "text/plain").attempts == 1);
  auto const insists = [](auto const&) { return tenax::hint{.verdict = tenax::verdict::retry}; };
  c.policy(tenax::retrying{}.wait(tenax::wait::none).read_hints_with(insists));
  CHECK(c.Post("/", "x", "text/plain").attempts == 1);
  std::istringstream file("the song");
  CHECK(c.Put("/", endless(file), "text/plain").attempts == 1);
  CHECK(c.Get("/").attempts == 3);
  seen s;
  tests::server good([](auto const&) { return tests::respond(200, "the song", "grpc-retry-pushback-ms: 1\r\n"); });
  client d(good);
  CHECK(d.Get("/", s.receiver()).attempts == 1);
}

TEST_CASE("Gates are notified of a failed request that must not be sent again") {
  tests::server server([](auto const&) { return tests::respond(503); });
  client c(server);
  tenax::circuit_breaker breaker({.failures = 2, .open_for = 1min});
  c.policy(c.standard().through(std::ref(breaker)));
  CHECK(c.Post("/", "x", "text/plain")->status == 503);
  CHECK(c.Post("/", "x", "text/plain")->status == 503);
  CHECK(breaker.state() == tenax::circuit_state::open);
}
