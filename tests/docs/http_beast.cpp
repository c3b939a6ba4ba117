// SPDX-License-Identifier: MIT
// http_beast.cpp: the snippets about Boost of docs/reference/http.md and docs/reference/errors.md.
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/system/system_error.hpp>

#include <tenax/http.hpp>
#include <tenax/http/beast.hpp>

#include <httplib.h>

#include "../../examples/loopback.hpp"
#include "docs.hpp"

namespace http = tenax::http;

TEST_CASE("http_beast: exchange") {
  int requests = 0;
  loopback const server([&](httplib::Server& s) {
    s.Get("/v1/albums/1", [&](httplib::Request const&, httplib::Response& r) {
      if (++requests == 1) r.status = 503;
    });
  });
  auto const port =
      static_cast<unsigned short>(std::stoi(server.url().substr(server.url().rfind(':') + 1)));
  boost::asio::ip::tcp::endpoint const endpoint(boost::asio::ip::make_address("127.0.0.1"), port);
  // [beast]
  namespace beast = boost::beast;
  boost::asio::io_context io;
  beast::tcp_stream stream(io);
  beast::http::request<beast::http::empty_body> request(beast::http::verb::get, "/v1/albums/1", 11);
  request.set(beast::http::field::host, "api.example.org");

  auto const album = http::standard_retry()([&] {
    http::beast_response<> r;
    if (!stream.socket().is_open()) stream.connect(endpoint, r.error);
    r.connecting = r.error.failed();
    r.method = "GET";
    if (!r.error) r = http::exchange(stream, request);
    if (r.error || r.must_close) stream.close();
    return r;
  });
  // [/beast]
  CHECK(album.message.result_int() == 200);
  CHECK(requests == 2);
}

TEST_CASE("http_beast: an exception of Boost that says it was cancelled") {
  int calls = 0;
  auto const read = [&]() -> int {
    ++calls;
    throw boost::system::system_error(boost::asio::error::operation_aborted);
  };
  // [boost_cancelled]
  auto const boost_errors = []<class T>(tenax::attempt<T> const& a) -> tenax::hint {
    auto const* e = a.result.template exception_as<boost::system::system_error>();
    if (e == nullptr || e->code() != boost::asio::error::operation_aborted) return {};
    return {.verdict = tenax::verdict::cancelled};
  };
  auto const report = tenax::retrying{}.read_hints_with(boost_errors).try_call(read);
  CHECK(report.reason == tenax::stop_reason::cancelled);
  // [/boost_cancelled]
  CHECK(calls == 1);
}
