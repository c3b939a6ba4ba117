// SPDX-License-Identifier: MIT
// any/detail/environment.hpp: the token and the environment of an erased policy.
#pragma once

#include <chrono>
#include <memory>
#include <type_traits>

#include <tenax/any/detail/block.hpp>
#include <tenax/cancel.hpp>
#include <tenax/environment.hpp>
#include <tenax/gate/waking.hpp>
#include <tenax/platform/compiler.hpp>

namespace tenax::detail {

/// The token of an erased policy.
struct erased_token {
  erased_block_base const* block;
  [[nodiscard]] bool may_stop() const noexcept { return block->has_token; }
  [[nodiscard]] TENAX_ALWAYS_INLINE bool stop_requested() const {
    return block->has_token && block->call->stop_requested(block->policy);
  }
};

/// Operations see the policy's own token.
inline token_view view_token(erased_token const& token) noexcept { return token.block->token; }

/// Calls `sleep(token)` with a token that can wake a sleeper, if the policy's token is a `std::stop_token`.
template <class Sleep>
void with_own_token(erased_token const& token, Sleep const& sleep) {
  if (!token.block->has_token) return sleep(no_token());
#if defined(__cpp_lib_jthread) && !defined(TENAX_WITHOUT_STOP_TOKEN)
  if (token.block->token.type == &token_type<std::stop_token>) {
    return sleep(*static_cast<std::stop_token const*>(token.block->token.token));
  }
#endif
  sleep(viewed_token{token.block->token});
}

template <>
struct interruptible_sleep<erased_token> {
  template <class Clock>
  static void sleep_until(time_point end, erased_token const& token) {
    with_own_token(token, [end]<class Token>(Token const& own) {
      if constexpr (can_stop<Token>) {
        interruptible_sleep<Token>::template sleep_until<Clock>(end, own);
      } else {
        detail::sleep_until<Clock>(end);
      }
    });
  }
};

template <>
struct interruptible_sleep<wake_token<erased_token>> {
  template <class Clock>
  static void sleep_until(time_point end, wake_token<erased_token> const& token) {
    with_own_token(*token.token, [end, &token]<class Token>(Token const& own) {
      interruptible_sleep<wake_token<Token>>::template sleep_until<Clock>(end, wake_token<Token>{token.word, &own});
    });
  }
};

/// The environment of an erased policy. `reads`: whether the clock is read.
class erased_environment {
 public:
  /// The clock of Asio's timers, and its time. The clock of an environment of another type is not known here.
  using clock = std::chrono::steady_clock;
  [[nodiscard]] static time_point timer_now() noexcept { return real_time::now(); }

  explicit erased_environment(erased_block_base const* block, bool reads = true) noexcept
      : block_(block), reads_(reads) {}

  [[nodiscard]] TENAX_ALWAYS_INLINE time_point now() const {
    if (!reads_) return {};
    return block_->world == nullptr ? real_time::now() : block_->world->now(block_->environment);
  }
  void sleep(duration d) const {
    if (block_->world == nullptr) return real_time::sleep(d);
    block_->world->sleep(block_->environment, d);
  }
  template <cancellation_token Token>
  void sleep(duration d, Token const& token) const {
    if (block_->world == nullptr) return real_time::sleep(d, token);
    block_->world->sleep_until_stopped(block_->environment, d, detail::view_token<Token>(token));
  }
  [[nodiscard]] random_source& random() const {
    auto* const own = own_random();
    return own != nullptr ? *own : tenax::this_thread_random();
  }
  /// The random source; null for this thread's own.
  [[nodiscard]] TENAX_ALWAYS_INLINE random_source* own_random() const {
    return block_->world == nullptr ? nullptr : block_->world->random(block_->environment);
  }

 private:
  erased_block_base const* block_;
  bool reads_;
};

/// The random source of a call.
TENAX_ALWAYS_INLINE inline random_source* random_of(erased_environment const& environment) {
  return environment.own_random();
}
TENAX_ALWAYS_INLINE inline random_source* random_of(erased_environment& environment) {
  return environment.own_random();
}

}  // namespace tenax::detail
