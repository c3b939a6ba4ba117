// SPDX-License-Identifier: MIT
// boost_asio.cpp: the driver for Boost.Asio.
#include <tenax/boost_asio.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#define NET "Boost.Asio"
#define TAG "[boost_asio]"
#define CASES boost_cases
namespace net = boost::asio;
namespace driver = tenax::boost_asio;
using boost::system::error_code;

#include "asio_cases.hpp"

#if BOOST_ASIO_VERSION >= 101900
#include <boost/asio/bind_cancellation_slot.hpp>

#include "asio_interruption.hpp"
#endif
