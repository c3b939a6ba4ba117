// expect: tenax: .cancel_with() needs a token with stop_requested(), such as a std::stop_token, or std::ref of a std::atomic<bool>; from a std::stop_source pass source.get_token()
// SPDX-License-Identifier: MIT
// stop_source_as_token.cpp: the source of a cancellation instead of its token.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

struct token {
  bool stop_requested() const { return false; }
};

// Like std::stop_source, which not every standard library has: it has stop_requested() as well.
struct source {
  token get_token() const { return {}; }
  bool stop_requested() const { return false; }
  bool stop_possible() const { return true; }
};
source button;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.cancel_with(button.get_token());
#else
auto const policy = tenax::retrying{}.cancel_with(button);
#endif
