// SPDX-License-Identifier: MIT
// redis_server.hpp: a real redis-server on a free port of loopback, for the time of a test.
#pragma once

#include <arpa/inet.h>
#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace tests {

/// Whether a program can listen at a port of loopback now.
inline bool is_free(int port) {
  int const s = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ::sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  a.sin_port = htons(static_cast<std::uint16_t>(port));
  bool const free = ::bind(s, reinterpret_cast<::sockaddr*>(&a), sizeof a) == 0;
  ::close(s);
  return free;
}

/// A port that nobody listens at now, as the one that is 10000 higher, which a server of a cluster needs as well. Both
/// are not among those that the system gives to connections: a client that tries to reach a server that is gone could
/// get the server's port for its own end.
inline int free_port() {
  std::random_device random;
  for (int i = 0; i < 1000; ++i) {
    int const port = 10'000 + static_cast<int>(random() % 12'000);
    if (is_free(port) && is_free(port + 10'000)) return port;
  }
  throw std::runtime_error("no port is free");
}

struct free_redis_reply {
  void operator()(redisReply* r) const noexcept { freeReplyObject(r); }
};
using redis_reply = std::unique_ptr<redisReply, free_redis_reply>;

class redis_server {
 public:
  int const port;

  explicit redis_server(std::vector<std::string> more = {}, int at = free_port()) : port(at), more_(std::move(more)) {
    folder_ = std::filesystem::temp_directory_path() / "tenax-redis-XXXXXX";
    if (::mkdtemp(folder_.data()) == nullptr) throw std::runtime_error("no temporary folder");
    start();
  }
  redis_server(redis_server const&) = delete;
  ~redis_server() {
    kill();
    std::filesystem::remove_all(folder_);
  }

  void start() {
    std::vector<std::string> words{"redis-server",
                                   "--port",
                                   std::to_string(port),
                                   "--bind",
                                   "127.0.0.1",
                                   "--dir",
                                   folder_,
                                   "--save",
                                   "",
                                   "--appendonly",
                                   "no",
                                   "--enable-debug-command",
                                   "yes",
                                   "--repl-diskless-sync-delay",
                                   "0"};
    words.insert(words.end(), more_.begin(), more_.end());
    process_ = ::fork();
    if (process_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      std::freopen("/dev/null", "w", stdout);
      std::vector<char*> pointers;
      for (auto& w : words) pointers.push_back(w.data());
      pointers.push_back(nullptr);
      ::execvp(pointers[0], pointers.data());
      ::_exit(127);
    }
    for (int i = 0; i < 3000; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      auto* const c = redisConnect("127.0.0.1", port);
      bool const up = c != nullptr && c->err == 0;
      if (c != nullptr) redisFree(c);
      if (up) return;
    }
    throw std::runtime_error("redis-server did not start");
  }
  void kill() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    process_ = 0;
  }

  /// The server does nothing for a while.
  void sleep(std::chrono::milliseconds d) {
    auto const length = std::to_string(static_cast<double>(d.count()) / 1000);
    run("PING");
    redisAppendCommand(admin_.get(), "DEBUG SLEEP %s", length.c_str());
    int done = 0;
    redisBufferWrite(admin_.get(), &done);
    sleeps_ = true;
  }

  /// Runs one command on a connection of its own.
  template <class... Words>
  redis_reply run(Words const&... words) {
    std::vector<std::string> const all{words...};
    std::vector<char const*> data;
    std::vector<std::size_t> sizes;
    for (auto const& w : all) data.push_back(w.data()), sizes.push_back(w.size());
    if (admin_ == nullptr || admin_->err != 0 || std::exchange(sleeps_, false))
      admin_.reset(redisConnect("127.0.0.1", port));
    return redis_reply(static_cast<redisReply*>(
        redisCommandArgv(admin_.get(), static_cast<int>(all.size()), data.data(), sizes.data())));
  }
  template <class... Words>
  std::string text(Words const&... words) {
    auto const r = run(words...);
    return r == nullptr || r->str == nullptr ? "" : std::string(r->str, static_cast<std::size_t>(r->len));
  }
  template <class... Words>
  std::int64_t number(Words const&... words) {
    auto const r = run(words...);
    return r == nullptr ? -999 : r->integer;
  }

  /// Whether the machine has a server.
  static bool exists() { return std::system("command -v redis-server >/dev/null 2>&1") == 0; }

 private:
  struct close {
    void operator()(redisContext* c) const noexcept { redisFree(c); }
  };
  std::vector<std::string> more_;
  std::string folder_;
  bool sleeps_ = false;
  ::pid_t process_ = 0;
  std::unique_ptr<redisContext, close> admin_;
};

}  // namespace tests
