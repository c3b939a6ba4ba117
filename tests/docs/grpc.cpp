// SPDX-License-Identifier: MIT
// grpc.cpp: the snippets of docs/reference/grpc.md and docs/how-to/call-grpc.md.
#include <memory>

#include <tenax/grpc.hpp>

#include "../../examples/albums.hpp"
#include "docs.hpp"

namespace {

auto const polite = tenax::retrying{}
                        .wait(tenax::wait::exponential({.base = 1ms, .max = 1s}))
                        .stop(tenax::stop::after_attempts(5) || tenax::stop::deadline(30s));
album const request{"1"};

album_answer busy_once(int call) {
  if (call == 1) return {.status = {grpc::StatusCode::UNAVAILABLE, "busy"}};
  return {.messages = {"Debut"}};
}

}  // namespace

TEST_CASE("grpc: unary") {
  service const server(busy_once);
  auto const target = "127.0.0.1:" + std::to_string(server.port());
  // [channel]
  grpc::ChannelArguments arguments;
  tenax::grpc::disable_own_retries(arguments);
  auto const channel =
      grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
  auto const stub = Albums::NewStub(channel);
  // [/channel]
  // [unary]
  auto const found =
      polite(tenax::grpc::unary(stub, &Albums::Stub::Find, request, {.idempotent = true}));
  if (found.ok()) std::printf("%s\n", found.message.title.c_str());
  // [/unary]
  CHECK(found.ok());
  CHECK(server.calls().size() == 2);
}

TEST_CASE("grpc: unary by a function") {
  service const server(
      [](int) { return album_answer{.messages = {"Debut"}, .trailers = {{"cost", "3"}}}; });
  auto const stub = Albums::NewStub(server.channel());
  // [function]
  auto const found = polite(tenax::grpc::unary<album>(
      [&](grpc::ClientContext& context, album& message) {
        context.AddMetadata("token", "secret");
        return stub->Find(&context, request, &message);
      },
      {.idempotent = true}));
  auto const cost = found.trailer("cost");  // copied: the context is gone
  // [/function]
  CHECK(cost == "3");
  CHECK(server.calls().at(0).token == "secret");
}

TEST_CASE("grpc: server_stream") {
  service const server(busy_once);
  auto const stub = Albums::NewStub(server.channel());
  int albums = 0;
  // [stream]
  auto list =
      polite(tenax::grpc::server_stream(stub, &Albums::Stub::List, request, {.idempotent = true}));
  while (auto const found = list.read()) ++albums;
  if (!list.finish().ok()) std::printf("%s\n", list.status.error_message().c_str());
  // [/stream]
  CHECK(albums == 1);
  CHECK(list.ok());
}

TEST_CASE("grpc: prepare") {
  service const server([](int) { return album_answer{.messages = {"Debut"}}; });
  auto const stub = Albums::NewStub(server.channel());
  // [prepare]
  auto const patient = [](grpc::ClientContext& context) { context.set_wait_for_ready(true); };
  auto const found = polite.attempt_timeout(5s)(tenax::grpc::unary(
      stub, &Albums::Stub::Find, request, {.idempotent = true, .prepare = patient}));
  // [/prepare]
  CHECK(found.ok());
}

TEST_CASE("grpc: status") {
  service const server(busy_once);
  auto const stub = Albums::NewStub(server.channel());
  album found;
  // [status]
  auto const status = polite([&](tenax::attempt_info const& info) {
    grpc::ClientContext context;
    tenax::grpc::prepare_attempt(context, info);
    return stub->Find(&context, request, &found);
  });
  // [/status]
  CHECK(status.ok());
  CHECK(found.title == "Debut");
}
