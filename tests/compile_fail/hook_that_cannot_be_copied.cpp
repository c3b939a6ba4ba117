// expect: tenax: an observer is copied with its policy, and this callable cannot be copied; capture a std::shared_ptr or a reference, or pass std::ref(object) to .observe()
// SPDX-License-Identifier: MIT
// hook_that_cannot_be_copied.cpp: a hook with a member that cannot be copied.
#include <memory>

#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

int ask();
auto count = std::make_unique<int>();
auto const shared = std::make_shared<int>();

#ifdef CORRECTED
auto const policy = tenax::retrying{}.before_sleep([p = shared](auto const&) { ++*p; }).wait(tenax::wait::none);
#else
auto const policy =
    tenax::retrying{}.before_sleep([p = std::move(count)](auto const&) { ++*p; }).wait(tenax::wait::none);
#endif
