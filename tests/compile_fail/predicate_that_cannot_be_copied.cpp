// expect: tenax: .when() was given a callable that cannot be copied, and policies are; capture a std::shared_ptr or a reference
// SPDX-License-Identifier: MIT
// predicate_that_cannot_be_copied.cpp: a predicate with a member that cannot be copied.
#include <memory>

#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

int ask();
auto limit = std::make_unique<int>(3);
auto const shared = std::make_shared<int>(3);

#ifdef CORRECTED
int const got = tenax::retrying{}.when(tenax::when::result([p = shared](int x) { return x == *p; }))(ask);
#else
int const got = tenax::retrying{}.when(tenax::when::result([p = std::move(limit)](int x) { return x == *p; }))(ask);
#endif
