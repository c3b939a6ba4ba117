// SPDX-License-Identifier: MIT
// httplib.cpp: a plain client of cpp-httplib, with a server that misbehaves like real ones.
#include <tenax/current_attempt.hpp>
#include <tenax/http/httplib.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <tenax/http/standard_retry.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "../catch.hpp"
#include "server.hpp"

using namespace std::chrono_literals;
namespace http = tenax::http;
using http::transport_error;
using tenax::stop_reason;

static_assert(http::response<httplib::Result> && http::response<httplib::Response>);
static_assert(!http::detail::knows_method<httplib::Result>, "so that standard_retry() asks for it");

namespace {

transport_error error_of(httplib::Error code) { return http::error_of(httplib::Result(nullptr, code)); }

}  // namespace

TEST_CASE("A result of cpp-httplib has status, headers with duplicates, and body") {
  tests::server server(
      [](auto const&) { return tests::respond(429, "slow down", "Retry-After: 7\r\nX-Thing: a\r\nx-thing: b\r\n"); });
  httplib::Client client(server.url());
  auto const r = client.Get("/");
  CHECK(http::status_of(r) == 429);
  CHECK(http::error_of(r) == transport_error::none);
  CHECK(http::failed(r));
  CHECK(http::is_transient(r));
  CHECK(http::header_of(r, "retry-after") == "7");
  CHECK(http::response_traits<httplib::Result>::body(r) == "slow down");
  std::vector<std::string> things;
  http::for_each_line(http::response_traits<httplib::Result>::headers(r), "X-Thing",
                      [&](std::string_view value) { things.emplace_back(value); });
  CHECK(things == std::vector<std::string>{"a", "b"});
}

TEST_CASE("A response of cpp-httplib is read like its result") {
  httplib::Response r;
  CHECK(http::status_of(r) == 0);
  CHECK(http::error_of(r) == transport_error::interrupted);
  r.status = 503;
  r.body = "busy";
  r.set_header("Retry-After", "3");
  CHECK(http::status_of(r) == 503);
  CHECK(http::error_of(r) == transport_error::none);
  CHECK(http::header_of(r, "Retry-After") == "3");
  CHECK(http::response_traits<httplib::Response>::body(r) == "busy");
}

TEST_CASE("If cpp-httplib cannot connect, nothing was sent") {
  httplib::Client client("127.0.0.1", tests::closed_port());
  auto const r = client.Get("/");
  REQUIRE_FALSE(r);
  CHECK(http::error_of(r) == transport_error::unsent);
  CHECK(http::status_of(r) == 0);
  CHECK(http::header_of(r, "Retry-After").empty());
  CHECK(http::response_traits<httplib::Result>::body(r).empty());
}

TEST_CASE("If a connection of cpp-httplib breaks, the request was interrupted") {
  tests::server server([](tests::received const& r) {
    return r.target == "/body" ? tests::break_off(200, "half") : tests::answer{"", tests::answer::then::close};
  });
  httplib::Client client(server.url());
  CHECK(http::error_of(client.Get("/body")) == transport_error::interrupted);
  CHECK(http::error_of(client.Get("/nothing")) == transport_error::interrupted);
}

TEST_CASE("If a server does not answer cpp-httplib in time, it may have acted") {
  tests::server server([](auto const&) { return tests::hang(); });
  httplib::Client client(server.url());
  client.set_read_timeout(20ms);
  CHECK(http::error_of(client.Get("/")) == transport_error::interrupted);
}

TEST_CASE("A transfer of cpp-httplib that the caller ends is cancelled") {
  tests::server server([](auto const&) { return tests::respond(200, "body"); });
  httplib::Client client(server.url());
  auto const by_progress = client.Get("/", [](std::uint64_t, std::uint64_t) { return false; });
  CHECK(http::error_of(by_progress) == transport_error::cancelled);
  auto const by_receiver = client.Get("/", [](char const*, std::size_t) { return false; });
  CHECK(http::error_of(by_receiver) == transport_error::cancelled);
  CHECK(tenax::result_traits<httplib::Result>::read_hint(by_progress).verdict == tenax::verdict::cancelled);
}

TEST_CASE("Every error of cpp-httplib is classified") {
  using httplib::Error;
  CHECK(error_of(Error::Connection) == transport_error::unsent);
  CHECK(error_of(Error::ConnectionTimeout) == transport_error::unsent);
  CHECK(error_of(Error::SSLConnection) == transport_error::unsent);
  CHECK(error_of(Error::Read) == transport_error::interrupted);
  CHECK(error_of(Error::Write) == transport_error::interrupted);
  CHECK(error_of(Error::Unknown) == transport_error::interrupted);
  CHECK(error_of(Error::Success) == transport_error::interrupted);
  CHECK(error_of(Error::Canceled) == transport_error::cancelled);
  for (auto const code : {Error::BindIPAddress, Error::ExceedRedirectCount, Error::SSLLoadingCerts,
                          Error::SSLServerVerification, Error::UnsupportedMultipartBoundaryChars, Error::Compression}) {
    CHECK(error_of(code) == transport_error::permanent);
  }
}

TEST_CASE("A policy that names the method retries requests of cpp-httplib") {
  int calls = 0;
  tests::server server([&](auto const&) {
    return ++calls < 3 ? tests::respond(503, "", "Retry-After: 5\r\n") : tests::respond(200, "ok");
  });
  tenax::testing::virtual_time clock;
  httplib::Client client(server.url());
  auto const policy = http::standard_retry("GET").environment(std::ref(clock));
  auto const r = policy([&] { return client.Get("/"); });
  REQUIRE(r);
  CHECK(r->body == "ok");
  CHECK(clock.slept() >= 10s);
  CHECK(clock.slept() < 11s);
}

TEST_CASE("An interim response of cpp-httplib does not count as the response") {
  httplib::Response r;
  for (int const status : {100, 102, 103, 199}) {
    r.status = status;
    CHECK(http::failed(r));
    CHECK(http::status_of(r) == 0);
    CHECK(http::error_of(r) == transport_error::interrupted);
    CHECK_FALSE(http::was_never_processed(r));
    CHECK(http::failed(httplib::Result(std::make_unique<httplib::Response>(r), httplib::Error::Success)));
  }
  r.status = 101;
  CHECK_FALSE(http::failed(r));
}

TEST_CASE("No error of a plain client proves that a server has seen nothing: it may have followed a redirect") {
  tests::server first([&](auto const&) {
    return tests::respond(303, "", "Location: http://127.0.0.1:" + std::to_string(tests::closed_port()) + "/\r\n");
  });
  tenax::testing::virtual_time clock;
  httplib::Client client(first.url());
  client.set_follow_location(true);
  auto const policy = http::standard_retry("POST").environment(std::ref(clock));
  CHECK_FALSE(policy([&] { return client.Post("/orders", "item=7", "text/plain"); }));
  CHECK(first.requests().size() == 1);

  tests::server second([](auto const&) { return tests::respond(425); });
  tests::server redirects([&](auto const&) { return tests::respond(307, "", "Location: " + second.url() + "/\r\n"); });
  httplib::Client other(redirects.url());
  other.set_follow_location(true);
  CHECK(policy([&] { return other.Post("/orders", "item=7", "text/plain"); })->status == 425);
  CHECK(redirects.requests().size() == 1);
}

namespace {

/// The errors of a newer release.
enum class newer {
  Success,
  Unknown,
  Connection,
  BindIPAddress,
  Read,
  Write,
  ExceedRedirectCount,
  Canceled,
  SSLConnection,
  SSLLoadingCerts,
  SSLServerVerification,
  SSLServerHostnameVerification,
  UnsupportedMultipartBoundaryChars,
  Compression,
  ConnectionTimeout,
  ProxyConnection,
  ConnectionClosed,
  Timeout,
};

}  // namespace

TEST_CASE("The additional errors of newer releases of cpp-httplib are classified") {
  using http::detail::classify_httplib;
  CHECK(classify_httplib(newer::SSLServerHostnameVerification) == transport_error::permanent);
  CHECK(classify_httplib(newer::SSLServerVerification) == transport_error::permanent);
  CHECK(classify_httplib(newer::ProxyConnection) == transport_error::unsent);
  CHECK(classify_httplib(newer::Timeout) == transport_error::timed_out);
  CHECK(classify_httplib(newer::ConnectionClosed) == transport_error::interrupted);
}

TEST_CASE("apply_limits sets the timeouts of a plain cpp-httplib client to the time of an attempt") {
  tests::server silent([](auto const&) { return tests::hang(); });
  httplib::Client client(silent.url());
  auto const policy = tenax::retrying{}.stop(tenax::stop::deadline(30ms));
  auto const begun = std::chrono::steady_clock::now();
  auto const r = policy.try_call([&] {
    http::apply_limits(client, tenax::current_attempt());
    return client.Get("/");
  });
  CHECK(r.reason == stop_reason::deadline);
  CHECK(std::chrono::steady_clock::now() - begun < 1s);
  http::apply_limits(client, tenax::current_attempt());  // no attempt here
}
