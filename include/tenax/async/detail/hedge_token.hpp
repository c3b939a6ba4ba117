// SPDX-License-Identifier: MIT
// async/detail/hedge_token.hpp: the token by which an attempt of a hedged call is cancelled.
#pragma once

#include <atomic>

#include <tenax/attempt.hpp>
#include <tenax/platform/stop_token.hpp>

namespace tenax::detail {

/// A token whose type is not known.
struct seen_token {
  token_view own;
  [[nodiscard]] bool stop_requested() const { return own.stop_requested != nullptr && own.stop_requested(own.token); }
};

/// Whether a token calls back when it is triggered. Others have to be looked at.
inline bool calls_back([[maybe_unused]] token_view token) noexcept {
#if defined(__cpp_lib_jthread) && !defined(TENAX_WITHOUT_STOP_TOKEN)
  return platform::stop_callbacks_are_sound && token.type == &token_type<std::stop_token>;
#else
  return false;
#endif
}

#if defined(__cpp_lib_jthread) && !defined(TENAX_WITHOUT_STOP_TOKEN)

/// Cancels one attempt. The attempt sees a `std::stop_token`, and hears of the token of the call around it.
class hedge_token {
 public:
  /// Lets the token be triggered when that of the call around it is.
  void follow(token_view outer) noexcept { token_.outer.own = outer; }
  void stop() noexcept { source_.request_stop(); }
  [[nodiscard]] token_view view() const noexcept {
    return {static_cast<std::stop_token const*>(&token_), &token_type<std::stop_token>, [](void const* t) {
              auto const& own = static_cast<token const&>(*static_cast<std::stop_token const*>(t));
              return own.std::stop_token::stop_requested() || own.outer.stop_requested();
            }};
  }

 private:
  struct token : std::stop_token {
    explicit token(std::stop_token t) : std::stop_token(std::move(t)) {}
    seen_token outer{};
  };

  std::stop_source source_{};
  token token_{source_.get_token()};
};

#else

/// The same without `std::stop_token`: the attempt can only look at it.
class hedge_token {
 public:
  void follow(token_view outer) noexcept { outer_.own = outer; }
  void stop() noexcept { stopped_.store(true, std::memory_order_release); }
  [[nodiscard]] bool stop_requested() const {
    return stopped_.load(std::memory_order_acquire) || outer_.stop_requested();
  }
  [[nodiscard]] token_view view() const noexcept { return view_token(*this); }

 private:
  std::atomic<bool> stopped_{false};
  seen_token outer_{};
};

#endif

}  // namespace tenax::detail
