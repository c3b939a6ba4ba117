// SPDX-License-Identifier: MIT
// duration.hpp: the library's unit of time, and saturating arithmetic: results stop at the limits instead of wrapping.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

#include <tenax/platform/arithmetic.hpp>
#include <tenax/platform/chrono.hpp>

namespace tenax {

/// The type of every span of time in the library; counts nanoseconds.
using duration = std::chrono::nanoseconds;

/// A point on the steady clock. No decision uses wall-clock time.
using time_point = std::chrono::time_point<std::chrono::steady_clock, duration>;

namespace detail {

/// `duration::max()` and `duration::min()`, without the functions, which every program would compile.
inline constexpr duration longest_duration((std::numeric_limits<duration::rep>::max)());
inline constexpr duration shortest_duration((std::numeric_limits<duration::rep>::min)());

}  // namespace detail

/// `a + b`, kept between `duration::min()` and `duration::max()`.
[[nodiscard]] constexpr duration saturating_add(duration a, duration b) noexcept {
  std::int64_t sum = 0;
  if (!platform::add_overflows(a.count(), b.count(), sum)) return duration(sum);
  return b.count() < 0 ? detail::shortest_duration : detail::longest_duration;
}

/// `a - b`, kept between `duration::min()` and `duration::max()`.
[[nodiscard]] constexpr duration saturating_subtract(duration a, duration b) noexcept {
  std::int64_t difference = 0;
  if (!platform::subtract_overflows(a.count(), b.count(), difference)) return duration(difference);
  return b.count() < 0 ? detail::longest_duration : detail::shortest_duration;
}

/// `later - earlier`, kept between `duration::min()` and `duration::max()`.
[[nodiscard]] constexpr duration saturating_between(time_point earlier, time_point later) noexcept {
  return saturating_subtract(later.time_since_epoch(), earlier.time_since_epoch());
}

/// `d * times` for `d >= 0`, at most `duration::max()`.
[[nodiscard]] constexpr duration saturating_multiply(duration d, std::uint64_t times) noexcept {
  constexpr auto most = static_cast<std::uint64_t>((duration::max)().count());
  if (d.count() <= 0) return duration::zero();
  std::uint64_t product = 0;
  if (platform::multiply_carries(static_cast<std::uint64_t>(d.count()), times, product) || product > most) {
    return detail::longest_duration;
  }
  return duration(static_cast<duration::rep>(product));
}

/// `d * factor` for `d >= 0` and `factor >= 0`, rounded down to a nanosecond, at most `duration::max()`. `0 * infinity`
/// is 0: a wait of zero stays zero.
[[nodiscard]] constexpr duration saturating_scale(duration d, double factor) noexcept {
  if (d.count() <= 0) return duration::zero();
  if (factor == 1.0) return d;
  double const product = static_cast<double>(d.count()) * factor;
  // 2^63 is the first double above every duration. The comparison is negated so that NaN saturates, as infinity does.
  if (!(product < 9223372036854775808.0)) return detail::longest_duration;
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
      ns_ = from_integral<typename D::period>(held(d.count()));
    }
  }

  /// The value in nanoseconds; for not-a-number, the most negative value.
  constexpr operator duration() const noexcept { return duration(ns_); }
  [[nodiscard]] constexpr duration value() const noexcept { return duration(ns_); }
  [[nodiscard]] constexpr bool is_nan() const noexcept { return ns_ == nan_count; }

 private:
  using rep = duration::rep;
  static constexpr rep nan_count = (std::numeric_limits<rep>::min)();
  static constexpr rep most = (std::numeric_limits<rep>::max)();

  static constexpr rep from_floating(long double ns) noexcept {
    if (ns != ns) return nan_count;
    if (ns >= 9223372036854775807.0L) return most;
    if (ns <= -9223372036854775807.0L) return nan_count + 1;
    // `ns + 0.5` would round large odd numbers up on platforms where a long double is not wider than a double.
    auto const whole = static_cast<rep>(ns);
    auto const rest = ns - static_cast<long double>(whole);
    return rest >= 0.5L ? whole + 1 : rest <= -0.5L ? whole - 1 : whole;
  }

  /// As a number of 64 bits, held at its ends.
  template <class Count>
  static constexpr rep held(Count count) noexcept {
    if constexpr (!std::is_class_v<Count> && Count(-1) > Count(0) && sizeof(Count) >= sizeof(rep)) {
      return count > static_cast<Count>(most) ? most : static_cast<rep>(count);
    } else if constexpr (!std::is_class_v<Count> && sizeof(Count) > sizeof(rep)) {
      return count > most ? most : count < -most ? -most : static_cast<rep>(count);
    } else {
      return static_cast<rep>(count);
    }
  }

  // Common units need one multiplication.
  template <class Period>
  static constexpr rep from_integral(rep count) noexcept {
    constexpr rep second = 1'000'000'000;
    if constexpr (second % Period::den == 0 && Period::num <= most / (second / Period::den)) {
      return times(count, Period::num * (second / Period::den));
    } else {
      return scaled(count, Period::num, Period::den);
    }
  }

  static constexpr rep times(rep count, rep factor) noexcept {
    auto const largest = most / factor;
    return count > largest ? most : count < -largest ? -most : count * factor;
  }

  /// Halves are rounded away from zero.
  static constexpr rep scaled(rep count, std::uint64_t num, std::uint64_t den) noexcept {
    auto const size = count < 0 ? 0 - static_cast<std::uint64_t>(count) : static_cast<std::uint64_t>(count);
    auto const ns = platform::scale(size, num, den, 1'000'000'000);
    auto const whole = ns.quotient < static_cast<std::uint64_t>(most) ? static_cast<rep>(ns.quotient) : most;
    auto const rounded = whole < most && ns.rest >= den - ns.rest ? whole + 1 : whole;
    return count < 0 ? -rounded : rounded;
  }

  rep ns_ = 0;
};

namespace detail {

/// A mark for "no value", as `std::nullopt` is: an empty class without a default constructor. <optional> is not
/// included, because it would cost every user as much compile time as fifteen headers of the library.
template <class N>
concept none_like = std::is_empty_v<N> && !std::is_aggregate_v<N> && !std::is_default_constructible_v<N> &&
                    !std::is_convertible_v<N, any_duration>;

/// An object that holds a value or none, as a `std::optional` does; not one that holds an error instead.
template <class O>
concept optional_like = requires(O const& o) {
  { o.has_value() } -> std::same_as<bool>;
  *o;
} && !requires(O const& o) { o.error(); };

template <class O>
using optional_value = std::remove_cvref_t<decltype(*std::declval<O const&>())>;

}  // namespace detail

/// A duration or none; used like a `std::optional<duration>`. It fits in one register, so that compilers can keep a
/// whole retry loop in registers.
class optional_duration {
 public:
  constexpr optional_duration() noexcept = default;
  /// From `std::nullopt`.
  template <detail::none_like N>
  constexpr optional_duration(N const&) noexcept {}
  constexpr optional_duration(any_duration d) noexcept : value_(d) {}
  template <class D>
    requires(std::is_convertible_v<D, any_duration>)
  constexpr optional_duration(D d) noexcept : optional_duration(any_duration(d)) {}
  /// From a `std::optional` of a duration, and from optionals of other libraries.
  template <detail::optional_like O>
    requires(std::is_convertible_v<detail::optional_value<O>, any_duration>)
  constexpr optional_duration(O const& d) noexcept : value_(d.has_value() ? any_duration(*d).value() : none) {}

  [[nodiscard]] constexpr bool has_value() const noexcept { return value_.count() != none.count(); }
  [[nodiscard]] constexpr explicit operator bool() const noexcept { return value_.count() != none.count(); }
  /// The duration. Precondition: `has_value()`.
  [[nodiscard]] constexpr duration const& operator*() const noexcept { return value_; }
  [[nodiscard]] constexpr duration const* operator->() const noexcept { return &value_; }
  [[nodiscard]] constexpr duration value_or(duration otherwise) const noexcept {
    return has_value() ? value_ : otherwise;
  }
  constexpr void reset() noexcept { value_ = none; }

  /// To a `std::optional<duration>`, and to optionals of other libraries.
  template <detail::optional_like O>
    requires(std::is_same_v<detail::optional_value<O>, duration> && !std::is_same_v<O, optional_duration>)
  constexpr operator O() const noexcept {
    if (has_value()) return value_;
    return {};
  }

  friend constexpr bool operator==(optional_duration, optional_duration) noexcept = default;

 private:
  // The value that `any_duration` keeps for not-a-number, so that no real duration is lost to it.
  static constexpr duration none = (duration::min)();

  duration value_ = none;
};

}  // namespace tenax
