// SPDX-License-Identifier: MIT
#include <tenax/fmt/shared_state.hpp>

#include "catch.hpp"

using namespace std::chrono_literals;

TEST_CASE("The state of a shared limit is one line of text", "[fmt]") {
  tenax::shared::state s{
      .store_up = true, .machines = 10, .in_hand = 25, .waiting = 3, .per_second = 1000, .share = 100};
  CHECK(fmt::format("{}", s) == "store up, 10 machines, 100 of 1000 permits per second; 25 in hand, 3 wait");
  s.paused = 2s;
  CHECK(fmt::format("{}", s) ==
        "store up, 10 machines, 100 of 1000 permits per second; 25 in hand, 3 wait, paused for 2s");
  CHECK(fmt::format("{}", tenax::shared::state{.waiting = 1}) == "store not asked yet, 1 machine; 0 in hand, 1 waits");
  CHECK(fmt::format("{}", tenax::shared::state{.trouble = "Connection\nrefused"}) ==
        "store away (Connection refused), 1 machine; 0 in hand, 0 wait");
}

TEST_CASE("The state of a shared limit that is searched for says what the search does", "[fmt]") {
  tenax::shared::adaptive_state s{
      {.store_up = true, .machines = 10, .in_hand = 1, .waiting = 3, .per_second = 0.5, .share = 0.05}};
  s.doing = tenax::shared::adaptive_state::phase::steady;
  s.throttled = 4;
  CHECK(fmt::format("{}", s) ==
        "store up, 10 machines, 0.05 of 0.5 permits per second; 1 in hand, 3 wait; search: steady, 4 refused");
  s.per_second = 57.48460806505602;
  s.share = 28.74230403252801;
  CHECK(fmt::format("{}", s) ==
        "store up, 10 machines, 28.7 of 57.5 permits per second; 1 in hand, 3 wait; search: steady, 4 refused");
  s.per_second = 19900.49;
  s.share = 0.000277777777;
  CHECK(fmt::format("{}", s) ==
        "store up, 10 machines, 0.000278 of 19900 permits per second; 1 in hand, 3 wait; search: steady, 4 refused");
}

TEST_CASE("An event of a shared limit is one line of text", "[fmt]") {
  using tenax::shared::event;
  CHECK(fmt::format("{}", event{event::kind::store_away, "catalogue", "Connection refused"}) ==
        "catalogue: store away: Connection refused");
}
