// SPDX-License-Identifier: MIT
// attempt_range.hpp: the driver for a block that uses the locals around it.
#pragma once

#include <cstdint>
#include <utility>

#include <tenax/detail/drive.hpp>
#include <tenax/detail/operation.hpp>

namespace tenax {

/// What `retrying::attempts()` makes, for a range-based `for`: the loop's body runs once for every attempt.
///
/// Thread safety: unsafe; a range is one call.
template <class Policy, class Environment>
class attempt_range {
 public:
  constexpr attempt_range(Policy const& policy, Environment environment)
      : environment_(std::move(environment)), loop_(policy, now(), detail::random_of(world())) {}

  /// One attempt: calls the block, which may take the attempt's numbers. An exception of the block that is to be retried
  /// is swallowed, any other one is thrown.
  template <class Block>
  constexpr void operator()(Block&& block) {
    if constexpr (detail::call_fits<Policy, Block>) {
      using result = detail::result_or_void<Block>;
      detail::outcome_slot<result> slot;
      auto const info = loop_.info();
      auto const attempt = [&](attempt_info const& i) -> result { return detail::call_operation(i, block); };
      slot.fill(
          [&]() -> result {
            return detail::make_attempt<result, Policy, std::remove_reference_t<decltype(world())>>(info, attempt);
          },
          plain_);
      detail::emptied_at_exit const guard(slot);
      more_ = !detail::stopped(loop_, world(), loop_.finish_attempt(slot.result, now()));
      if (more_) return;
      loop_.conclude(slot.result);
      if (!slot.result.has_value()) slot.result.rethrow();
    } else {
      detail::explain_call<void, Policy, std::remove_reference_t<Block>>();
    }
  }

  class iterator {
   public:
    constexpr explicit iterator(attempt_range* range) : range_(range) {}
    constexpr attempt_range& operator*() const { return *range_; }
    constexpr iterator& operator++() {
      range_->expect_attempt();
      return *this;
    }
    constexpr bool operator!=(iterator const&) const { return range_->more_; }

   private:
    attempt_range* range_;
  };

  constexpr iterator begin() {
    more_ = !detail::stopped(loop_, world(), loop_.start_attempt(now()));
    if (!more_) {
      auto const none = loop_.template unstarted<void>();
      loop_.conclude(none);
      none.rethrow();
    }
    return iterator(this);
  }
  constexpr iterator end() { return iterator(this); }

 private:
  constexpr auto& world() const { return detail::unwrap(environment_); }
  constexpr time_point now() const { return detail::now_of<Policy::uses_time>(world()); }

  /// Ends the loop if its body made no attempt: going on would never end.
  constexpr void expect_attempt() {
    if (seen_ == loop_.attempts()) more_ = false;
    seen_ = loop_.attempts();
  }

  Environment environment_;
  retry_loop<Policy> loop_;
  std::type_info const* plain_ = nullptr;
  bool more_ = false;
  std::uint32_t seen_ = 0;
};

}  // namespace tenax
