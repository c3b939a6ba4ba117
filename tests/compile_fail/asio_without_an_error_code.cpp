// expect: tenax: the handler of the operation has to take an error code first; for one that does not, let the operation return an awaitable, as in [&] { return start(asio::use_awaitable); }
// SPDX-License-Identifier: MIT
// asio_without_an_error_code.cpp: an operation whose handler takes no error code.
#define ASIO_HAS_CO_AWAIT 1
#define ASIO_HAS_STD_COROUTINE 1
#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include <tenax/async/asio.hpp>

template <class Token>
auto start(asio::io_context& io, Token&& token) {
  return asio::async_initiate<Token, void(int)>(
      [&](auto handler) { asio::post(io, [handler = std::move(handler)]() mutable { std::move(handler)(7); }); },
      token);
}

void call(asio::io_context& io) {
#ifdef CORRECTED
  auto const operation = [&] { return start(io, asio::use_awaitable); };
  tenax::asio::async_retry(io, tenax::retrying{}, operation, [](std::exception_ptr, int) {});
#else
  auto const operation = [&](auto token) { return start(io, std::move(token)); };
  tenax::asio::async_retry(io, tenax::retrying{}, operation, [](int) {});
#endif
}
