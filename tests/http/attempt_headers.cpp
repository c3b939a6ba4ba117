// SPDX-License-Identifier: MIT
// attempt_headers.cpp: the headers that tell a server which attempt of a call this is.
#include <tenax/http/attempt_headers.hpp>

#include <string>

#include "catch.hpp"

using namespace std::chrono_literals;
namespace http = tenax::http;

namespace {

std::string text(http::attempt_header const& h) {
  if (!h) return "nothing";
  CHECK(h.c_str() == std::string(h.value()));
  return h.name() + std::string(": ") + std::string(h.value());
}

constexpr auto most = 0xffff'ffffU;

}  // namespace

TEST_CASE("gRPC's header has the number of attempts before this one, and is left out for the first") {
  CHECK(text(http::grpc_previous_rpc_attempts({.number = 1})) == "nothing");
  CHECK(text(http::grpc_previous_rpc_attempts({.number = 2})) == "grpc-previous-rpc-attempts: 1");
  CHECK(text(http::grpc_previous_rpc_attempts({.number = most})) == "grpc-previous-rpc-attempts: 4294967294");
}

TEST_CASE("The resend count is OpenTelemetry's, and travels as W3C baggage") {
  CHECK(http::resend_count({.number = 1}) == 0);
  CHECK(http::resend_count({.number = 0}) == 0);
  CHECK(http::resend_count({.number = 3}) == 2);
  CHECK(text(http::resend_baggage({.number = 1})) == "nothing");
  CHECK(text(http::resend_baggage({.number = 3})) == "baggage: http.request.resend_count=2");
}

TEST_CASE("The header of the AWS SDKs has the attempt, the most attempts and the end of the deadline") {
  constexpr std::chrono::system_clock::time_point now{1'768'037'400s};  // 2026-01-10T09:30:00Z
  CHECK(text(http::amz_sdk_request({.number = 1})) == "amz-sdk-request: attempt=1");
  CHECK(text(http::amz_sdk_request({.number = 2}, {.max = 3})) == "amz-sdk-request: attempt=2; max=3");
  CHECK(text(http::amz_sdk_request({.number = 2, .time_left = 65s}, {.max = 3, .now = now})) ==
        "amz-sdk-request: ttl=20260110T093105Z; attempt=2; max=3");
  CHECK(text(http::amz_sdk_request({.number = 2}, {.max = 3, .now = now})) == "amz-sdk-request: attempt=2; max=3");
  CHECK(text(http::amz_sdk_request({.number = 2, .time_left = 65s}, {.max = 3})) ==
        "amz-sdk-request: attempt=2; max=3");
  CHECK(text(http::amz_sdk_request({.number = most, .time_left = (tenax::duration::max)() - 1ns},
                                   {.max = most, .now = now})) ==
        "amz-sdk-request: ttl=23180422T091716Z; attempt=4294967295; max=4294967295");
  CHECK(text(http::amz_sdk_request({.time_left = 1s}, {.now = std::chrono::system_clock::time_point(-2s)})) ==
        "amz-sdk-request: attempt=1");
}

TEST_CASE("Headers are constant expressions") {
  STATIC_REQUIRE(http::grpc_previous_rpc_attempts({.number = 4}).value() == "3");
}
