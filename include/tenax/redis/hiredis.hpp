// SPDX-License-Identifier: MIT
// redis/hiredis.hpp: a store for limits that machines share, on a thread of its own: for programs that block.
#pragma once

#include <algorithm>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <tenax/detail/reject.hpp>
#include <tenax/platform/process.hpp>
#include <tenax/platform/wake_pipe.hpp>
#include <tenax/redis/detail/hiredis_connection.hpp>
#include <tenax/redis/hiredis_options.hpp>
#include <tenax/shared/store.hpp>

namespace tenax::redis {

/// A store of shared limits: a server that speaks the protocol of Redis, through hiredis 0.14 or newer.
/// `hiredis_store store({.host = "redis", .password = "secret"});`
///
/// One background thread talks to the server: over one connection for scripts, which go out together, and over one for
/// messages. It begins with the first question, blocks all signals, and ends in the destructor, which waits at most for
/// a connection that is being opened. A lost connection is opened again when there is something to ask, after 50 ms at
/// first and at most every second. The answers of questions that were under way are errors. A server that a cluster
/// (`MOVED`) names takes the place of the given one, until it cannot be reached; use one store for each limit there.
///
/// A child process that was forked gets a thread and connections of its own at its first question, unless it was forked
/// while another thread was in the middle of one: then, as for every lock, the child may wait for ever.
///
/// Throws `std::invalid_argument` for an empty host, a port outside of 1 to 65535 and timeouts that are not more than
/// zero. Thread safety: safe. Neither copied nor moved; outlives the limits that use it.
class hiredis_store {
 public:
  explicit hiredis_store(hiredis_options o = {}) : given_(std::move(o)), options_(given_) {
    if (options_.unix_socket.empty()) {
      if (options_.host.empty()) invalid_parameter("hiredis_store: host", "must not be empty", "\"\"");
      if (options_.port < 1 || options_.port > 65535) {
        invalid_parameter("hiredis_store: port", "must be 1 to 65535", static_cast<double>(options_.port));
      }
    }
    tenax::detail::require_positive("hiredis_store: connect_timeout", options_.connect_timeout);
    tenax::detail::require_positive("hiredis_store: answer_timeout", options_.answer_timeout);
  }
  hiredis_store(hiredis_store const&) = delete;
  hiredis_store& operator=(hiredis_store const&) = delete;

  ~hiredis_store() {
    {
      std::lock_guard const lock(mutex_);
      ends_ = true;
    }
    pipe_.wake();
    if (thread_.joinable() && is_ours()) thread_.join();
    if (thread_.joinable()) thread_.detach();
  }

  /// Sends a question of a limit to the server; the answer comes later, on the background thread.
  void eval(shared::script const& run, std::string_view key, std::span<std::int64_t const> arguments,
            shared::completion done) {
    // Both are destroyed without the lock, because completions call their limits.
    std::deque<question> lost;
    question next{&run, std::string(key), {arguments.begin(), arguments.end()}, std::move(done), {}};
    std::unique_lock lock(mutex_);
    if (!start(lost)) {
      lock.unlock();
      return next.done({.error = "hiredis_store could not start its thread"});
    }
    asked_.push_back(std::move(next));
    lock.unlock();
    pipe_.wake();
  }

  /// Subscribes to a channel.
  void listen(std::string_view channel, shared::listener l) {
    std::lock_guard const lock(mutex_);
    new_listeners_.push_back({std::string(channel), std::move(l)});
  }

 private:
  using question = detail::question;
  using subscription = detail::subscription;

  bool is_ours() const noexcept { return platform::this_process() == process_; }

  /// Starts the thread, once in each process. Under the lock. False if the system has no thread or no pipe to give.
  bool start(std::deque<question>& lost) {
    if (thread_.joinable() && is_ours()) return true;
    if (thread_.joinable()) {
      // A copy of another process: its thread is not here, and its connections belong to it.
      thread_.detach();
      new (&work_) work();
      pipe_.close();
      lost.swap(asked_);
      new_listeners_.insert(new_listeners_.end(), listeners_.begin(), listeners_.end());
      listeners_.clear();
    }
    if (!pipe_.open()) return false;
    process_ = platform::this_process();
    platform::no_signals const quiet;
#if defined(__cpp_exceptions)
    try {
#endif
      thread_ = std::thread([this] { run(); });
#if defined(__cpp_exceptions)
    } catch (std::system_error const&) {
      pipe_.close();
    }
#endif
    return thread_.joinable();
  }

  // --- the background thread -------------------------------------------------------------------------------------

  /// What the background thread has.
  struct work {
    detail::connection scripts;
    detail::connection messages;
    std::deque<question> waiting;  ///< not sent
    std::deque<question> sent;     ///< in the order of their answers
    time_point next_connect{};
    duration connect_wait = first_wait;
  };

  void run() {
    for (;;) {
      bool const goes_on = take_questions();
      send_questions();
      if (!goes_on) break;
      watch();
    }
    // Completions that are destroyed report that there is no answer.
    work_.waiting.clear();
    work_.sent.clear();
    work_.scripts.close();
    work_.messages.close();
  }

  bool take_questions() {
    std::lock_guard const lock(mutex_);
    while (!asked_.empty()) {
      work_.waiting.push_back(std::move(asked_.front()));
      asked_.pop_front();
    }
    if (!new_listeners_.empty()) {
      detail::forget_gone(listeners_, [&](auto const& channel) {
        if (work_.messages) say("UNSUBSCRIBE", channel);
      });
    }
    for (auto& l : new_listeners_) {
      if (work_.messages) say("SUBSCRIBE", l.channel);
      listeners_.push_back(std::move(l));
    }
    new_listeners_.clear();
    return !ends_;
  }

  void send_questions() {
    if (work_.waiting.empty() && !work_.scripts) return;
    if (!work_.scripts && !connect()) return;
    for (; !work_.waiting.empty(); work_.waiting.pop_front()) {
      auto& q = work_.waiting.front();
      q.sent = shared::detail::steady_now();
      work_.scripts.append(detail::to_command(*q.run, false, q.key, q.arguments));
      work_.sent.push_back(std::move(q));
    }
    if (!work_.scripts.flush()) lose("the connection was lost");
  }

  bool connect() {
    auto const now = shared::detail::steady_now();
    if (now < work_.next_connect) return fail_waiting("the store cannot be reached; it will be tried again");
    auto why = work_.scripts.open(options_);
    if (why.empty() && !work_.messages && !listeners_.empty()) {
      why = work_.messages.open(options_);
      if (why.empty()) {
        for (auto const& l : listeners_) say("SUBSCRIBE", l.channel);
        if (!work_.messages.flush()) why = "the connection was lost";
        if (why.empty()) {
          for (auto const& l : listeners_) l.to.missed();
        }
      }
    }
    if (why.empty()) {
      work_.connect_wait = first_wait;
      return true;
    }
    work_.scripts.close();
    work_.messages.close();
    options_ = given_;  // where a cluster has moved a key may be gone
    work_.next_connect = shared::detail::steady_now() + work_.connect_wait;
    work_.connect_wait = tenax::detail::shorter(2 * work_.connect_wait, last_wait);
    return fail_waiting(why);
  }

  bool fail_waiting(std::string_view why) {
    auto failed = std::exchange(work_.waiting, {});
    for (auto& q : failed) q.done({.error = why});
    return false;
  }

  void lose(std::string_view why) {
    work_.scripts.close();
    work_.messages.close();
    work_.next_connect = shared::detail::steady_now() + work_.connect_wait;
    auto failed = std::exchange(work_.sent, {});
    for (auto& q : failed) q.done({.error = why});
  }

  /// Sends one word about a channel.
  void say(char const* what, std::string const& channel) {
    detail::command c;
    c.add(std::string_view(what));
    c.add(channel);
    work_.messages.append(c);
  }

  /// Waits for answers, messages and new questions.
  void watch() {
    if (work_.messages && !work_.messages.flush()) return lose("the connection was lost");
    auto const readable =
        pipe_.wait(work_.scripts.descriptor(), work_.messages.descriptor(), work_.sent.empty() ? -1 : 100);
    if (readable.a) read_answers();
    if (work_.messages && readable.b) read_messages();
    if (!work_.sent.empty() &&
        saturating_between(work_.sent.front().sent, shared::detail::steady_now()) > options_.answer_timeout.value()) {
      lose("the store has not answered for longer than answer_timeout");
    }
  }

  void read_answers() {
    if (!work_.scripts.read()) return lose(work_.scripts.trouble());
    while (work_.scripts && !work_.sent.empty()) {
      auto const answer = work_.scripts.next();
      if (answer == nullptr) {
        if (!work_.scripts.trouble().empty()) lose(work_.scripts.trouble());
        return;
      }
      auto q = std::move(work_.sent.front());
      work_.sent.pop_front();
      if (detail::says_no_script(*answer)) {
        work_.scripts.append(detail::to_command(*q.run, true, q.key, q.arguments));
        work_.sent.push_back(std::move(q));
        if (!work_.scripts.flush()) return lose("the connection was lost");
        continue;
      }
      auto const error = answer->type == REDIS_REPLY_ERROR ? detail::text_of(*answer) : std::string_view{};
      if (error.starts_with("MOVED ")) return follow(error, std::move(q));
      detail::give(*answer, q.done, shared::detail::steady_now());
      // Another connection may find the right server.
      if (detail::says_wrong_server(*answer)) return lose(error);
    }
  }

  /// Goes to the server that a cluster names, `MOVED <slot> <host>:<port>`, with the question.
  void follow(std::string_view error, question q) {
    if (q.moves++ == most_moves || !detail::move_to(error, options_)) return q.done({.error = error});
    lose("the cluster moved the key to another server");
    work_.next_connect = {};
    work_.waiting.push_front(std::move(q));
  }

  void read_messages() {
    if (!work_.messages.read()) return lose(work_.messages.trouble());
    while (auto const m = work_.messages.next()) {
      if (m->type != REDIS_REPLY_ARRAY || m->elements != 3 || m->element[2]->type != REDIS_REPLY_STRING) continue;
      auto const n = detail::number_in(detail::text_of(*m->element[2]));
      auto const channel = detail::text_of(*m->element[1]);
      if (n < 0) continue;
      std::erase_if(listeners_, [&](subscription const& l) { return l.channel == channel && !l.to(n); });
    }
  }

  static constexpr duration first_wait = std::chrono::milliseconds(50);
  static constexpr duration last_wait = std::chrono::seconds(1);
  static constexpr int most_moves = 3;  ///< of one question: servers may name each other for ever

  hiredis_options const given_;
  hiredis_options options_;  ///< of the background thread
  std::mutex mutex_;
  std::deque<question> asked_;
  std::vector<subscription> new_listeners_;
  bool ends_ = false;
  platform::wake_pipe pipe_;
  platform::process_id process_{};
  std::vector<subscription> listeners_;  ///< of the background thread
  work work_;
  std::thread thread_;
};

}  // namespace tenax::redis
