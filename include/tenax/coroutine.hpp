// SPDX-License-Identifier: MIT
// coroutine.hpp: retrying calls in coroutines of any library.
#pragma once

#include <tenax/async/coroutine.hpp>
