// expect: tenax: a call that ends before its first attempt has to make values for its handler, and one of them has no default constructor; use async_try_retry(), whose handler takes a report
// SPDX-License-Identifier: MIT
// asio_value_made_of_nothing.cpp: a handler that takes a socket, which has no default constructor.
#define ASIO_HAS_CO_AWAIT 1
#define ASIO_HAS_STD_COROUTINE 1
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

#include <tenax/async/asio.hpp>

void start(asio::io_context& io, asio::ip::tcp::acceptor& acceptor) {
  auto const operation = [&](auto token) { return acceptor.async_accept(std::move(token)); };
#ifdef CORRECTED
  tenax::asio::async_try_retry(io, tenax::retrying{}, operation, [](auto) {});
#else
  tenax::asio::async_retry(io, tenax::retrying{}, operation, [](asio::error_code, asio::ip::tcp::socket) {});
#endif
}
