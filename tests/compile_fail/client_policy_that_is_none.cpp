// expect: tenax: http::retrying_client::policy() needs a policy such as tenax::retrying{} or tenax::http::standard_retry()
// SPDX-License-Identifier: MIT
// client_policy_that_is_none.cpp: a retry predicate instead of a policy.
#include <tenax/http/retrying_client.hpp>

void set_up(tenax::http::retrying_client<>& client) {
#ifdef CORRECTED
  client.policy(tenax::retrying{}.when(tenax::when::status(503)));
#else
  client.policy(tenax::when::status(503));
#endif
}
