// expect: tenax: an optional function of result_traits (transient, read_hint, quota, can_repeat, why_not_repeated) is not static, or cannot take a const result, and would not be used; write it as static bool transient(R const&)
// SPDX-License-Identifier: MIT
// result_traits_that_change.cpp: a function of result_traits that takes a result that is not const.
#include <tenax/tenax.hpp>

struct reply {
  bool ok = true;
  bool sent_once = false;
};

#ifdef CORRECTED
using taken = reply const;
#else
using taken = reply;
#endif

template <>
struct tenax::result_traits<reply> {
  static constexpr bool can_fail = true;
  static bool failed(reply const& r) { return !r.ok; }
  static bool can_repeat(taken& r) { return !r.sent_once; }
};

int main() {
  static_cast<void>(tenax::retrying{}([] { return reply{}; }));
}
