// SPDX-License-Identifier: MIT
// absl_status.cpp: absl::Status and absl::StatusOr as results.
#include <tenax/grpc/absl_status.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include <tenax/observe/log.hpp>
#include <tenax/retrying.hpp>
#include <tenax/testing/script.hpp>
#include <tenax/testing/virtual_time.hpp>
#include <tenax/wait/constant.hpp>

#include "../catch.hpp"
#include "retry_info_bytes.hpp"

using namespace std::chrono_literals;
using tenax::stop_reason;

namespace {

absl::Status asks_for(std::string const& payload) {
  auto status = absl::UnavailableError("busy");
  status.SetPayload("type.googleapis.com/google.rpc.RetryInfo", absl::Cord(payload));
  return status;
}

}  // namespace

TEST_CASE("absl_status: codes, and a delay in a payload") {
  tenax::testing::virtual_time clock;
  std::string text;
  auto const policy = tenax::retrying{}
                          .wait(tenax::wait::constant(1ms))
                          .before_sleep(tenax::log_to([&](std::string_view line) { text = line; }))
                          .environment(std::ref(clock));
  tenax::testing::script<absl::Status> call;
  call.returns(asks_for(wire::field(1, wire::delay(2, 0)))).returns(asks_for("\xff")).returns(absl::OkStatus());
  CHECK(policy(std::ref(call)).ok());
  CHECK(clock.sleeps() == std::vector<tenax::duration>{2s, 1ms});
  CHECK_THAT(text, Catch::Contains("UNAVAILABLE: busy"));

  tenax::testing::script<absl::StatusOr<int>> value;
  value.returns(absl::ResourceExhaustedError("slow")).returns(7);
  CHECK(*policy(std::ref(value)) == 7);

  for (auto const& [status, reason] : {std::pair{absl::NotFoundError(""), stop_reason::not_retryable},
                                       std::pair{absl::AbortedError(""), stop_reason::not_retryable},
                                       std::pair{absl::CancelledError(""), stop_reason::cancelled},
                                       std::pair{absl::DeadlineExceededError(""), stop_reason::attempts}}) {
    CHECK(policy.try_call([&, s = status] { return s; }).reason == reason);
    CHECK(policy.try_call([&, s = status] { return absl::StatusOr<int>(s); }).reason == reason);
  }
}
