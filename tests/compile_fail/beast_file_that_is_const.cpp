// expect: tenax: http::exchange() changes a request with such a body, because it reads a file; pass a request that is not const
// SPDX-License-Identifier: MIT
// beast_file_that_is_const.cpp: a request with a file as its body, which sending it changes.
#include <tenax/http/beast.hpp>

#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/file_body.hpp>

#ifdef CORRECTED
using request = boost::beast::http::request<boost::beast::http::file_body>;
#else
using request = boost::beast::http::request<boost::beast::http::file_body> const;
#endif

tenax::http::beast_response<> send(boost::beast::tcp_stream& stream, request& r) {
  return tenax::http::exchange(stream, r);
}
