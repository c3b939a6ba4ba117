// expect: tenax: a duration needs a unit; write 5s or std::chrono::milliseconds(250), not a plain number
// SPDX-License-Identifier: MIT
// deadline_without_unit.cpp: a deadline of a plain number.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.stop(tenax::stop::deadline(30s));
#else
auto const policy = tenax::retrying{}.stop(tenax::stop::deadline(30));
#endif
