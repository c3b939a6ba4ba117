// SPDX-License-Identifier: MIT
// 05_retry_a_block.cpp: shows how to retry a block of code in place, with access to the variables around it.
#include <chrono>
#include <cstdio>
#include <stdexcept>

#include <tenax/tenax.hpp>

using namespace std::chrono_literals;

struct conflict : std::runtime_error {
  conflict() : runtime_error("somebody else was faster") {}
};

// Stands for a row in a database, with optimistic locking.
struct account {
  int balance = 100;
  int version = 1;

  void update(int new_balance, int read_version) {
    if (version == 1) {  // another writer interferes, once
      balance -= 30;
      version = 2;
    }
    if (read_version != version) throw conflict();
    balance = new_balance;
    ++version;
  }
};

int main() {
  auto const policy = tenax::retrying{}
                          .when(tenax::when::exception<conflict>)
                          .wait(tenax::wait::exponential({.base = 1ms, .max = 10ms}).full());
  account shared;
  int const withdrawal = 50;
  int read = 0;

  for (auto& attempt : policy.attempts()) {
    attempt([&](tenax::attempt_info const& info) {
      read = shared.balance;
      auto const version = shared.version;
      std::printf("attempt %u: read balance %d, version %d\n", info.number, read, version);
      shared.update(read - withdrawal, version);
    });
  }
  std::printf("withdrew %d from %d: %d are left\n", withdrawal, read, shared.balance);
}
