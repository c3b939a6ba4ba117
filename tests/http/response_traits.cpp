// SPDX-License-Identifier: MIT
// response_traits.cpp: response types that need no specialization, and defaults for traits with few functions.
#include <tenax/http/response_traits.hpp>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <tenax/http/standard_retry.hpp>
#include <tenax/http/when.hpp>
#include <tenax/testing/virtual_time.hpp>
#include <tenax/wait/constant.hpp>

#include "../catch.hpp"
#include "response.hpp"

namespace http = tenax::http;
using http::transport_error;
using tests::bare_reply;
using tests::reply;

namespace {

/// cpr's error codes before they took the names of libcurl's.
enum class old_code {
  OK = 0,
  CONNECTION_FAILURE,
  EMPTY_RESPONSE,
  HOST_RESOLUTION_FAILURE,
  INTERNAL_ERROR,
  INVALID_URL_FORMAT,
  NETWORK_RECEIVE_ERROR,
  NETWORK_SEND_FAILURE,
  OPERATION_TIMEDOUT,
  PROXY_RESOLUTION_FAILURE,
  SSL_CONNECT_ERROR,
  SSL_CACERT_ERROR,
  REQUEST_CANCELLED,
  UNKNOWN_ERROR = 1000
};

enum class new_code {
  OK = 0,
  INVALID_URL_FORMAT,
  COULDNT_RESOLVE_PROXY,
  COULDNT_RESOLVE_HOST,
  COULDNT_CONNECT,
  PARTIAL_FILE,
  OPERATION_TIMEDOUT,
  SSL_CONNECT_ERROR,
  ABORTED_BY_CALLBACK,
  TOO_MANY_REDIRECTS,
  GOT_NOTHING,
  SEND_ERROR,
  RECV_ERROR,
  HTTP2,
  HTTP2_STREAM,
  PEER_FAILED_VERIFICATION,
  UNKNOWN_ERROR = 1000
};

template <class Code>
struct cpr_error {
  Code code = Code::OK;
  std::string message{};
};

template <class Code>
struct cpr_response {
  long status_code = 200;
  std::string text = "body";
  std::map<std::string, std::string> header{};
  cpr_error<Code> error{};
};

struct without_error {
  long status_code = 200;
  std::string text{};
  std::map<std::string, std::string> header{};
};

struct without_headers {
  long status_code = 200;
  std::string text{};
};

template <class Code>
struct with_redirects {
  long status_code = 200;
  std::string text{};
  std::map<std::string, std::string> header{};
  cpr_error<Code> error{};
  long redirect_count = 0;
};

/// Its traits report "interrupted" even if a response arrived.
struct always_interrupted {
  int status = 200;
  std::vector<tenax::http::header> headers{};
};

/// A response to a request whose body is gone.
struct spent_reply {
  int status = 503;
  std::vector<tenax::http::header> headers{};
};

template <class Code>
transport_error error_of(Code code) {
  return http::error_of(cpr_response<Code>{.status_code = 0, .error = {.code = code}});
}

}  // namespace

template <>
struct tenax::http::response_traits<always_interrupted> {
  static int status(always_interrupted const& r) { return r.status; }
  static auto const& headers(always_interrupted const& r) { return r.headers; }
  static transport_error error(always_interrupted const&) { return transport_error::interrupted; }
};
template <>
struct tenax::http::response_traits<spent_reply> {
  static int status(spent_reply const& r) { return r.status; }
  static auto const& headers(spent_reply const& r) { return r.headers; }
  static bool may_be_sent_again(spent_reply const&) { return false; }
};

static_assert(http::response<cpr_response<old_code>> && http::response<cpr_response<new_code> const&>);
static_assert(http::response<without_error> && http::response<bare_reply> && http::response<reply&>);
static_assert(!http::response<without_headers> && !http::response<int> && !http::response<void>);
static_assert(!http::detail::knows_method<bare_reply> && !http::detail::knows_body<bare_reply>);
static_assert(tenax::result_traits<reply>::can_fail && tenax::result_traits<without_error>::can_fail);

TEST_CASE("A type shaped like cpr::Response is a response") {
  cpr_response<new_code> const r{.status_code = 429, .text = "slow down", .header = {{"Retry-After", " 3 "}}};
  CHECK(http::status_of(r) == 429);
  CHECK(http::error_of(r) == transport_error::none);
  CHECK(http::header_of(r, "retry-after") == "3");
  CHECK(http::response_traits<cpr_response<new_code>>::body(r) == "slow down");
  CHECK(http::failed(r));
  CHECK(http::is_transient(r));
}

TEST_CASE("The old names of cpr's errors are classified") {
  CHECK(error_of(old_code::OK) == transport_error::none);
  CHECK(error_of(old_code::CONNECTION_FAILURE) == transport_error::unsent);
  CHECK(error_of(old_code::HOST_RESOLUTION_FAILURE) == transport_error::unsent);
  CHECK(error_of(old_code::PROXY_RESOLUTION_FAILURE) == transport_error::unsent);
  CHECK(error_of(old_code::SSL_CONNECT_ERROR) == transport_error::unsent);
  CHECK(error_of(old_code::OPERATION_TIMEDOUT) == transport_error::timed_out);
  CHECK(error_of(old_code::NETWORK_RECEIVE_ERROR) == transport_error::interrupted);
  CHECK(error_of(old_code::NETWORK_SEND_FAILURE) == transport_error::interrupted);
  CHECK(error_of(old_code::EMPTY_RESPONSE) == transport_error::interrupted);
  CHECK(error_of(old_code::REQUEST_CANCELLED) == transport_error::cancelled);
  CHECK(error_of(old_code::INVALID_URL_FORMAT) == transport_error::permanent);
  CHECK(error_of(old_code::SSL_CACERT_ERROR) == transport_error::permanent);
  CHECK(error_of(old_code::INTERNAL_ERROR) == transport_error::permanent);
  CHECK(error_of(old_code::UNKNOWN_ERROR) == transport_error::permanent);
}

TEST_CASE("The new names of cpr's errors are classified") {
  CHECK(error_of(new_code::OK) == transport_error::none);
  CHECK(error_of(new_code::COULDNT_CONNECT) == transport_error::unsent);
  CHECK(error_of(new_code::COULDNT_RESOLVE_HOST) == transport_error::unsent);
  CHECK(error_of(new_code::COULDNT_RESOLVE_PROXY) == transport_error::unsent);
  CHECK(error_of(new_code::SSL_CONNECT_ERROR) == transport_error::unsent);
  CHECK(error_of(new_code::OPERATION_TIMEDOUT) == transport_error::timed_out);
  CHECK(error_of(new_code::RECV_ERROR) == transport_error::interrupted);
  CHECK(error_of(new_code::SEND_ERROR) == transport_error::interrupted);
  CHECK(error_of(new_code::GOT_NOTHING) == transport_error::interrupted);
  CHECK(error_of(new_code::PARTIAL_FILE) == transport_error::interrupted);
  CHECK(error_of(new_code::HTTP2) == transport_error::interrupted);
  CHECK(error_of(new_code::HTTP2_STREAM) == transport_error::interrupted);
  CHECK(error_of(new_code::ABORTED_BY_CALLBACK) == transport_error::cancelled);
  CHECK(error_of(new_code::INVALID_URL_FORMAT) == transport_error::permanent);
  CHECK(error_of(new_code::TOO_MANY_REDIRECTS) == transport_error::permanent);
  CHECK(error_of(new_code::PEER_FAILED_VERIFICATION) == transport_error::permanent);
  CHECK(error_of(new_code::UNKNOWN_ERROR) == transport_error::permanent);
}

TEST_CASE("A status of a response with an incomplete body is ignored") {
  cpr_response<new_code> const r{.status_code = 200, .error = {.code = new_code::PARTIAL_FILE}};
  CHECK(http::status_of(r) == 0);
  CHECK(http::failed(r));
  cpr_response<new_code> const refused{.status_code = 429, .error = {.code = new_code::PARTIAL_FILE}};
  CHECK(http::status_of(refused) == 429);
  CHECK(http::error_of(refused) == transport_error::none);
  CHECK(tenax::result_traits<cpr_response<new_code>>::read_hint(refused).throttled);
  cpr_response<new_code> const ended{.status_code = 429, .error = {.code = new_code::ABORTED_BY_CALLBACK}};
  CHECK(http::error_of(ended) == transport_error::cancelled);
}

TEST_CASE("A status has precedence over an error that the traits report") {
  CHECK(http::error_of(always_interrupted{.status = 200}) == transport_error::none);
  CHECK_FALSE(http::failed(always_interrupted{.status = 200}));
  CHECK(http::error_of(always_interrupted{.status = 404}) == transport_error::none);
  CHECK_FALSE(http::is_transient(always_interrupted{.status = 404}));
  CHECK(http::error_of(always_interrupted{.status = 0}) == transport_error::interrupted);
  tenax::testing::virtual_time clock;
  int requests = 0;
  auto const r = http::standard_retry("GET").environment(std::ref(clock))([&] {
    ++requests;
    return always_interrupted{.status = 200};
  });
  CHECK(r.status == 200);
  CHECK(requests == 1);
}

TEST_CASE("An interim status (1xx) is not a success") {
  for (auto const status : {100, 102, 103, 199}) {
    CHECK(http::failed(reply{.status = status}));
    CHECK(http::failed(bare_reply{.status = status}));
  }
  CHECK_FALSE(http::failed(reply{.status = 101}));
}

TEST_CASE("A status that is no status is not a success") {
  for (auto const status : {-1, -200, 1, 99, 600, 999}) {
    CHECK(http::failed(bare_reply{.status = status}));
  }
  // Clients have -1 where no response has arrived.
  CHECK(http::status_of(bare_reply{.status = -1}) == 0);
  CHECK(http::error_of(bare_reply{.status = -1}) == transport_error::interrupted);
  CHECK(http::is_transient(bare_reply{.status = -1}));
  int requests = 0;
  auto const get = [&requests] { return bare_reply{.status = ++requests < 3 ? -1 : 200}; };
  auto const policy = http::standard_retry("GET").wait(tenax::wait::none);
  CHECK(policy.try_call(get).succeeded());
  CHECK(requests == 3);
}

TEST_CASE("cpr follows redirects: a missing connection proves something only with its count of redirects") {
  using counted = with_redirects<new_code>;
  CHECK(http::was_never_processed(counted{.status_code = 0, .error = {.code = new_code::COULDNT_CONNECT}}));
  CHECK_FALSE(http::was_never_processed(
      counted{.status_code = 0, .error = {.code = new_code::COULDNT_CONNECT}, .redirect_count = 1}));
  CHECK_FALSE(http::was_never_processed(counted{.status_code = 425, .redirect_count = 1}));
  CHECK(http::was_never_processed(counted{.status_code = 425}));
  CHECK_FALSE(http::was_never_processed(
      cpr_response<new_code>{.status_code = 0, .error = {.code = new_code::COULDNT_CONNECT}}));
}

TEST_CASE("A request that cannot be made again is not repeated by any policy") {
  tenax::testing::virtual_time clock;
  auto const attempts = [&](auto const& policy, int status) {
    return policy.wait(tenax::wait::none).environment(std::ref(clock)).try_call([=] {
      return spent_reply{.status = status};
    });
  };
  auto const told = [](auto const&) { return tenax::hint{.verdict = tenax::verdict::retry}; };
  CHECK(attempts(tenax::retrying{}, 503).attempts == 1);
  CHECK(attempts(tenax::retrying{}, 503).reason == tenax::stop_reason::not_retryable);
  CHECK(attempts(http::standard_retry("GET"), 503).attempts == 1);
  CHECK(attempts(tenax::retrying{}.when(tenax::when::status(503)), 503).attempts == 1);
  CHECK(attempts(tenax::retrying{}.read_hints_with(told), 503).attempts == 1);
  CHECK(attempts(tenax::retrying{}.when(tenax::when::status(200)), 200).attempts == 1);
  CHECK(attempts(tenax::retrying{}.when(tenax::when::status(200)), 200).reason == tenax::stop_reason::not_retryable);
  CHECK(attempts(tenax::retrying{}.when(tenax::when::status(503)), 200).reason == tenax::stop_reason::succeeded);
}

TEST_CASE("If the traits do not report why there is no response, the request counts as interrupted") {
  CHECK(http::error_of(without_error{.status_code = 0}) == transport_error::interrupted);
  CHECK(http::error_of(without_error{.status_code = 500}) == transport_error::none);
  CHECK(http::error_of(bare_reply{.status = 0}) == transport_error::interrupted);
  CHECK(http::error_of(bare_reply{.status = 404}) == transport_error::none);
  CHECK(http::is_transient(bare_reply{.status = 0}));
}

TEST_CASE("failed() holds if there is no response, or if its status is 400 or more") {
  CHECK_FALSE(http::failed(reply{.status = 200}));
  CHECK_FALSE(http::failed(reply{.status = 399}));
  CHECK(http::failed(reply{.status = 400}));
  CHECK(http::failed(reply{.status = 599}));
  CHECK(http::failed(reply{.status = 0}));
  CHECK(http::failed(bare_reply{.status = 0}));
  for (auto const error : {transport_error::unsent, transport_error::interrupted, transport_error::timed_out,
                           transport_error::permanent, transport_error::cancelled}) {
    CHECK(http::failed(reply{.error = error}));
  }
}

TEST_CASE("A failure is transient if its status or its transport error is") {
  CHECK(http::is_transient(reply{.status = 503}));
  CHECK_FALSE(http::is_transient(reply{.status = 404}));
  CHECK_FALSE(http::is_transient(reply{.status = 200}));
  CHECK(http::is_transient(reply{.error = transport_error::unsent}));
  CHECK(http::is_transient(reply{.error = transport_error::interrupted}));
  CHECK(http::is_transient(reply{.error = transport_error::timed_out}));
  CHECK_FALSE(http::is_transient(reply{.error = transport_error::permanent}));
  CHECK_FALSE(http::is_transient(reply{.error = transport_error::cancelled}));
}

TEST_CASE("header_of returns the first value, trimmed, and ignores the case of the name") {
  bare_reply const r{.headers = {{"A", "1"}, {"LOCATION", " \t/x "}, {"location", "/y"}, {"Empty", ""}}};
  CHECK(http::header_of(r, "Location") == "/x");
  CHECK(http::header_of(r, "empty").empty());
  CHECK(http::header_of(r, "Locatio").empty());
}

TEST_CASE("delay_of and quota_of read a response's headers and status") {
  using namespace std::chrono_literals;
  auto const now = std::chrono::system_clock::time_point(1735689600s);
  reply const r{.status = 429, .headers = {{"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "1735689720"}}};
  CHECK(http::delay_of(r, now).delay == 120s);
  CHECK(http::delay_of(r, now).by_local_clock);
  CHECK_FALSE(http::delay_of(r, now, http::profile::strict).delay);
  reply ok = r;
  ok.status = 200;
  CHECK_FALSE(http::delay_of(ok, now).delay);
  CHECK(http::quota_of(r, now) == http::quota(r.headers, now));
}
