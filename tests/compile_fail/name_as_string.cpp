// expect: tenax: .named() keeps a pointer and copies nothing; give it a literal
// SPDX-License-Identifier: MIT
// name_as_string.cpp: a name that is gone when the setter returns.
#include <string>

#include <tenax/tenax.hpp>

#ifdef CORRECTED
auto const policy = tenax::retrying{}.named("catalogue");
#else
auto const policy = tenax::retrying{}.named(std::string("catalogue"));
#endif
