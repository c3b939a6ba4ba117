#include <cstdio>
#include <stdexcept>

#include <tenax/tenax.hpp>
#include <tenax/version.hpp>

int main() {
  int calls = 0;
  int const answer = tenax::retrying{}.wait(tenax::wait::none)([&] {
    if (++calls == 1) throw std::runtime_error("not yet");
    return 42;
  });
  std::printf("tenax %s: %d after %d calls\n", tenax::version_text, answer, calls);
  return answer == 42 && calls == 2 ? 0 : 1;
}
