// expect: tenax: .when() was given a callable that cannot be copied, and policies are; capture a std::shared_ptr or a reference
// SPDX-License-Identifier: MIT
// predicate_lambda_that_cannot_be_copied.cpp: a user's predicate with a member that cannot be copied.
#include <memory>

#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

int ask();
auto limit = std::make_unique<unsigned>(3);
auto const shared = std::make_shared<unsigned>(3);

#ifdef CORRECTED
int const got = tenax::retrying{}.when([p = shared](tenax::attempt_info const& a) { return a.number == *p; })(ask);
#else
int const got =
    tenax::retrying{}.when([p = std::move(limit)](tenax::attempt_info const& a) { return a.number == *p; })(ask);
#endif
