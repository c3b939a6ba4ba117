// expect: tenax: .through() was given a keyed, which has a gate for each key; write .through(gates[key])
// SPDX-License-Identifier: MIT
// keyed_without_a_key.cpp: all gates of a keyed, in place of the one for a key.
#include <tenax/tenax.hpp>
//
#include <functional>
#include <string>

#include <tenax/gate/keyed.hpp>
#include <tenax/gate/rate_limiter.hpp>
using namespace std::chrono_literals;

tenax::keyed<std::string, tenax::rate_limiter<>> limits([] { return tenax::rate_limiter(tenax::per_second(10)); });

#ifdef CORRECTED
auto const policy = tenax::retrying{}.through(limits["Ada"]);
#else
auto const policy = tenax::retrying{}.through(std::ref(limits));
#endif
