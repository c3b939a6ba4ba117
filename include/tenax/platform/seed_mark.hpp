// SPDX-License-Identifier: MIT
// platform/seed_mark.hpp: how a thread's random source finds out that its process is a copy of another one.
#pragma once

#include <tenax/platform/atomic.hpp>
#include <tenax/platform/entropy.hpp>

namespace tenax::platform {

// A source remembers the mark under which it was seeded. The mark is zero, or is another one, when a new seed is
// needed. It is in a page that the operating system fills with zeros in a child process, whichever call made the child:
// process ids do not tell, because two children in namespaces of their own are both process 1.

/// The mark where the system has no such page. Where a process can be copied, sources then seed themselves at every
/// draw.
inline std::uintptr_t plain_mark = 0;
/// The mark before the first seed: always zero.
inline std::uintptr_t no_mark = 0;
inline std::uintptr_t* mark_address = &no_mark;
/// The last mark that was given out. No mark is given out twice, so that no seed outlives its copy by chance.
inline std::uintptr_t last_mark = 0;

inline std::uintptr_t* seed_mark() noexcept { return load_acquire(mark_address); }

/// Whether a source that was seeded under `mark` needs a new seed.
inline bool is_stale(std::uintptr_t mark) noexcept {
  auto const* const current = seed_mark();
  if constexpr (can_fork) {
    if (current == &plain_mark) return true;
  }
  return load_relaxed(*current) != mark;
}

/// Makes every source seed itself again.
inline void void_mark() noexcept { store_relaxed(*seed_mark(), 0); }

/// Makes the mark if there is none, gives it a value if it is zero, and returns it.
inline std::uintptr_t renew_mark() noexcept {
  auto* mark = seed_mark();
  if (mark == &no_mark) {
    auto* const page = map_zero_in_children();
    auto* const mine = page != nullptr ? page : &plain_mark;
    if (replace_acquire_release(mark_address, mark, mine)) {
      mark = mine;
    } else if (page != nullptr) {
      unmap(page);
    }
  }
  auto value = load_relaxed(*mark);
  while (value == 0) {
    auto const next = increment_relaxed(last_mark);
    if (replace_relaxed(*mark, value, next)) return next;
  }
  return value;
}

}  // namespace tenax::platform
