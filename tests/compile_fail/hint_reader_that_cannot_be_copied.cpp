// expect: tenax: .read_hints_with() was given a callable that cannot be copied, and policies are; capture a std::shared_ptr or a reference
// SPDX-License-Identifier: MIT
// hint_reader_that_cannot_be_copied.cpp: a hint reader with a member that cannot be copied.
#include <memory>

#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

int ask();
auto answer = std::make_unique<tenax::hint>();
auto const shared = std::make_shared<tenax::hint>();

#ifdef CORRECTED
int const got = tenax::retrying{}.read_hints_with([p = shared](auto const&) { return *p; })(ask);
#else
int const got = tenax::retrying{}.read_hints_with([p = std::move(answer)](auto const&) { return *p; })(ask);
#endif
