// expect: tenax: .advised_by() was given a callable that cannot be copied, and policies are; capture a std::shared_ptr or a reference
// SPDX-License-Identifier: MIT
// advisor_that_cannot_be_copied.cpp: a reader of advice that owns its answer.
#include <memory>

#include <tenax/tenax.hpp>
namespace when = tenax::when;
namespace wait = tenax::wait;
namespace stop = tenax::stop;
using namespace std::chrono_literals;

int ask();
auto answer = std::make_unique<tenax::hint>();
auto const shared = std::make_shared<tenax::hint>();

#ifdef CORRECTED
int const got = tenax::retrying{}.advised_by([p = shared](auto const&) { return *p; })(ask);
#else
int const got = tenax::retrying{}.advised_by([p = std::move(answer)](auto const&) { return *p; })(ask);
#endif
