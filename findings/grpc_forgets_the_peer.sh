#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# gRPC 1.51.1 (Debian: libgrpc++-dev): ClientContext::peer() names the channel's target for a call that a server answered.
#
# Before a call has a connection, peer() is the target as the program spelled it, and afterwards the address of the server.
# That looks like a way to tell a call that was never sent, which is safe to repeat. But for an answer that is larger than the
# channel accepts, peer() is the target again, although the server has received the call and has acted on it. A client that repeats
# such a call because "there was no peer" does everything twice.
#
# Seen: one call, which the server counts; status RESOURCE_EXHAUSTED, "Received message larger than max (10 vs. 4)", peer
# 127.0.0.1:PORT (the target) instead of ipv4:127.0.0.1:PORT.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat >service.hpp <<'CPP'
#include <cstdio>
#include <memory>
#include <string>

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/client_unary_call.h>

// Answers every call with ten bytes, and counts.
struct service : grpc::CallbackGenericService {
  struct reactor : grpc::ServerGenericBidiReactor {
    reactor() { StartRead(&in); }
    void OnReadDone(bool) override {
      grpc::Slice const ten("0123456789");
      out = grpc::ByteBuffer(&ten, 1);
      StartWriteAndFinish(&out, {}, grpc::Status::OK);
    }
    void OnDone() override { delete this; }
    grpc::ByteBuffer in, out;
  };
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
    ++calls;
    auto const found = context->client_metadata().find("grpc-previous-rpc-attempts");
    attempts = found == context->client_metadata().end() ? "" : std::string(found->second.data(), found->second.size());
    return new reactor;
  }
  std::unique_ptr<grpc::Server> start() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterCallbackGenericService(this);
    return builder.BuildAndStart();
  }
  int port = 0, calls = 0;
  std::string attempts;
};

inline grpc::Status call(std::shared_ptr<grpc::Channel> const& channel, grpc::ClientContext& context) {
  grpc::internal::RpcMethod const method("/a.B/C", grpc::internal::RpcMethod::NORMAL_RPC);
  grpc::Slice const one("x");
  grpc::ByteBuffer const request(&one, 1);
  grpc::ByteBuffer answer;
  return grpc::internal::BlockingUnaryCall<grpc::ByteBuffer, grpc::ByteBuffer>(channel.get(), method, &context, request, &answer);
}
CPP
cat >client.cpp <<'CPP'
#include "service.hpp"
int main() {
  service s;
  auto const server = s.start();
  auto const target = "127.0.0.1:" + std::to_string(s.port);
  std::string peers[2];
  int codes[2];
  for (int i = 0; i < 2; ++i) {
    grpc::ChannelArguments arguments;
    if (i == 1) arguments.SetMaxReceiveMessageSize(4);
    grpc::ClientContext context;
    codes[i] = call(grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments), context).error_code();
    peers[i] = context.peer();
    std::printf("target %s: status %d, peer %s, the server has seen %d calls\n", target.c_str(), codes[i], peers[i].c_str(), s.calls);
  }
  bool const same = codes[0] == 0 && codes[1] == 8 && peers[0] == "ipv4:" + target && peers[1] == target && s.calls == 2;
  std::puts(same ? "as described" : "CHANGED");
  server->Shutdown();
  return same ? 0 : 1;
}
CPP
g++ -std=c++20 client.cpp -o client $(pkg-config --cflags --libs grpc++)
./client
