// expect: tenax: the callable returns a type that says whether it failed (ok(), error() or has_value()), which this policy does not read; add .when(when::result([](auto const& r) { return !r.ok(); })), or specialize tenax::result_traits for it
// SPDX-License-Identifier: MIT
// error_that_is_not_read.cpp: a result with an error, under a policy that looks only at exceptions.
#include <stdexcept>

#include <tenax/tenax.hpp>

struct reply {
  int error() const;
};
reply ask(int question);

#ifdef CORRECTED
template <>
struct tenax::result_traits<reply> {
  static constexpr bool can_fail = true;
  static bool failed(reply const& r) { return r.error() != 0; }
};
#endif
auto const answer = tenax::retrying{}.when(tenax::when::exception<std::runtime_error>).wrap(ask)(42);
