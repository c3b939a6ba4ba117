// expect: tenax: to wake a sleep, a std::stop_token (or a token like it) needs #include <tenax/cancel.hpp>
// SPDX-License-Identifier: MIT
// stop_token_without_its_header.cpp: a token with callbacks, without the header that uses them.
#include <tenax/tenax.hpp>
#ifdef CORRECTED
#include <tenax/cancel.hpp>
#endif

// Like std::stop_token, which not every standard library has.
struct token {
  template <class F>
  struct callback_type {
    callback_type(token const&, F) {}
  };
  bool stop_requested() const { return false; }
  bool stop_possible() const { return false; }
};
void fire();
void call() { tenax::retrying{}.cancel_with(token{})(fire); }
