// SPDX-License-Identifier: MIT
// reconnect.cpp: the snippets of docs/reference/reconnect.md.
#include <tenax/reconnect.hpp>

#include <memory>

#include "docs.hpp"

namespace {

struct connection {
  bool works = true;
};

std::shared_ptr<connection> connect() { return std::make_shared<connection>(); }

}  // namespace

TEST_CASE("reconnect: schedule") {
  auto const now = [] { return tenax::time_point(); };
  // [schedule]
  tenax::reconnect_schedule schedule(tenax::wait::linear({.first = 1s, .step = 1s}),
                                     {.healthy_after = 30s});
  CHECK(schedule.failed(now()) == 1s);  // lost: wait before the first attempt
  CHECK(schedule.failed(now()) == 2s);  // that attempt failed
  schedule.connected(now());
  CHECK(schedule.failed(now() + 5s) == 3s);  // the connection was not healthy for 30 s
  schedule.connected(now() + 8s);
  CHECK(schedule.failed(now() + 60s) == 1s);  // it was
  // [/schedule]
}

TEST_CASE("reconnect: reconnecting") {
  // [reconnecting]
  tenax::reconnecting shared([] { return connect(); });  // a std::shared_ptr; null: it failed
  auto const c = shared.get(2s);                         // null after 2 s without a connection
  if (c && !c->works) shared.lost(c);
  // [/reconnecting]
  CHECK(c);
  // [close]
  shared.close();
  CHECK_FALSE(shared.get());
  // [/close]
}
