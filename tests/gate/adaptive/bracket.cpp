// SPDX-License-Identifier: MIT
// bracket.cpp: the phases of the rate search, between a confirmed and a refused rate.
#include <tenax/gate/adaptive/detail/bracket.hpp>

#include "catch.hpp"

using tenax::detail::rate_bracket;
using phase = tenax::detail::search_phase;

namespace {

constexpr std::int64_t second = 1'000'000'000;

/// As if `n` paced requests had been accepted one second after the start.
constexpr void accept(rate_bracket& b, int n, std::int64_t now = second, std::int64_t round_trip = 0) {
  for (int i = 0; i < n; ++i) {
    b.note_accepted();
    b.accepted(now, round_trip);
  }
}

/// A search for a limit of 100 a second: each rate above it is refused.
constexpr rate_bracket found(double guess) {
  rate_bracket b(guess, 0);
  for (int i = 0; i < 100'000 && b.current_phase() != phase::steady; ++i) {
    if (b.rate() > 100) {
      b.refused({.demonstrated = 90, .peak = b.rate()});
    } else {
      accept(b, 1);
    }
  }
  return b;
}

}  // namespace

TEST_CASE("In the start phase, the rate doubles after four accepted requests") {
  static constexpr auto after = [](int n) {
    rate_bracket b(5, 0);
    accept(b, n);
    return b;
  };
  static_assert(after(3).rate() == 5);
  static_assert(after(4).rate() == 10);
  static_assert(after(8).rate() == 20);
  static_assert(after(8).current_phase() == phase::start);
}

TEST_CASE("The rate doubles later if many requests are under way") {
  static constexpr auto after = [](int n) {
    rate_bracket b(10, 0);
    accept(b, n, second, second / 5);
    return b.rate();
  };
  // 2 requests are sent in a round trip, then 4, then 8.
  static_assert(after(4) == 10);
  static_assert(after(5) == 20);
  static_assert(after(14) == 20);
  static_assert(after(15) == 40);
}

TEST_CASE("The first refusal begins a search at the geometric mean") {
  static constexpr auto refused = [](rate_bracket::refusal const& r) {
    rate_bracket b(4, 0);
    accept(b, 8);
    b.refused(r);
    return b;
  };
  constexpr auto b = refused({.demonstrated = 8, .peak = 16});
  static_assert(b.current_phase() == phase::search);
  static_assert(b.rate() > 11.3 && b.rate() < 11.4);
  static_assert(b.accepted_since_refusal() == 0);
  // A server that says how long to wait has demonstrated its limit: 8 requests were accepted.
  static_assert(refused({.demonstrated = 8, .peak = 16, .told = true}).rate() == 8 * (1 + 3.0 / 9));
  // While none was accepted, the rate is known only to be too high.
  static_assert(refused({.demonstrated = 8, .peak = 16, .accepted = false}).rate() == 8);
}

TEST_CASE("A rate found between two pauses from few requests is followed by a large step") {
  static constexpr auto tried = [](int accepted) {
    rate_bracket b(5, 0);
    accept(b, 60);
    b.refused({.demonstrated = 30, .peak = 80, .told = true});
    accept(b, accepted);
    b.refused({.demonstrated = 30, .told = true, .cycle = 4 * accepted * second});
    return b.rate();
  };
  static_assert(tried(1) == 0.25 * 1.5);
  static_assert(tried(3) == 0.25 * 1.25);
}

TEST_CASE("After a steady rate was cut, the next step may be large") {
  static constexpr auto cut = [] {
    rate_bracket b(5, 0);
    accept(b, 60);
    for (int i = 0; i < 4; ++i) b.refused({.demonstrated = 30, .peak = 80, .told = true});
    return b;
  };
  static_assert(cut().current_phase() == phase::steady && cut().rate() == 15);
  static constexpr auto searched = [] {
    auto b = cut();
    accept(b, 16);
    return b.rate();
  };
  static_assert(searched() > 21 && searched() < 22);
}

TEST_CASE("A rate that a whole probe has proven is kept when a server asks for long pauses") {
  // All steps of a probe are accepted, and two doublings.
  static constexpr auto risen = [] {
    rate_bracket b(5, 0);
    accept(b, 60);
    for (int i = 0; i < 4; ++i) b.refused({.demonstrated = 30, .peak = 80, .told = true});
    for (int i = 0; i < 100'000 && b.current_phase() != phase::start; ++i) accept(b, 1, 10'000 * second);
    accept(b, 4);
    return b;
  };
  static constexpr auto proven = risen().rate() / 4;
  static_assert(proven > 30);
  static constexpr auto refused = [](int accepted) {
    auto b = risen();
    b.refused({.demonstrated = 1, .peak = 4 * proven, .told = true});
    accept(b, accepted);
    // So few would be the limit of a server that counts in windows.
    b.refused({.demonstrated = 1, .told = true, .cycle = 20 * second});
    return b;
  };
  static_assert(refused(10).rate() > proven);
  // Until it is refused itself.
  static constexpr auto lost = [] {
    auto b = refused(10);
    while (b.current_phase() != phase::steady) b.refused({.demonstrated = 1, .told = true});
    b.refused({.demonstrated = 1, .told = true});
    return b.rate();
  };
  static_assert(lost() == proven / 2);
}

TEST_CASE("The search ends within three percent below the limit, from any guess") {
  static_assert(found(1).rate() > 97 && found(1).rate() <= 100);
  static_assert(found(77).rate() > 97 && found(77).rate() <= 100);
  static_assert(found(1000).rate() > 97 && found(1000).rate() <= 100);
}

TEST_CASE("A refusal of a steady rate lowers it, unless it is rare") {
  static constexpr auto after = [](int accepted) {
    auto b = found(77);
    auto const before = b.rate();
    accept(b, accepted);
    b.refused({.demonstrated = 1000});
    return b.rate() / before;
  };
  static_assert(after(9) < 0.901 && after(9) > 0.899);
  static_assert(after(0) == 0.5);
  static_assert(after(60) == 1);  // without a pause, a refusal costs as much as one request in 50
}

TEST_CASE("Between two pauses that the server asks for, it shows its limit, which ends the search sooner") {
  static constexpr auto after = [](std::int64_t cycle, int accepted) {
    rate_bracket b(4, 0);
    accept(b, 8);
    b.refused({.demonstrated = 8, .peak = 16, .told = true});
    accept(b, accepted);
    b.refused({.demonstrated = 8, .told = true, .cycle = cycle});
    return b;
  };
  constexpr auto tried = after(0, 0).rate();
  static_assert(tried > 9 && tried < 9.5);
  // 9 requests in 3 seconds, of which one may be rounding: at most 5 in a second. The lower end was a burst.
  static_assert(after(3 * second, 9).rate() < 8);
  // At most 8.1 in a second, near the lower end.
  static_assert(after(248 * second / 100, 11).rate() == 8);
  static_assert(after(248 * second / 100, 11).current_phase() == phase::steady);
  // In a time so short, the rounding may hide everything.
  static_assert(after(2 * second, 11).rate() == tried);
}

TEST_CASE("If refusals cost a wait, a probe that failed at its first step is followed by one of 1.5 percent") {
  static constexpr auto probes = [](unsigned failures, bool told = true) {
    auto b = found(77);
    auto const before = b.rate();
    for (unsigned i = 0; i <= failures; ++i) {
      while (b.current_phase() != phase::probe) accept(b, 1);
      if (i < failures) b.refused({.demonstrated = 50, .told = told});
    }
    return b.rate() / before;
  };
  static_assert(probes(1) > 1.014 && probes(1) < 1.016);
  static_assert(probes(2) > 1.029 && probes(2) < 1.031);
  static_assert(probes(1, false) > 1.029 && probes(1, false) < 1.031);

  // It ends with that step: 3 percent were refused before.
  static constexpr auto confirmed = [] {
    auto b = found(77);
    auto const before = b.rate();
    for (int i = 0; i < 2; ++i) {
      while (b.current_phase() != phase::probe) accept(b, 1);
      if (i == 0) b.refused({.demonstrated = 50, .told = true});
    }
    while (b.current_phase() == phase::probe) accept(b, 1);
    return b.rate() / before;
  }();
  static_assert(confirmed > 1.014 && confirmed < 1.016);
}

TEST_CASE("A probe goes up by 3 percent, and back when it is refused") {
  static constexpr auto probed = [](bool back) {
    auto b = found(77);
    auto const before = b.rate();
    accept(b, 70);
    if (b.current_phase() != phase::probe) return 0.0;
    if (back) b.refused({.demonstrated = 50});
    return b.current_phase() == (back ? phase::steady : phase::probe) ? b.rate() / before : 0.0;
  };
  static_assert(probed(false) > 1.029 && probed(false) < 1.031);
  static_assert(probed(true) == 1);
}

TEST_CASE("A steady rate that was lost is tried again after a while, and kept if it has come back") {
  static constexpr auto halved = [](bool came_back, std::int64_t held, std::int64_t later) {
    auto b = found(77);
    auto const before = b.rate();
    b.accepted(second, 0);
    // Refused in a row, until the rate is half as high.
    for (int i = 0; i < 4; ++i) {
      static_cast<void>(b.costs(held * second, 0));
      b.refused({.demonstrated = before / 2, .told = true});
    }
    b.accepted((held + later) * second, 0);
    if (b.current_phase() != phase::probe) return b.rate() / before;
    if (b.rate() < 0.9 * before) return 0.0;
    if (came_back) {
      accept(b, 12);
    } else {
      b.refused({.demonstrated = before / 2, .told = true});
    }
    return b.current_phase() == phase::steady ? b.rate() / before : 0.0;
  };
  static_assert(halved(true, 100, 50) == 1);
  static_assert(halved(false, 100, 50) < 0.6);
  static_assert(halved(true, 100, 40) < 0.6);    // too soon
  static_assert(halved(true, 100, 1000) < 0.6);  // too late
  static_assert(halved(true, 10, 50) < 0.6);     // the rate was not held for long
}

TEST_CASE("After five steps of a probe, the start phase begins again") {
  static constexpr auto risen = [] {
    auto b = found(77);
    accept(b, 70);
    for (int i = 0; i < 10'000 && b.current_phase() == phase::probe; ++i) accept(b, 1);
    return b;
  }();
  static_assert(risen.current_phase() == phase::start);
  static_assert(risen.rate() > 200);
}

TEST_CASE("A rate never exceeds the given and the announced limit, nor falls below the lowest rate") {
  static constexpr auto given = [] {
    rate_bracket b(50, 0);
    b.begin_at(50);
    accept(b, 1000, 1000 * second);
    return b;
  }();
  static_assert(given.rate() == 50 && given.current_phase() == phase::steady);
  static constexpr auto announced = [](double limit) {
    rate_bracket b(10, 0);
    b.begin_at(50);
    b.announced(limit);
    return b.rate();
  };
  static_assert(announced(20) == 0.995 * 20);
  static_assert(announced(200) == 50);
  static constexpr auto lowest = [] {
    rate_bracket b(10, 8);
    for (int i = 0; i < 50; ++i) b.refused({.demonstrated = 1, .accepted = false});
    return b.rate();
  }();
  static_assert(lowest == 8);
}

TEST_CASE("Going back to an earlier state makes the answers since then invalid") {
  static constexpr auto versions = [] {
    rate_bracket b(10, 0);
    auto const before = b;
    accept(b, 4);
    auto const between = b.version();
    b.go_back_to(before);
    return b.rate() == 10 && b.version() > between;
  }();
  static_assert(versions);
}
