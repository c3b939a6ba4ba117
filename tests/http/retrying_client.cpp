// SPDX-License-Identifier: MIT
// retrying_client.cpp: cpp-httplib's client with retries, against a server that does what servers do.
#include <tenax/http/retrying_client.hpp>

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenax/tenax.hpp>
#include <tenax/testing/no_waits.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "../catch.hpp"
#include "server.hpp"

using namespace std::chrono_literals;
namespace http = tenax::http;
namespace stop = tenax::stop;
namespace wait = tenax::wait;
namespace when = tenax::when;
using http::transport_error;
using tenax::testing::virtual_time;
using names = std::vector<std::string>;

static_assert(http::detail::knows_method<http::httplib_result>);
static_assert(!std::is_convertible_v<std::string, http::retrying_client<>>, "as httplib::Client");

namespace {

/// Answers "503, 503, 200", again and again, and echoes the request's body.
struct moody {
  int calls = 0;
  tests::answer operator()(tests::received const& r) {
    return ++calls % 3 != 0 ? tests::respond(503, "busy") : tests::respond(200, "got " + r.body);
  }
};

/// A client whose waits pass in no time.
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

TEST_CASE("A client that retries is made as one that does not") {
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

TEST_CASE("The standard policy is in force if none is given") {
  int calls = 0;
  tests::server server([&](auto const&) { return ++calls == 1 ? tests::respond(503) : tests::respond(200); });
  tenax::testing::no_waits const quick;
  http::retrying_client<> c(server.url());
  CHECK(c.Get("/")->status == 200);
  calls = 0;
  CHECK(c.Post("/", "x", "text/plain")->status == 503);
}

TEST_CASE("Log lines name the request") {
  int calls = 0;
  tests::server server([&](auto const&) { return ++calls == 1 ? tests::respond(503) : tests::respond(200); });
  tenax::testing::virtual_time clock;
  names lines;
  http::retrying_client<> c(server.url());
  c.policy(http::standard_retry()
               .wait(wait::none)
               .environment(std::ref(clock))
               .before_sleep(tenax::log_to([&](std::string_view line) { lines.emplace_back(line); })));
  CHECK(c.Get("/albums/1?full=1")->status == 200);
  CHECK(lines ==
        names{"tenax: attempt 1 failed: GET /albums/1?full=1: status 503 (Service Unavailable); attempt 2 at once"});
}

TEST_CASE("POST and PATCH are not retried, unless the server has seen nothing of them") {
  tests::server server([](auto const&) { return tests::respond(503, "busy"); });
  client c(server);
  auto const post = c.Post("/", "x", "text/plain");
  CHECK(post->body == "busy");
  CHECK(post.sent.method == "POST");
  CHECK_FALSE(post.sent.idempotency_key);
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

TEST_CASE("Keys are written in the format that was asked for") {
  tests::server server([](auto const&) { return tests::respond(200); });
  client c(server);
  c.generate_idempotency_keys().Post("/");
  c.generate_idempotency_keys(http::key_format::plain).Post("/");
  c.generate_idempotency_keys(http::key_format::quoted).Post("/");
  CHECK(server.requests()[0].header("Idempotency-Key").size() == 38);
  CHECK(server.requests()[1].header("Idempotency-Key").size() == 36);
  CHECK(server.requests()[2].header("Idempotency-Key").front() == '"');
}

TEST_CASE("A key of the caller's own is kept, and makes a POST retried") {
  tests::server server{moody()};
  client c(server);
  SECTION("without generated keys") {}
  SECTION("beside generated keys") { c.generate_idempotency_keys(); }
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

TEST_CASE("Headers are given as lvalues, as temporaries and in braces") {
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

TEST_CASE("Bodies are given in every way of cpp-httplib and sent again whole") {
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

TEST_CASE("What the server asks for is waited") {
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

TEST_CASE("Each endpoint has the first policy whose pattern fits, and the rest have the default") {
  tests::server server([](auto const&) { return tests::respond(503); });
  client c(server);
  auto const attempts = [&](std::int64_t n) { return c.standard().stop(stop::after_attempts(n)); };
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

TEST_CASE("A policy of one's own may retry what the standard one does not") {
  tests::server server([](auto const&) { return tests::respond(404); });
  client c(server);
  c.policy("POST /search", tenax::retrying{}.when(when::status(404)).wait(wait::none).stop(stop::after_attempts(4)));
  CHECK(c.Post("/search", "x", "text/plain")->status == 404);
  CHECK(server.requests().size() == 4);
}

TEST_CASE("No policy sends a POST twice, unless its endpoint names the method") {
  tests::server server([](auto const&) { return tests::respond(503); });
  client c(server);
  auto const eager = tenax::retrying{}.environment(std::ref(c.clock));
  c.policy("/v1/**", eager.when(when::status(503))).policy(eager);
  CHECK(c.Post("/v1/x", "x", "text/plain").attempts == 1);
  CHECK(c.Post("/v2/x", "x", "text/plain").attempts == 1);
  CHECK(c.Get("/v1/x").attempts == 3);
  CHECK(c.Get("/v2/x").attempts == 3);
  CHECK(c.Post("/v1/x", httplib::Headers{{"Idempotency-Key", "1"}}, "x", "text/plain").attempts == 3);
}

TEST_CASE("A result says how often it was asked for, and why no more") {
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

TEST_CASE("An endpoint that no request could fit is refused") {
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

/// What a receiver saw.
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

TEST_CASE("A receiver gets the body of a failure that is final") {
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

TEST_CASE("A response handler hears of a final failure without a body") {
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

TEST_CASE("Who does not want the body of a final failure cancels, as without retries") {
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

TEST_CASE("A handler or a receiver that wants no more ends the call") {
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
    c.policy(tenax::retrying{}.when(when::any_error).wait(wait::none).stop(stop::after_attempts(3)));
  }
  auto const r = c.Get("/", s.receiver());
  CHECK_FALSE(r);
  CHECK(r.delivered);
  CHECK(http::error_of(r) == transport_error::interrupted);
  CHECK(s.body == "half a song");
  CHECK(server.requests().size() == 1);
}

TEST_CASE("A whole response that a policy wants retried is not sent again once it was received") {
  tests::server server([](auto const&) { return tests::respond(202, "not yet"); });
  client c(server);
  c.policy(tenax::retrying{}.when(when::status(202)).wait(wait::none).stop(stop::after_attempts(3)));
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

TEST_CASE("What was held back of a response that broke off is not delivered") {
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

TEST_CASE("What a receiver throws is the caller's, and nothing is sent again") {
  struct too_loud : std::runtime_error {
    using runtime_error::runtime_error;
  };
  tests::server server([](tests::received const& r) {
    return r.target == "/song" ? tests::respond(200, "the song") : tests::respond(404, "no such song");
  });
  client c(server);
  c.policy(tenax::retrying{}.wait(wait::none));
  auto const receiver = [](char const*, std::size_t) -> bool { throw too_loud("too loud"); };
  CHECK_THROWS_AS(c.Get("/song", receiver), too_loud);
  CHECK(server.requests().size() == 1);
  CHECK_THROWS_AS(c.Get("/nothing", receiver), too_loud);
  CHECK(server.requests().size() == 2);
  CHECK(c.Get("/song")->body == "the song");
}
