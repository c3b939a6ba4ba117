// SPDX-License-Identifier: MIT
// beast.cpp: Boost.Beast's messages, and exchanges on a real connection.
#include <tenax/http/beast.hpp>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/_experimental/test/stream.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/file_body.hpp>
#include <boost/beast/http/vector_body.hpp>

#include <tenax/cancel.hpp>
#include <tenax/http/standard_retry.hpp>
#include <tenax/stop/deadline.hpp>
#include <tenax/testing/virtual_time.hpp>
#include <tenax/wait/constant.hpp>

#include "../catch.hpp"
#include "server.hpp"
#if defined(TENAX_TEST_TLS)
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include "certificate.hpp"
#endif

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

/// Errors of TLS handshakes.
class tls_errors : public boost::system::error_category {
 public:
  char const* name() const noexcept override { return "asio.ssl"; }
  std::string message(int) const override { return "certificate verify failed"; }
};

/// An error of a TLS stream. Asio's own category would need OpenSSL's headers.
class tls_category : public boost::system::error_category {
 public:
  char const* name() const noexcept override { return "asio.ssl.stream"; }
  std::string message(int) const override { return "stream truncated"; }
};

}  // namespace

TEST_CASE("A message of Beast has status, headers with duplicates, and body") {
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
  CHECK(tenax::result_traits<text_response>::read_hint(r).wait == tenax::optional_duration(7s));
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

TEST_CASE("A response to HEAD has no body, whatever its Content-Length") {
  // The connection ends, so that a client that waits for a body notices.
  tests::server server([](auto const&) -> tests::answer {
    return {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n", tests::answer::then::close};
  });
  connection c(server.port());
  auto const head = http::exchange(c.stream, request(beast::http::verb::head));
  CHECK_FALSE(head.error);
  CHECK(http::status_of(head) == 200);
  CHECK(head.message.body().empty());
}

TEST_CASE("An exchange that cannot be sent reports its error, and does not wait for a response") {
  tests::server server([](auto const&) { return tests::respond(200); });
  connection c(server.port());
  c.stream.socket().shutdown(asio::ip::tcp::socket::shutdown_send);
  auto const r = http::exchange(c.stream, request(beast::http::verb::get));
  CHECK(r.error == asio::error::broken_pipe);
  CHECK(http::error_of(r) == transport_error::interrupted);
}

TEST_CASE("An exchange on a connection that breaks is interrupted") {
  tests::server server([](tests::received const& r) {
    if (r.method == "GET") return tests::answer{"", tests::answer::then::close};
    return tests::break_off(r.method == "PUT" ? 429 : 200, "half", "Retry-After: 9\r\n");
  });
  connection first(server.port());
  auto const nothing = http::exchange(first.stream, request(beast::http::verb::get));
  CHECK(nothing.error == beast::http::error::end_of_stream);
  CHECK(http::error_of(nothing) == transport_error::interrupted);
  CHECK(http::status_of(nothing) == 0);
  auto const later = http::exchange(first.stream, request(beast::http::verb::get));
  CHECK(http::error_of(later) == transport_error::interrupted);

  // A failure keeps its status.
  connection second(server.port());
  auto const half = http::exchange(second.stream, request(beast::http::verb::put));
  CHECK(half.error == beast::http::error::partial_message);
  CHECK(half.must_close);
  CHECK(http::error_of(half) == transport_error::none);
  CHECK(http::status_of(half) == 429);
  auto const advice = tenax::result_traits<http::beast_response<>>::read_hint(half);
  CHECK(advice.wait == tenax::optional_duration(9s));
  CHECK(advice.throttled);

  connection third(server.port());
  auto const success = http::exchange(third.stream, request(beast::http::verb::delete_));
  CHECK(http::error_of(success) == transport_error::interrupted);
  CHECK(http::status_of(success) == 0);
}

TEST_CASE("An interim response is not the response, and no exchange gets the response of another one") {
  bool together = GENERATE(true, false);
  tests::bound_socket listening;
  REQUIRE(::listen(listening.get(), 8) == 0);
  std::jthread const server([&] {
    int const c = ::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC);
    auto const say = [&](std::string const& text) { ::send(c, text.data(), text.size(), MSG_NOSIGNAL); };
    char bytes[1000];
    ::recv(c, bytes, sizeof bytes, 0);
    std::string const early = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    std::string const ann = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nAnn";
    say(together ? early + ann : early);
    if (!together) {
      std::this_thread::sleep_for(10ms);
      say(ann);
    }
    ::recv(c, bytes, sizeof bytes, 0);
    say("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nBobHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nEve");
    ::recv(c, bytes, sizeof bytes, 0);
    ::close(c);
  });
  {
    connection c(listening.port());
    auto const first = http::exchange(c.stream, request(beast::http::verb::get));
    CHECK(http::status_of(first) == 200);
    CHECK(first.message.body() == "Ann");
    CHECK_FALSE(first.must_close);
    auto const second = http::exchange(c.stream, request(beast::http::verb::get));
    CHECK(second.message.body() == "Bob");
    CHECK(second.must_close);  // more data than the response arrived
    CHECK_FALSE(second.message.keep_alive());
  }
}

TEST_CASE("A stream is closed after a 204 that announces a body, and not after other responses without one") {
  auto const head = [](std::string const& line, std::string const& field) {
    return tests::answer{"HTTP/1.1 " + line + "\r\n" + field + "\r\n"};
  };
  auto const closes = [](tests::answer const& a) {
    tests::server server([&](auto const&) { return a; });
    connection c(server.port());
    auto const r = http::exchange(c.stream, request(beast::http::verb::get));
    CHECK_FALSE(r.error);
    return r.must_close;
  };
  CHECK(closes(head("204 No Content", "Content-Length: 5\r\n")));
  CHECK(closes(head("204 No Content", "Transfer-Encoding: chunked\r\n")));
  CHECK_FALSE(closes(head("204 No Content", "")));
  CHECK_FALSE(closes(head("204 No Content", "Content-Length: 0\r\n")));
  CHECK_FALSE(closes(head("304 Not Modified", "Content-Length: 5\r\n")));
}

TEST_CASE("If a server answers before a large upload has arrived, its answer is the response") {
  bool const closes = GENERATE(true, false);
  std::atomic<bool> done = false;
  tests::bound_socket listening;
  REQUIRE(::listen(listening.get(), 8) == 0);
  std::jthread const server([&] {
    int const c = ::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC);
    char bytes[1000];
    ::recv(c, bytes, sizeof bytes, 0);
    std::string const answer = "HTTP/1.1 429 Wait\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nbusy";
    ::send(c, answer.data(), answer.size(), MSG_NOSIGNAL);
    for (int i = 0; !closes && !done && i < 5000; ++i) std::this_thread::sleep_for(1ms);
    ::close(c);
  });
  {
    connection c(listening.port());
    auto const r = http::exchange(c.stream, request(beast::http::verb::put, std::string(20'000'000, 'x')));
    CHECK(http::status_of(r) == 429);
    CHECK(http::header_of(r, "Retry-After") == "7");
    CHECK(r.must_close);
    CHECK_FALSE(r.message.keep_alive());
    done = true;
  }
}

TEST_CASE("A deadline and a token end an exchange, while the server is silent and in the middle of a body") {
  tests::server server([](tests::received const& r) -> tests::answer {
    if (r.method == "GET") return tests::hang();
    return {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", tests::answer::then::hang};
  });
  for (auto const verb : {beast::http::verb::get, beast::http::verb::put}) {
    auto const begin = std::chrono::steady_clock::now();
    auto const late = http::standard_retry().stop(tenax::stop::deadline(30ms)).try_call([&] {
      connection c(server.port());
      auto r = http::exchange(c.stream, request(verb));
      CHECK_FALSE(c.stream.socket().non_blocking());
      return r;
    });
    CHECK(late.value().error == beast::error::timeout);
    CHECK(http::error_of(late.value()) == transport_error::timed_out);
    CHECK(std::chrono::steady_clock::now() - begin >= 30ms);

    auto const slow = http::standard_retry().wait(tenax::wait::none).attempt_timeout(10ms).try_call([&] {
      asio::io_context io;
      asio::ip::tcp::socket plain(io);
      plain.connect({asio::ip::address_v4::loopback(), static_cast<unsigned short>(server.port())});
      return http::exchange(plain, request(verb));
    });
    CHECK(slow.attempts == 3);

    std::stop_source source;
    std::atomic<bool> begun = false;
    std::jthread const trigger([&] {
      while (!begun) std::this_thread::sleep_for(1ms);
      std::this_thread::sleep_for(10ms);  // so that it waits for the server
      source.request_stop();
    });
    auto const stopped =
        http::standard_retry().cancel_with(source.get_token()).try_call([&](tenax::attempt_info const& i) {
          begun = true;
          connection c(server.port());
          return http::exchange(c.stream, request(verb), i);
        });
    CHECK(stopped.reason == tenax::stop_reason::cancelled);
    CHECK(stopped.attempts == 1);
    CHECK(std::chrono::steady_clock::now() - begin < 2s);
  }
}

TEST_CASE("A refused certificate is permanent, while connecting and later") {
  tls_errors const category;
  for (int const reason : {134, 267, 1040, 1042, 1045, 1048, 1070, 1112, 1116}) {
    for (int const layout : {20 << 23, 20 << 24}) {
      CHECK(http::classify({layout | reason, category}, true) == transport_error::permanent);
      CHECK(http::classify({layout | reason, category}, false) == transport_error::permanent);
    }
  }
  CHECK(http::classify({20 << 23 | 294, category}, true) == transport_error::unsent);
  CHECK(http::classify({20 << 23 | 294, category}, false) == transport_error::interrupted);
  CHECK(http::classify({20 << 23 | 1080, category}, true) == transport_error::unsent);
}

#if defined(TENAX_TEST_TLS)
TEST_CASE("Exchanges on TLS streams obey limits, carry large bodies, and treat refused certificates as permanent") {
  asio::ssl::context server_side(asio::ssl::context::tls_server);
  tests::certify(server_side);
  tests::bound_socket listening;
  REQUIRE(::listen(listening.get(), 8) == 0);
  std::jthread const server([&] {
    for (int i = 0; i < 3; ++i) {
      asio::io_context io;
      int const c = ::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC);
      asio::ssl::stream<asio::ip::tcp::socket> tls(asio::ip::tcp::socket(io, asio::ip::tcp::v4(), c), server_side);
      boost::system::error_code error;
      if (tls.handshake(asio::ssl::stream_base::server, error)) continue;
      for (;;) {
        beast::flat_buffer buffer;
        beast::http::request_parser<beast::http::string_body> parser;
        parser.body_limit(10'000'000);
        beast::http::read(tls, buffer, parser, error);
        if (error) break;
        if (parser.get().method() == beast::http::verb::get) continue;  // no answer
        text_response r(beast::http::status::ok, 11, std::to_string(parser.get().body().size()));
        r.prepare_payload();
        beast::http::write(tls, r, error);
      }
    }
  });
  asio::io_context io;
  asio::ip::tcp::endpoint const endpoint(asio::ip::address_v4::loopback(),
                                         static_cast<unsigned short>(listening.port()));
  asio::ssl::context client_side(asio::ssl::context::tls_client);
  {
    beast::ssl_stream<beast::tcp_stream> tls(io, client_side);
    beast::get_lowest_layer(tls).connect(endpoint);
    tls.handshake(asio::ssl::stream_base::client);
    auto const policy = http::standard_retry().stop(tenax::stop::deadline(1min));
    auto const upload = request(beast::http::verb::put, std::string(3'000'000, 'x'));
    auto const stored = policy([&] { return http::exchange(tls, upload); });
    INFO(stored.error.message());
    CHECK(http::status_of(stored) == 200);
    CHECK(stored.message.body() == "3000000");
    CHECK_FALSE(stored.must_close);
    auto const begin = std::chrono::steady_clock::now();
    auto const late = http::standard_retry().stop(tenax::stop::deadline(30ms))(
        [&] { return http::exchange(tls, request(beast::http::verb::get)); });
    CHECK(late.error == beast::error::timeout);
    CHECK(std::chrono::steady_clock::now() - begin < 1s);
  }
  {
    asio::ssl::stream<asio::ip::tcp::socket> tls(io, client_side);
    tls.next_layer().connect(endpoint);
    tls.handshake(asio::ssl::stream_base::client);
    CHECK(http::exchange(tls, request(beast::http::verb::post, "1234")).message.body() == "4");
  }
  client_side.set_verify_mode(asio::ssl::verify_peer);
  beast::ssl_stream<beast::tcp_stream> tls(io, client_side);
  beast::get_lowest_layer(tls).connect(endpoint);
  boost::system::error_code error;
  tls.handshake(asio::ssl::stream_base::client, error);
  CHECK(error);
  CHECK(http::classify(error, true) == transport_error::permanent);
  beast::get_lowest_layer(tls).close();
}
#endif

TEST_CASE("Exchanges work on streams that are not sockets") {
  asio::io_context io;
  beast::test::stream stream(io, "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  beast::test::stream other(io);
  stream.connect(other);
  auto const r = http::exchange(stream, request(beast::http::verb::get));
  CHECK(http::status_of(r) == 200);
  CHECK(r.message.body() == "ok");
}

TEST_CASE("An exchange on a socket that was never connected is interrupted") {
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

TEST_CASE("A file is sent as a whole in every attempt, from the position that it had") {
  int calls = 0;
  tests::server server([&](auto const&) { return tests::respond(++calls % 3 == 0 ? 200 : 503); });
  auto const path = std::filesystem::temp_directory_path() / ("tenax_beast_" + std::to_string(server.port()));
  std::ofstream(path) << "a whole file";
  beast::http::request<beast::http::file_body> put(beast::http::verb::put, "/files/1", 11);
  boost::system::error_code error;
  put.body().open(path.string().c_str(), beast::file_mode::scan, error);
  std::filesystem::remove(path);
  REQUIRE_FALSE(error);
  put.prepare_payload();
  connection c(server.port());
  auto const policy = http::standard_retry().wait(tenax::wait::none);
  auto const report = policy.try_call([&] { return http::exchange(c.stream, put); });
  CHECK(report.succeeded());
  REQUIRE(server.requests().size() == 3);
  for (auto const& r : server.requests()) CHECK(r.body == "a whole file");

  // A file that is not open is a mistake that no attempt can cure, and nothing was sent.
  beast::http::request<beast::http::file_body> closed(beast::http::verb::put, "/files/1", 11);
  auto const failed = policy.try_call([&] { return http::exchange(c.stream, closed); });
  CHECK(failed.attempts == 1);
  CHECK(http::error_of(failed.result.value()) == transport_error::permanent);
  CHECK(server.requests().size() == 3);
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

TEST_CASE("A TLS connection that ends without close_notify is interrupted") {
  tls_category const category;
  CHECK(http::classify({1, category}) == transport_error::interrupted);
  CHECK(http::classify({2, category}) == transport_error::permanent);
  CHECK(http::classify({1, boost::system::generic_category()}) == transport_error::permanent);
}
