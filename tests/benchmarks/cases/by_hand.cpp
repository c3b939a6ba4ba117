// SPDX-License-Identifier: MIT
// by_hand.cpp: the hand-written loop that the library replaces.
#include <chrono>
#include <thread>

int operation(int);

int call(int x) {
  auto wait = std::chrono::milliseconds(100);
  for (int n = 1;; ++n) {
    int const v = operation(x);
    if (v >= 0 || n == 5) return v;
    std::this_thread::sleep_for(wait);
    wait = wait < std::chrono::milliseconds(2500) ? wait * 2 : std::chrono::milliseconds(5000);
  }
}
