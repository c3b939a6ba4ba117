// SPDX-License-Identifier: MIT
// platform/optional.hpp: the names std::optional and std::nullopt_t, without the rest of <optional>.
#pragma once

#include <cstdint>

#include <tenax/platform/cplusplus.hpp>

// The core needs these names only to convert from a std::optional and to one, and code that has one includes <optional>
// itself. That header would cost every user as much as fifteen headers of the library. libstdc++ declares the names in
// this way; of other libraries it is not known.
#if defined(__GLIBCXX__) && defined(_GLIBCXX_BEGIN_NAMESPACE_VERSION)
// NOLINTBEGIN(cert-dcl58-cpp): declares what libstdc++ defines
namespace std _GLIBCXX_VISIBILITY(default) {
_GLIBCXX_BEGIN_NAMESPACE_VERSION
template <class T>
class optional;
struct nullopt_t;
_GLIBCXX_END_NAMESPACE_VERSION
}  // namespace std _GLIBCXX_VISIBILITY(default)
// NOLINTEND(cert-dcl58-cpp)
#else
#include <optional>
#endif
