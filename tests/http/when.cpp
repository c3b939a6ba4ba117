// SPDX-License-Identifier: MIT
// when.cpp: retry predicates for responses.
#include <tenax/http/when.hpp>

#include <array>
#include <stdexcept>
#include <string>

#include <tenax/when/exception.hpp>

#include "../support.hpp"
#include "response.hpp"

using tenax::http::transport_error;
using tests::reply;

namespace {

/// A response for constant expressions.
struct fixed_reply {
  int status = 200;
  std::array<tenax::http::header, 1> headers{};
};

enum class code : unsigned { too_many_requests = 429 };

template <class P>
bool wants(P const& predicate, reply r) {
  return tests::holds(predicate, tenax::outcome<reply>(std::move(r)));
}

template <class P>
bool wants_after_exception(P const& predicate) {
  return tests::holds(predicate, tests::thrown<reply>(std::runtime_error("lost")));
}

template <class P>
constexpr bool wants_fixed(P const& predicate, fixed_reply r) {
  return tests::holds(predicate, tenax::outcome<fixed_reply>(r));
}

}  // namespace

template <>
struct tenax::http::response_traits<fixed_reply> {
  static constexpr int status(fixed_reply const& r) { return r.status; }
  static constexpr auto const& headers(fixed_reply const& r) { return r.headers; }
};

static_assert(wants_fixed(tenax::when::status(429, 503), {503}));
static_assert(!wants_fixed(tenax::when::status(429, 503), {500}));
static_assert(wants_fixed(tenax::when::transient, {500}));
static_assert(!wants_fixed(tenax::when::transient, {501}));
static_assert(wants_fixed(tenax::when::transient, {409, {{{"x-should-retry", "true"}}}}));
static_assert(wants_fixed(tenax::when::transport_error, {0}));
static_assert(wants_fixed(tenax::when::throttled, {403, {{{"Retry-After", "3"}}}}));
static_assert(wants_fixed(tenax::when::transient && !tenax::when::throttled, {502}));
static_assert(wants_fixed(tenax::when::status(code::too_many_requests), {429}), "enumerators are statuses, too");

TEST_CASE("when::status retries the given statuses and no others") {
  auto const predicate = tenax::when::status(418, 503);
  CHECK(wants(predicate, {.status = 418}));
  CHECK(wants(predicate, {.status = 503}));
  CHECK_FALSE(wants(predicate, {.status = 200}));
  CHECK_FALSE(wants(predicate, {.status = 502}));
  CHECK_FALSE(wants(predicate, {.error = transport_error::interrupted}));
  CHECK(wants(tenax::when::status(200), {.status = 200}));
}

TEST_CASE("when::status does not retry an incomplete response, which has no status") {
  CHECK_FALSE(wants(tenax::when::status(200), {.status = 200, .error = transport_error::interrupted}));
  CHECK_FALSE(wants(tenax::when::throttled, {.status = 429, .error = transport_error::interrupted}));
}

TEST_CASE("when::status refuses numbers that are not statuses") {
  tests::check_rejected("when::status: code", "99", [] { return tenax::when::status(99); });
  tests::check_rejected("when::status: code", "1000", [] { return tenax::when::status(503, 1000); });
  tests::check_rejected("when::status: code", "-1", [] { return tenax::when::status(-1); });
  tests::check_rejected("when::status: code", "0", [] { return tenax::when::status(0); });
  CHECK(tenax::when::status(100, 999).codes == std::array{100, 999});
}

TEST_CASE("when::transient retries transient statuses and transient transport errors") {
  for (int status = 100; status < 600; ++status) {
    INFO(status);
    bool const listed = status == 408 || status == 425 || status == 429 || status == 500 || status == 502 ||
                        status == 503 || status == 504;
    CHECK(wants(tenax::when::transient, {.status = status}) == listed);
  }
  CHECK(wants(tenax::when::transient, {.error = transport_error::unsent}));
  CHECK(wants(tenax::when::transient, {.error = transport_error::interrupted}));
  CHECK(wants(tenax::when::transient, {.error = transport_error::timed_out}));
  CHECK_FALSE(wants(tenax::when::transient, {.error = transport_error::permanent}));
  CHECK_FALSE(wants(tenax::when::transient, {.error = transport_error::cancelled}));
}

TEST_CASE("when::transport_error retries transient transport errors and no responses") {
  CHECK(wants(tenax::when::transport_error, {.error = transport_error::unsent}));
  CHECK(wants(tenax::when::transport_error, {.error = transport_error::interrupted}));
  CHECK(wants(tenax::when::transport_error, {.error = transport_error::timed_out}));
  CHECK_FALSE(wants(tenax::when::transport_error, {.error = transport_error::permanent}));
  CHECK_FALSE(wants(tenax::when::transport_error, {.error = transport_error::cancelled}));
  CHECK_FALSE(wants(tenax::when::transport_error, {.status = 503}));
  CHECK_FALSE(wants(tenax::when::transport_error, {.status = 200}));
}

TEST_CASE("when::throttled retries 429, and 403 and 503 that name a delay") {
  CHECK(wants(tenax::when::throttled, {.status = 429}));
  CHECK_FALSE(wants(tenax::when::throttled, {.status = 503}));
  CHECK_FALSE(wants(tenax::when::throttled, {.status = 403}));
  CHECK(wants(tenax::when::throttled, {.status = 503, .headers = {{"Retry-After", "0"}}}));
  CHECK(wants(tenax::when::throttled, {.status = 403, .headers = {{"Retry-After", "7"}}}));
  CHECK(wants(tenax::when::throttled,
              {.status = 403, .headers = {{"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "1735689720"}}}));
  CHECK_FALSE(wants(tenax::when::throttled,
                    {.status = 403, .headers = {{"X-RateLimit-Remaining", "9"}, {"X-RateLimit-Reset", "1735689720"}}}));
  CHECK_FALSE(wants(tenax::when::throttled, {.status = 500, .headers = {{"Retry-After", "7"}}}));
  CHECK_FALSE(wants(tenax::when::throttled, {.status = 200, .headers = {{"Retry-After", "7"}}}));
}

TEST_CASE("A failed response whose headers ask for a retry is retried, whatever its status is") {
  reply const conflict{.status = 409, .headers = {{"X-Should-Retry", "true"}}};
  CHECK(wants(tenax::when::transient, conflict));
  CHECK(wants(tenax::when::status(503), conflict));
  CHECK_FALSE(wants(tenax::when::throttled, conflict));
  CHECK_FALSE(wants(tenax::when::transport_error, conflict));
  CHECK(wants(tenax::when::transient, {.status = 402, .headers = {{"Stripe-Should-Retry", "true"}}}));
  CHECK_FALSE(wants(tenax::when::transient, {.status = 409, .headers = {{"x-should-retry", "false"}}}));
  CHECK_FALSE(wants(tenax::when::transient, {.status = 409, .headers = {{"x-should-retry", "maybe"}}}));
  CHECK_FALSE(wants(tenax::when::transient, {.status = 409}));
}

TEST_CASE("A successful response is not retried because of x-should-retry") {
  CHECK_FALSE(wants(tenax::when::transient, {.status = 200, .headers = {{"x-should-retry", "true"}}}));
  CHECK_FALSE(wants(tenax::when::status(503), {.status = 200, .headers = {{"x-should-retry", "true"}}}));
}

TEST_CASE("A gRPC pushback is obeyed although its status is 200") {
  CHECK(wants(tenax::when::transient, {.status = 200, .headers = {{"grpc-retry-pushback-ms", "50"}}}));
  CHECK(wants(tenax::when::status(503), {.status = 200, .headers = {{"grpc-retry-pushback-ms", "0"}}}));
  CHECK_FALSE(wants(tenax::when::transient, {.status = 200, .headers = {{"grpc-retry-pushback-ms", "-1"}}}));
}

TEST_CASE("Predicates for responses do not retry exceptions") {
  CHECK_FALSE(wants_after_exception(tenax::when::status(503)));
  CHECK_FALSE(wants_after_exception(tenax::when::transient));
  CHECK_FALSE(wants_after_exception(tenax::when::transport_error));
  CHECK_FALSE(wants_after_exception(tenax::when::throttled));
  CHECK(wants_after_exception(tenax::when::transient || tenax::when::exception<std::runtime_error>));
}

TEST_CASE("Predicates for responses do not read the time") {
  static_assert(!decltype(tenax::when::status(503))::uses_time &&
                !decltype(tenax::when::transient || tenax::when::throttled)::uses_time);
  static_assert(!decltype(tenax::when::transport_error)::uses_time);
  SUCCEED();
}

TEST_CASE("Predicates for responses describe themselves") {
  CHECK(tests::described(tenax::when::status(503)) == "status 503");
  CHECK(tests::described(tenax::when::status(429, 503, 100)) == "one of the statuses 429 503 100");
  CHECK(tests::described(tenax::when::transient) ==
        "transient failures (statuses 408 425 429 500 502 503 504, transport errors)");
  CHECK(tests::described(tenax::when::transport_error) == "transport errors");
  CHECK(tests::described(tenax::when::throttled) == "responses that say we are too fast");
  CHECK(tests::described(tenax::when::status(404) || tenax::when::throttled) ==
        "status 404 or responses that say we are too fast");
}
