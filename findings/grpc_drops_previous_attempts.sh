#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# gRPC 1.51.1 (Debian: libgrpc++-dev): metadata that says "this is a retry" is dropped, unless gRPC's own retries are off.
#
# gRPC's proposal A6 tells servers the number of earlier attempts in `grpc-previous-rpc-attempts`. A program with a retry policy
# of its own has to set it by itself. On a channel with the default arguments, gRPC removes it from every first attempt of its
# own, and no error says so; no service config and no retryPolicy is needed for that. The server takes every retry for a new
# call. With GRPC_ARG_ENABLE_RETRIES = 0, the metadata arrives.
#
# Seen: the server gets nothing by default, and "3" without gRPC's retries.
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
  std::string seen[2];
  for (int i = 0; i < 2; ++i) {
    grpc::ChannelArguments arguments;
    if (i == 1) arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
    grpc::ClientContext context;
    context.AddMetadata("grpc-previous-rpc-attempts", "3");
    auto const target = "127.0.0.1:" + std::to_string(s.port);
    auto const status = call(grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments), context);
    seen[i] = s.attempts;
    std::printf("%s: status %d, the server sees \"%s\"\n", i == 0 ? "default" : "own retries off", status.error_code(), seen[i].c_str());
  }
  bool const same = seen[0].empty() && seen[1] == "3";
  std::puts(same ? "as described" : "CHANGED");
  server->Shutdown();
  return same ? 0 : 1;
}
CPP
g++ -std=c++20 client.cpp -o client $(pkg-config --cflags --libs grpc++)
./client
