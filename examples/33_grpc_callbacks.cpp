// SPDX-License-Identifier: MIT
// 33_grpc_callbacks.cpp: shows callback_retry with gRPC's callback API: three calls at the same time, in one thread, to
// a server that is not available at first, and that does not answer one request.
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <tenax/async/callback.hpp>
#include <tenax/tenax.hpp>

using namespace std::chrono_literals;

grpc::ByteBuffer message(std::string const& text) {
  grpc::Slice const slice(text);
  return {&slice, 1};
}
std::string text_of(grpc::ByteBuffer const& buffer) {
  std::vector<grpc::Slice> slices;
  if (!buffer.Valid() || !buffer.Dump(&slices).ok()) return {};
  std::string text;
  for (auto const& s : slices) text.append(reinterpret_cast<char const*>(s.begin()), s.size());
  return text;
}

// [loop]
/// gRPC calls back in threads of its own, and has no event loop. This one runs functions in the thread of `run`.
class event_loop {
 public:
  void operator()(tenax::duration d, tenax::callback_alarm f) { add(tenax::real_time::now() + d, std::move(f)); }
  void post(std::function<void()> f) { add({}, std::move(f)); }

  /// Runs until `left` calls have ended.
  void run(int const& left) {
    std::unique_lock lock(mutex_);
    while (left > 0) {
      if (actions_.empty()) {
        changed_.wait(lock);
      } else if (auto const wait = actions_.begin()->first - tenax::real_time::now(); wait > 0s) {
        changed_.wait_for(lock, wait);
      } else {
        auto const next = actions_.extract(actions_.begin());
        lock.unlock();
        next.mapped()();
        lock.lock();
      }
    }
  }

 private:
  void add(tenax::time_point at, std::function<void()> f) {
    std::lock_guard const lock(mutex_);
    actions_.emplace(at, std::move(f));
    changed_.notify_one();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::multimap<tenax::time_point, std::function<void()>> actions_;
};
// [/loop]

// [call]
struct answer {
  grpc::Status status;
  std::string text;
};

/// One attempt. A ClientContext is for one call only.
struct rpc {
  grpc::ClientContext context;
  grpc::ByteBuffer request;
  grpc::ByteBuffer response;
};

template <class Policy, class Done>
tenax::callback_call greet(event_loop& loop, grpc::GenericStub& stub, std::string const& name, Policy const& policy,
                           Done done) {
  auto const start = [&, name](tenax::attempt_info const& info, tenax::callback_reply<answer> const& reply) {
    auto const r = std::make_shared<rpc>();
    r->request = message(name);
    r->context.set_deadline(std::chrono::system_clock::now() + std::min<tenax::duration>(info.time_left, 1h));
    stub.UnaryCall(&r->context, "/demo.Greeter/Greet", {}, &r->request, &r->response,
                   [&loop, r, reply](grpc::Status const& status) {
                     loop.post([=] { reply(answer{status, text_of(r->response)}); });
                   });
    return [r] {
      r->context.TryCancel();
      return answer{{grpc::StatusCode::DEADLINE_EXCEEDED, "no answer in time"}, {}};
    };
  };
  return tenax::callback_retry<answer>(policy, std::ref(loop), start, std::move(done));
}
// [/call]

// --- the server ------------------------------------------------------------------------------------------------------

/// Refuses the first request for each name. Does not answer the second one of "slow".
class greeter : public grpc::CallbackGenericService {
 public:
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext*) override {
    return new reactor(*this);
  }

 private:
  class reactor : public grpc::ServerGenericBidiReactor {
   public:
    explicit reactor(greeter& server) : server_(server) { StartRead(&request_); }
    void OnReadDone(bool ok) override {
      if (!ok) return Finish(grpc::Status::CANCELLED);
      auto const name = text_of(request_);
      auto const n = server_.count(name);
      if (n == 1) return Finish({grpc::StatusCode::UNAVAILABLE, "starting"});
      if (n == 2 && name == "slow") return;  // until it is cancelled
      response_ = message("hello, " + name);
      StartWriteAndFinish(&response_, {}, grpc::Status::OK);
    }
    void OnCancel() override { Finish(grpc::Status::CANCELLED); }
    void OnDone() override { delete this; }

   private:
    greeter& server_;
    grpc::ByteBuffer request_;
    grpc::ByteBuffer response_;
  };

  int count(std::string const& name) {
    std::lock_guard const lock(mutex_);
    return ++requests_[name];
  }

  std::mutex mutex_;
  std::map<std::string, int> requests_;
};

int main() {
  greeter service;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterCallbackGenericService(&service);
  auto const server = builder.BuildAndStart();
  // gRPC's own retries are off, so that there is one policy.
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  grpc::GenericStub stub(
      grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(port), grpc::InsecureChannelCredentials(), arguments));

  // [run]
  auto const policy = tenax::retrying{}
                          .when(tenax::when::result([](answer const& a) {
                            auto const code = a.status.error_code();
                            return code == grpc::StatusCode::UNAVAILABLE || code == grpc::StatusCode::DEADLINE_EXCEEDED;
                          }))
                          .wait(tenax::wait::constant(20ms))
                          .stop(tenax::stop::after_attempts(6))
                          .attempt_timeout(500ms);
  event_loop loop;
  int left = 3;
  std::vector<tenax::callback_call> calls;
  std::map<std::string, std::string> results;
  for (auto const* const name : {"cat", "dog", "slow"}) {
    calls.push_back(greet(loop, stub, name, policy, [&, name](tenax::report<answer> const& r) {
      results[name] = r.result.value().text + " (" + std::to_string(r.attempts) + " attempts)";
      --left;
    }));
  }
  loop.run(left);
  // [/run]

  for (auto const& [name, result] : results) std::printf("%s: %s\n", name.c_str(), result.c_str());
  server->Shutdown();
}
