// SPDX-License-Identifier: MIT
// index.cpp: the lines that every snippet starts with.
// [names]
#include <chrono>

#include <tenax/tenax.hpp>

namespace when = tenax::when;
namespace wait = tenax::wait;
namespace stop = tenax::stop;
using namespace std::chrono_literals;
// [/names]

#include "catch.hpp"

TEST_CASE("index: The names of the snippets are enough") {
  CHECK(tenax::retrying{}
            .when(when::failed)
            .wait(wait::constant(1s))
            .stop(stop::after_attempts(1))([] { return 7; }) == 7);
}
