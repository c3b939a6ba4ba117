// SPDX-License-Identifier: MIT
// redis/hiredis_async.hpp: a store for limits that machines share, on an event loop of the user: libuv, libevent, Asio.
#pragma once

#include <hiredis/async.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenax/detail/reject.hpp>
#include <tenax/redis/detail/hiredis_connection.hpp>
#include <tenax/shared/store.hpp>

namespace tenax::redis {

/// A store of shared limits on an event loop, through hiredis' asynchronous interface. `connect` makes a connection and
/// attaches it to the loop:
/// ```
/// hiredis_async_store store([&] {
///   auto* const c = redisAsyncConnect("redis", 6379);
///   redisLibuvAttach(c, loop);
///   return c;
/// });
/// ```
/// It is called for a connection for scripts and for one for messages, and again when a connection was lost and there
/// is something to ask, after 50 ms at first and at most every second. For a password, it also sends AUTH. It may
/// return null. With Asio, `attach` in <tenax/redis/hiredis_asio.hpp> attaches a connection.
///
/// A server that answers that it is a replica is left. One that a cluster names (`MOVED`) is not followed: `connect`
/// goes to the server that has the limit's key.
///
/// A connection that has not answered for `answer_timeout` is given up at the next question.
///
/// Thread safety: none. The limits that use it are used on the thread of the loop. Neither copied nor moved; outlives
/// them. Throws `std::invalid_argument` for an empty function and a timeout that is not more than zero.
class hiredis_async_store {
 public:
  using connector = std::function<redisAsyncContext*()>;

  explicit hiredis_async_store(connector connect, any_duration answer_timeout = std::chrono::seconds(1))
      : connect_(std::move(connect)),
        answer_timeout_(tenax::detail::require_positive("hiredis_async_store: answer_timeout", answer_timeout)) {
    if (!connect_) invalid_parameter("hiredis_async_store: connect", "must be a function", "empty");
  }
  hiredis_async_store(hiredis_async_store const&) = delete;
  hiredis_async_store& operator=(hiredis_async_store const&) = delete;
  ~hiredis_async_store() {
    give_up(scripts_);
    give_up(messages_);
  }

  void eval(shared::script const& run, std::string_view key, std::span<std::int64_t const> arguments,
            shared::completion done) {
    auto const now = shared::detail::steady_now();
    if (pending_ > 0 && saturating_between(oldest_, now) > answer_timeout_) give_up(scripts_);
    if (!ready(now)) return done({.error = "the store cannot be reached; it will be tried again"}, now);
    send(std::make_unique<question>(
             question{{&run, std::string(key), {arguments.begin(), arguments.end()}, std::move(done)}, this}),
         false);
  }

  void listen(std::string_view channel, shared::listener l) {
    detail::forget_gone(listeners_, [&](std::string const& gone) {
      if (messages_ == nullptr) return;
      redisAsyncCommand(messages_, nullptr, nullptr, "UNSUBSCRIBE %b", gone.data(), gone.size());
    });
    listeners_.push_back({std::string(channel), std::move(l)});
    if (messages_ != nullptr) subscribe(listeners_.back().channel);
  }

 private:
  struct question : detail::question {
    hiredis_async_store* store;
  };
  using subscription = detail::subscription;

  /// Opens the connections that are missing. Whether there is one for scripts.
  bool ready(time_point now) {
    bool const hears = messages_ != nullptr || listeners_.empty();
    if ((scripts_ != nullptr && hears) || now < next_connect_) return scripts_ != nullptr;
    next_connect_ = now + connect_wait_;
    connect_wait_ = tenax::detail::shorter(2 * connect_wait_, last_wait);
    if (scripts_ == nullptr) open(scripts_);
    if (scripts_ != nullptr && !hears) {
      open(messages_);
      for (std::size_t i = 0; messages_ != nullptr && i < listeners_.size(); ++i) subscribe(listeners_[i].channel);
    }
    return scripts_ != nullptr;
  }

  void open(redisAsyncContext*& context) {
    context = connect_();
    if (context == nullptr) return;
    if (context->err != 0) {
      redisAsyncFree(std::exchange(context, nullptr));
      return;
    }
    // hiredis frees a context after this callback.
    context->data = this;
    redisAsyncSetDisconnectCallback(context, [](redisAsyncContext const* c, int) { forget(c); });
    redisAsyncSetConnectCallback(context, [](redisAsyncContext const* c, int status) {
      if (status != REDIS_OK) forget(c);
    });
  }

  static void forget(redisAsyncContext const* c) {
    auto* const self = static_cast<hiredis_async_store*>(c->data);
    if (self == nullptr) return;
    if (self->scripts_ == c) self->scripts_ = nullptr;
    if (self->messages_ != c) return;
    self->messages_ = nullptr;
    for (auto const& l : self->listeners_) l.to.missed();
  }

  /// Frees a connection; its questions are answered by errors.
  static void give_up(redisAsyncContext*& context) {
    if (context == nullptr) return;
    context->data = nullptr;
    redisAsyncFree(std::exchange(context, nullptr));
  }

  void send(std::unique_ptr<question> q, bool whole) {
    if (pending_++ == 0) oldest_ = shared::detail::steady_now();
    // `answered` owns the question from here on. hiredis calls it for every command that it has taken.
    auto* const asked = q.release();
    auto const sent = detail::to_command(*asked->run, whole, asked->key, asked->arguments)
                          .with([&](int n, char const** data, std::size_t const* sizes) {
                            return redisAsyncCommandArgv(scripts_, answered, asked, n, data, sizes);
                          });
    if (sent == REDIS_OK) return;
    --pending_;
    q.reset(asked);
    q->done({.error = "the connection was lost"});
  }

  static void answered(redisAsyncContext*, void* answer, void* asked) {
    std::unique_ptr<question> q(static_cast<question*>(asked));
    auto* const self = q->store;
    auto const now = shared::detail::steady_now();
    --self->pending_;
    self->oldest_ = now;
    auto const* const r = static_cast<redisReply*>(answer);
    if (r == nullptr) return q->done({.error = "the connection was lost"}, now);
    self->connect_wait_ = first_wait;
    if (detail::says_no_script(*r) && self->scripts_ != nullptr) return self->send(std::move(q), true);
    detail::give(*r, q->done, now);
    // Another connection may find the right server.
    if (detail::says_wrong_server(*r)) give_up(self->scripts_), give_up(self->messages_);
  }

  void subscribe(std::string const& channel) {
    redisAsyncCommand(
        messages_,
        [](redisAsyncContext* c, void* answer, void*) {
          auto const* const r = static_cast<redisReply*>(answer);
          auto* const self = static_cast<hiredis_async_store*>(c->data);
          if (r == nullptr || self == nullptr || r->type != REDIS_REPLY_ARRAY || r->elements != 3) return;
          auto const name = detail::text_of(*r->element[1]);
          if (r->element[2]->type != REDIS_REPLY_STRING) {
            // Subscribed: what was published before is asked for.
            for (auto const& l : self->listeners_) {
              if (l.channel == name) l.to.missed();
            }
            return;
          }
          auto const n = detail::number_in(detail::text_of(*r->element[2]));
          if (n >= 0)
            std::erase_if(self->listeners_, [&](subscription const& l) { return l.channel == name && !l.to(n); });
        },
        nullptr, "SUBSCRIBE %b", channel.data(), channel.size());
  }

  static constexpr duration first_wait = std::chrono::milliseconds(50);
  static constexpr duration last_wait = std::chrono::seconds(1);

  connector connect_;
  duration const answer_timeout_;
  redisAsyncContext* scripts_ = nullptr;
  redisAsyncContext* messages_ = nullptr;
  std::vector<subscription> listeners_;
  std::size_t pending_ = 0;
  time_point oldest_{};
  time_point next_connect_{};
  duration connect_wait_ = first_wait;
};

}  // namespace tenax::redis
