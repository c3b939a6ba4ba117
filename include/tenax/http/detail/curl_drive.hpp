// SPDX-License-Identifier: MIT
// http/detail/curl_drive.hpp: performs a libcurl transfer that can end early, by a time limit or a token.
#pragma once

#include <algorithm>
#include <chrono>
#include <utility>

#include <curl/curl.h>

#include <tenax/current_attempt.hpp>
#include <tenax/platform/process.hpp>

namespace tenax::http::detail {

/// The multi handle on which this thread performs transfers that have limits: `curl_easy_perform` cannot be interrupted
/// without changing options of the user's easy handle. Its connections stay open for the next transfers of the thread.
class curl_connections {
 public:
  curl_connections() = default;
  curl_connections(curl_connections const&) = delete;
  curl_connections& operator=(curl_connections const&) = delete;
  ~curl_connections() { close(); }

  static curl_connections& of_this_thread() {
    thread_local curl_connections mine;
    return mine;
  }

  /// Returns null if there is no memory.
  CURLM* get() {
    // After fork(), the child must not write to connections of its parent, not even to close them.
    if (auto const process = platform::this_process(); process != owner_) {
      multi_ = nullptr;
      owner_ = process;
    }
    if (multi_ == nullptr) multi_ = curl_multi_init();
    return multi_;
  }

  void close() {
    if (owner_ != platform::this_process()) return;
    if (auto* const multi = std::exchange(multi_, nullptr)) curl_multi_cleanup(multi);
  }

  /// Whether the last transfer of `easy` was the last one here: then its connection is here and not in the handle.
  [[nodiscard]] bool has_connection_of(CURL* easy) const {
    return easy == last_ && port_ != 0 && port_of(easy) == port_;
  }
  void remember(CURL* easy) {
    last_ = easy;
    port_ = port_of(easy);
  }

  bool in_use = false;

 private:
  static long port_of(CURL* easy) {
    long port = 0;
    curl_easy_getinfo(easy, CURLINFO_LOCAL_PORT, &port);
    return port;
  }

  CURLM* multi_ = nullptr;
  CURL* last_ = nullptr;  ///< compared only: the handle may no longer exist
  long port_ = 0;
  platform::process_id owner_ = 0;
};

/// Adds an easy handle to a multi handle for the duration of a transfer.
class added_to_multi {
 public:
  added_to_multi(CURLM* multi, CURL* easy) : multi_(multi), easy_(easy), error_(curl_multi_add_handle(multi, easy)) {}
  added_to_multi(added_to_multi const&) = delete;
  added_to_multi& operator=(added_to_multi const&) = delete;
  ~added_to_multi() {
    if (error_ == CURLM_OK) curl_multi_remove_handle(multi_, easy_);
  }
  [[nodiscard]] bool done() const noexcept { return error_ == CURLM_OK; }

 private:
  CURLM* multi_;
  CURL* easy_;
  CURLMcode error_;
};

/// Waits for an event on the transfers of `multi`, at most for `d`.
inline void wait_for_transfers(CURLM* multi, duration d) {
  auto const ms = static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(d).count());
#if LIBCURL_VERSION_NUM >= 0x074200
  curl_multi_poll(multi, nullptr, 0, ms, nullptr);
#else
  int sockets = 0;  // without sockets, as while a name is resolved, this does not wait
  curl_multi_wait(multi, nullptr, 0, ms, &sockets);
  if (sockets == 0) real_time{}.sleep(std::chrono::milliseconds(1));
#endif
}

/// Makes libcurl end a transfer without waiting for a name resolution that is still under way.
class resolver_left_behind {
 public:
  explicit resolver_left_behind([[maybe_unused]] CURL* easy) {
#if LIBCURL_VERSION_NUM >= 0x075700
    curl_off_t resolved = 0;
    curl_easy_getinfo(easy, CURLINFO_NAMELOOKUP_TIME_T, &resolved);
    if (resolved == 0) curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#endif
  }
};

inline CURLcode drive_transfer(CURLM* multi, CURL* easy, attempt_limits const& limits, time_point ends) {
  using std::chrono::milliseconds;
  auto const longest_wait = limits.can_stop() ? milliseconds(5) : milliseconds(1000);
  for (;;) {
    if (limits.stop_requested()) {
      resolver_left_behind const resolver(easy);
      return CURLE_ABORTED_BY_CALLBACK;
    }
    auto const left = ends == (time_point::max)() ? (duration::max)() : saturating_between(real_time::now(), ends);
    if (left <= duration::zero()) {
      resolver_left_behind const resolver(easy);
      return CURLE_OPERATION_TIMEDOUT;
    }
    int running = 0;
    if (auto const error = curl_multi_perform(multi, &running); error != CURLM_OK) {
      return error == CURLM_OUT_OF_MEMORY ? CURLE_OUT_OF_MEMORY : CURLE_BAD_FUNCTION_ARGUMENT;
    }
    int more = 0;
    while (auto const* const message = curl_multi_info_read(multi, &more)) {
      if (message->msg == CURLMSG_DONE && message->easy_handle == easy) return message->data.result;
    }
    wait_for_transfers(multi, (std::min<duration>)(left, longest_wait));
  }
}

/// `curl_easy_perform`, but ends with `CURLE_OPERATION_TIMEDOUT` when the time of `limits` is over, and with
/// `CURLE_ABORTED_BY_CALLBACK` within about 5 ms when its token is triggered.
inline CURLcode perform_within(CURL* easy, attempt_limits const& limits) {
  auto& shared = curl_connections::of_this_thread();
  bool const limited = limits.timed() || limits.can_stop();
  if (!limited && (shared.in_use || !shared.has_connection_of(easy))) return curl_easy_perform(easy);
  auto const ends = limits.timed() ? time_point(saturating_add(real_time::now().time_since_epoch(), limits.time_left()))
                                   : (time_point::max)();
  // A callback of libcurl may perform another transfer, which needs its own multi handle.
  curl_connections own;
  auto& connections = shared.in_use ? own : shared;
  auto* const multi = connections.get();
  if (multi == nullptr) return CURLE_OUT_OF_MEMORY;
  struct in_use {
    explicit in_use(bool& f) : flag(f) { flag = true; }
    ~in_use() { flag = false; }
    bool& flag;
  } const using_it(connections.in_use);
  CURLcode result = CURLE_FAILED_INIT;
  {
    added_to_multi const added(multi, easy);
    if (added.done()) result = drive_transfer(multi, easy, limits, ends);
  }
  connections.remember(easy);
#if LIBCURL_VERSION_NUM >= 0x075700
  if (result == CURLE_ABORTED_BY_CALLBACK || result == CURLE_OPERATION_TIMEDOUT) {
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 0L);
  }
#endif
  return result;
}

}  // namespace tenax::http::detail
