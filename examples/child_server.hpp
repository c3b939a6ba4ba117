// SPDX-License-Identifier: MIT
// child_server.hpp: starts a server program on loopback for an example, and stops it whatever happens.
#pragma once

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/prctl.h>
#endif

/// A port of 127.0.0.1 that is free now.
inline int free_port() {
  int const s = ::socket(AF_INET, SOCK_STREAM, 0);
  ::sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ::socklen_t size = sizeof address;
  bool const good = s >= 0 && ::bind(s, reinterpret_cast<::sockaddr*>(&address), size) == 0 &&
                    ::getsockname(s, reinterpret_cast<::sockaddr*>(&address), &size) == 0;
  if (s >= 0) ::close(s);
  if (!good) throw std::runtime_error("no port is free on 127.0.0.1");
  return ntohs(address.sin_port);
}

/// A server program that runs during the lifetime of this object, and ends with this program.
class child_server {
 public:
  explicit child_server(std::vector<std::string> command) : command_(std::move(command)) { start(); }
  ~child_server() { kill(); }
  child_server(child_server const&) = delete;
  child_server& operator=(child_server const&) = delete;

  void start() {
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("fork failed");
    if (pid_ != 0) return;
#if defined(__linux__)
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
    int const nowhere = ::open("/dev/null", O_RDWR);
    ::dup2(nowhere, STDOUT_FILENO);
    ::dup2(nowhere, STDERR_FILENO);
    std::vector<char*> arguments;
    for (auto& a : command_) arguments.push_back(a.data());
    arguments.push_back(nullptr);
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
  }

  /// As a crash of the machine.
  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = 0;
  }

 private:
  std::vector<std::string> command_;
  ::pid_t pid_ = 0;
};

/// Whether a program can be found.
inline bool is_installed(char const* program) {
  std::string const path = std::getenv("PATH") != nullptr ? std::getenv("PATH") : "/usr/bin";
  for (std::size_t start = 0; start <= path.size();) {
    auto const end = path.find(':', start) == std::string::npos ? path.size() : path.find(':', start);
    if (::access((path.substr(start, end - start) + "/" + program).c_str(), X_OK) == 0) return true;
    start = end + 1;
  }
  return false;
}
