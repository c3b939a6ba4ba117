// SPDX-License-Identifier: MIT
// unary.cpp: unary calls to a gRPC server that fails on purpose.
#include <tenax/grpc/unary.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <tenax/observe/log.hpp>
#include <tenax/retrying.hpp>
#include <tenax/stop/deadline.hpp>
#include <tenax/testing/virtual_time.hpp>
#include <tenax/wait/constant.hpp>

#include "../../examples/albums.hpp"
#include "../catch.hpp"
#include "retry_info_bytes.hpp"

using namespace std::chrono_literals;
using grpc::StatusCode;
using tenax::stop_reason;
namespace stop = tenax::stop;
using sleeps = std::vector<tenax::duration>;

namespace {

constexpr auto policy = [] {
  return tenax::retrying{}.wait(tenax::wait::constant(10ms)).stop(stop::after_attempts(4));
};
tenax::grpc::call_options const twice{.idempotent = true};

/// A port on which nothing listens.
std::string dead_target() {
  int port = 0;
  {
    service const gone([](int) { return album_answer{}; });
    port = gone.port();
  }
  return ":" + std::to_string(port);
}

}  // namespace

TEST_CASE("unary: each attempt has its own context, and a retry says so") {
  service s([](int n) { return n < 3 ? failure(StatusCode::UNAVAILABLE) : album_answer{.messages = {"Debut"}}; });
  auto const stub = Albums::NewStub(s.channel());
  tenax::testing::virtual_time clock;
  auto const report =
      policy().environment(std::ref(clock)).try_call(tenax::grpc::unary(stub, &Albums::Stub::Find, {"1"}, twice));
  CHECK(report.reason == stop_reason::succeeded);
  CHECK(report.value().message.title == "Debut");
  auto const calls = s.calls();
  REQUIRE(calls.size() == 3);
  CHECK(calls[0].previous_attempts.empty());
  CHECK(calls[1].previous_attempts == "1");
  CHECK(calls[2].previous_attempts == "2");
  CHECK(clock.sleeps() == sleeps{10ms, 10ms});
}

TEST_CASE("unary: a function makes the call, and prepares its context") {
  service s([](int) { return album_answer{.messages = {"Post"}, .trailers = {{"cost", "3"}}}; });
  auto const stub = Albums::NewStub(s.channel());
  auto const r = policy()(tenax::grpc::unary<album>(
      [&](grpc::ClientContext& context, album& found) { return stub->Find(&context, {"2"}, &found); },
      {.prepare = [](grpc::ClientContext& context) { context.AddMetadata("token", "secret"); }}));
  CHECK(r.ok());
  CHECK(r.message.title == "Post");
  CHECK(r.trailer("cost") == "3");
  CHECK(r.trailer("price").empty());
  CHECK(s.calls().at(0).token == "secret");
}

TEST_CASE("unary: pushback and RetryInfo are obeyed exactly") {
  std::vector<album_answer> script = {
      failure(StatusCode::UNAVAILABLE), failure(StatusCode::RESOURCE_EXHAUSTED, "slow", wire::details(1234ms)),
      failure(StatusCode::UNAVAILABLE, "", wire::details(70ms)), album_answer{.messages = {"x"}}};
  script[0].trailers = {{"grpc-retry-pushback-ms", "321"}};
  script[2].trailers = {{"grpc-retry-pushback-ms", "50"}};
  service s([&](int n) { return script.at(static_cast<std::size_t>(n) - 1); });
  auto const stub = Albums::NewStub(s.channel());
  tenax::testing::virtual_time clock;
  auto const r = policy().environment(std::ref(clock))(tenax::grpc::unary(stub.get(), &Albums::Stub::Find, {}, twice));
  CHECK(r.ok());
  CHECK(clock.sleeps() == sleeps{321ms, 1234ms, 70ms});
}

TEST_CASE("unary: a pushback that is negative or malformed ends the call") {
  for (char const* value : {"-1", "soon", "", "99999999999999999999"}) {
    CAPTURE(value);
    service s([&](int) {
      auto a = failure(StatusCode::UNAVAILABLE);
      a.trailers = {{"grpc-retry-pushback-ms", value}};
      return a;
    });
    auto const stub = Albums::NewStub(s.channel());
    auto const report = policy().try_call(tenax::grpc::unary(stub, &Albums::Stub::Find, {}, twice));
    CHECK(report.reason == stop_reason::server_forbids);
    CHECK(report.value().status.error_code() == StatusCode::UNAVAILABLE);
    CHECK(s.calls().size() == 1);
  }
}

TEST_CASE("unary: a long pushback ends the call, and a code that is permanent is not retried for a pushback") {
  auto code = StatusCode::UNAVAILABLE;
  service s([&](int) {
    auto a = failure(code);
    a.trailers = {{"grpc-retry-pushback-ms", "3600000"}};
    return a;
  });
  auto const stub = Albums::NewStub(s.channel());
  auto const find = tenax::grpc::unary(*stub, &Albums::Stub::Find, {}, twice);
  auto const report = policy().try_call(find);
  CHECK(report.reason == stop_reason::server_wait_too_long);
  CHECK(report.server_wait == tenax::optional_duration(1h));
  code = StatusCode::INVALID_ARGUMENT;
  CHECK(policy().try_call(find).reason == stop_reason::not_retryable);
}

TEST_CASE("unary: each code is retried as its class says") {
  for (int code = 2; code <= 16; ++code) {
    CAPTURE(code);
    service s([&](int n) { return n == 1 ? failure(static_cast<StatusCode>(code)) : album_answer{.messages = {"x"}}; });
    auto const stub = Albums::NewStub(s.channel());
    tenax::testing::virtual_time clock;
    auto const p = policy().environment(std::ref(clock));
    auto const report = p.try_call(tenax::grpc::unary(stub, &Albums::Stub::Find, {}, twice));
    bool const passes = code == 4 || code == 8 || code == 14;
    CHECK(report.reason == (passes ? stop_reason::succeeded : stop_reason::not_retryable));
    CHECK(report.attempts == (passes ? 2 : 1));
  }
}

TEST_CASE("unary: a call that is not idempotent is repeated only if it was never sent") {
  service s([&](int) { return failure(StatusCode::UNAVAILABLE, "failed to connect to all addresses"); });
  auto const stub = Albums::NewStub(s.channel());
  tenax::testing::virtual_time clock;
  auto const p = policy().environment(std::ref(clock));
  tenax::grpc::call_options const sole{.own_retries_disabled = true};
  auto const report = p.try_call(tenax::grpc::unary(stub, &Albums::Stub::Find, {}, sole));
  CHECK(report.attempts == 1);  // a server can send any text
  CHECK(report.reason == stop_reason::not_retryable);

  auto const dead = dead_target();
  grpc::ChannelArguments arguments;
  tenax::grpc::disable_own_retries(arguments);
  auto const to = [&](std::string const& target) {
    return Albums::NewStub(grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments));
  };
  auto const nowhere = to("127.0.0.1" + dead);
  auto const unsent = p.try_call(tenax::grpc::unary(nowhere, &Albums::Stub::Find, {}, sole));
  CHECK(unsent.attempts == 4);
  CHECK(unsent.value().unsent);
  // Without the promise, gRPC may have sent the call before.
  CHECK(p.try_call(tenax::grpc::unary(nowhere, &Albums::Stub::Find, {})).attempts == 1);
  // An address as the target looks like the peer of a connection.
  auto const literal = to("ipv4:127.0.0.1" + dead);
  CHECK(p.try_call(tenax::grpc::unary(literal, &Albums::Stub::Find, {}, sole)).attempts == 1);
}

TEST_CASE("unary: gRPC's own retries hide that a call was sent") {
  auto s = std::make_unique<service>([](int) { return failure(StatusCode::UNAVAILABLE); });
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetServiceConfigJSON(
      R"({"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 5, "initialBackoff": "0.05s",
          "maxBackoff": "0.05s", "backoffMultiplier": 1, "retryableStatusCodes": ["UNAVAILABLE"]}}]})");
  auto const stub = Albums::NewStub(grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(s->port()),
                                                              grpc::InsecureChannelCredentials(), arguments));
  std::thread stops([&] {
    while (s->calls().empty()) std::this_thread::sleep_for(1ms);
    std::this_thread::sleep_for(10ms);
    s.reset();
  });
  auto const report = policy().try_call(tenax::grpc::unary(stub, &Albums::Stub::Find, {}));
  stops.join();
  CHECK(report.value().status.error_code() == StatusCode::UNAVAILABLE);
  CHECK(report.attempts == 1);
}

TEST_CASE("unary: a message that is too large is not taken for a rate limit") {
  service s([](int) { return album_answer{.messages = {"0123456789"}}; });
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(4);
  auto const stub = Albums::NewStub(grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(s.port()),
                                                              grpc::InsecureChannelCredentials(), arguments));
  auto const report = policy().try_call(tenax::grpc::unary(stub, &Albums::Stub::Find, {}, twice));
  CHECK(report.value().status.error_code() == StatusCode::RESOURCE_EXHAUSTED);
  CHECK(report.reason == stop_reason::not_retryable);
  CHECK(report.attempts == 1);
  CHECK_FALSE(report.value().unsent);
}

TEST_CASE("unary: the deadline of an attempt is the time that is left") {
  service s([](int) { return album_answer{.messages = {"x"}, .delay = 2000ms}; });
  auto const channel = s.channel();
  REQUIRE(channel->WaitForConnected(std::chrono::system_clock::now() + 1min));  // the limits are for the calls
  auto const stub = Albums::NewStub(channel);
  auto const begun = std::chrono::steady_clock::now();
  auto const report = tenax::retrying{}
                          .attempt_timeout(100ms)
                          .wait(tenax::wait::constant(1ms))
                          .stop(stop::after_attempts(2) || stop::deadline(10s))
                          .try_call(tenax::grpc::unary(stub, &Albums::Stub::Find, {}, twice));
  CHECK(report.value().status.error_code() == StatusCode::DEADLINE_EXCEEDED);
  CHECK(report.attempts == 2);
  CHECK(std::chrono::steady_clock::now() - begun < 1s);
  REQUIRE_FALSE(s.calls().empty());
  CHECK(s.calls().at(0).deadline < std::chrono::system_clock::now() + 1s);  // the server knows it
  // An earlier deadline of the caller holds, a later one does not.
  for (auto const own : {20ms, 10000ms}) {
    auto const one = tenax::retrying{}.stop(stop::after_attempts(1) || stop::deadline(60ms));
    auto const start = std::chrono::steady_clock::now();
    CHECK_FALSE(
        one(tenax::grpc::unary(
                stub, &Albums::Stub::Find, {},
                {.prepare = [own](grpc::ClientContext& c) { c.set_deadline(std::chrono::system_clock::now() + own); }}))
            .ok());
    CHECK(std::chrono::steady_clock::now() - start < 1s);
  }
}

namespace {

struct polled_token {
  std::atomic<bool> const* flag;
  [[nodiscard]] bool stop_requested() const { return *flag; }
};

template <class Policy, class Cancel>
void check_cancelled(Policy const& p, Cancel cancel) {
  service s([](int) { return album_answer{.messages = {"x"}, .delay = 5000ms}; });
  auto const stub = Albums::NewStub(s.channel());
  auto const begun = std::chrono::steady_clock::now();
  std::thread canceller([&] {
    while (s.calls().empty()) std::this_thread::sleep_for(1ms);
    cancel();
  });
  auto const report = p.try_call(tenax::grpc::unary(stub, &Albums::Stub::Find, {}, twice));
  canceller.join();
  CHECK(report.reason == stop_reason::cancelled);
  CHECK(report.value().status.error_code() == StatusCode::CANCELLED);
  CHECK(report.attempts == 1);
  CHECK(std::chrono::steady_clock::now() - begun < 2s);
}

}  // namespace

TEST_CASE("unary: a stop token cancels the attempt on the server") {
  std::stop_source source;
  check_cancelled(policy().cancel_with(source.get_token()), [&] { source.request_stop(); });
}

TEST_CASE("unary: a token without callbacks cancels the attempt") {
  std::atomic<bool> flag{false};
  check_cancelled(policy().cancel_with(polled_token{&flag}), [&] { flag = true; });
}

TEST_CASE("unary: the token of a call around the call cancels the attempt") {
  service s([](int) { return album_answer{.messages = {"x"}, .delay = 5000ms}; });
  auto const stub = Albums::NewStub(s.channel());
  std::stop_source source;
  std::jthread const canceller([&] {
    while (s.calls().empty()) std::this_thread::sleep_for(1ms);
    source.request_stop();
  });
  auto const outer = policy().cancel_with(source.get_token());
  auto const inner = policy();
  auto const report = outer.try_call([&] { return inner(tenax::grpc::unary(stub, &Albums::Stub::Find, {}, twice)); });
  CHECK(report.reason == stop_reason::cancelled);
}

TEST_CASE("unary: a channel with gRPC's own retries hides the number of the attempt") {
  service s([](int n) { return n == 1 ? failure(StatusCode::UNAVAILABLE) : album_answer{.messages = {"x"}}; });
  auto const stub = Albums::NewStub(s.channel(1));
  tenax::testing::virtual_time clock;
  CHECK(policy().environment(std::ref(clock))(tenax::grpc::unary(stub, &Albums::Stub::Find, {}, twice)).ok());
  CHECK(s.calls().at(1).previous_attempts.empty());
}

TEST_CASE("reply: a plain status is a result") {
  int calls = 0;
  tenax::testing::virtual_time clock;
  auto const report = policy().environment(std::ref(clock)).try_call([&] {
    ++calls;
    return calls == 1 ? grpc::Status(StatusCode::UNAVAILABLE, "", wire::details(2s)) : grpc::Status::OK;
  });
  CHECK(report.succeeded());
  CHECK(clock.sleeps() == sleeps{2s});
  auto const cancelled = policy().try_call([] { return grpc::Status(StatusCode::CANCELLED, ""); });
  CHECK(cancelled.reason == stop_reason::cancelled);
}

TEST_CASE("reply: a log line says the code, the text, and why the call is not repeated") {
  service s([](int) { return failure(StatusCode::UNAVAILABLE, "draining"); });
  auto const stub = Albums::NewStub(s.channel());
  std::string text;
  auto const p = policy().on_give_up(tenax::log_to([&](std::string_view line) { text = line; }));
  CHECK_FALSE(p(tenax::grpc::unary(stub, &Albums::Stub::Find, {})).ok());
  CHECK_THAT(text, Catch::Contains("UNAVAILABLE: draining (not repeated: the call is not marked as idempotent)"));
}

TEST_CASE("reply: which failures slow gates down, and which waits are ignored") {
  using traits = tenax::result_traits<grpc::Status>;
  auto const hint = [](StatusCode code, std::string const& text, std::string const& details = {}) {
    return traits::read_hint(grpc::Status(code, text, details));
  };
  CHECK(hint(StatusCode::RESOURCE_EXHAUSTED, "quota").throttled);
  CHECK_FALSE(hint(StatusCode::RESOURCE_EXHAUSTED, "grpc: received message larger than max (9 vs. 4)").throttled);
  CHECK_FALSE(hint(StatusCode::UNAVAILABLE, "down").throttled);
  CHECK(hint(StatusCode::UNAVAILABLE, "busy", wire::details(1s)).throttled);
  CHECK(hint(StatusCode::UNAVAILABLE, "busy", "\xff").ignored == "google.rpc.RetryInfo");
  CHECK_FALSE(hint(StatusCode::UNAVAILABLE, "busy", "\xff").wait);
  CHECK(hint(StatusCode::OK, "") == tenax::hint{});
  // A delay does not make a permanent code worth a retry.
  CHECK_FALSE(traits::transient(grpc::Status(StatusCode::ABORTED, "", wire::details(1s))));
}
