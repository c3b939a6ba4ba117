// SPDX-License-Identifier: MIT
// 32_policies_in_classes.cpp: shows any_retrying: a class whose header says nothing about its policy, and a program
// that chooses the policy when it runs.
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <utility>

#include <tenax/any_retrying.hpp>
#include <tenax/tenax.hpp>

using namespace std::chrono_literals;

// --- catalogue.hpp: could be the header of a library -----------------------------------------------------------------

class catalogue {
 public:
  explicit catalogue(tenax::any_retrying retry = {});
  std::string find(std::string const& name);
  void reserve(std::string const& name);

 private:
  tenax::any_retrying retry_;
  int requests_ = 0;
};

// --- catalogue.cpp: is compiled once, for all policies ---------------------------------------------------------------

catalogue::catalogue(tenax::any_retrying retry) : retry_(std::move(retry)) {}

std::string catalogue::find(std::string const& name) {
  return retry_([&] {
    if (++requests_ % 3 != 0) throw std::runtime_error("connection reset");
    return name + " is on shelf 7";
  });
}

void catalogue::reserve(std::string const& name) {
  retry_([&] {
    if (++requests_ % 2 != 0) throw std::runtime_error("connection reset");
    std::printf("reserved %s\n", name.c_str());
  });
}

// --- the program -----------------------------------------------------------------------------------------------------

/// The policy for a kind of network; a real program would read it from its configuration.
tenax::any_retrying policy_for(std::string const& network) {
  auto const base = tenax::retrying{}.before_sleep(tenax::log_to(stdout));
  if (network == "cable") return base.wait(tenax::wait::constant(1ms));
  return base.wait(tenax::wait::exponential({.base = 2ms, .max = 10ms})).stop(tenax::stop::deadline(10s));
}

int main() {
  for (auto const* const network : {"cable", "phone"}) {
    catalogue shop(policy_for(network));
    std::printf("%s: %s\n", network, shop.find("tea").c_str());
    shop.reserve("tea");
  }
}
