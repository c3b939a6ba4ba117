// SPDX-License-Identifier: MIT
// retry_after.cpp: the answer of wait::retry_after is the server's wait, if there is one.
#include <tenax/wait/retry_after.hpp>

#include <tenax/wait/first_of.hpp>
#include <tenax/wait/random.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using tenax::optional_duration;
using tests::at;

TEST_CASE("wait::retry_after is the wait that the server asked for, else no answer") {
  STATIC_REQUIRE(tenax::wait::retry_after({.server_wait = 30s}) == optional_duration(30s));
  STATIC_REQUIRE(tenax::wait::retry_after({.server_wait = 0s}) == optional_duration(0s));
  STATIC_REQUIRE(tenax::wait::retry_after({.number = 7, .previous_wait = 3s}) == optional_duration());
}

TEST_CASE("Jitter on top of a server's wait never shortens it") {
  tenax::fixed_random low(tenax::lowest_draw), high(tenax::highest_draw);
  auto const w = tenax::wait::retry_after + tenax::wait::uniform(0s, 500ms);
  CHECK(w(tenax::attempt_info{.server_wait = 30s, .random = &low}) == optional_duration(30s));
  CHECK(w(tenax::attempt_info{.server_wait = 30s, .random = &high}) == optional_duration(30'500ms - 1ns));
  CHECK(w(tenax::attempt_info{.random = &high}) == optional_duration());
}

TEST_CASE("The longest server wait saturates with jitter on top") {
  tenax::fixed_random high(tenax::highest_draw);
  auto const w = tenax::wait::retry_after + tenax::wait::uniform(0s, 500ms);
  CHECK(w(tenax::attempt_info{.server_wait = std::chrono::hours::max(), .random = &high}) ==
        optional_duration(tenax::duration::max()));
}
