// SPDX-License-Identifier: MIT
// http/detail/stoppable.hpp: ends the calls of a client from other threads: at a deadline, by a token, by `stop()`.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <type_traits>
#include <utility>

#include <tenax/cancel.hpp>
#include <tenax/current_attempt.hpp>
#include <tenax/platform/posix_thread.hpp>
#include <tenax/platform/process.hpp>
#include <tenax/platform/sockets.hpp>
#include <tenax/platform/threads.hpp>

#if !defined(TENAX_POSIX)
#error \
    "tenax: <tenax/http/retrying_client.hpp> needs a POSIX system; elsewhere use cpp-httplib's client and <tenax/http/httplib.hpp>"
// A header that does not exist ends the compilation here, before other errors bury the one above.
#include <tenax needs POSIX sockets here>
#endif

namespace tenax::http::detail {

class client_control;
class client_attempt;

/// A list of objects with a member `next`. Allocates nothing.
template <class T>
struct linked_list {
  void add(T& t) noexcept {
    t.next = first;
    first = &t;
  }
  /// Precondition: `t` is in the list.
  void remove(T& t) noexcept {
    auto** at = &first;
    while (*at != &t) at = &(*at)->next;
    *at = t.next;
  }

  T* first = nullptr;
};

/// Is notified when a call has to stop. The notification must not call the client.
struct stop_listener {
  void (*told)(stop_listener&);
  stop_listener* next = nullptr;
};

/// One call of a client. Lives on the stack of its caller.
class client_call {
 public:
  explicit client_call(client_control& control);
  client_call(client_call const&) = delete;
  client_call& operator=(client_call const&) = delete;
  ~client_call();

  /// Whether the client was stopped after the call began.
  [[nodiscard]] bool stopped() const noexcept { return stopped_.load(std::memory_order_acquire); }

  /// Interrupts the attempt that is under way.
  void interrupt();

  /// Notifies `l` when the client is stopped; immediately if it has been stopped already.
  void listen(stop_listener& l);
  void forget(stop_listener& l);

  client_call* next = nullptr;  ///< of the same client

 private:
  friend client_control;
  friend client_attempt;

  client_control& control_;
  linked_list<stop_listener> listeners_{};
  std::atomic<bool> stopped_ = false;
  bool interrupted_ = false;
};

/// Whether a token can call back, or is never triggered.
template <class Token>
concept calls_back = std::is_same_v<Token, tenax::detail::no_token> || requires(Token const& t) { t.stop_possible(); };

template <class Token, class F>
struct user_callback {
  using type = typename tenax::detail::callback_of<Token, F>::type;
};
template <class F>
struct user_callback<tenax::detail::no_token, F> {
  struct type {
    type(tenax::detail::no_token, F const&) {}
  };
};

template <class Token>
class call_token;

/// Calls a function when a `call_token` is triggered, as `std::stop_callback` does.
template <class Token, class F>
class call_callback : stop_listener {
 public:
  call_callback(call_token<Token> const& token, F f)
      : stop_listener{[](stop_listener& l) { static_cast<call_callback&>(l).f_(); }},
        f_(std::move(f)),
        call_(token.call()),
        users_(token.users(), f_) {
    call_.listen(*this);
  }
  call_callback(call_callback const&) = delete;
  call_callback& operator=(call_callback const&) = delete;
  ~call_callback() { call_.forget(*this); }

 private:
  F f_;
  client_call& call_;
  typename user_callback<Token, F>::type users_;
};

/// The token of a call: triggered by the policy's own token, and by `stop()`.
template <class Token>
class call_token {
 public:
  call_token(client_call& call, Token users) : call_(&call), users_(std::move(users)) {}

  [[nodiscard]] bool stop_requested() const {
    return call_->stopped() || static_cast<bool>(tenax::detail::asked_to_stop(users_));
  }
  [[nodiscard]] bool stop_possible() const
    requires calls_back<Token>
  {
    return true;
  }
  template <class F>
  using callback_type = call_callback<Token, F>;

  [[nodiscard]] client_call& call() const noexcept { return *call_; }
  [[nodiscard]] Token const& users() const noexcept { return users_; }

 private:
  client_call* call_;
  Token users_;
};

/// A duplicate of a socket of an attempt.
struct kept_socket {
  int socket;
  kept_socket* next = nullptr;
};

/// Why an attempt was interrupted.
enum class cut : unsigned char { none, by_time, by_stop };

/// One attempt of a call, and its sockets, which other threads may shut down. Waits for its turn, because a client
/// sends one request at a time. A deadline or `stop()` ends that wait.
class client_attempt {
 public:
  client_attempt(client_control& control, client_call& call, bool polls);
  client_attempt(client_attempt const&) = delete;
  client_attempt& operator=(client_attempt const&) = delete;
  ~client_attempt();

  /// Whether the attempt may send: it is its turn, and it was not interrupted while it waited.
  [[nodiscard]] bool has_turn() const noexcept { return has_turn_; }
  /// Why the attempt was interrupted.
  [[nodiscard]] cut why() const;

  /// Remembers a duplicate of a socket of the attempt. Duplicates are shut down, so that the client can close its own
  /// socket at any time.
  void use(int socket);

  int answers = 0;                 ///< number of responses that arrived, including redirects
  client_attempt* next = nullptr;  ///< of the same client

  /// The attempt that this thread is making; null if there is none.
  static client_attempt*& current() noexcept {
    static thread_local client_attempt* here = nullptr;
    return here;
  }

 private:
  friend client_control;
  friend client_call;

  client_control& control_;
  client_call& call_;
  attempt_limits limits_ = current_attempt();
  std::chrono::steady_clock::time_point ends_ = (std::chrono::steady_clock::time_point::max)();
  linked_list<kept_socket> sockets_{};
  client_attempt* outer_ = nullptr;
  bool polls_;
  bool has_turn_ = false;
  cut why_ = cut::none;
};

}  // namespace tenax::http::detail
