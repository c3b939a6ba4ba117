// SPDX-License-Identifier: MIT
// 38_configuration.cpp: a policy that comes from a configuration: defaults in code, then the environment, then the
// command line. Prints what was read, in words, and stops at the first mistake.
//
//   CATALOGUE_RETRY_ATTEMPTS=7 38_configuration "wait=constant(1s) deadline=1min"
#include <chrono>
#include <cstdio>
#include <stdexcept>

#include <tenax/fmt.hpp>
#include <tenax/settings.hpp>
#include <tenax/tenax.hpp>

using namespace std::chrono_literals;

struct network_error : std::runtime_error {
  using runtime_error::runtime_error;
};

int main(int argc, char** argv) try {
  // [read]
  tenax::retry_settings settings{.attempts = 5, .deadline = 30s};
  settings = tenax::settings_from_environment("CATALOGUE_RETRY", settings);
  if (argc > 1) settings = tenax::settings_from_text(argv[1], settings);
  // [/read]

  // [check]
  auto const policy = settings.policy().when(tenax::when::exception<network_error>).named("catalogue");
  if (!tenax::worst_case(policy.policy()).bounded()) throw std::invalid_argument("the policy may wait for ever");
  fmt::print("{}\n\n{}\n\n", tenax::to_text(settings), policy);
  // [/check]

  int requests = 0;
  auto const fetch = [&] {
    if (++requests < 3) throw network_error("connection reset");
    return requests;
  };
  fmt::print("fetched after {} requests\n", policy(fetch));
  return 0;
} catch (std::invalid_argument const& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
