// compiled with: -O1
// SPDX-License-Identifier: MIT
// retrying_client.cpp: a call whose policy is an object on the stack, with parts that have no bytes.
#include <tenax/http/retrying_client.hpp>

bool is_up() {
  tenax::http::retrying_client<> client("http://127.0.0.1:1");
  auto const answer = client.Get("/");
  return answer && answer->status == 200;
}
