// SPDX-License-Identifier: MIT
// capture.hpp: making an attempt by hand, for drivers of your own.
#pragma once

#include <utility>

#include <tenax/detail/capture.hpp>

namespace tenax {

/// Calls `f()` and makes an `outcome` of how it ended: what it returned, or what it threw, with all that
/// `retry_loop::finish_attempt` needs to know about it. Throws nothing itself.
/// ```
/// auto const result = tenax::capture([&] { return client.get(path); });
/// auto const next = loop.finish_attempt(result, now);
/// ```
template <class F>
[[nodiscard]] auto capture(F&& f) -> outcome<decltype(std::forward<F>(f)())> {
  using result = decltype(std::forward<F>(f)());
  detail::outcome_slot<result> slot;
  std::type_info const* plain = nullptr;
  slot.fill([&]() -> result { return std::forward<F>(f)(); }, plain);
  detail::emptied_at_exit const guard(slot);
  return std::move(slot.result);
}

}  // namespace tenax
