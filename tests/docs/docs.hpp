// SPDX-License-Identifier: MIT
// docs.hpp: the names that the snippets of the pages use.
#pragma once

#include <chrono>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <tenax/tenax.hpp>
#include <tenax/testing/script.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "catch.hpp"

using namespace std::chrono_literals;
// [given]
using tenax::testing::script;
using tenax::testing::virtual_time;

struct network_error : std::runtime_error {
  using runtime_error::runtime_error;
};

struct response {
  int status;
  std::string body;
};
// [/given]

using durations = std::vector<tenax::duration>;

namespace docs {

/// A file beside this one, without the newline at its end.
inline std::string text(std::string const& path) {
  std::string folder = __FILE__;
  folder.erase(folder.rfind('/') + 1);
  std::ifstream file(folder + path);
  std::string content{std::istreambuf_iterator<char>(file), {}};
  INFO(folder + path);
  REQUIRE(!content.empty());
  content.pop_back();
  return content;
}

/// How many attempts a policy makes of a script, and how the call ends.
struct run {
  std::uint32_t attempts;
  tenax::stop_reason reason;

  friend bool operator==(run const&, run const&) = default;
  friend std::ostream& operator<<(std::ostream& out, run const& r) {
    return out << r.attempts << " attempts, " << to_string(r.reason);
  }
};

template <class Policy, class T>
run play(Policy const& policy, script<T>& lines) {
  virtual_time clock;
  auto const report = policy.environment(std::ref(clock)).try_call(std::ref(lines));
  return {report.attempts, report.reason};
}

/// The waits of a call that fails until the policy gives up.
template <class Policy>
durations waits(Policy const& policy) {
  virtual_time clock;
  script<int> down;
  down.throws(network_error("down")).repeats_last();
  static_cast<void>(policy.environment(std::ref(clock)).try_call(std::ref(down)));
  return clock.sleeps();
}

}  // namespace docs
