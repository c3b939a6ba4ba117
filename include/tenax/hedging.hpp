// SPDX-License-Identifier: MIT
// hedging.hpp: hedged requests.
#pragma once

#include <tenax/async/hedging.hpp>
