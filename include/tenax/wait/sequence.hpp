// SPDX-License-Identifier: MIT
// wait/sequence.hpp: a list of waits, one for each retry.
#pragma once

#include <cstddef>

#include <tenax/wait/jitter.hpp>

namespace tenax::wait {

/// The given waits, in order; the last one repeats: `wait::sequence{1s, 5s, 30s}`.
///
/// Throws `std::invalid_argument` for a negative wait.
template <std::size_t Size>
struct sequence : jitterable<sequence<Size>> {
  static_assert(Size > 0, "tenax: wait::sequence needs at least one wait, as in wait::sequence{1s, 5s}");

  template <class... D>
    requires(sizeof...(D) == Size && (std::is_convertible_v<D, any_duration> && ...))
  constexpr sequence(D... wait) : waits{detail::require_not_negative("wait::sequence: wait", wait)...} {}

  constexpr duration operator()(attempt_info const& a) const noexcept {
    return waits[a.number >= Size ? Size - 1 : a.number == 0 ? 0 : a.number - 1];
  }
  [[nodiscard]] constexpr duration cap() const noexcept { return (duration::max)(); }
  [[nodiscard]] constexpr std::uint32_t grows_until(std::uint32_t n) const noexcept {
    return n < Size ? n : (std::numeric_limits<std::uint32_t>::max)();
  }

  template <class Out>
  constexpr void describe(Out& out) const {
    for (std::size_t i = 0; i < Size; ++i) {
      if (i != 0) out.text(", ");
      out.time(waits[i]);
    }
    if (Size > 1) out.text(" and so on");
  }

  duration waits[Size > 0 ? Size : 1];
};

template <class... D>
sequence(D...) -> sequence<sizeof...(D)>;

}  // namespace tenax::wait
