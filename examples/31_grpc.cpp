// SPDX-License-Identifier: MIT
// 31_grpc.cpp: shows gRPC calls with retries: the server says when to come back, and a stream begins again until its
// first message.
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

#include <tenax/grpc.hpp>
#include <tenax/tenax.hpp>

#include "albums.hpp"

using namespace std::chrono_literals;

namespace {

// The server is busy twice; the first time, it says for how long.
album_answer busy_at_first(int call) {
  if (call == 1) {
    return {.status = {grpc::StatusCode::UNAVAILABLE, "restarting"}, .trailers = {{"grpc-retry-pushback-ms", "30"}}};
  }
  if (call == 2) return {.status = {grpc::StatusCode::UNAVAILABLE, "still restarting"}};
  return {.messages = {"Debut", "Post", "Homogenic"}};
}

}  // namespace

int main() {
  auto const polite = tenax::retrying{}
                          .wait(tenax::wait::exponential({.base = 10ms, .max = 1s}))
                          .stop(tenax::stop::after_attempts(5) || tenax::stop::deadline(10s))
                          .before_sleep(tenax::log_to(stdout))
                          .on_give_up(tenax::log_to(stdout));
  service const server(busy_at_first);
  auto const stub = Albums::NewStub(server.channel());

  auto albums = polite(tenax::grpc::server_stream(stub, &Albums::Stub::List, {"Bjork"}, {.idempotent = true}));
  while (auto const found = albums.read()) std::printf("%s\n", found->title.c_str());
  std::printf("the stream ended: %s\n", albums.finish().ok() ? "OK" : "failed");

  // A call that must not be made twice.
  service const broken([](int) { return album_answer{.status = {grpc::StatusCode::UNAVAILABLE, "connection lost"}}; });
  auto const orders = Albums::NewStub(broken.channel());
  auto const order = polite(tenax::grpc::unary(orders, &Albums::Stub::Find, {"Vespertine"}));
  std::printf("ordered: %s\n", order.ok() ? "yes" : "unknown");
}
