// SPDX-License-Identifier: MIT
// any/detail/limits.hpp: the limits of an erased policy.
#pragma once

#include <tenax/policy.hpp>

namespace tenax::detail {

/// The limits of a policy, with switches where other policies have constants.
struct erased_limits {
  static constexpr bool times_attempts = true;
  static constexpr bool restarts = true;
  static constexpr bool named = true;
  server_wait_limit server{};
  duration attempt = (duration::max)();
  bool times_attempts_now = false;
  bool restarts_now = false;
  char const* name = "";

  friend constexpr bool operator==(erased_limits const& a, erased_limits const& b) noexcept {
    return a.server.max == b.server.max && a.server.action == b.server.action && a.attempt == b.attempt &&
           a.times_attempts_now == b.times_attempts_now && a.restarts_now == b.restarts_now && a.name == b.name;
  }
};

/// The same for a policy that is known not to limit the time of attempts.
struct untimed_erased_limits : erased_limits {
  static constexpr bool times_attempts = false;
};

template <class Limits>
constexpr erased_limits limits_erased(Limits const& l) noexcept {
  erased_limits all{.server = l.server,
                    .attempt = (duration::max)(),
                    .times_attempts_now = detail::times_attempts(l),
                    .restarts_now = detail::restarts(l),
                    .name = ""};
  if constexpr (Limits::times_attempts) all.attempt = l.attempt;
  if constexpr (Limits::named) all.name = l.name;
  return all;
}

// What the setters of `retrying` do with limits.
constexpr erased_limits restarting(erased_limits l) noexcept {
  l.restarts_now = true;
  return l;
}
constexpr erased_limits timed(erased_limits l, duration attempt) noexcept {
  l.attempt = attempt;
  l.times_attempts_now = true;
  return l;
}
constexpr erased_limits with_name(erased_limits l, char const* name) noexcept {
  l.name = name;
  return l;
}

}  // namespace tenax::detail
