// expect: tenax: .cancel_with() needs a token with stop_requested(), such as a std::stop_token, or std::ref of a std::atomic<bool>; from a std::stop_source pass source.get_token()
// SPDX-License-Identifier: MIT
// token_that_is_none.cpp: a flag instead of a cancellation token.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

inline bool stopped = false;
struct token {
  bool const* flag;
  bool stop_requested() const { return *flag; }
};

#ifdef CORRECTED
auto const policy = tenax::retrying{}.cancel_with(token{&stopped});
#else
auto const policy = tenax::retrying{}.cancel_with(&stopped);
#endif
