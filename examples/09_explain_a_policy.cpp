// SPDX-License-Identifier: MIT
// 09_explain_a_policy.cpp: shows policies that say in plain words what they do; for logs, reviews and --help.
#include <chrono>
#include <stdexcept>

#include <tenax/fmt.hpp>
#include <tenax/tenax.hpp>

namespace when = tenax::when;
namespace wait = tenax::wait;
namespace stop = tenax::stop;
using namespace std::chrono_literals;

struct network_error : std::runtime_error {
  using runtime_error::runtime_error;
};

int main() {
  fmt::print("--- the defaults\n{}\n\n", tenax::retrying{});

  auto const polite =
      tenax::retrying{}
          .when(when::exception<network_error> || when::result([](int status) { return status == 429; }))
          .wait(wait::first_of(wait::only_if(when::exception<network_error>, wait::none),
                               wait::retry_after + wait::uniform(0s, 500ms),
                               wait::exponential({.base = 1s, .max = 30s}).equal()))
          .stop(stop::after_attempts(5) || stop::deadline(2min))
          .max_server_wait(1min);
  fmt::print("--- polite\n{}\n\n", polite);

  // A policy of your own may be a lambda; it is named, but cannot say what it does.
  auto const own = tenax::retrying{}
                       .when([](tenax::attempt_info const& a) { return a.number % 2 == 1; })
                       .wait([](tenax::attempt_info const& a) { return a.number * 10ms; })
                       .stop(stop::never);
  fmt::print("--- my own\n{}\n", own);
}
