// SPDX-License-Identifier: MIT
// boost_asio.cpp: the driver for Boost.Asio.
#include <tenax/boost_asio.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#define NET "Boost.Asio"
#define TAG "[boost_asio]"
#define CASES boost_cases
namespace net = boost::asio;
namespace driver = tenax::boost_asio;
using boost::system::error_code;
using net_system_error = boost::system::system_error;

#include "asio_cases.hpp"

#if BOOST_ASIO_VERSION >= 101900
#include <boost/asio/bind_cancellation_slot.hpp>

#include "asio_interruption.hpp"
//
#include "asio_composed.hpp"
//
#include "asio_hedging.hpp"
#endif

#if BOOST_ASIO_VERSION >= 102600
#include <boost/asio/deferred.hpp>

TEST_CASE(NET ": a call may be deferred", TAG) {
  world w;
  flaky_initiation operation(w.io, {refused, refused});
  auto deferred =
      driver::async_retry(w.io, steady, [&](auto token) { return operation(std::move(token)); }, net::deferred);
  CHECK(operation.calls == 0);
  std::size_t got = 0;
  std::move(deferred)([&](error_code, std::size_t n) { got = n; });
  w.pass(3s);
  CHECK(got == 3);
}
#endif
