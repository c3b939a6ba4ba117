// SPDX-License-Identifier: MIT
// 09_explain_a_policy.cpp: shows policies that describe themselves in plain words, for logs, reviews and --help.
#include <chrono>
#include <stdexcept>

#include <tenax/fmt.hpp>
#include <tenax/tenax.hpp>

using namespace std::chrono_literals;

struct network_error : std::runtime_error {
  using runtime_error::runtime_error;
};

int main() {
  fmt::print("--- the defaults\n{}\n\n", tenax::retrying{});

  auto const polite =
      tenax::retrying{}
          .when(tenax::when::exception<network_error> || tenax::when::result([](int status) { return status == 429; }))
          .wait(tenax::wait::first_of(tenax::wait::only_if(tenax::when::exception<network_error>, tenax::wait::none),
                                      tenax::wait::retry_after + tenax::wait::uniform(0s, 500ms),
                                      tenax::wait::exponential({.base = 1s, .max = 30s}).equal()))
          .stop(tenax::stop::after_attempts(5) || tenax::stop::deadline(2min))
          .max_server_wait(1min);
  fmt::print("--- polite\n{}\n\n", polite);

  // Your own parts may be lambdas. The text mentions them, but cannot describe what they do.
  auto const own = tenax::retrying{}
                       .when([](tenax::attempt_info const& a) { return a.number % 2 == 1; })
                       .wait([](tenax::attempt_info const& a) { return a.number * 10ms; })
                       .stop(tenax::stop::never);
  fmt::print("--- my own\n{}\n", own);
}
