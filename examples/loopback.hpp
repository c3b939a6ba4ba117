// SPDX-License-Identifier: MIT
// loopback.hpp: common parts of the HTTP examples: a server on a free port of this machine, and the option --url.
#pragma once

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include <httplib.h>

/// Runs, during its lifetime and in its own thread, the `httplib::Server` that `set_up` has set up.
class loopback {
 public:
  template <class SetUp>
  explicit loopback(SetUp set_up) {
    std::signal(SIGPIPE, SIG_IGN);  // a write to a broken connection is an ordinary error then
    set_up(server_);
    server_.set_keep_alive_max_count(1000);
    port_ = server_.bind_to_any_port("127.0.0.1");
    if (port_ < 0) throw std::runtime_error("no port is free on 127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  ~loopback() {
    server_.stop();
    thread_.join();
  }
  loopback(loopback const&) = delete;
  loopback& operator=(loopback const&) = delete;

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  httplib::Server server_;
  int port_ = 0;
  std::thread thread_;
};

/// Returns the value of `--url`; empty without arguments. Ends the program if there are other arguments.
inline std::string url_option(int argc, char** argv) {
  if (argc == 1) return {};
  if (argc == 3 && std::string_view(argv[1]) == "--url") return argv[2];
  std::fprintf(stderr, "usage: %s [--url http://host:port]\n", argv[0]);
  std::exit(2);
}
