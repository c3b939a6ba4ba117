// SPDX-License-Identifier: MIT
// index.cpp: the lines that every snippet starts with.
// [names]
#include <chrono>

#include <tenax/tenax.hpp>

using namespace std::chrono_literals;
// [/names]

#include "catch.hpp"

TEST_CASE("index: The names of the snippets are enough") {
  CHECK(tenax::retrying{}
            .when(tenax::when::failed)
            .wait(tenax::wait::constant(1s))
            .stop(tenax::stop::after_attempts(1))([] { return 7; }) == 7);
}
