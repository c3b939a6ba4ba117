// SPDX-License-Identifier: MIT
// main.cpp: a board in virtual time, whose sensor answers at the fourth reading. Returns 0 if the call was retried as
// it should be.
#include "board.hpp"

namespace {

int readings = 0;
std::chrono::nanoseconds passed{};

}  // namespace

std::chrono::nanoseconds tenax_platform::now() noexcept { return passed; }
void tenax_platform::sleep(std::chrono::nanoseconds d) { passed += d; }
bool tenax_platform::random_bytes(void* bytes, std::size_t size) noexcept {
  for (std::size_t i = 0; i < size; ++i) static_cast<unsigned char*>(bytes)[i] = static_cast<unsigned char>(37 * i + 1);
  return true;
}

int read_sensor() noexcept { return ++readings < 4 ? -1 : 42; }
int read_with_retries();

int main() {
  bool const read = read_with_retries() == 42 && readings == 4;
  return read && passed > std::chrono::nanoseconds(0) && passed < std::chrono::milliseconds(70) ? 0 : 1;
}
