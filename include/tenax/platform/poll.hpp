// SPDX-License-Identifier: MIT
// platform/poll.hpp: waits until a socket can be read or written.
#pragma once

#include <cerrno>

#include <tenax/platform/system.hpp>

#if defined(_WIN32)
#include <winsock2.h>
#else
#include <poll.h>
#endif

namespace tenax::platform {

struct polled {
  bool ready = false;
  bool writable = false;
  int error = 0;  ///< an error number of the system; 0 if time was over, or a signal ended the wait
};

/// Waits at most `ms` for `socket`.
template <class Socket>
polled poll_socket(Socket socket, bool read, bool write, int ms) {
  auto const events = static_cast<short>((read ? POLLIN : 0) | (write ? POLLOUT : 0));
#if defined(_WIN32)
  ::WSAPOLLFD p{socket, events, 0};
  auto const count = ::WSAPoll(&p, 1, ms);
  if (count < 0) return {.error = ::WSAGetLastError()};
#else
  ::pollfd p{socket, events, 0};
  auto const count = ::poll(&p, 1, ms);
  if (count < 0) return {.error = errno == EINTR ? 0 : errno};
#endif
  return {.ready = count > 0, .writable = (p.revents & POLLOUT) != 0};
}

}  // namespace tenax::platform
