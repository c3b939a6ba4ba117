// SPDX-License-Identifier: MIT
// duration_text.cpp: durations as readable text, exact to three decimals.
#include <tenax/detail/duration_text.hpp>

#include <string>

#include "catch.hpp"

using namespace std::chrono_literals;

namespace {

std::string text(tenax::duration d) { return tenax::detail::duration_text(d).c_str(); }

}  // namespace

TEST_CASE("A duration is written in the largest unit that leaves at least 1 before the point") {
  CHECK(text(0ns) == "0s");
  CHECK(text(1ns) == "1ns");
  CHECK(text(999ns) == "999ns");
  CHECK(text(1us) == "1us");
  CHECK(text(1500ns) == "1.5us");
  CHECK(text(250ms) == "250ms");
  CHECK(text(1s) == "1s");
  CHECK(text(1500ms) == "1.5s");
  CHECK(text(1050ms) == "1.05s");
  CHECK(text(1001ms) == "1.001s");
  CHECK(text(59s) == "59s");
}

TEST_CASE("A duration is exact to three decimals, up to the next unit") {
  CHECK(text(999'400ns) == "999.4us");
  CHECK(text(999'500ns) == "999.5us");
  CHECK(text(999'999ns) == "999.999us");
  CHECK(text(999'400us) == "999.4ms");
  CHECK(text(999'600us) == "999.6ms");
  CHECK(text(999'999us) == "999.999ms");
  CHECK(text(999'999'499ns) == "999.999ms");
  CHECK(text(999'999'500ns) == "1s");
  CHECK(text(1'000'500'000ns) == "1.001s");
  CHECK(text(1'234'567'890ns) == "1.235s");
  CHECK(text(59'999ms) == "59.999s");
  CHECK(text(59'999'499'999ns) == "59.999s");
  CHECK(text(59'999'500'000ns) == "1min");
}

TEST_CASE("Long durations are written in two units, rounded") {
  CHECK(text(1min) == "1min");
  CHECK(text(150s) == "2min 30s");
  CHECK(text(3'599s) == "59min 59s");
  CHECK(text(3'599'499ms) == "59min 59s");
  CHECK(text(3'599'500ms) == "1h");
  CHECK(text(1h) == "1h");
  CHECK(text(90min) == "1h 30min");
  CHECK(text(24h - 30s) == "1d");
  CHECK(text(25h) == "1d 1h");
  CHECK(text(100 * 24h) == "100d");
}

TEST_CASE("Negative durations and the limits of the type are written") {
  CHECK(text(-3us) == "-3us");
  CHECK(text(-150s) == "-2min 30s");
  CHECK(text(tenax::duration::max()) == "for ever");
  CHECK(text(tenax::duration::max() - 1ns) == "106752d");
  CHECK(text(tenax::duration::min()) == "-106752d");
}

TEST_CASE("A duration's text is a constant in constant expressions") {
  STATIC_REQUIRE(tenax::detail::duration_text(1500ms).size() == 4);
  STATIC_REQUIRE(tenax::detail::duration_text(1500ms).c_str()[1] == '.');
}

TEST_CASE("in_passing() rounds a duration to three digits") {
  auto const passing = [](tenax::duration d) { return text(tenax::detail::in_passing(d)); };
  CHECK(passing(84'237'451ns) == "84.2ms");
  CHECK(passing(853'123ns) == "853us");
  CHECK(passing(1'234'567'890ns) == "1.23s");
  CHECK(passing(1500ms) == "1.5s");
  CHECK(passing(999'499'999ns) == "999ms");
  CHECK(passing(999'500'000ns) == "1s");
  CHECK(passing(59'949ms) == "59.9s");
  CHECK(passing(59'950ms) == "1min");
  CHECK(passing(7ns) == "7ns");
  CHECK(passing(0s) == "0s");
  CHECK(passing(150s) == "2min 30s");
  CHECK(passing(-84'237'451ns) == "-84.237ms");
  CHECK(passing(tenax::duration::max()) == "for ever");
}
