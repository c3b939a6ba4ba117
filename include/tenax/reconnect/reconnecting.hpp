// SPDX-License-Identifier: MIT
// reconnect/reconnecting.hpp: `reconnecting`: one connection that threads share, and that is made again when it is
// lost.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>

#include <tenax/capture.hpp>
#include <tenax/environment.hpp>
#include <tenax/outcome.hpp>
#include <tenax/reconnect/schedule.hpp>
#include <tenax/result_traits.hpp>

namespace tenax {

/// A connection that many threads use, and that is made again when it is lost. One thread connects, and all others wait
/// for its result: a server that comes back gets one connection from this process, not one from every thread.
/// ```
/// tenax::reconnecting redis([] { return connect_to_redis(); });     // a std::shared_ptr, null if it failed
/// auto const connection = redis.get();                              // waits until there is one
/// if (!connection->ping()) redis.lost(connection);                  // the next get() waits for another one
/// ```
/// `connect` returns a `std::shared_ptr` and fails by a null pointer or an exception. The first connection is made at
/// once. After a failure, `get` waits as the `reconnect_schedule` says. An exception that says that trying again is of
/// no use, such as `tenax::permanent(error)`, is passed on to the caller whose attempt it was; any other one is kept
/// for `last_error`.
///
/// Thread safety: safe. `connect` is never called twice at the same time, and may call no function of this object.
template <class Connect, class Wait = detail::reconnect_wait>
class reconnecting {
 public:
  /// A `std::shared_ptr` to a connection.
  using pointer = std::remove_cvref_t<std::invoke_result_t<Connect&>>;

  explicit reconnecting(Connect connect, reconnect_schedule<Wait> schedule = reconnect_schedule<Wait>())
      : connect_(std::move(connect)), schedule_(std::move(schedule)) {}
  reconnecting(reconnecting const&) = delete;
  reconnecting& operator=(reconnecting const&) = delete;

  /// Returns the connection. If there is none, waits at most `patience` for one, and returns null if none was made, or
  /// after `close`. An attempt to connect that this caller makes is not cut short. A `patience` of zero returns what is
  /// there, or connects if that is due now.
  [[nodiscard]] pointer get(any_duration patience = (duration::max)()) {
    pointer unwanted;  // outlives the lock: the destructor of a connection may use this object
    std::unique_lock lock(mutex_);
    auto const begin = real_time::now();
    for (;;) {
      if (closed_ || current_) return current_;
      auto const now = real_time::now();
      if (!connecting_ && now >= next_) {
        connect(lock, unwanted);
        continue;
      }
      auto const left = saturating_subtract(patience, saturating_between(begin, now));
      if (left.count() <= 0) return {};
      wait(lock, connecting_ ? left : detail::shorter(left, saturating_between(now, next_)));
    }
  }

  /// Tells that `connection` is broken. The first caller for a connection counts; for an older connection, nothing
  /// happens.
  void lost(pointer const& connection) {
    std::lock_guard const lock(mutex_);
    if (!connection || connection != current_) return;
    current_ = {};
    fail({});
  }

  /// Makes every `get` return null at once, now and later: for the end of a program.
  void close() {
    pointer unwanted;
    std::lock_guard const lock(mutex_);
    closed_ = true;
    unwanted.swap(current_);
    changed_.notify_all();
  }

  /// The exception of the last attempt that failed; null if it returned null, or if none failed.
  [[nodiscard]] std::exception_ptr last_error() const {
    std::lock_guard const lock(mutex_);
    return last_error_;
  }

  /// The failures since the last healthy connection.
  [[nodiscard]] std::uint32_t failures() const {
    std::lock_guard const lock(mutex_);
    return schedule_.failures();
  }

 private:
  void fail(optional_duration asked) {
    auto const now = real_time::now();
    next_ = time_point(saturating_add(now.time_since_epoch(), schedule_.failed(now, asked)));
  }

  /// Makes one attempt, without the lock. `unwanted`: a connection that was made after `close`.
  void connect(std::unique_lock<std::mutex>& lock, pointer& unwanted) {
    connecting_ = true;
    lock.unlock();
    auto result = tenax::capture(connect_);
    lock.lock();
    connecting_ = false;
    changed_.notify_all();
    if (result.has_value() && result.value()) {
      schedule_.connected(real_time::now());
      (closed_ ? unwanted : current_) = std::move(result).value();
      return;
    }
    auto const said = detail::hint_of(result);
    last_error_ = result.exception();
    fail(said.wait);
    if (said.verdict == verdict::no_retry || said.verdict == verdict::forbidden || said.verdict == verdict::cancelled) {
      lock.unlock();
      result.rethrow();
    }
  }

  void wait(std::unique_lock<std::mutex>& lock, duration d) {
    // A year is enough for a wait without an end, and does not overflow the clocks of condition variables.
    changed_.wait_for(lock, detail::shorter(d, std::chrono::hours(24 * 365)));
  }

  Connect connect_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  reconnect_schedule<Wait> schedule_;
  pointer current_{};
  std::exception_ptr last_error_{};
  time_point next_ = (time_point::min)();
  bool connecting_ = false;
  bool closed_ = false;
};

template <class Connect>
reconnecting(Connect) -> reconnecting<Connect>;
template <class Connect, class Wait>
reconnecting(Connect, reconnect_schedule<Wait>) -> reconnecting<Connect, Wait>;

}  // namespace tenax
