// expect: tenax: when::sqlstate() needs SQLSTATEs as text, such as when::sqlstate("40001", "08")
// SPDX-License-Identifier: MIT
// sqlstate_as_a_number.cpp: an SQLSTATE without quotes.
#include <tenax/sql/when.hpp>

#ifdef CORRECTED
auto const conflict = tenax::when::sqlstate("40001");
#else
auto const conflict = tenax::when::sqlstate(40001);
#endif
