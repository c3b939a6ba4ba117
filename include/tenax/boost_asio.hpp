// SPDX-License-Identifier: MIT
// boost_asio.hpp: retrying calls in Boost.Asio.
#pragma once

#include <tenax/async/boost_asio.hpp>
