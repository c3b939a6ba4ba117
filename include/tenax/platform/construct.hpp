// SPDX-License-Identifier: MIT
// platform/construct.hpp: std::construct_at and std::addressof, without the rest of <memory>.
#pragma once

#include <utility>

#include <tenax/platform/cplusplus.hpp>

// <memory> would double the cost of the headers that include this one. libstdc++ has a header with these two functions,
// which its <string> includes. In the other libraries <optional> has them.
#if defined(__GLIBCXX__) && __has_include(<bits/stl_construct.h>)
#include <bits/stl_construct.h>
#else
#include <optional>
#endif
