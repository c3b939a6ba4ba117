// SPDX-License-Identifier: MIT
// asio.hpp: retrying calls in Asio (standalone).
#pragma once

#include <tenax/async/asio.hpp>
