// SPDX-License-Identifier: MIT
// formulas.cpp: every wait formula at the attempt numbers at which the arithmetic of other libraries breaks.
#include <cstdint>

#include <tenax/tenax.hpp>

using namespace std::chrono_literals;
using tenax::duration;

namespace {

constexpr std::uint32_t half = 0x8000'0000;  // 2^31
constexpr std::uint32_t last = 0xffff'ffff;  // 2^32 - 1
constexpr auto longest = duration::max();

template <class W>
constexpr duration after(std::uint32_t n, W const& strategy) {
  return strategy(tenax::attempt_info{.number = n});
}

/// Compares with the answers after attempts 1, 2, 3, 63, 64, 65, 2^31 and 2^32 - 1.
template <class W>
constexpr bool gives(W const& w, duration n1, duration n2, duration n3, duration n63, duration n64, duration n65,
                     duration n_half, duration n_last) {
  return after(1, w) == n1 && after(2, w) == n2 && after(3, w) == n3 && after(63, w) == n63 && after(64, w) == n64 &&
         after(65, w) == n65 && after(half, w) == n_half && after(last, w) == n_last;
}

constexpr duration power_of_two(int n) { return duration(std::int64_t{1} << n); }

// --- no wait, a constant one, a list  -------------------------------------------------------------------------------
static_assert(gives(tenax::wait::none, 0s, 0s, 0s, 0s, 0s, 0s, 0s, 0s));
static_assert(gives(tenax::wait::constant(7s), 7s, 7s, 7s, 7s, 7s, 7s, 7s, 7s));
static_assert(gives(tenax::wait::sequence{5s, 1s}, 5s, 1s, 1s, 1s, 1s, 1s, 1s, 1s));
static_assert(gives(tenax::wait::constant(std::chrono::hours::max()), longest, longest, longest, longest, longest,
                    longest, longest, longest));

// --- linear: first + step * (n - 1)  --------------------------------------------------------------------------------
static_assert(gives(tenax::wait::linear({.first = 1s, .step = 2s}), 1s, 3s, 5s, 125s, 127s, 129s, 1s + 2s * (half - 1L),
                    1s + 2s * (last - 1L)));
static_assert(gives(tenax::wait::linear({.first = 1s, .step = 2s, .max = 126s}), 1s, 3s, 5s, 125s, 126s, 126s, 126s,
                    126s));
static_assert(gives(tenax::wait::linear({.first = 1s, .step = 1h}), 1s, 1h + 1s, 2h + 1s, 62h + 1s, 63h + 1s, 64h + 1s,
                    longest, longest));
static_assert(gives(tenax::wait::linear({.first = longest - 1ns, .step = 1ns}), longest - 1ns, longest, longest,
                    longest, longest, longest, longest, longest));

// --- exponential: base * factor^(n - 1)  ----------------------------------------------------------------------------
static_assert(gives(tenax::wait::exponential({.base = 1ns}), 1ns, 2ns, 4ns, power_of_two(62), longest, longest, longest,
                    longest));
static_assert(gives(tenax::wait::exponential({.base = 1ns, .max = power_of_two(62) + 1ns}), 1ns, 2ns, 4ns,
                    power_of_two(62), power_of_two(62) + 1ns, power_of_two(62) + 1ns, power_of_two(62) + 1ns,
                    power_of_two(62) + 1ns));
static_assert(gives(tenax::wait::exponential({.base = 100ms, .max = 5s}), 100ms, 200ms, 400ms, 5s, 5s, 5s, 5s, 5s));
static_assert(gives(tenax::wait::exponential({.base = 1s, .factor = 1.0}), 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s));
static_assert(gives(tenax::wait::exponential({.base = 1s, .factor = 1.5, .max = 1h}), 1s, 1500ms, 2250ms, 1h, 1h, 1h,
                    1h, 1h));
static_assert(gives(tenax::wait::exponential({.base = 1s, .factor = 1e308}), 1s, longest, longest, longest, longest,
                    longest, longest, longest));
static_assert(gives(tenax::wait::exponential({.base = 0s, .factor = 1e308}), 0s, 0s, 0s, 0s, 0s, 0s, 0s, 0s));
static_assert(gives(tenax::wait::exponential({.base = 30s, .max = 30s}), 30s, 30s, 30s, 30s, 30s, 30s, 30s, 30s));

// --- fibonacci: unit * 1, 1, 2, 3, 5, 8, ...  -----------------------------------------------------------------------
static_assert(gives(tenax::wait::fibonacci({.unit = 1ns}), 1ns, 1ns, 2ns, 6'557'470'319'842ns, 10'610'209'857'723ns,
                    17'167'680'177'565ns, longest, longest));
static_assert(gives(tenax::wait::fibonacci({.unit = 1s, .max = 30s}), 1s, 1s, 2s, 30s, 30s, 30s, 30s, 30s));
static_assert(gives(tenax::wait::fibonacci({.unit = 1h}), 1h, 1h, 2h, longest, longest, longest, longest, longest));
static_assert(after(4, tenax::wait::fibonacci()) == 3s && after(5, tenax::wait::fibonacci()) == 5s &&
              after(6, tenax::wait::fibonacci()) == 8s);
static_assert(after(92, tenax::wait::fibonacci({.unit = 1ns})) < longest &&
              after(93, tenax::wait::fibonacci({.unit = 1ns})) == longest);

// --- polynomial: base * n^exponent  ---------------------------------------------------------------------------------
static_assert(gives(tenax::wait::polynomial({.base = 1ns, .exponent = 2}), 1ns, 4ns, 9ns, 3969ns, 4096ns, 4225ns,
                    power_of_two(62), longest));
static_assert(gives(tenax::wait::polynomial({.base = 1s, .exponent = 2, .max = 4000s}), 1s, 4s, 9s, 3969s, 4000s, 4000s,
                    4000s, 4000s));
static_assert(gives(tenax::wait::polynomial({.base = 1s, .exponent = 0}), 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s));
static_assert(gives(tenax::wait::polynomial({.base = 1ns, .exponent = 1}), 1ns, 2ns, 3ns, 63ns, 64ns, 65ns,
                    duration(half), duration(last)));
static_assert(gives(tenax::wait::polynomial({.base = 1ns, .exponent = ~0U}), 1ns, longest, longest, longest, longest,
                    longest, longest, longest));

// --- jitter: the middle of the interval, in a constant expression  --------------------------------------------------
constexpr auto doubling = tenax::wait::exponential({.base = 1s, .max = 8s});
static_assert(gives(doubling.full(), 500ms, 1s, 2s, 4s, 4s, 4s, 4s, 4s));
static_assert(gives(doubling.equal(), 750ms, 1500ms, 3s, 6s, 6s, 6s, 6s, 6s));
static_assert(gives(doubling.proportional(0.5), 1s, 2s, 4s, 6s, 6s, 6s, 6s, 6s));
static_assert(gives(doubling.additive(2s), 2s, 3s, 5s, 7s, 7s, 7s, 7s, 7s));
static_assert(gives(tenax::wait::uniform(1s, 3s), 2s, 2s, 2s, 2s, 2s, 2s, 2s, 2s));
static_assert(gives(tenax::wait::decorrelated({.base = 1s, .max = 9s}), 2s, 2s, 2s, 2s, 2s, 2s, 2s, 2s));

constexpr duration decorrelated_after(duration previous) {
  return tenax::wait::decorrelated({.base = 1s, .max = 9s})(
      tenax::attempt_info{.number = last, .previous_wait = previous});
}
static_assert(decorrelated_after(1s) == 2s);
static_assert(decorrelated_after(2s) == 3500ms);
static_assert(decorrelated_after(3s) == 5s);
static_assert(decorrelated_after(9s) == 5s);
static_assert(decorrelated_after(longest) == 5s);

// The ends of the random interval, for every attempt number.
template <class W>
constexpr bool draws(W const& w, std::uint32_t n, duration least, duration below) {
  tenax::fixed_random low(tenax::lowest_draw), high(tenax::highest_draw);
  return w(tenax::attempt_info{.number = n, .random = &low}) == least &&
         w(tenax::attempt_info{.number = n, .random = &high}) == below - 1ns;
}
template <class W>
constexpr bool draws_at_the_cap(W const& w, duration least, duration below) {
  return draws(w, 4, least, below) && draws(w, 63, least, below) && draws(w, 64, least, below) &&
         draws(w, 65, least, below) && draws(w, half, least, below) && draws(w, last, least, below);
}
static_assert(draws(doubling.full(), 1, 0s, 1s) && draws_at_the_cap(doubling.full(), 0s, 8s));
static_assert(draws(doubling.equal(), 1, 500ms, 1s) && draws_at_the_cap(doubling.equal(), 4s, 8s));
static_assert(draws(doubling.proportional(0.25), 1, 750ms, 1250ms) &&
              draws_at_the_cap(doubling.proportional(0.25), 6s, 8s));
static_assert(draws(doubling.additive(2s), 1, 1s, 3s) && draws_at_the_cap(doubling.additive(2s), 6s, 8s));

// --- combinators  ---------------------------------------------------------------------------------------------------
static_assert(gives(tenax::wait::exponential() + tenax::wait::exponential(), 200ms, 400ms, 800ms, longest, longest,
                    longest, longest, longest));
static_assert(gives(tenax::wait::at_most(9s, tenax::wait::fibonacci()), 1s, 1s, 2s, 9s, 9s, 9s, 9s, 9s));
static_assert(gives(tenax::wait::at_least(2s, tenax::wait::fibonacci({.max = 9s})), 2s, 2s, 2s, 9s, 9s, 9s, 9s, 9s));
static_assert(gives(tenax::wait::max_of(tenax::wait::constant(2s), tenax::wait::fibonacci()), 2s, 2s, 2s, longest,
                    longest, longest, longest, longest));
static_assert(gives(tenax::wait::min_of(tenax::wait::constant(2s), tenax::wait::fibonacci()), 1s, 1s, 2s, 2s, 2s, 2s,
                    2s, 2s));
static_assert(gives(tenax::wait::chain(tenax::wait::repeat(2, tenax::wait::none), tenax::wait::linear()), 0s, 0s, 1s,
                    61s, 62s, 63s, 1s * (half - 2L), 1s * (last - 2L)));
static_assert(gives(tenax::wait::chain(tenax::wait::repeat(63, tenax::wait::none), tenax::wait::linear()), 0s, 0s, 0s,
                    0s, 1s, 2s, 1s * (half - 63L), 1s * (last - 63L)));
static_assert(gives(tenax::wait::chain(tenax::wait::repeat(last, tenax::wait::none), tenax::wait::linear()), 0s, 0s, 0s,
                    0s, 0s, 0s, 0s, 0s));

// --- stop conditions  -----------------------------------------------------------------------------------------------
constexpr bool stops(std::int64_t limit, std::uint32_t n) {
  return tenax::stop::after_attempts(limit)(tenax::attempt_info{.number = n});
}
static_assert(stops(1, 1) && stops(1, last));
static_assert(!stops(2, 1) && stops(2, 2) && !stops(3, 2) && stops(3, 3));
static_assert(!stops(64, 63) && stops(64, 64) && stops(64, 65));
static_assert(!stops(half, half - 1) && stops(half, half) && stops(half, last));
static_assert(!stops(last, half) && !stops(last, last - 1) && stops(last, last));

}  // namespace
