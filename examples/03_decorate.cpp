// SPDX-License-Identifier: MIT
// 03_decorate.cpp: shows how to wrap a client's function with retries once, without a change for its callers.
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>

#include <tenax/tenax.hpp>

using namespace std::chrono_literals;

// Stands for a client library: every other request fails.
class client {
 public:
  std::string get(std::string const& path) {
    if (++requests_ % 2 == 1) throw std::runtime_error("503 service unavailable");
    return "contents of " + path;
  }

 private:
  int requests_ = 0;
};

// Uses a function that gets things, and knows nothing about retries.
template <class Get>
void show_playlist(Get& get) {
  for (auto const* path : {"/tracks/1", "/tracks/2"}) std::printf("%s\n", get(path).c_str());
}

int main() {
  auto const polite =
      tenax::retrying{}.wait(tenax::wait::exponential({.base = 10ms, .max = 1s})).before_sleep(tenax::log_to(stdout));
  client spotify;

  // A callable with the same signature, with retries.
  auto get = polite.wrap([&](std::string const& path) { return spotify.get(path); });
  show_playlist(get);

  // The same for a single call of a member function.
  std::printf("%s\n", polite(&client::get, spotify, "/me").c_str());
}
