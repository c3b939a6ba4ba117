// expect: tenax: permanent() was given an error that already says whether to retry; pass the plain error
// SPDX-License-Identifier: MIT
// classified_twice.cpp: a failure that is classified twice.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
void fail() { throw tenax::permanent(404); }
#else
void fail() { throw tenax::permanent(tenax::retry_after(5s, 404)); }
#endif
