// SPDX-License-Identifier: MIT
// idempotent.cpp: which requests may be sent twice.
#include <tenax/http/idempotent.hpp>
#include <tenax/http/standard_retry.hpp>

#include <stdexcept>
#include <string>

#include <tenax/any_retrying.hpp>
#include <tenax/http/when.hpp>
#include <tenax/observe/log.hpp>

#include "../support.hpp"
#include "response.hpp"

namespace http = tenax::http;
using http::transport_error;
using tests::bare_reply;
using tests::reply;

static_assert(http::is_idempotent_method("GET") && !http::is_idempotent_method("POST"));

namespace {

template <class P>
bool allows(P const& predicate, reply r) {
  return tests::holds(predicate, tenax::outcome<reply>(std::move(r)));
}

template <class P>
bool allows_bare(P const& predicate, int status) {
  return tests::holds(predicate, tenax::outcome<bare_reply>(bare_reply{.status = status}));
}

}  // namespace

TEST_CASE("The idempotent methods are those of RFC 9110, in upper case") {
  for (auto const* method : {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
    CHECK(http::is_idempotent_method(method));
  for (auto const* method : {"POST", "PATCH", "CONNECT", "", "get", "Get", "GETS", "GE", "PROPFIND"}) {
    CHECK_FALSE(http::is_idempotent_method(method));
  }
}

TEST_CASE("A request may be sent twice if its method says so or if it carries a key") {
  CHECK(allows(http::idempotent_only, {.status = 503}));
  CHECK(allows(http::idempotent_only, {.status = 503, .method = "DELETE"}));
  CHECK_FALSE(allows(http::idempotent_only, {.status = 503, .method = "POST"}));
  CHECK_FALSE(allows(http::idempotent_only, {.status = 503, .method = "get"}));
  CHECK_FALSE(allows(http::idempotent_only, {.status = 503, .method = ""}));
  CHECK(allows(http::idempotent_only, {.status = 503, .method = "POST", .has_key = true}));
  CHECK_FALSE(allows(http::idempotent_only, {.status = 503, .method = "POST", .error = transport_error::interrupted}));
}

TEST_CASE("A request that the server has not processed may be sent twice, whatever its method") {
  reply const unsent{.method = "POST", .error = transport_error::unsent};
  CHECK(http::was_never_processed(unsent));
  CHECK(http::was_never_processed(reply{.status = 408}));
  CHECK(http::was_never_processed(reply{.status = 425}));
  CHECK(allows(http::idempotent_only, unsent));
  CHECK(allows(http::idempotent_only, {.status = 408, .method = "POST"}));
  CHECK(allows(http::idempotent_only, {.status = 425, .method = "PATCH"}));
  CHECK(allows(http::idempotent_only("POST"), unsent));
  CHECK(allows(http::idempotent_only("POST"), {.status = 425, .method = "POST"}));
}

TEST_CASE("Other failures do not prove that the request was not processed") {
  for (auto const status : {200, 400, 429, 500, 502, 503, 504}) {
    CHECK_FALSE(http::was_never_processed(reply{.status = status}));
  }
  for (auto const error : {transport_error::interrupted, transport_error::timed_out, transport_error::permanent,
                           transport_error::cancelled}) {
    CHECK_FALSE(http::was_never_processed(reply{.error = error}));
    CHECK_FALSE(http::was_never_processed(reply{.status = 408, .error = error}));
    CHECK_FALSE(allows(http::idempotent_only, {.method = "POST", .error = error}));
  }
}

TEST_CASE("The method can be named for responses that do not report it") {
  CHECK(allows_bare(http::idempotent_only("GET"), 503));
  CHECK_FALSE(allows_bare(http::idempotent_only("POST"), 503));
  CHECK_FALSE(allows_bare(http::idempotent_only("FETCH"), 503));
  CHECK(allows_bare(http::idempotent_only("POST"), 408));
  CHECK(allows_bare(http::idempotent_only({.method = "POST", .idempotency_key = true}), 503));
  CHECK_FALSE(allows_bare(http::idempotent_only({.method = "POST"}), 503));
}

TEST_CASE("A named method has precedence over the one that the response reports") {
  CHECK(allows(http::idempotent_only("GET"), {.status = 503, .method = "POST"}));
  CHECK_FALSE(allows(http::idempotent_only("POST"), {.status = 503, .method = "GET"}));
}

TEST_CASE("After an exception, only a named method decides whether a request may be sent twice") {
  auto const lost = tests::thrown<reply>(std::runtime_error("lost"));
  CHECK_FALSE(tests::holds(http::idempotent_only, lost));
  CHECK(tests::holds(http::idempotent_only("PUT"), lost));
  CHECK_FALSE(tests::holds(http::idempotent_only("POST"), lost));
  // A callable that does not return a response can be guarded in the same way.
  CHECK(tests::holds(http::idempotent_only("PUT"), tests::thrown<int>(std::runtime_error("lost"))));
  CHECK_FALSE(tests::holds(http::idempotent_only("POST"), tests::thrown<void>(std::runtime_error("lost"))));
  CHECK_FALSE(tests::holds(http::idempotent_only("POST"), tenax::outcome<int>(408)));
}

TEST_CASE("A response that is to be repeated, and must not be, is no success") {
  auto const until_done = tenax::retrying{}.when(tenax::when::status(202) && http::idempotent_only);
  auto const report = until_done.try_call([] { return reply{.status = 202, .method = "POST"}; });
  CHECK(report.attempts == 1);
  CHECK(report.reason == tenax::stop_reason::not_retryable);
  CHECK(until_done.try_call([] { return reply{.status = 200, .method = "POST"}; }).succeeded());
  bool told = false;
  auto const watched = until_done.on_give_up([&told](auto const&) { told = true; });
  CHECK(watched([] { return reply{.status = 202, .method = "POST"}; }).status == 202);
  CHECK(told);
}

TEST_CASE("A report and a log say why a request is not sent again, if the policy wanted it to be") {
  std::string line;
  auto const logs = tenax::log_to([&line](std::string_view text) { line = text; });
  auto const ends = [&](auto const& predicate, reply const& r) {
    auto const report = tenax::retrying{}.when(predicate).on_give_up(logs).try_call([&] { return r; });
    CHECK(report.attempts == 1);
    CHECK(report.reason == tenax::stop_reason::not_retryable);
    return std::string(report.refusal);
  };
  auto const transient = tenax::when::transient && http::idempotent_only;
  CHECK(ends(transient, {.status = 503, .method = "POST"}) == "POST without an idempotency key");
  CHECK(line ==
        "tenax: gave up after attempt 1 (not_retryable: POST without an idempotency key), which failed: status 503 "
        "(Service Unavailable)");
  CHECK(ends(transient, {.status = 503, .method = "PATCH"}) == "PATCH without an idempotency key");
  CHECK(ends(http::idempotent_only && tenax::when::transient, {.status = 503, .method = "LOCK"}) ==
        "the method is not idempotent, and there is no idempotency key");
  CHECK(ends(tenax::when::transient && http::idempotent_only("POST"), {.status = 503}) ==
        "the method is not idempotent, and there is no idempotency key");
  CHECK(ends(tenax::when::status(409) || transient, {.status = 503, .method = "POST"}) ==
        "POST without an idempotency key");
  tenax::any_retrying_of<reply> const any = tenax::retrying{}.when(transient).on_give_up(logs);
  line.clear();
  CHECK(std::string(any.try_call([] { return reply{.status = 503, .method = "POST"}; }).refusal) ==
        "POST without an idempotency key");
  CHECK(line.find("(not_retryable: POST without") != line.npos);
  tenax::any_retrying_of<reply> const silent = tenax::retrying{}.when(transient);
  line.clear();
  static_cast<void>(silent.on_give_up(logs).try_call([] { return reply{.status = 503, .method = "POST"}; }));
  CHECK(line.find("(not_retryable: POST without") != line.npos);
  CHECK(ends(transient, {.status = 404, .method = "POST"}).empty());
  CHECK(line == "tenax: gave up after attempt 1 (not_retryable), which failed: status 404 (Not Found)");
  auto const lost = tenax::retrying{}
                        .when(tenax::when::exception<std::runtime_error> && http::idempotent_only)
                        .try_call([]() -> reply { throw std::runtime_error("lost"); });
  CHECK(std::string(lost.refusal) == "the server may have acted on the request");
}

TEST_CASE("The predicates describe themselves") {
  CHECK(tests::described(http::idempotent_only) == "the request may be sent twice");
  CHECK(tests::described(http::idempotent_only("GET")) == "the request may be sent twice");
  CHECK(tests::described(http::idempotent_only("POST")) == "the server has not acted on the request");
}

TEST_CASE("A method that is not in capitals is refused") {
  CHECK_THROWS_AS(http::standard_retry("get"), std::invalid_argument);
  CHECK_THROWS_AS(http::standard_retry(""), std::invalid_argument);
  CHECK_THROWS_AS(http::idempotent_only({.method = "Post", .idempotency_key = true}), std::invalid_argument);
  CHECK_NOTHROW(http::standard_retry("REPORT"));
}
