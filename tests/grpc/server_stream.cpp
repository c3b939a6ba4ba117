// SPDX-License-Identifier: MIT
// server_stream.cpp: server streams, which are retried until their first message.
#include <tenax/grpc/server_stream.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

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

namespace {

constexpr auto policy = [] { return tenax::retrying{}.wait(tenax::wait::constant(1ms)).stop(stop::after_attempts(4)); };
tenax::grpc::call_options const twice{.idempotent = true};

template <class Stream>
std::string all_of(Stream& stream) {
  std::string text;
  while (auto const m = stream.read()) text += m->title;
  return text;
}

}  // namespace

TEST_CASE("server_stream: failures before the first message are retried, and later ones are not") {
  service s([](int n) {
    if (n == 1) return failure(StatusCode::UNAVAILABLE, "", wire::details(300ms));
    if (n == 2) return failure(StatusCode::UNAVAILABLE);
    auto a = failure(StatusCode::UNAVAILABLE, "broken");
    a.messages = {"a", "b", "c"};
    return a;
  });
  auto const stub = Albums::NewStub(s.channel());
  tenax::testing::virtual_time clock;
  auto stream = policy().environment(std::ref(clock))(tenax::grpc::server_stream(stub, &Albums::Stub::List, {}, twice));
  REQUIRE(stream.ok());
  CHECK(all_of(stream) == "abc");
  CHECK(stream.finish().error_code() == StatusCode::UNAVAILABLE);
  CHECK(stream.status.error_message() == "broken");
  CHECK_FALSE(stream.read());
  CHECK(s.calls().size() == 3);
  CHECK(s.calls()[2].previous_attempts == "2");
  CHECK(clock.sleeps() == std::vector<tenax::duration>{300ms, 1ms});
}

TEST_CASE("server_stream: a stream without a message is a success") {
  service s([](int) { return album_answer{.trailers = {{"total", "0"}}}; });
  auto const stub = Albums::NewStub(s.channel());
  auto const report = policy().try_call(
      tenax::grpc::server_stream<album>([&](grpc::ClientContext& context) { return stub->List(&context, {"none"}); }));
  CHECK(report.succeeded());
  CHECK(report.value().trailer("total") == "0");
}

TEST_CASE("server_stream: a stream that is not idempotent is not opened twice") {
  service s([](int) { return failure(StatusCode::UNAVAILABLE); });
  auto const stub = Albums::NewStub(s.channel());
  CHECK(policy().try_call(tenax::grpc::server_stream(stub, &Albums::Stub::List, {})).attempts == 1);
}

TEST_CASE("server_stream: time limits hold until the first message only") {
  service s([](int n) {
    return n == 1 ? album_answer{.messages = {"late"}, .delay = 5000ms}
                  : album_answer{.messages = {"a", "b"}, .delay_of_status = 400ms};
  });
  auto const channel = s.channel();
  REQUIRE(channel->WaitForConnected(std::chrono::system_clock::now() + 1min));  // the limits are for the calls
  auto const stub = Albums::NewStub(channel);
  auto stream = policy().attempt_timeout(200ms)(tenax::grpc::server_stream(stub, &Albums::Stub::List, {}, twice));
  REQUIRE(stream.ok());
  CHECK(all_of(stream) == "ab");  // the end comes long after the limit
  CHECK(stream.finish().ok());
  CHECK(s.calls().size() == 2);

  service slow([](int) { return album_answer{.messages = {"late"}, .delay = 5000ms}; });
  auto const late = Albums::NewStub(slow.channel());
  auto const report = tenax::retrying{}
                          .attempt_timeout(20ms)
                          .stop(stop::after_attempts(1))
                          .try_call(tenax::grpc::server_stream(late, &Albums::Stub::List, {}, twice));
  CHECK(report.value().status.error_code() == StatusCode::DEADLINE_EXCEEDED);
}

TEST_CASE("server_stream: a stop token cancels the opening, and the destructor cancels an open stream") {
  service s([](int n) {
    return n == 1 ? album_answer{.messages = {"late"}, .delay = 5000ms}
                  : album_answer{.messages = {"a"}, .delay_of_status = 5000ms};
  });
  auto const stub = Albums::NewStub(s.channel());
  auto const begun = std::chrono::steady_clock::now();
  std::stop_source source;
  std::jthread const canceller([&] {
    while (s.calls().empty()) std::this_thread::sleep_for(1ms);
    source.request_stop();
  });
  auto const open = tenax::grpc::server_stream(stub, &Albums::Stub::List, {}, twice);
  auto const report = policy().cancel_with(source.get_token()).try_call(open);
  CHECK(report.reason == stop_reason::cancelled);
  {
    auto stream = policy()(open);
    CHECK(stream.read()->title == "a");
  }
  {
    auto stream = policy()(open);
    auto other = policy()(open);
    stream = std::move(other);  // the first one is closed
    CHECK(stream.read()->title == "a");
    stream.cancel();
    CHECK_FALSE(stream.read());
    CHECK(stream.finish().error_code() == StatusCode::CANCELLED);
  }
  CHECK(std::chrono::steady_clock::now() - begun < 3s);
}
