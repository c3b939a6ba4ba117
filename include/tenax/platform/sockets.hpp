// SPDX-License-Identifier: MIT
// platform/sockets.hpp: what the adapters do to sockets. Where the system has no POSIX sockets, the functions fail.
#pragma once

#include <cstddef>

#include <tenax/platform/system.hpp>

#if defined(TENAX_POSIX)
#include <csignal>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#endif

namespace tenax::platform {

struct loopback_listener {
  int socket = -1;  ///< less than zero if there is none
  unsigned port = 0;
};

#if defined(TENAX_POSIX)

/// Another descriptor of the same socket, which a child process does not inherit; less than zero if there is none.
inline int duplicate_socket(int socket) noexcept { return socket < 0 ? -1 : ::fcntl(socket, F_DUPFD_CLOEXEC, 0); }

/// Ends what is being read and written, in all threads.
inline void shut_down_socket(int socket) noexcept { ::shutdown(socket, SHUT_RDWR); }

inline void close_socket(int socket) noexcept {
  if (socket >= 0) ::close(socket);
}

/// Keeps a socket from child processes, and lets no call on it wait.
inline void isolate_socket(int socket) noexcept {
  ::fcntl(socket, F_SETFD, FD_CLOEXEC);
  ::fcntl(socket, F_SETFL, O_NONBLOCK);
}

/// A socket of this machine for one connection, isolated.
inline loopback_listener listen_on_loopback() noexcept {
  loopback_listener l;
  l.socket = ::socket(AF_INET, SOCK_STREAM, 0);
  ::sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ::socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<::sockaddr*>(&address);
  if (l.socket < 0 || ::bind(l.socket, any, size) != 0 || ::listen(l.socket, 1) != 0 ||
      ::getsockname(l.socket, any, &size) != 0) {
    close_socket(l.socket);
    return {};
  }
  isolate_socket(l.socket);
  l.port = ntohs(address.sin_port);
  return l;
}

/// The next connection, isolated; less than zero if there is none.
inline int accept_connection(int listener) noexcept {
  int const peer = ::accept(listener, nullptr, nullptr);
  if (peer >= 0) isolate_socket(peer);
  return peer;
}

/// How many bytes have arrived and are now in `bytes`; none or less if there are none.
inline std::ptrdiff_t receive_some(int socket, char* bytes, std::size_t size) noexcept {
  return ::recv(socket, bytes, size, 0);
}

/// False if the bytes cannot be sent. Raises no signal where the system can do without.
inline bool send_bytes(int socket, char const* bytes, std::size_t size) noexcept {
#if defined(MSG_NOSIGNAL)
  return ::send(socket, bytes, size, MSG_NOSIGNAL) >= 0;
#else
  return ::send(socket, bytes, size, 0) >= 0;
#endif
}

// The functions of signal sets are macros on macOS, which cannot be named with `::`.

/// Keeps all signals from this thread: other threads of the program handle them.
inline void block_signals() noexcept {
  ::sigset_t all;
  static_cast<void>(sigfillset(&all));
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

/// Keeps SIGPIPE from a thread while it writes to a socket that another thread may shut down.
class no_sigpipe {
 public:
  no_sigpipe() {
    ::sigset_t pending;
    static_cast<void>(sigemptyset(&pipe_));
    static_cast<void>(sigaddset(&pipe_, SIGPIPE));
    ::sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  no_sigpipe(no_sigpipe const&) = delete;
  no_sigpipe& operator=(no_sigpipe const&) = delete;
  ~no_sigpipe() {
    ::sigset_t pending;
    ::sigpending(&pending);
    if (!was_pending_ && sigismember(&pending, SIGPIPE) == 1) {
      int signal = 0;
      ::sigwait(&pipe_, &signal);
    }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  ::sigset_t pipe_{}, before_{};
  bool was_pending_ = false;
};

#else

inline void close_socket(int) noexcept {}
inline loopback_listener listen_on_loopback() noexcept { return {}; }
inline int accept_connection(int) noexcept { return -1; }
inline std::ptrdiff_t receive_some(int, char*, std::size_t) noexcept { return -1; }
inline bool send_bytes(int, char const*, std::size_t) noexcept { return false; }

#endif

}  // namespace tenax::platform
