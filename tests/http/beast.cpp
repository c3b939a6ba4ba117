// SPDX-License-Identifier: MIT
// beast.cpp: Boost.Beast's messages and exchanges on a real connection.
#include <tenax/http/beast.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/vector_body.hpp>

#include <tenax/http/standard_retry.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "../catch.hpp"
#include "server.hpp"

using namespace std::chrono_literals;
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = tenax::http;
using http::transport_error;
using text_response = beast::http::response<beast::http::string_body>;
using bytes_response = beast::http::response<beast::http::vector_body<char>>;

static_assert(http::response<text_response> && http::detail::knows_body<text_response>);
static_assert(http::response<bytes_response> && !http::detail::knows_body<bytes_response>);
static_assert(http::response<http::beast_response<>> && http::detail::knows_method<http::beast_response<>>);
static_assert(!http::detail::knows_body<http::beast_response<beast::http::vector_body<char>>>);

namespace {

/// A connection to a server.
struct connection {
  explicit connection(int port) {
    stream.connect({asio::ip::address_v4::loopback(), static_cast<unsigned short>(port)}, error);
  }

  asio::io_context context{};
  boost::system::error_code error{};
  beast::tcp_stream stream{context};
};

beast::http::request<beast::http::string_body> request(beast::http::verb verb, std::string const& body = "") {
  beast::http::request<beast::http::string_body> r(verb, "/orders", 11);
  r.set(beast::http::field::host, "127.0.0.1");
  r.body() = body;
  r.prepare_payload();
  return r;
}

/// An error of TLS streams, whose header would need OpenSSL.
class tls_category : public boost::system::error_category {
 public:
  char const* name() const noexcept override { return "asio.ssl.stream"; }
  std::string message(int) const override { return "stream truncated"; }
};

}  // namespace

TEST_CASE("A message of Beast tells status, headers with duplicates, and body") {
  text_response r(beast::http::status::too_many_requests, 11, "slow down");
  r.set("Retry-After", "7");
  r.insert("X-Thing", "a");
  r.insert("x-thing", "b");
  CHECK(http::status_of(r) == 429);
  CHECK(http::error_of(r) == transport_error::none);
  CHECK(http::header_of(r, "retry-after") == "7");
  CHECK(http::response_traits<text_response>::body(r) == "slow down");
  std::vector<std::string> things;
  http::for_each_line(http::response_traits<text_response>::headers(r), "X-Thing",
                      [&](std::string_view value) { things.emplace_back(value); });
  CHECK(things == std::vector<std::string>{"a", "b"});
  CHECK(tenax::result_traits<text_response>::advice(r).wait == tenax::optional_duration(7s));
  CHECK(http::status_of(bytes_response(beast::http::status::ok, 11)) == 200);
}

TEST_CASE("An exchange sends a request and reads the response") {
  tests::server server(
      [](tests::received const& r) { return tests::respond(503, "busy " + r.body, "Retry-After: 3\r\n"); });
  connection c(server.port());
  REQUIRE_FALSE(c.error);
  auto const r = http::exchange(c.stream, request(beast::http::verb::post, "now"));
  CHECK_FALSE(r.error);
  CHECK(http::error_of(r) == transport_error::none);
  CHECK(http::status_of(r) == 503);
  CHECK(http::header_of(r, "Retry-After") == "3");
  CHECK(r.message.body() == "busy now");
  CHECK(http::response_traits<http::beast_response<>>::body(r) == "busy now");
  CHECK(r.method == "POST");
  CHECK_FALSE(r.has_idempotency_key);
  CHECK(http::is_transient(r));
  CHECK(server.requests().at(0).target == "/orders");
}

TEST_CASE("An exchange knows its method and its key") {
  tests::server server([](auto const&) { return tests::respond(200); });
  connection c(server.port());
  auto post = request(beast::http::verb::post);
  post.set("idempotency-key", "\"1\"");
  auto const r = http::exchange(c.stream, post);
  CHECK(r.has_idempotency_key);
  CHECK(http::response_traits<http::beast_response<>>::has_idempotency_key(r));
  beast::http::request<beast::http::empty_body> purge;
  purge.method_string("PURGE");
  purge.target("/");
  auto const purged = http::exchange<beast::http::vector_body<char>>(c.stream, purge);
  CHECK(http::response_traits<http::beast_response<beast::http::vector_body<char>>>::method(purged) == "PURGE");
  CHECK(http::status_of(purged) == 200);
  CHECK(server.connections() == 1);
}

TEST_CASE("A response to HEAD has no body, whatever length it tells") {
  tests::server server([](tests::received const& r) -> tests::answer {
    if (r.method == "GET") return tests::respond(200, "body");
    return {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"};
  });
  connection c(server.port());
  c.stream.expires_after(5s);
  auto const head = http::exchange(c.stream, request(beast::http::verb::head));
  CHECK_FALSE(head.error);
  CHECK(head.message.body().empty());
  CHECK(http::exchange(c.stream, request(beast::http::verb::get)).message.body() == "body");
  CHECK(server.connections() == 1);
}

TEST_CASE("An exchange on a connection that breaks was interrupted") {
  tests::server server([](tests::received const& r) {
    return r.method == "GET" ? tests::answer{"", tests::answer::then::close}
                             : tests::break_off(429, "half", "Retry-After: 9\r\n");
  });
  connection first(server.port());
  auto const nothing = http::exchange(first.stream, request(beast::http::verb::get));
  CHECK(nothing.error == beast::http::error::end_of_stream);
  CHECK(http::error_of(nothing) == transport_error::interrupted);
  CHECK(http::status_of(nothing) == 0);
  auto const later = http::exchange(first.stream, request(beast::http::verb::get));
  CHECK(http::error_of(later) == transport_error::interrupted);

  connection second(server.port());
  auto const half = http::exchange(second.stream, request(beast::http::verb::put));
  CHECK(half.error == beast::http::error::partial_message);
  CHECK(http::error_of(half) == transport_error::interrupted);
  CHECK(http::status_of(half) == 0);
  // What had arrived is obeyed nevertheless.
  CHECK(tenax::result_traits<http::beast_response<>>::advice(half).wait == tenax::optional_duration(9s));
}

TEST_CASE("An exchange on a socket that was never connected was interrupted") {
  connection c(tests::closed_port());
  CHECK(http::classify(c.error, true) == transport_error::unsent);
  CHECK(http::error_of(http::beast_response<>{.error = c.error, .connecting = true}) == transport_error::unsent);
  auto const r = http::exchange(c.stream, request(beast::http::verb::get));
  CHECK(r.error);
  CHECK(http::failed(r));
  CHECK(r.method == "GET");
}

TEST_CASE("Exchanges are retried, with a new connection after an error") {
  int calls = 0;
  tests::server server([&](auto const&) -> tests::answer {
    switch (++calls) {
      case 1: return tests::respond(503, "busy", "Retry-After: 5\r\n");
      case 2: return {"", tests::answer::then::close};
      default: return tests::respond(200, "ok");
    }
  });
  tenax::testing::virtual_time clock;
  auto const policy = http::standard_retry().environment(std::ref(clock));
  std::unique_ptr<connection> c;
  auto const r = policy([&] {
    if (c == nullptr) c = std::make_unique<connection>(server.port());
    auto response = http::exchange(c->stream, request(beast::http::verb::get));
    if (response.error) c.reset();
    return response;
  });
  CHECK(r.message.body() == "ok");
  CHECK(server.connections() == 2);
  CHECK(clock.slept() >= 5s);
}

TEST_CASE("The errors of Asio and Beast are classified") {
  namespace error = asio::error;
  CHECK(http::classify({}) == transport_error::none);
  CHECK(http::classify({}, true) == transport_error::none);
  for (bool const connecting : {false, true}) {
    CHECK(http::classify(error::operation_aborted, connecting) == transport_error::cancelled);
    CHECK(http::classify(error::connection_refused, connecting) == transport_error::unsent);
    CHECK(http::classify(error::host_not_found_try_again, connecting) == transport_error::unsent);
    CHECK(http::classify(error::host_not_found, connecting) == transport_error::permanent);
    CHECK(http::classify(error::no_recovery, connecting) == transport_error::permanent);
    CHECK(http::classify(error::address_family_not_supported, connecting) == transport_error::permanent);
  }
  auto const check = [](boost::system::error_code code, transport_error expected) {
    INFO(code.message());
    CHECK(http::classify(code) == expected);
    CHECK(http::classify(code, true) == transport_error::unsent);
  };
  check(error::timed_out, transport_error::timed_out);
  check(beast::error::timeout, transport_error::timed_out);
  for (boost::system::error_code const code :
       {boost::system::error_code(error::eof), boost::system::error_code(error::connection_reset),
        boost::system::error_code(error::connection_aborted), boost::system::error_code(error::broken_pipe),
        boost::system::error_code(error::not_connected), boost::system::error_code(error::network_down),
        boost::system::error_code(error::network_reset), boost::system::error_code(error::network_unreachable),
        boost::system::error_code(error::host_unreachable),
        boost::system::error_code(beast::http::error::end_of_stream),
        boost::system::error_code(beast::http::error::partial_message)}) {
    check(code, transport_error::interrupted);
  }
  check(beast::http::error::bad_version, transport_error::permanent);
  check(beast::http::error::body_limit, transport_error::permanent);
  check(error::access_denied, transport_error::permanent);
}

TEST_CASE("A TLS connection that ends without a farewell was interrupted") {
  tls_category const category;
  CHECK(http::classify({1, category}) == transport_error::interrupted);
  CHECK(http::classify({2, category}) == transport_error::permanent);
  CHECK(http::classify({1, boost::system::generic_category()}) == transport_error::permanent);
}
