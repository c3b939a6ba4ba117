// SPDX-License-Identifier: MIT
// strange_server.hpp: a server on a free port of loopback that answers every script with the same bytes.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "redis_server.hpp"

namespace tests {

/// An answer that can be changed while the server runs.
class shared_text {
 public:
  explicit shared_text(std::string text) : text_(std::move(text)) {}
  void operator=(std::string text) {
    std::lock_guard const lock(mutex_);
    text_ = std::move(text);
  }
  std::string get() const {
    std::lock_guard const lock(mutex_);
    return text_;
  }

 private:
  std::mutex mutable mutex_;
  std::string text_;
};

/// Answers each EVAL and EVALSHA with `answer`, in which `%d` stands for the own port; without an answer, it closes the
/// connection.
class strange_server {
 public:
  int const port = free_port();
  shared_text answer;
  std::atomic<int> connections{0};

  explicit strange_server(std::string text) : answer(std::move(text)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int const yes = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    ::sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    a.sin_port = htons(static_cast<std::uint16_t>(port));
    if (::bind(listener_, reinterpret_cast<::sockaddr*>(&a), sizeof a) != 0 || ::listen(listener_, 16) != 0) {
      throw std::runtime_error("no port for a strange server");
    }
    thread_ = std::jthread([this](std::stop_token const& stop) { run(stop); });
  }
  strange_server(strange_server const&) = delete;

 private:
  void run(std::stop_token const& stop) {
    std::vector<::pollfd> all{{listener_, POLLIN, 0}};
    while (!stop.stop_requested()) {
      ::poll(all.data(), all.size(), 20);
      for (std::size_t i = 1; i < all.size(); ++i) {
        if (all[i].revents != 0 && !serve(all[i].fd)) ::close(std::exchange(all[i].fd, -1));
      }
      if (all[0].revents != 0) {
        all.push_back({::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC), POLLIN, 0});
        ++connections;
      }
      std::erase_if(all, [](auto const& each) { return each.fd < 0; });
    }
    for (auto const& each : all) ::close(each.fd);
  }

  /// False if the connection is to be closed.
  bool serve(int s) const {
    std::array<char, 1 << 16> buffer{};
    auto const n = ::recv(s, buffer.data(), buffer.size(), 0);
    if (n <= 0) return false;
    std::string_view const text(buffer.data(), static_cast<std::size_t>(n));
    auto reply = answer.get();
    if (auto const at = reply.find("%d"); at != std::string::npos) reply.replace(at, 2, std::to_string(port));
    for (auto at = text.find("\r\nEVAL"); at != std::string_view::npos; at = text.find("\r\nEVAL", at + 1)) {
      if (reply.empty() || ::send(s, reply.data(), reply.size(), MSG_NOSIGNAL) < 0) return false;
    }
    return true;
  }

  int listener_ = -1;
  std::jthread thread_;
};

}  // namespace tests
