// expect: tenax: the callable returns a type that says whether it failed (ok(), error() or has_value()), which an any_retrying does not read; specialize tenax::result_traits for it, or name the type: tenax::any_retrying_of<status>
// SPDX-License-Identifier: MIT
// any_retrying_of_an_unread_status.cpp: an any_retrying for a status type without traits, in an event loop.
#include <tenax/any_retrying.hpp>
#include <tenax/async/callback.hpp>

struct status {
  bool ok() const;
};

#ifdef CORRECTED
template <>
struct tenax::result_traits<status> {
  static constexpr bool can_fail = true;
  static bool failed(status const& s) { return !s.ok(); }
};
#endif

void start(tenax::any_retrying const& polite) {
  auto const timer = [](tenax::duration, tenax::callback_alarm const&) {};
  auto const begin = [](tenax::callback_reply<status> const& reply) { reply(status()); };
  tenax::callback_retry(polite, timer, begin, [](tenax::report<status> const&) {}).detach();
}
