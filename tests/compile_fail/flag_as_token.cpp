// expect: tenax: .cancel_with() was given a flag, which cannot be copied; share it: .cancel_with(std::ref(flag))
// SPDX-License-Identifier: MIT
// flag_as_token.cpp: an atomic flag without std::ref.
#include <tenax/tenax.hpp>
//
#include <atomic>
#include <functional>

std::atomic<bool> stopping = false;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.cancel_with(std::ref(stopping));
#else
auto const policy = tenax::retrying{}.cancel_with(stopping);
#endif
