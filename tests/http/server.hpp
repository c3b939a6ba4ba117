// SPDX-License-Identifier: MIT
// server.hpp: an HTTP server whose bytes are scripted by the test: it can break off, hang and redirect.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <tenax/http/headers.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tests {

/// A request as it arrived.
struct received {
  std::string method;
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string body{};

  [[nodiscard]] std::string header(std::string_view name) const {
    for (auto const& [n, value] : headers) {
      if (tenax::http::same_name(n, name)) return value;
    }
    return {};
  }
};

/// The server's reaction to a request.
struct answer {
  std::string bytes{};
  enum class then : unsigned char { keep, close, hang } after = then::keep;
};

/// A complete response. `headers` are lines, each with its line break.
inline answer respond(int status, std::string const& body = "", std::string const& headers = "") {
  return {"HTTP/1.1 " + std::to_string(status) + " Something\r\n" + headers +
          "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body};
}

/// A response that breaks off: its Content-Length is larger than `body`.
inline answer break_off(int status, std::string const& body = "", std::string const& headers = "") {
  return {"HTTP/1.1 " + std::to_string(status) + " Something\r\n" + headers +
              "Content-Length: " + std::to_string(body.size() + 1000) + "\r\n\r\n" + body,
          answer::then::close};
}

/// No response; the connection stays open until the client closes it.
inline answer hang() { return {"", answer::then::hang}; }

/// A socket that is bound to a free loopback port, and closed with the object.
class bound_socket {
 public:
  bound_socket() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    ::sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<::sockaddr*>(&address);
    if (::bind(socket_, any, size) != 0 || ::getsockname(socket_, any, &size) != 0) {
      throw std::runtime_error("no free port");
    }
    port_ = ntohs(address.sin_port);
  }
  bound_socket(bound_socket const&) = delete;
  bound_socket& operator=(bound_socket const&) = delete;
  ~bound_socket() { ::close(socket_); }

  [[nodiscard]] int get() const { return socket_; }
  [[nodiscard]] int port() const { return port_; }

 private:
  int socket_;
  int port_ = 0;
};

/// A port without a listener.
inline int closed_port() { return bound_socket().port(); }

/// Serves one connection after the other, in its own thread.
class server {
 public:
  using handler = std::function<answer(received const&)>;

  explicit server(handler h) : handler_(std::move(h)) {
    if (::listen(listening_.get(), 8) != 0 || ::pipe(wake_) != 0) throw std::runtime_error("cannot listen");
    thread_ = std::thread([this] { run(); });
  }
  server(server const&) = delete;
  server& operator=(server const&) = delete;
  ~server() {
    ::close(wake_[1]);
    thread_.join();
    ::close(wake_[0]);
  }

  [[nodiscard]] int port() const { return listening_.port(); }
  [[nodiscard]] std::string url(std::string const& target = "") const {
    return "http://127.0.0.1:" + std::to_string(port()) + target;
  }
  /// Connections that were accepted.
  [[nodiscard]] int connections() const { return connections_; }
  /// Every request so far.
  [[nodiscard]] std::vector<received> requests() const {
    std::lock_guard const lock(mutex_);
    return requests_;
  }

 private:
  void run() {
    while (readable(listening_.get())) {
      int const connection = ::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC);
      if (connection < 0) return;
      ++connections_;
      serve(connection);
      ::close(connection);
    }
  }

  void serve(int connection) {
    std::string buffer;
    for (;;) {
      received r;
      if (!read(connection, buffer, r)) return;
      {
        std::lock_guard const lock(mutex_);
        requests_.push_back(r);
      }
      auto const a = handler_(r);
      if (!write(connection, a.bytes)) return;
      if (a.after == answer::then::hang) static_cast<void>(readable(connection));
      if (a.after != answer::then::keep) return;
    }
  }

  /// Waits until there is something to read; returns false if the server is to end.
  [[nodiscard]] bool readable(int socket) const {
    ::pollfd both[] = {{socket, POLLIN, 0}, {wake_[0], POLLIN, 0}};
    return ::poll(both, 2, -1) > 0 && both[1].revents == 0;
  }

  [[nodiscard]] bool more(int connection, std::string& buffer) const {
    char bytes[4096];
    auto const count = readable(connection) ? ::recv(connection, bytes, sizeof bytes, 0) : 0;
    if (count > 0) buffer.append(bytes, static_cast<std::size_t>(count));
    return count > 0;
  }

  [[nodiscard]] static bool write(int connection, std::string_view bytes) {
    while (!bytes.empty()) {
      auto const count = ::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }

  [[nodiscard]] bool read(int connection, std::string& buffer, received& r) const {
    auto end = buffer.find("\r\n\r\n");
    for (; end == buffer.npos; end = buffer.find("\r\n\r\n")) {
      if (!more(connection, buffer)) return false;
    }
    std::string_view head(buffer.data(), end + 2);
    auto const first = head.substr(0, head.find("\r\n"));
    r.method = first.substr(0, first.find(' '));
    r.target = first.substr(r.method.size() + 1, first.rfind(' ') - r.method.size() - 1);
    for (head.remove_prefix(first.size() + 2); !head.empty(); head.remove_prefix(head.find("\r\n") + 2)) {
      auto const line = head.substr(0, head.find("\r\n"));
      auto const colon = line.find(':');
      r.headers.emplace_back(line.substr(0, colon), tenax::http::detail::trimmed(line.substr(colon + 1)));
    }
    buffer.erase(0, end + 4);
    if (tenax::http::same_name(r.header("Expect"), "100-continue")) {
      if (!write(connection, "HTTP/1.1 100 Continue\r\nX-Stale: yes\r\n\r\n")) return false;
    }
    if (tenax::http::same_name(r.header("Transfer-Encoding"), "chunked")) {
      while (buffer.find("0\r\n\r\n") == buffer.npos) {
        if (!more(connection, buffer)) return false;
      }
      r.body = std::exchange(buffer, {});
      return true;
    }
    auto const length = r.header("Content-Length");
    auto const size = length.empty() ? 0 : static_cast<std::size_t>(std::stoul(length));
    while (buffer.size() < size) {
      if (!more(connection, buffer)) return false;
    }
    r.body = buffer.substr(0, size);
    buffer.erase(0, size);
    return true;
  }

  bound_socket listening_{};
  int wake_[2] = {-1, -1};
  handler handler_;
  std::atomic<int> connections_ = 0;
  mutable std::mutex mutex_{};
  std::vector<received> requests_{};
  std::thread thread_{};
};

}  // namespace tests
