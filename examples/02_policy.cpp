// SPDX-License-Identifier: MIT
// 02_policy.cpp: shows how to set which failures are retried, how long to wait, and when to give up.
#include <chrono>
#include <cstdio>
#include <stdexcept>

#include <tenax/tenax.hpp>

using namespace std::chrono_literals;

struct network_error : std::runtime_error {
  using runtime_error::runtime_error;
};

struct response {
  int status;
};

// Stands for a server that needs several attempts.
class server {
 public:
  response get() {
    switch (++requests_) {
      case 1: throw network_error("connection reset");
      case 2: return {503};
      case 3: return {503};
      default: return {200};
    }
  }

 private:
  int requests_ = 0;
};

int main() {
  auto const patient = tenax::retrying{}
                           .when(tenax::when::exception<network_error> ||
                                 tenax::when::result([](response const& r) { return r.status == 503; }))
                           .wait(tenax::wait::exponential({.base = 5ms, .max = 1s}).full())
                           .stop(tenax::stop::after_attempts(5) || tenax::stop::deadline(30s))
                           .before_sleep([](tenax::attempt_info const& a) {
                             std::printf("attempt %u failed; waiting before the next one\n", a.number);
                           });

  server first;
  std::printf("patient: status %d\n", patient([&] { return first.get(); }).status);

  // Every setter returns a changed copy. A policy that gives up passes the last outcome on unchanged.
  auto const hasty = patient.stop(tenax::stop::after_attempts(2));
  server second;
  std::printf("hasty: status %d\n", hasty([&] { return second.get(); }).status);

  auto const once = patient.stop(tenax::stop::after_attempts(1));
  server third;
  try {
    once([&] { return third.get(); });
  } catch (network_error const& e) {
    std::printf("once: %s\n", e.what());
  }
}
