// SPDX-License-Identifier: MIT
// fmt/shared_state.hpp: the state of a limit that machines share, and its events, for {fmt}.
#pragma once

#include <cstdint>

#include <tenax/fmt/description.hpp>
#include <tenax/shared/adaptive_options.hpp>
#include <tenax/shared/options.hpp>

namespace tenax::detail {

/// A rate that was measured, with three digits before or after its point: "57.5", "1000", "0.000278".
inline void write_rate(description& out, double per_second) {
  if (per_second >= 100 && per_second < 1e15) return out.number(static_cast<std::uint64_t>(per_second + 0.5));
  char digits[32];
  out.text({digits, fmt::format_to_n(digits, sizeof digits, "{:.3g}", per_second).size});
}

/// "store up, 10 machines, 100 of 1000 permits per second; 25 in hand, 3 wait, paused for 2s"
inline void write(description& out, shared::state const& s) {
  if (s.trouble.empty()) {
    out.text(s.store_up ? "store up" : "store not asked yet");
  } else {
    out.text("store away (");
    out.foreign(s.trouble);
    out.text(")");
  }
  out.text(", ");
  out.count(static_cast<std::uint64_t>(s.machines), " machine", " machines");
  if (s.per_second > 0) {
    out.text(", ");
    write_rate(out, s.share);
    out.text(" of ");
    write_rate(out, s.per_second);
    out.text(" permits per second");
  }
  out.text("; ");
  out.number(s.in_hand);
  out.text(" in hand, ");
  out.number(s.waiting);
  out.text(s.waiting == 1 ? " waits" : " wait");
  if (s.paused > duration::zero()) {
    out.text(", paused for ");
    out.time(s.paused);
  }
}

/// "store up, 10 machines, 0.05 of 0.5 permits per second; 1 in hand, 3 wait; search: steady, 4 refused"
inline void write(description& out, shared::adaptive_state const& s) {
  write(out, static_cast<shared::state const&>(s));
  out.text("; search: ");
  out.text(to_string(s.doing));
  out.text(", ");
  out.number(s.throttled);
  out.text(" refused");
}

/// "catalogue: store away: Connection refused"
inline void write(description& out, shared::event const& e) {
  out.foreign(e.name);
  out.text(": ");
  out.text(to_string(e.what));
  out.text(": ");
  out.foreign(e.why);
}

}  // namespace tenax::detail

template <>
struct fmt::formatter<tenax::shared::state> : tenax::detail::written<tenax::shared::state> {};
template <>
struct fmt::formatter<tenax::shared::adaptive_state> : tenax::detail::written<tenax::shared::adaptive_state> {};
template <>
struct fmt::formatter<tenax::shared::event> : tenax::detail::written<tenax::shared::event> {};
