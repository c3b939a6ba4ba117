// SPDX-License-Identifier: MIT
// http/detail/client_control.hpp: shared state of one client's calls: whose turn it is, and the thread that enforces
// limits.
#pragma once

#include <tenax/http/detail/stoppable.hpp>

namespace tenax::http::detail {

/// The calls of one client. Its thread starts with the first attempt that has a time limit or a token.
class client_control {
 public:
  client_control() = default;
  client_control(client_control const&) = delete;
  client_control& operator=(client_control const&) = delete;
  ~client_control() {
    {
      std::lock_guard const lock(mutex_);
      ends_ = true;
      watch_.notify_one();
    }
    if (!watcher_.joinable()) return;
    if (process_ == platform::this_process()) {
      watcher_.join();
    } else {
      watcher_.detach();  // after fork(): the thread exists only in the parent process
    }
  }

  /// Ends every call that is under way. `plain` stops the client itself; it is only called if no other thread is
  /// sending.
  template <class Stop>
  void stop(Stop const& plain) {
    {
      std::lock_guard const lock(mutex_);
      for (auto* call = calls_.first; call != nullptr; call = call->next) {
        call->stopped_.store(true, std::memory_order_release);
        for (auto* l = call->listeners_.first; l != nullptr; l = l->next) l->told(*l);
      }
      for (auto* a = attempts_.first; a != nullptr; a = a->next) end(*a, cut::by_stop);
      if (turns_ != 0 && owner_ != std::this_thread::get_id()) return;
      owner_ = std::this_thread::get_id();
      ++turns_;
    }
    plain();
    std::lock_guard const lock(mutex_);
    leave();
  }

 private:
  friend client_call;
  friend client_attempt;
  using clock = std::chrono::steady_clock;

  static constexpr auto look_again = std::chrono::milliseconds(2);

  /// Interrupts an attempt: its reads and writes fail from now on.
  void end(client_attempt& a, cut why) {
    shut_down(a, why);
    watch_at((clock::time_point::min)());
  }

  void shut_down(client_attempt& a, cut why) {
    if (a.why_ == cut::none) {
      a.why_ = why;
      turn_.notify_all();
    }
    for (auto* s = a.sockets_.first; s != nullptr; s = s->next) platform::shut_down_socket(s->socket);
  }

  void leave() {
    if (--turns_ == 0) turn_.notify_all();
  }

  /// Makes the thread look at the attempts at `when`.
  void watch_at(clock::time_point when) {
    if (watcher_.joinable() && process_ != platform::this_process()) watcher_.detach();
    if (!watcher_.joinable()) {
      process_ = platform::this_process();
      wakes_ = when;
      int const error = watcher_.start(
          [](void* control) noexcept -> void* {
            static_cast<client_control*>(control)->watch();
            return nullptr;
          },
          this);
      if (error != 0) tenax::detail::raise(std::system_error(std::error_code(error, std::generic_category())));
    } else if (when < wakes_) {
      wakes_ = when;
      watch_.notify_one();
    }
  }

  void watch() {
    platform::block_signals();
    std::unique_lock lock(mutex_);
    while (!ends_) {
      auto const now = clock::now();
      auto next = (clock::time_point::max)();
      for (auto* a = attempts_.first; a != nullptr; a = a->next) {
        if (a->ends_ <= now) shut_down(*a, cut::by_time);
        if (a->polls_ && a->limits_.stop_requested()) {
          a->call_.stopped_.store(true, std::memory_order_release);
          shut_down(*a, cut::by_stop);
        }
        // A connection may be made after the socket was shut down, so shut it down again.
        next = (std::min)(next, a->polls_ || a->why_ != cut::none ? now + look_again : a->ends_);
      }
      wakes_ = next;
      if (next == (clock::time_point::max)()) {
        watch_.wait(lock);
      } else {
        watch_.wait_until(lock, next);
      }
    }
  }

  std::mutex mutex_{};
  std::condition_variable watch_{}, turn_{};
  linked_list<client_call> calls_{};
  linked_list<client_attempt> attempts_{};
  platform::posix_thread watcher_{};
  clock::time_point wakes_{};
  platform::process_id process_ = 0;
  std::thread::id owner_{};
  unsigned turns_ = 0;
  bool ends_ = false;
};

inline client_call::client_call(client_control& control) : control_(control) {
  std::lock_guard const lock(control_.mutex_);
  control_.calls_.add(*this);
}

inline client_call::~client_call() {
  std::lock_guard const lock(control_.mutex_);
  control_.calls_.remove(*this);
}

inline void client_call::interrupt() {
  std::lock_guard const lock(control_.mutex_);
  interrupted_ = true;
  for (auto* a = control_.attempts_.first; a != nullptr; a = a->next) {
    if (&a->call_ == this) control_.end(*a, cut::by_stop);
  }
}

inline void client_call::listen(stop_listener& l) {
  std::lock_guard const lock(control_.mutex_);
  listeners_.add(l);
  if (stopped()) l.told(l);
}

inline void client_call::forget(stop_listener& l) {
  std::lock_guard const lock(control_.mutex_);
  listeners_.remove(l);
}

inline client_attempt::client_attempt(client_control& control, client_call& call, bool polls)
    : control_(control), call_(call), outer_(current()), polls_(polls && limits_.can_stop()) {
  if (auto const left = limits_.time_left(); left != (duration::max)()) {
    auto const now = client_control::clock::now();
    if (left < (client_control::clock::time_point::max)() - now) ends_ = now + left;
  }
  std::unique_lock lock(control_.mutex_);
  if (call_.stopped() || call_.interrupted_) why_ = cut::by_stop;
  if (polls_) {
    control_.watch_at((client_control::clock::time_point::min)());
  } else if (ends_ != (client_control::clock::time_point::max)()) {
    control_.watch_at(ends_);
  }
  control_.attempts_.add(*this);  // after watch_at(), which throws if there can be no further thread
  auto const me = std::this_thread::get_id();
  auto const is_free = [&] { return control_.turns_ == 0 || control_.owner_ == me; };
  control_.turn_.wait(lock, [&] { return why_ != cut::none || is_free(); });
  if (why_ != cut::none) return;
  control_.owner_ = me;
  ++control_.turns_;
  has_turn_ = true;
  current() = this;
}

inline client_attempt::~client_attempt() {
  {
    std::lock_guard const lock(control_.mutex_);
    control_.attempts_.remove(*this);
    if (has_turn_) control_.leave();
  }
  if (has_turn_) current() = outer_;
  while (auto* const s = sockets_.first) {
    sockets_.first = s->next;
    platform::close_socket(s->socket);
    delete s;
  }
}

inline cut client_attempt::why() const {
  std::lock_guard const lock(control_.mutex_);
  return why_;
}

inline void client_attempt::use(int socket) {
  int const duplicate = platform::duplicate_socket(socket);
  if (duplicate < 0) return;
  auto* const kept = new kept_socket{duplicate};
  std::lock_guard const lock(control_.mutex_);
  sockets_.add(*kept);
  if (why_ != cut::none) platform::shut_down_socket(duplicate);
}

/// Tells the attempt that this thread is making, if any, of a socket that it uses, and of a response that arrived.
inline void note_socket(int socket) {
  if (auto* const attempt = client_attempt::current()) attempt->use(socket);
}
inline void note_answer() noexcept {
  if (auto* const attempt = client_attempt::current()) ++attempt->answers;
}

}  // namespace tenax::http::detail
