// SPDX-License-Identifier: MIT
// albums.hpp: a gRPC server on loopback whose answers are a function, and a stub like a generated one, without
// protobuf.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/impl/codegen/client_unary_call.h>
#include <grpcpp/impl/codegen/rpc_method.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/client_callback.h>
#include <grpcpp/support/slice.h>
#include <grpcpp/support/sync_stream.h>
#include <tenax/grpc/attempt_context.hpp>

/// A message of a protocol without protobuf.
struct album {
  std::string title;
};

template <>
struct grpc::SerializationTraits<album> {
  static grpc::Status Serialize(album const& a, grpc::ByteBuffer* buffer, bool* own) {
    grpc::Slice const slice(a.title);
    *buffer = grpc::ByteBuffer(&slice, 1);
    *own = true;
    return grpc::Status::OK;
  }
  static grpc::Status Deserialize(grpc::ByteBuffer* buffer, album* a) {
    grpc::Slice slice;
    auto const status = buffer->DumpToSingleSlice(&slice);
    if (status.ok()) a->title.assign(reinterpret_cast<char const*>(slice.begin()), slice.size());
    buffer->Clear();
    return status;
  }
};

/// What the server answers to one call.
struct album_answer {
  grpc::Status status = grpc::Status::OK;
  std::vector<std::string> messages{};
  std::multimap<std::string, std::string> trailers{};
  std::chrono::milliseconds delay{0};            ///< before the first message
  std::chrono::milliseconds delay_of_status{0};  ///< after the last one
};

/// What the server sees of a call.
struct received {
  std::string previous_attempts;  ///< the header, if it is there
  std::string token;              ///< the metadata "token"
  std::chrono::system_clock::time_point deadline;
};

/// A server on a free port of loopback. `answers` is called once for each call, with its number (from 1).
class service : private grpc::CallbackGenericService {
 public:
  explicit service(std::function<album_answer(int)> answers) : answers_(std::move(answers)) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterCallbackGenericService(this);
    server_ = builder.BuildAndStart();
  }
  service(service const&) = delete;
  service& operator=(service const&) = delete;
  ~service() override { server_->Shutdown(std::chrono::system_clock::now()); }

  [[nodiscard]] int port() const { return port_; }
  /// A channel of its own.
  [[nodiscard]] std::shared_ptr<grpc::Channel> channel(int own_retries = 0) const {
    grpc::ChannelArguments arguments;
    if (own_retries == 0) tenax::grpc::disable_own_retries(arguments);
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(port_), grpc::InsecureChannelCredentials(),
                                     arguments);
  }

  [[nodiscard]] std::vector<received> calls() const {
    std::lock_guard const lock(mutex_);
    return calls_;
  }

 private:
  class reactor : public grpc::ServerGenericBidiReactor {
   public:
    reactor(service& s, grpc::GenericCallbackServerContext& c) : service_(s), context_(c) { StartRead(&in_); }

    void OnReadDone(bool /*ok*/) override {
      answer_ = service_.answer_to(context_);
      thread_ = std::thread([this] { run(); });  // a handler that blocks would block the whole server
    }
    void OnWriteDone(bool /*ok*/) override { writing_ = false; }
    void OnCancel() override { cancelled_ = true; }
    void OnDone() override {
      if (thread_.get_id() == std::this_thread::get_id()) {
        thread_.detach();
      } else {
        thread_.join();
      }
      delete this;
    }

   private:
    void run() {
      wait_until([ends = std::chrono::steady_clock::now() + answer_.delay] {
        return std::chrono::steady_clock::now() >= ends;
      });
      for (auto const& [name, value] : answer_.trailers) context_.AddTrailingMetadata(name, value);
      for (auto const& message : answer_.messages) {
        grpc::Slice const slice(message);
        out_ = grpc::ByteBuffer(&slice, 1);
        writing_ = true;
        StartWrite(&out_);
        wait_until([this] { return !writing_; });
      }
      wait_until([ends = std::chrono::steady_clock::now() + answer_.delay_of_status] {
        return std::chrono::steady_clock::now() >= ends;
      });
      Finish(answer_.status);
    }
    template <class Condition>
    void wait_until(Condition holds) const {
      while (!holds() && !cancelled_) std::this_thread::sleep_for(std::chrono::microseconds(200));
    }

    service& service_;
    grpc::GenericCallbackServerContext& context_;
    grpc::ByteBuffer in_{};
    grpc::ByteBuffer out_{};
    album_answer answer_{};
    std::atomic<bool> writing_{false};
    std::atomic<bool> cancelled_{false};
    std::thread thread_{};
  };

  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
    return new reactor(*this, *context);
  }

  album_answer answer_to(grpc::GenericCallbackServerContext const& context) {
    std::lock_guard const lock(mutex_);
    auto const text = [&](char const* name) {
      auto const found = context.client_metadata().find(name);
      return found == context.client_metadata().end() ? std::string()
                                                      : std::string(found->second.data(), found->second.size());
    };
    calls_.push_back({text("grpc-previous-rpc-attempts"), text("token"), context.deadline()});
    return answers_(static_cast<int>(calls_.size()));
  }

  std::function<album_answer(int)> answers_;
  mutable std::mutex mutex_{};
  std::vector<received> calls_{};
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_{};
};

/// Shaped like the class that protoc makes for `service Albums { rpc Find(Album) returns (Album); rpc List(Album)
/// returns (stream Album); }`.
class Albums {
 public:
  class Stub {
   public:
    explicit Stub(std::shared_ptr<grpc::Channel> channel) : channel_(std::move(channel)) {}

    grpc::Status Find(grpc::ClientContext* context, album const& request, album* found) {
      return grpc::internal::BlockingUnaryCall<album, album>(
          channel_.get(), method("/Albums/Find", grpc::internal::RpcMethod::NORMAL_RPC), context, request, found);
    }
    std::unique_ptr<grpc::ClientReader<album>> List(grpc::ClientContext* context, album const& request) {
      return std::unique_ptr<grpc::ClientReader<album>>(grpc::internal::ClientReaderFactory<album>::Create(
          channel_.get(), method("/Albums/List", grpc::internal::RpcMethod::SERVER_STREAMING), context, request));
    }

   private:
    [[nodiscard]] grpc::internal::RpcMethod method(char const* name, grpc::internal::RpcMethod::RpcType type) const {
      return {name, type, channel_};
    }
    std::shared_ptr<grpc::Channel> channel_;
  };

  static std::unique_ptr<Stub> NewStub(std::shared_ptr<grpc::Channel> channel) {
    return std::make_unique<Stub>(std::move(channel));
  }
};

inline album_answer failure(grpc::StatusCode code, std::string text = "busy", std::string details = {}) {
  return {.status = grpc::Status(code, std::move(text), std::move(details))};
}
