// SPDX-License-Identifier: MIT
// http_beast.cpp: the snippets about Boost.Beast of docs/reference/http.md.
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>

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
