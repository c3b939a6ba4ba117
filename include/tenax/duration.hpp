// SPDX-License-Identifier: MIT
// duration.hpp: the library's unit of time, and saturating arithmetic: results stop at the limits instead of wrapping.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>

#include <tenax/detail/chrono.hpp>

namespace tenax {

/// The type of every span of time in the library; counts nanoseconds.
using duration = std::chrono::nanoseconds;

/// A point on the steady clock. No decision uses wall-clock time.
using time_point = std::chrono::time_point<std::chrono::steady_clock, duration>;

/// `a + b`, kept between `duration::min()` and `duration::max()`.
[[nodiscard]] constexpr duration saturating_add(duration a, duration b) noexcept {
  duration::rep sum = 0;
  if (!__builtin_add_overflow(a.count(), b.count(), &sum)) return duration(sum);
  return b.count() < 0 ? duration::min() : duration::max();
}

/// `a - b`, kept between `duration::min()` and `duration::max()`.
[[nodiscard]] constexpr duration saturating_subtract(duration a, duration b) noexcept {
  duration::rep difference = 0;
  if (!__builtin_sub_overflow(a.count(), b.count(), &difference)) return duration(difference);
  return b.count() < 0 ? duration::max() : duration::min();
}

/// `later - earlier`, kept between `duration::min()` and `duration::max()`.
[[nodiscard]] constexpr duration saturating_between(time_point earlier, time_point later) noexcept {
  return saturating_subtract(later.time_since_epoch(), earlier.time_since_epoch());
}

/// `d * times` for `d >= 0`, at most `duration::max()`.
[[nodiscard]] constexpr duration saturating_multiply(duration d, std::uint64_t times) noexcept {
  constexpr auto most = static_cast<std::uint64_t>(duration::max().count());
  if (d.count() <= 0) return duration::zero();
  std::uint64_t product = 0;
  if (__builtin_mul_overflow(static_cast<std::uint64_t>(d.count()), times, &product) || product > most)
    return duration::max();
  return duration(static_cast<duration::rep>(product));
}

/// `d * factor` for `d >= 0` and `factor >= 0`, rounded down to a nanosecond, at most `duration::max()`. `0 * infinity`
/// is 0: a wait of zero stays zero.
[[nodiscard]] constexpr duration saturating_scale(duration d, double factor) noexcept {
  if (d.count() <= 0) return duration::zero();
  if (factor == 1.0) return d;
  double const product = static_cast<double>(d.count()) * factor;
  // 2^63 is the first double above every duration. The comparison is negated so that NaN saturates, as infinity does.
  if (!(product < 9223372036854775808.0)) return duration::max();
  return duration(static_cast<duration::rep>(product));
}

namespace detail {

// By value and on the counts: `a < b ? a : b` is an lvalue, and taking its address keeps compilers from holding the
// operands in registers.
constexpr duration shorter(duration a, duration b) noexcept {
  return duration(a.count() < b.count() ? a.count() : b.count());
}
constexpr duration longer(duration a, duration b) noexcept {
  return duration(a.count() < b.count() ? b.count() : a.count());
}

template <class>
inline constexpr bool always_false = false;

template <class T>
concept chrono_duration = requires {
  typename T::rep;
  typename T::period;
  requires std::is_same_v<T, std::chrono::duration<typename T::rep, typename T::period>>;
};
}  // namespace detail

/// A parameter that takes time in any unit: `5s`, `1.5s`, `std::chrono::minutes(2)`.
///
/// Converts to the nearest nanosecond (`std::chrono::duration<double>(0.3)` is 300'000'000 ns) and saturates where
/// `std::chrono` would wrap (`hours::max()` becomes `duration::max()`). A plain number does not compile, because it has
/// no unit. Not-a-number is kept and reported by `is_nan()`, so that the function that takes the parameter can reject
/// it by name.
class any_duration {
 public:
  constexpr any_duration() noexcept = default;

  template <class D>
    requires(detail::chrono_duration<D> || std::is_arithmetic_v<D>)
  constexpr any_duration(D d) noexcept {
    if constexpr (std::is_arithmetic_v<D>) {
      static_assert(detail::always_false<D>,
                    "tenax: a duration needs a unit; write 5s or std::chrono::milliseconds(250), not a plain number");
    } else if constexpr (std::is_same_v<D, duration>) {
      ns_ = d.count() == nan_count ? nan_count + 1 : d.count();
    } else if constexpr (std::is_floating_point_v<typename D::rep>) {
      ns_ = from_floating(static_cast<long double>(d.count()) * D::period::num * 1e9L / D::period::den);
    } else {
      ns_ = from_integral(d.count(), static_cast<wide>(D::period::num) * 1'000'000'000, D::period::den);
    }
  }

  /// The value in nanoseconds; for not-a-number, the most negative value.
  constexpr operator duration() const noexcept { return duration(ns_); }
  [[nodiscard]] constexpr duration value() const noexcept { return duration(ns_); }
  [[nodiscard]] constexpr bool is_nan() const noexcept { return ns_ == nan_count; }

 private:
  using rep = duration::rep;
  __extension__ using wide = __int128;
  static constexpr rep nan_count = std::numeric_limits<rep>::min();

  static constexpr rep from_floating(long double ns) noexcept {
    if (ns != ns) return nan_count;
    if (ns >= 9223372036854775807.0L) return std::numeric_limits<rep>::max();
    if (ns <= -9223372036854775807.0L) return nan_count + 1;
    // `ns + 0.5` would round large odd numbers up on platforms where a long double is not wider than a double.
    auto const whole = static_cast<rep>(ns);
    auto const rest = ns - static_cast<long double>(whole);
    return rest >= 0.5L ? whole + 1 : rest <= -0.5L ? whole - 1 : whole;
  }

  template <class Count>
  static constexpr rep from_integral(Count count, wide numerator, wide denominator) noexcept {
    constexpr wide limit = std::numeric_limits<rep>::max();
    wide const value = static_cast<wide>(count);
    wide const most = limit * denominator / numerator;
    if (value > most) return std::numeric_limits<rep>::max();
    if (value < -most) return nan_count + 1;
    wide const product = value * numerator;
    auto const whole = static_cast<rep>(product / denominator);
    wide const rest = product % denominator;
    return rest >= denominator - rest ? whole + 1 : -rest >= denominator + rest ? whole - 1 : whole;
  }

  rep ns_ = 0;
};

/// A duration or none; used like a `std::optional<duration>`. It fits in one register, so that compilers can keep a
/// whole retry loop in registers.
class optional_duration {
 public:
  constexpr optional_duration() noexcept = default;
  constexpr optional_duration(std::nullopt_t) noexcept {}
  constexpr optional_duration(any_duration d) noexcept : value_(d) {}
  template <class D>
    requires(std::is_convertible_v<D, any_duration>)
  constexpr optional_duration(D d) noexcept : optional_duration(any_duration(d)) {}
  template <class D>
    requires(std::is_convertible_v<D, any_duration>)
  constexpr optional_duration(std::optional<D> const& d) noexcept : value_(d ? any_duration(*d).value() : none) {}

  [[nodiscard]] constexpr bool has_value() const noexcept { return value_ != none; }
  [[nodiscard]] constexpr explicit operator bool() const noexcept { return has_value(); }
  /// The duration. Precondition: `has_value()`.
  [[nodiscard]] constexpr duration const& operator*() const noexcept { return value_; }
  [[nodiscard]] constexpr duration const* operator->() const noexcept { return &value_; }
  [[nodiscard]] constexpr duration value_or(duration otherwise) const noexcept {
    return has_value() ? value_ : otherwise;
  }
  constexpr void reset() noexcept { value_ = none; }

  constexpr operator std::optional<duration>() const noexcept {
    return has_value() ? std::optional<duration>(value_) : std::nullopt;
  }

  friend constexpr bool operator==(optional_duration, optional_duration) noexcept = default;

 private:
  // The value that `any_duration` keeps for not-a-number, so that no real duration is lost to it.
  static constexpr duration none = duration::min();

  duration value_ = none;
};

}  // namespace tenax
