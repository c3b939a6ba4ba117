// SPDX-License-Identifier: MIT
// reconnect/schedule.hpp: `reconnect_schedule`: when to connect again, for event loops and for `reconnecting`.
#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>

#include <tenax/attempt.hpp>
#include <tenax/detail/reject.hpp>
#include <tenax/wait/bounds.hpp>
#include <tenax/wait/exponential.hpp>

namespace tenax {

struct reconnect_options {
  /// A connection that lasted for less does not count as healthy: waits go on growing after it.
  any_duration healthy_after = std::chrono::seconds(30);
  /// The longest wait that a server may ask for. A longer one, which may be a misread unit, is cut off: then the server
  /// is asked again.
  any_duration max_server_wait = std::chrono::minutes(5);
};

namespace detail {

using reconnect_wait = wait::jittered<wait::exponential_strategy, wait::full_jitter>;

/// Anywhere in the first five seconds, so that the clients of a restarted server come one after the other.
constexpr reconnect_wait make_reconnect_wait() {
  return wait::exponential({.base = std::chrono::seconds(5), .max = std::chrono::minutes(1)}).full();
}

}  // namespace detail

/// The waits of a client that keeps one connection. Unlike a retried call, it waits from the first failure on: all
/// clients lose their connections in the moment in which a server restarts. And the waits start from the beginning only
/// after a connection that was healthy for a while: a server that accepts connections and closes them gets no storm.
/// ```
/// tenax::reconnect_schedule schedule;
/// on_closed = [&] { timer.start(schedule.failed(now()), connect); };   // closed, or could not connect
/// on_open = [&] { schedule.connected(now()); };
/// ```
/// Without its own clock, timer or thread. Does not allocate.
///
/// Thread safety: distinct objects safe; a shared object unsafe.
template <class Wait = detail::reconnect_wait>
class reconnect_schedule {
  static_assert(std::is_invocable_v<Wait const&, attempt_info const&>,
                "tenax: reconnect_schedule needs a wait strategy, as in "
                "reconnect_schedule(wait::exponential({.base = 5s, .max = 1min}).full())");

 public:
  /// With waits anywhere in the first 5 s, then 10 s, 20 s, 40 s, and at most a minute.
  constexpr reconnect_schedule()
    requires(std::is_same_v<Wait, detail::reconnect_wait>)
      : reconnect_schedule(detail::make_reconnect_wait()) {}
  constexpr explicit reconnect_schedule(reconnect_options options)
    requires(std::is_same_v<Wait, detail::reconnect_wait>)
      : reconnect_schedule(detail::make_reconnect_wait(), options) {}
  /// Throws `std::invalid_argument` if an option is negative. `random` outlives this object; null means the
  /// source of the thread that draws.
  constexpr explicit reconnect_schedule(Wait wait, reconnect_options options = {}, random_source* random = nullptr)
      : wait_(std::move(wait)),
        healthy_after_(detail::require_not_negative("reconnect_schedule: healthy_after", options.healthy_after)),
        max_server_wait_(detail::require_not_negative("reconnect_schedule: max_server_wait", options.max_server_wait)),
        random_(random) {}

  /// A connection was lost, or could not be made. Returns how long to wait before the next one is made: the strategy's
  /// wait, or `asked` by the server if that is longer, up to `max_server_wait`.
  constexpr duration failed(time_point now, optional_duration asked = {}) {
    if (connected_ && saturating_between(since_, now).count() >= healthy_after_.count()) forget();
    connected_ = false;
    failures_ += failures_ == (std::numeric_limits<std::uint32_t>::max)() ? 0U : 1U;
    attempt_info const a{
        .number = failures_, .waited = waited_, .previous_wait = previous_, .server_wait = asked, .random = random_};
    auto const own = optional_duration(detail::ask_wait(wait_, a)).value_or(duration::zero());
    previous_ = asked ? detail::longer(own, detail::shorter(*asked, max_server_wait_)) : own;
    waited_ = saturating_add(waited_, previous_);
    return previous_;
  }

  /// A connection was made.
  constexpr void connected(time_point now) noexcept {
    connected_ = true;
    since_ = now;
  }

  /// The failures since the last healthy connection.
  [[nodiscard]] constexpr std::uint32_t failures() const noexcept { return failures_; }

 private:
  constexpr void forget() noexcept {
    failures_ = 0;
    previous_ = waited_ = duration::zero();
  }

  Wait wait_;
  duration healthy_after_;
  duration max_server_wait_;
  random_source* random_;
  time_point since_{};
  duration previous_{};
  duration waited_{};
  std::uint32_t failures_ = 0;
  bool connected_ = false;
};

template <class Wait>
reconnect_schedule(Wait, reconnect_options = {}, random_source* = nullptr) -> reconnect_schedule<Wait>;

}  // namespace tenax
