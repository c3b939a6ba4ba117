// expect: tenax: .wait() was given a callable that cannot be copied, and policies are; capture a std::shared_ptr or a reference
// SPDX-License-Identifier: MIT
// wait_that_cannot_be_copied.cpp: a wait strategy with a member that cannot be copied.
#include <memory>

#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

int ask();
auto interval = std::make_unique<tenax::duration>(3ms);
auto const shared = std::make_shared<tenax::duration>(3ms);

#ifdef CORRECTED
int const got = tenax::retrying{}.wait([p = shared](tenax::attempt_info const&) { return *p; })(ask);
#else
int const got = tenax::retrying{}.wait([p = std::move(interval)](tenax::attempt_info const&) { return *p; })(ask);
#endif
