// SPDX-License-Identifier: MIT
// client.cpp: one use of retrying_client with the standard policy.
#include <tenax/http/retrying_client.hpp>
#include <tenax/http/standard_retry.hpp>

int status(char const* host);

int status(char const* host) {
  tenax::http::retrying_client<> client(host);
  client.policy(tenax::http::standard_retry());
  auto const r = client.Get("/");
  return r ? r->status : 0;
}
