// SPDX-License-Identifier: MIT
// same_waits.cpp: a seed gives the same waits on every platform: of 32 and 64 bits, of either byte order, with every
// compiler and standard library.
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <tenax/tenax.hpp>

#include "catch.hpp"

using namespace std::chrono_literals;

#if defined(TENAX_TEST_POINTER_SIZE)
static_assert(sizeof(void*) == TENAX_TEST_POINTER_SIZE, "the toolchain file makes programs for another machine");
#endif

namespace {

using waits = std::vector<std::int64_t>;

/// What `strategy` waits after each of six attempts, with random draws from the seed 2026.
template <class Strategy>
waits waits_of(Strategy const& strategy) {
  tenax::seeded_random random(2026);
  waits all;
  tenax::duration previous{};
  for (std::uint32_t number = 1; number <= 6; ++number) {
    tenax::attempt_info const info{.number = number, .previous_wait = previous, .random = &random};
    previous = strategy(info);
    all.push_back(previous.count());
  }
  return all;
}

}  // namespace

TEST_CASE("A seed gives the same waits on every platform") {
  CHECK(waits_of(tenax::wait::exponential({.base = 100ms, .max = 10s}).full()) ==
        waits{85785422, 94325476, 266937982, 307819535, 1266567622, 2324493492});
  CHECK(waits_of(tenax::wait::exponential({.base = 100ms, .factor = 1.7, .max = 10s}).full()) ==
        waits{85785422, 80176655, 192862691, 189039671, 661156214, 1031390110});
  CHECK(waits_of(tenax::wait::exponential({.base = 100ms, .max = 10s}).equal()) ==
        waits{92892711, 147162738, 333468991, 553909767, 1433283811, 2762246746});
  CHECK(waits_of(tenax::wait::exponential({.base = 100ms, .max = 10s}).proportional(0.3)) ==
        waits{121471253, 196595286, 440162789, 744691721, 1879940573, 3634696095});
  CHECK(waits_of(tenax::wait::linear({.first = 100ms, .step = 33ms}).additive(50ms)) ==
        waits{142892711, 156581369, 199367247, 218238720, 271580238, 301320210});
  CHECK(waits_of(tenax::wait::fibonacci({.unit = 100ms, .max = 10s}).full()) ==
        waits{85785422, 47162738, 133468991, 115432325, 395802382, 581123373});
  CHECK(waits_of(tenax::wait::polynomial({.base = 100ms, .exponent = 3, .max = 10s}).full()) ==
        waits{85785422, 377301907, 1801831379, 2462556282, 7916047643, 7264042164});
  CHECK(waits_of(tenax::wait::decorrelated({.base = 100ms, .max = 10s})) ==
        waits{271570844, 437078001, 908310901, 1110006956, 2656899907, 5817309463});
  CHECK(waits_of(tenax::wait::uniform(1s, 3s)) ==
        waits{2715708446, 1943254767, 2334689910, 1769548838, 2583209528, 2452808432});
}

TEST_CASE("A seed gives the same draws on every platform") {
  tenax::seeded_random random(2026);
  CHECK(tenax::draw_between(random, 0s, 1s).count() == 857854223);
  CHECK(tenax::draw_between(random, 0ns, tenax::duration::max()).count() == 4349994824860607150);
  CHECK(tenax::draw_between(random, 1h, 24h).count() == 58856162291902);
}

TEST_CASE("Units of time become the same number of nanoseconds on every platform") {
  using tenax::any_duration;
  CHECK(any_duration(std::chrono::duration<std::int64_t, std::pico>(1'234'567'890'123)).value().count() ==
        1'234'567'890);
  CHECK(any_duration(std::chrono::duration<std::int64_t, std::ratio<1, 60>>(-7)).value().count() == -116'666'667);
  CHECK(any_duration(std::chrono::duration<std::int64_t, std::ratio<1'001, 30'000>>(123'456'789)).value().count() ==
        4'119'341'526'300'000);
  CHECK(any_duration(std::chrono::duration<double>(0.1)).value().count() == 100'000'000);
  CHECK(any_duration(std::chrono::duration<float>(0.1F)).value().count() == 100'000'001);
}
