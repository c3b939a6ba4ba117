// expect: tenax: .stop() was given a callable that cannot be copied, and policies are; capture a std::shared_ptr or a reference
// SPDX-License-Identifier: MIT
// condition_that_cannot_be_copied.cpp: a stop condition that cannot be copied, combined with one of the library.
#include <memory>

#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

int ask();
auto limit = std::make_unique<unsigned>(3);
auto const shared = std::make_shared<unsigned>(3);

#ifdef CORRECTED
int const got = tenax::retrying{}.stop([p = shared](tenax::attempt_info const& a) { return a.number == *p; } ||
                                       tenax::stop::deadline(1s))(ask);
#else
int const got = tenax::retrying{}.stop(
    [p = std::move(limit)](tenax::attempt_info const& a) { return a.number == *p; } || tenax::stop::deadline(1s))(ask);
#endif
