// SPDX-License-Identifier: MIT
// 37_stop_on_ctrl_c.cpp: Ctrl-C ends a call that waits at once, in whatever thread it waits, and the program ends in an
// orderly way.
//
//   37_stop_on_ctrl_c          presses Ctrl-C itself after 50 ms
//   37_stop_on_ctrl_c --wait   waits for yours
#include <chrono>
#include <csignal>
#include <cstdio>
#include <stdexcept>
#include <string_view>
#include <version>

#include <tenax/cancel.hpp>
#include <tenax/tenax.hpp>

#if defined(__cpp_lib_jthread)
#include <stop_token>
#include <thread>

#include <pthread.h>
#include <unistd.h>

using namespace std::chrono_literals;

void connect() { throw std::runtime_error("connection refused"); }

int main(int argc, char** argv) {
  // [signals]
  // Blocked here, so that every thread that is started later has them blocked. One thread waits for them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  std::stop_source stop;
  std::jthread listener([&] {
    int signal = 0;
    sigwait(&signals, &signal);
    stop.request_stop();  // an ordinary function of an ordinary thread: no rules for signal handlers apply
  });
  // [/signals]

  if (argc < 2 || std::string_view(argv[1]) != "--wait") {
    std::jthread([] {
      std::this_thread::sleep_for(50ms);
      ::kill(::getpid(), SIGINT);
    }).detach();
  }

  // [call]
  auto const policy =
      tenax::retrying{}.wait(tenax::wait::constant(1h)).stop(tenax::stop::never).cancel_with(stop.get_token());
  auto const report = policy.try_call(connect);  // on any thread; several calls may have the same token
  if (report.reason == tenax::stop_reason::cancelled) std::puts("stopped while it waited");
  // [/call]

  // [end]
  pthread_kill(listener.native_handle(), SIGTERM);  // if no signal came, the listener ends by this one
  // [/end]
  return report.reason == tenax::stop_reason::cancelled ? 0 : 1;
}

#else

int main() { std::puts("skipped: this standard library has no std::stop_token"); }

#endif
