// SPDX-License-Identifier: MIT
// redis/detail/hiredis_connection.hpp: one connection of hiredis, used by one thread.
#pragma once

#include <hiredis/hiredis.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tenax/redis/hiredis_options.hpp>
#include <tenax/shared/store.hpp>

namespace tenax::redis::detail {

struct free_reply {
  void operator()(redisReply* r) const noexcept { freeReplyObject(r); }
};
using reply_ptr = std::unique_ptr<redisReply, free_reply>;

inline std::string_view text_of(redisReply const& r) noexcept { return {r.str, static_cast<std::size_t>(r.len)}; }

inline ::timeval to_timeval(duration d) noexcept {
  auto const us = d.count() / 1000 < 1 ? 1 : d.count() / 1000;
  ::timeval t{};
  t.tv_sec = static_cast<decltype(t.tv_sec)>(us / 1'000'000);
  t.tv_usec = static_cast<decltype(t.tv_usec)>(us % 1'000'000);
  return t;
}

/// The arguments of a command, as hiredis takes them.
class command {
 public:
  void add(std::string_view text) { parts_.emplace_back(text); }
  void add(std::int64_t n) { parts_.push_back(std::to_string(n)); }

  /// Calls `f(number of arguments, arguments, lengths)`.
  template <class F>
  auto with(F const& f) const {
    std::vector<char const*> data;
    std::vector<std::size_t> sizes;
    for (auto const& p : parts_) data.push_back(p.data()), sizes.push_back(p.size());
    return f(static_cast<int>(parts_.size()), data.data(), sizes.data());
  }

 private:
  std::vector<std::string> parts_;
};

/// EVALSHA, or EVAL with the whole script.
inline command to_command(shared::script const& run, bool whole, std::string_view key,
                          std::span<std::int64_t const> arguments) {
  command c;
  c.add(whole ? "EVAL" : "EVALSHA");
  c.add(whole ? run.text : std::string_view(run.sha1.data(), 40));
  c.add("1");
  c.add(key);
  for (auto const n : arguments) c.add(n);
  return c;
}

inline bool says_no_script(redisReply const& r) noexcept {
  return r.type == REDIS_REPLY_ERROR && text_of(r).starts_with("NOSCRIPT");
}

/// The answer of a replica, or of a server that does not know this client any more.
inline bool says_wrong_server(redisReply const& r) noexcept {
  auto const error = r.type == REDIS_REPLY_ERROR ? text_of(r) : std::string_view{};
  return error.starts_with("READONLY") || error.starts_with("NOAUTH") || error.starts_with("MASTERDOWN");
}

/// Gives the answer of a script to its completion.
inline void give(redisReply const& r, shared::completion& done, time_point now) {
  if (r.type == REDIS_REPLY_ERROR) return done({.error = text_of(r)}, now);
  if (r.type != REDIS_REPLY_ARRAY) return done({.error = "an answer that is not an array"}, now);
  std::vector<std::int64_t> numbers;
  for (std::size_t i = 0; i < r.elements; ++i) {
    if (r.element[i]->type != REDIS_REPLY_INTEGER) return done({.error = "an answer that is not of integers"}, now);
    numbers.push_back(r.element[i]->integer);
  }
  done({.numbers = numbers}, now);
}

/// The number in a message of a channel; -1 if it is none.
inline std::int64_t number_in(std::string_view text) noexcept {
  std::int64_t n = -1;
  auto const end = std::from_chars(text.data(), text.data() + text.size(), n);
  return end.ec == std::errc{} && end.ptr == text.data() + text.size() && n >= 0 ? n : -1;
}

/// The server that a cluster names, `MOVED <slot> <host>:<port>`. An empty host is the one that was asked. False if
/// there is none.
inline bool move_to(std::string_view error, hiredis_options& o) {
  auto const host_at = error.find(' ', 6) + 1;
  auto const port_at = error.rfind(':') + 1;
  auto const port = host_at > 0 && port_at > host_at ? number_in(error.substr(port_at)) : -1;
  if (port < 1 || port > 65535) return false;
  if (port_at - 1 > host_at) o.host = error.substr(host_at, port_at - 1 - host_at);
  o.port = static_cast<int>(port);
  o.unix_socket.clear();
  return true;
}

/// A question of a limit that is under way, and when it was sent.
struct question {
  shared::script const* run;
  std::string key;
  std::vector<std::int64_t> arguments;
  shared::completion done;
  time_point sent{};
  int moves = 0;  ///< how often a cluster has named another server
};

/// A channel that a limit listens to.
struct subscription {
  std::string channel;
  shared::listener to;
};

/// Removes the channels of limits that do not exist any more. Calls `leave(channel)` for each that no other limit
/// listens to.
template <class Leave>
void forget_gone(std::vector<subscription>& all, Leave const& leave) {
  std::vector<std::string> gone;
  std::erase_if(all, [&](subscription const& each) {
    if (!each.to.gone()) return false;
    gone.push_back(each.channel);
    return true;
  });
  for (auto const& channel : gone) {
    bool const heard = std::any_of(all.begin(), all.end(), [&](auto const& each) { return each.channel == channel; });
    if (!heard) leave(channel);
  }
}

/// A connection, which is opened, and asked who it is, in one go.
class connection {
 public:
  explicit operator bool() const noexcept { return context_ != nullptr; }
  int descriptor() const noexcept { return context_ == nullptr ? -1 : context_->fd; }

  /// Waits for at most `o.connect_timeout`, and as long again for the server's welcome. Returns an error in words, or
  /// nothing.
  std::string open(hiredis_options const& o) {
    auto const timeout = to_timeval(o.connect_timeout);
    context_.reset(o.unix_socket.empty() ? redisConnectWithTimeout(o.host.c_str(), o.port, timeout)
                                         : redisConnectUnixWithTimeout(o.unix_socket.c_str(), timeout));
    if (context_ == nullptr) return "no memory for a connection";
    if (context_->err != 0) return fail();
    redisSetTimeout(context_.get(), to_timeval(o.answer_timeout));
    if (!o.password.empty()) {
      command auth;
      auth.add("AUTH");
      if (!o.user.empty()) auth.add(o.user);
      auth.add(o.password);
      if (auto error = say(auth); !error.empty()) return error;
    }
    if (o.database != 0) {
      command select;
      select.add("SELECT");
      select.add(o.database);
      if (auto error = say(select); !error.empty()) return error;
    }
    return {};
  }
  void close() noexcept { context_.reset(); }

  void append(command const& c) {
    c.with([&](int n, char const** data, std::size_t const* sizes) {
      return redisAppendCommandArgv(context_.get(), n, data, sizes);
    });
  }
  /// Sends what was appended. False if the connection is lost.
  bool flush() noexcept {
    int done = 0;
    while (done == 0) {
      if (redisBufferWrite(context_.get(), &done) != REDIS_OK) return false;
    }
    return true;
  }
  /// Reads what has arrived. False if the connection is lost.
  bool read() noexcept { return redisBufferRead(context_.get()) == REDIS_OK; }
  /// The next answer that has arrived whole, or none.
  reply_ptr next() noexcept {
    void* r = nullptr;
    if (redisGetReplyFromReader(context_.get(), &r) != REDIS_OK) return nullptr;
    return reply_ptr(static_cast<redisReply*>(r));
  }
  std::string trouble() const { return context_ == nullptr ? "no connection" : context_->errstr; }

 private:
  struct free_context {
    void operator()(redisContext* c) const noexcept { redisFree(c); }
  };

  std::string fail() {
    std::string why = context_->errstr;
    context_.reset();
    return why.empty() ? "the connection was lost" : why;
  }

  std::string say(command const& c) {
    append(c);
    void* r = nullptr;
    if (redisGetReply(context_.get(), &r) != REDIS_OK) return fail();
    reply_ptr const answer(static_cast<redisReply*>(r));
    if (answer->type != REDIS_REPLY_ERROR) return {};
    std::string why(text_of(*answer));
    context_.reset();
    return why;
  }

  std::unique_ptr<redisContext, free_context> context_;
};

}  // namespace tenax::redis::detail
