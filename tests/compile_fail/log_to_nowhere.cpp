// expect: tenax: log_to() needs a FILE* such as stderr, or a function that takes a std::string_view
// SPDX-License-Identifier: MIT
// log_to_nowhere.cpp: a log without a stream or a function to write to.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.before_sleep(tenax::log_to(stderr));
#else
auto const policy = tenax::retrying{}.before_sleep(tenax::log_to(2));
#endif
