// SPDX-License-Identifier: MIT
// random.hpp: random numbers for jitter: `random_source`, `seeded_random`, and the source of each thread.
#pragma once

#include <cstdint>

#include <tenax/duration.hpp>
#include <tenax/platform/arithmetic.hpp>
#include <tenax/platform/clock.hpp>
#include <tenax/platform/seed_mark.hpp>

namespace tenax {

/// A source of 64 random bits per call. Derive from it to inject your own; it is a standard uniform random bit
/// generator.
///
/// Thread safety: a source belongs to one thread at a time.
class random_source {
 public:
  using result_type = std::uint64_t;
  virtual constexpr result_type operator()() = 0;

  static constexpr result_type(min)() noexcept { return 0; }
  static constexpr result_type(max)() noexcept { return ~result_type{0}; }

 protected:
  constexpr random_source() noexcept = default;
  constexpr random_source(random_source const&) noexcept = default;
  constexpr random_source& operator=(random_source const&) noexcept = default;
  constexpr ~random_source() = default;
};

/// A uniform draw from `[low, high)`; `low` if the interval is empty. Both are at least zero.
/// Multiplies and shifts (Lemire, "Fast Random Integer Generation in an Interval", 2019); the bias is below 2^-64 of
/// the interval's length in nanoseconds.
[[nodiscard]] constexpr duration draw_between(random_source& random, duration low, duration high) {
  if (high.count() <= low.count()) return low;
  auto const length = static_cast<std::uint64_t>(high.count() - low.count());
  return duration(low.count() + static_cast<duration::rep>(platform::multiply_high(random(), length)));
}

/// A fast generator for reproducible runs: the same seed gives the same waits. Not for secrets.
/// SplitMix64 (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", 2014).
class seeded_random final : public random_source {
 public:
  constexpr explicit seeded_random(std::uint64_t seed) noexcept : state_(seed) {}

  constexpr result_type operator()() override {
    auto z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

 private:
  std::uint64_t state_;
};

/// A source that repeats one value: `lowest_draw` and `highest_draw` show the shortest and longest waits of a strategy.
class fixed_random final : public random_source {
 public:
  constexpr explicit fixed_random(std::uint64_t value) noexcept : value_(value) {}
  constexpr result_type operator()() override { return value_; }

 private:
  std::uint64_t value_;
};
inline constexpr std::uint64_t lowest_draw = 0;
inline constexpr std::uint64_t middle_draw = std::uint64_t{1} << 63;
inline constexpr std::uint64_t highest_draw = ~std::uint64_t{0};

namespace detail {

/// This thread's generator. Takes its seed from the operating system at the first draw, because most calls never draw.
/// Takes a new seed in a copy of the process, because copies with equal waits would retry at the same moments.
class thread_random final : public random_source {
 public:
  constexpr thread_random() noexcept : generator_(0) {}

  result_type operator()() override {
    if (platform::is_stale(mark_)) [[unlikely]]
      seed();
    return generator_();
  }

 private:
  TENAX_COLD void seed() {
    mark_ = platform::renew_mark();
    std::uint64_t seed = 0;
    if (!platform::random_bytes(&seed, sizeof seed)) {
      seed = static_cast<std::uint64_t>(platform::steady_time::now().time_since_epoch().count()) ^
             reinterpret_cast<std::uintptr_t>(this);
      seed ^= static_cast<std::uint64_t>(mark_) << 32;
    }
    generator_ = seeded_random(seed);
  }

  seeded_random generator_;
  std::uintptr_t mark_ = ~std::uintptr_t{0};
};

#if defined(__GLIBCXX__) && !defined(_GLIBCXX_HAS_GTHREADS)
// A library for machines without threads would allocate a thread's variables on the heap.
inline constinit thread_random this_thread_random;
#else
inline constinit thread_local thread_random this_thread_random;
#endif

}  // namespace detail

/// This thread's own source. Takes its seed from the operating system at the first draw, and a new one in a child
/// process, however that was made (`fork`, `clone`).
[[nodiscard]] inline random_source& this_thread_random() noexcept { return detail::this_thread_random; }

/// Makes the source of every thread take a new seed at its next draw. For programs that are copied in a way that they
/// cannot notice: call it after restoring a snapshot of a virtual machine or a checkpoint of the process.
///
/// Thread safety: safe.
inline void reseed() noexcept { platform::void_mark(); }

}  // namespace tenax
