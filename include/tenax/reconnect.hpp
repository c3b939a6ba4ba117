// SPDX-License-Identifier: MIT
// reconnect.hpp: connections that are made again when they are lost: for threads, and for event loops.
#pragma once

#include <tenax/reconnect/reconnecting.hpp>
#include <tenax/reconnect/schedule.hpp>
