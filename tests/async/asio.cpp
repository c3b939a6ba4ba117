// SPDX-License-Identifier: MIT
// asio.cpp: the driver for standalone Asio.
#include <tenax/asio.hpp>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/io_context.hpp>
#include <asio/redirect_error.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_future.hpp>

#define NET "asio"
#define TAG "[asio]"
#define CASES standalone_cases
namespace net = asio;
namespace driver = tenax::asio;
using asio::error_code;
using net_system_error = asio::system_error;

#include "asio_cases.hpp"
//
#include "asio_interruption.hpp"
//
#include "asio_composed.hpp"
//
#include "asio_hedging.hpp"
