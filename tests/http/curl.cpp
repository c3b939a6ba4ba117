// SPDX-License-Identifier: MIT
// curl.cpp: transfers of libcurl's easy handles, with a server that misbehaves like real ones.
#include <tenax/http/curl.hpp>

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

#include <tenax/cancel.hpp>
#include <tenax/http/standard_retry.hpp>
#include <tenax/stop/after_attempts.hpp>
#include <tenax/testing/virtual_time.hpp>
#include <tenax/wait/constant.hpp>

#include "../catch.hpp"
#include "server.hpp"

using namespace std::chrono_literals;
namespace http = tenax::http;
using http::transport_error;
using tenax::stop_reason;
using lines = std::vector<std::pair<std::string, std::string>>;

namespace {

class handle {
 public:
  explicit handle(std::string const& url) : easy_(curl_easy_init()) {
    set(CURLOPT_URL, url.c_str());
    set(CURLOPT_NOPROXY, "*");
  }
  handle(handle const&) = delete;
  handle& operator=(handle const&) = delete;
  ~handle() {
    curl_easy_cleanup(easy_);
    curl_slist_free_all(list_);
  }

  template <class T>
  void set(CURLoption option, T value) {
    REQUIRE(curl_easy_setopt(easy_, option, value) == CURLE_OK);
  }
  void header(char const* line) {
    list_ = curl_slist_append(list_, line);
    set(CURLOPT_HTTPHEADER, list_);
  }
  void post(char const* body) { set(CURLOPT_POSTFIELDS, body); }

  CURL* get() { return easy_; }

 private:
  CURL* easy_;
  curl_slist* list_ = nullptr;
};

std::size_t append(char* data, std::size_t size, std::size_t count, void* target) {
  static_cast<std::string*>(target)->append(data, size * count);
  return size * count;
}

/// Performs the transfers in a multi handle, and removes them.
void perform_all(CURLM* multi, std::function<void(CURL*, CURLcode)> const& done) {
  for (int running = 1; running != 0;) {
    REQUIRE(curl_multi_perform(multi, &running) == CURLM_OK);
    int more = 0;
    while (auto const* const message = curl_multi_info_read(multi, &more)) {
      auto* const easy = message->easy_handle;
      auto const code = message->data.result;
      REQUIRE(curl_multi_remove_handle(multi, easy) == CURLM_OK);
      done(easy, code);
    }
    if (running != 0) curl_multi_poll(multi, nullptr, 0, 1000, nullptr);
  }
}

int stop_transfer(void*, curl_off_t, curl_off_t, curl_off_t, curl_off_t) { return 1; }

std::string response(int status, std::string const& headers) {
  return "HTTP/1.1 " + std::to_string(status) + " Something\r\n" + headers + "Content-Length: 0\r\n\r\n";
}

}  // namespace

TEST_CASE("A transfer of libcurl reports status, headers with duplicates, body and method") {
  tests::server server([](auto const&) {
    return tests::respond(429, "slow down", "Retry-After: 7\r\nX-Thing:a\r\nx-thing: \t b:c \t\r\nX-None:\r\n");
  });
  handle easy(server.url("/x"));
  auto const r = http::perform(easy.get());
  CHECK(r.code == CURLE_OK);
  CHECK(http::status_of(r) == 429);
  CHECK(http::error_of(r) == transport_error::none);
  CHECK(r.body == "slow down");
  CHECK(r.method == "GET");
  CHECK(r.headers ==
        lines{{"Retry-After", "7"}, {"X-Thing", "a"}, {"x-thing", "b:c"}, {"X-None", ""}, {"Content-Length", "9"}});
  CHECK(http::header_of(r, "retry-after") == "7");
  CHECK(http::response_traits<http::curl_response>::body(r) == "slow down");
  CHECK(http::is_transient(r));
}

TEST_CASE("If a transfer has several responses, the headers of the last one count") {
  tests::server server([](tests::received const& r) -> tests::answer {
    if (r.target == "/from") return tests::respond(302, "moved", "Location: /to\r\nX-Stale: yes\r\n");
    return tests::respond(200, "there", "X-Fresh: yes\r\n");
  });
  SECTION("after a redirection") {
    handle easy(server.url("/from"));
    easy.set(CURLOPT_FOLLOWLOCATION, 1L);
    auto const r = http::perform(easy.get());
    CHECK(r.status == 200);
    CHECK(r.body == "there");
    CHECK(r.headers == lines{{"X-Fresh", "yes"}, {"Content-Length", "5"}});
  }
  SECTION("after 100 Continue") {
    handle easy(server.url("/to"));
    easy.post("body");
    easy.header("Expect: 100-continue");
    auto const r = http::perform(easy.get());
    CHECK(r.status == 200);
    CHECK(r.method == "POST");
    CHECK(r.headers == lines{{"X-Fresh", "yes"}, {"Content-Length", "5"}});
  }
  SECTION("not followed") {
    auto const r = http::perform(handle(server.url("/from")).get());
    CHECK(r.status == 302);
    CHECK(http::header_of(r, "Location") == "/to");
    CHECK_FALSE(http::failed(r));
  }
}

TEST_CASE("The method is that of the first request, because another attempt repeats it") {
  tests::server server([](tests::received const& r) -> tests::answer {
    if (r.target == "/from") return {response(303, "Location: /to\r\n")};
    return tests::respond(503);
  });
  handle easy(server.url("/from"));
  easy.post("order");
  easy.set(CURLOPT_FOLLOWLOCATION, 1L);
  tenax::testing::virtual_time clock;
  auto const report =
      http::standard_retry().environment(std::ref(clock)).try_call([&] { return http::perform(easy.get()); });
  CHECK(report.value().status == 503);
  CHECK(report.value().method == "POST");
  CHECK(report.attempts == 1);
  CHECK(server.requests().at(1).method == "GET");
}

TEST_CASE("Every method is reported, with and without an answer") {
  tests::server server([](auto const&) { return tests::respond(200); });
  auto const port = tests::closed_port();
  for (auto const& url : {server.url(), "http://127.0.0.1:" + std::to_string(port)}) {
    handle easy(url);
    CHECK(http::perform(easy.get()).method == "GET");
    easy.set(CURLOPT_NOBODY, 1L);
    CHECK(http::perform(easy.get()).method == "HEAD");
    easy.set(CURLOPT_NOBODY, 0L);
    easy.post("x");
    CHECK(http::perform(easy.get()).method == "POST");
    easy.set(CURLOPT_CUSTOMREQUEST, "PATCH");
    CHECK(http::perform(easy.get()).method == "PATCH");
  }
}

TEST_CASE("If libcurl cannot connect, nothing was sent") {
  handle easy("http://127.0.0.1:" + std::to_string(tests::closed_port()));
  auto const r = http::perform(easy.get());
  CHECK(r.code == CURLE_COULDNT_CONNECT);
  CHECK(http::error_of(r) == transport_error::unsent);
  CHECK(http::status_of(r) == 0);
  CHECK(http::failed(r));
}

TEST_CASE("If libcurl times out while connecting, nothing was sent") {
  // A connection to a socket whose queue is full waits for a place in it.
  tests::bound_socket full;
  REQUIRE(::listen(full.get(), 0) == 0);
  ::sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(full.port()));
  int const queued = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(::connect(queued, reinterpret_cast<::sockaddr const*>(&address), sizeof address) == 0);

  handle easy("http://127.0.0.1:" + std::to_string(full.port()));
  easy.set(CURLOPT_TIMEOUT_MS, 20L);
  easy.post("order");
  auto const r = http::perform(easy.get());
  CHECK(r.code == CURLE_OPERATION_TIMEDOUT);
  CHECK(http::error_of(r) == transport_error::unsent);
  ::close(queued);
}

TEST_CASE("If a server does not answer libcurl in time, it may have acted, even on a reused connection") {
  tests::server server(
      [](tests::received const& r) { return r.target == "/slow" ? tests::hang() : tests::respond(200); });
  handle easy(server.url("/fast"));
  SECTION("on a new connection") {}
  SECTION("on a reused connection") { CHECK(http::perform(easy.get()).status == 200); }
  easy.set(CURLOPT_URL, server.url("/slow").c_str());
  easy.set(CURLOPT_TIMEOUT_MS, 30L);
  auto const r = http::perform(easy.get());
  CHECK(r.code == CURLE_OPERATION_TIMEDOUT);
  CHECK(http::error_of(r) == transport_error::timed_out);
  CHECK(server.connections() == 1);
}

TEST_CASE("A libcurl success with an incomplete body counts as interrupted, and a failure keeps its status") {
  tests::server server([](tests::received const& r) {
    if (r.target == "/429") return tests::break_off(429, "half", "Retry-After: 9\r\n");
    if (r.target == "/head")
      return tests::answer{"HTTP/1.1 429 Wait\r\nRetry-After: 9\r\n", tests::answer::then::close};
    return r.target == "/200" ? tests::break_off(200, "half") : tests::answer{"", tests::answer::then::close};
  });
  auto const half = http::perform(handle(server.url("/200")).get());
  CHECK(half.code == CURLE_PARTIAL_FILE);
  CHECK(half.body == "half");
  CHECK(http::error_of(half) == transport_error::interrupted);
  CHECK(http::status_of(half) == 0);

  auto const refused = http::perform(handle(server.url("/429")).get());
  CHECK(refused.code == CURLE_PARTIAL_FILE);
  CHECK(http::error_of(refused) == transport_error::none);
  CHECK(http::status_of(refused) == 429);
  auto const advice = tenax::result_traits<http::curl_response>::read_hint(refused);
  CHECK(advice.wait == tenax::optional_duration(9s));
  CHECK(advice.throttled);

  // Incomplete headers prove nothing.
  CHECK(http::error_of(http::perform(handle(server.url("/head")).get())) == transport_error::interrupted);

  auto const nothing = http::perform(handle(server.url("/nothing")).get());
  CHECK(nothing.code == CURLE_GOT_NOTHING);
  CHECK(http::error_of(nothing) == transport_error::interrupted);
}

TEST_CASE("A transfer of libcurl that the caller ends is cancelled") {
  tests::server server([](auto const&) { return tests::respond(200, "body"); });
  handle easy(server.url());
  easy.set(CURLOPT_NOPROGRESS, 0L);
  easy.set(CURLOPT_XFERINFOFUNCTION, &stop_transfer);
  auto const r = http::perform(easy.get());
  CHECK(r.code == CURLE_ABORTED_BY_CALLBACK);
  CHECK(http::error_of(r) == transport_error::cancelled);
}

TEST_CASE("A URL that libcurl cannot parse is a permanent error") {
  CHECK(http::error_of(http::perform(handle("http://[bad").get())) == transport_error::permanent);
  CHECK(http::error_of(http::perform(handle("nonsense://host").get())) == transport_error::permanent);
}

TEST_CASE("A handle with CURLOPT_FAILONERROR still has a response") {
  tests::server server([](auto const&) { return tests::respond(503, "busy", "Retry-After: 4\r\n"); });
  handle easy(server.url());
  easy.set(CURLOPT_FAILONERROR, 1L);
  auto const r = http::perform(easy.get());
  CHECK(r.code == CURLE_HTTP_RETURNED_ERROR);
  CHECK(http::error_of(r) == transport_error::none);
  CHECK(http::status_of(r) == 503);
  CHECK(http::header_of(r, "Retry-After") == "4");
  CHECK(http::is_transient(r));
}

TEST_CASE("A handle can be reused, with and without tenax") {
  tests::server server([](tests::received const& r) { return tests::respond(200, r.target); });
  handle easy(server.url("/1"));
  CHECK(http::perform(easy.get()).body == "/1");
  easy.set(CURLOPT_URL, server.url("/2").c_str());
  auto const second = http::perform(easy.get());
  CHECK(second.body == "/2");
  CHECK(second.headers.size() == 1);

  std::string body;
  std::string header;
  easy.set(CURLOPT_WRITEFUNCTION, &append);
  easy.set(CURLOPT_WRITEDATA, &body);
  easy.set(CURLOPT_URL, server.url("/3").c_str());
  CHECK(curl_easy_perform(easy.get()) == CURLE_OK);
  CHECK(body == "/3");
  CHECK(http::perform(easy.get()).body == "/3");
  CHECK(body == "/3");
  CHECK(server.connections() == 1);
}

TEST_CASE("After a transfer, a handle writes to the standard output again, like a new one") {
  tests::server server([](auto const&) { return tests::respond(200); });
  handle easy(server.url());
  easy.set(CURLOPT_HEADERFUNCTION, &append);
  static_cast<void>(http::perform(easy.get()));
  CHECK(curl_easy_perform(easy.get()) == CURLE_OK);  // a body would appear on the standard output
  CHECK(server.connections() == 1);
  tests::server talkative([](auto const&) { return tests::respond(200, "(a body on the standard output)\n"); });
  easy.set(CURLOPT_URL, talkative.url().c_str());
  static_cast<void>(http::perform(easy.get()));
  CHECK(curl_easy_perform(easy.get()) == CURLE_OK);
}

TEST_CASE("A deadline ends a transfer of libcurl, whatever the server does") {
  tests::server server([](tests::received const& r) -> tests::answer {
    if (r.target == "/silent") return tests::hang();
    return {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", tests::answer::then::hang};
  });
  for (auto const* target : {"/silent", "/half"}) {
    handle easy(server.url(target));
    auto const begin = std::chrono::steady_clock::now();
    auto const report =
        http::standard_retry().stop(tenax::stop::deadline(50ms)).try_call([&] { return http::perform(easy.get()); });
    auto const took = std::chrono::steady_clock::now() - begin;
    CHECK(took >= 50ms);
    CHECK(took < 1s);
    CHECK(report.value().code == CURLE_OPERATION_TIMEDOUT);
    CHECK(http::error_of(report.value()) == transport_error::timed_out);
    CHECK(report.attempts == 1);
  }
}

TEST_CASE("An attempt's time limit applies to transfers of libcurl, with both ways to pass it") {
  tests::server server([](auto const&) { return tests::hang(); });
  handle easy(server.url());
  auto const policy = http::standard_retry().wait(tenax::wait::none).attempt_timeout(20ms);
  auto const begin = std::chrono::steady_clock::now();
  auto const implied = policy.try_call([&] { return http::perform(easy.get()); });
  CHECK(implied.attempts == 3);
  auto const passed = policy.try_call([&](tenax::attempt_info const& info) { return http::perform(easy.get(), info); });
  CHECK(passed.attempts == 3);
  auto const took = std::chrono::steady_clock::now() - begin;
  CHECK(took >= 120ms);
  CHECK(took < 2s);
}

TEST_CASE("A handle's own timeout applies in addition to the limits of an attempt, and stays") {
  tests::server server([](auto const&) { return tests::hang(); });
  handle easy(server.url());
  easy.set(CURLOPT_TIMEOUT_MS, 20L);
  auto const policy = http::standard_retry().stop(tenax::stop::after_attempts(1) || tenax::stop::deadline(10s));
  for (int i = 0; i < 2; ++i) {
    auto const begin = std::chrono::steady_clock::now();
    CHECK(policy([&] { return http::perform(easy.get()); }).code == CURLE_OPERATION_TIMEDOUT);
    CHECK(std::chrono::steady_clock::now() - begin < 1s);
  }
  CHECK(http::perform(easy.get()).code == CURLE_OPERATION_TIMEDOUT);
}

TEST_CASE("A token ends a transfer of libcurl: while the server is silent, within a body, and while connecting") {
  tests::server server([](tests::received const& r) -> tests::answer {
    if (r.target == "/silent") return tests::hang();
    return {"HTTP/1.1 503 Wait\r\nContent-Length: 100\r\n\r\nhalf", tests::answer::then::hang};
  });
  tests::bound_socket full;  // a listener whose queue is full does not answer
  REQUIRE(::listen(full.get(), 0) == 0);
  handle filler("http://127.0.0.1:" + std::to_string(full.port()));
  filler.set(CURLOPT_TIMEOUT_MS, 1L);
  int const queued = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ::sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(full.port()));
  REQUIRE(::connect(queued, reinterpret_cast<::sockaddr const*>(&address), sizeof address) == 0);

  for (auto const& url :
       {server.url("/silent"), server.url("/half"), "http://127.0.0.1:" + std::to_string(full.port())}) {
    handle easy(url);
    std::stop_source source;
    std::atomic<bool> begun = false;
    std::chrono::steady_clock::time_point triggered;
    std::jthread const trigger([&] {
      while (!begun) std::this_thread::sleep_for(1ms);
      std::this_thread::sleep_for(20ms);  // so that it is where it gets stuck
      triggered = std::chrono::steady_clock::now();
      source.request_stop();
    });
    auto const report = http::standard_retry().cancel_with(source.get_token()).try_call([&] {
      begun = true;
      return http::perform(easy.get());
    });
    CHECK(std::chrono::steady_clock::now() - triggered < 500ms);
    CHECK(report.reason == stop_reason::cancelled);
    CHECK(report.attempts == 1);
    CHECK(report.value().code == CURLE_ABORTED_BY_CALLBACK);
  }
  ::close(queued);
}

TEST_CASE("Transfers with limits keep their connection, between attempts, between calls, and between handles") {
  int calls = 0;
  tests::server server([&](auto const&) { return ++calls % 2 == 1 ? tests::respond(503) : tests::respond(200, "ok"); });
  auto const policy = http::standard_retry().wait(tenax::wait::none);
  for (int i = 0; i < 2; ++i) {
    handle easy(server.url());
    CHECK(policy([&] { return http::perform(easy.get()); }).body == "ok");
    CHECK(policy([&] { return http::perform(easy.get()); }).body == "ok");
  }
  CHECK(server.connections() == 1);
  http::close_connections();
  handle easy(server.url());
  CHECK(policy([&] { return http::perform(easy.get()); }).body == "ok");
  CHECK(server.connections() == 2);
}

TEST_CASE("A transfer with limits may perform another transfer, and keeps the progress function") {
  tests::server inner([](auto const&) { return tests::respond(200, "inner"); });
  tests::server outer([](auto const&) { return tests::respond(200, "outer"); });
  handle easy(outer.url());
  int progress = 0;
  easy.set(CURLOPT_NOPROGRESS, 0L);
  easy.set(CURLOPT_XFERINFODATA, &progress);
  easy.set(
      CURLOPT_XFERINFOFUNCTION, +[](void* n, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
        ++*static_cast<int*>(n);
        return 0;
      });
  auto const policy = http::standard_retry();
  std::string nested;
  http::curl_options options{.sink = [&](std::string_view) {
    handle other(inner.url());
    nested = policy([&] { return http::perform(other.get()); }).body;
  }};
  CHECK(policy([&] { return http::perform(easy.get(), options); }).status == 200);
  CHECK(nested == "inner");
  CHECK(progress > 0);
}

TEST_CASE("A log message contains libcurl's error text") {
  std::string text;
  auto const line = [&](http::curl_response const& r) {
    struct out {
      std::string& to;
      void text(std::string_view t) { to += t; }
    } o{text};
    text.clear();
    tenax::result_traits<http::curl_response>::describe(r, o);
    return text;
  };
  CHECK(line({.code = CURLE_COULDNT_RESOLVE_HOST}) ==
        "no connection (" + std::string(curl_easy_strerror(CURLE_COULDNT_RESOLVE_HOST)) + ")");
  CHECK(line({.code = CURLE_COULDNT_CONNECT}) != line({.code = CURLE_COULDNT_RESOLVE_HOST}));
  CHECK(line({.status = 503}) == "status 503 (Service Unavailable)");
}

TEST_CASE("Another attempt on the same handle sends the same request on the same connection") {
  int calls = 0;
  tests::server server([&](auto const&) {
    return ++calls < 3 ? tests::respond(503, "busy", "Retry-After: 5\r\n") : tests::respond(200, "ok");
  });
  handle easy(server.url("/orders"));
  easy.post("order");
  easy.header("Idempotency-Key: \"1\"");
  tenax::testing::virtual_time clock;
  auto const policy = http::standard_retry().environment(std::ref(clock));
  auto const r = policy([&] { return http::perform(easy.get(), true); });
  CHECK(r.status == 200);
  CHECK(r.body == "ok");
  CHECK(r.has_idempotency_key);
  CHECK(clock.slept() >= 10s);
  CHECK(server.connections() == 1);
  for (auto const& request : server.requests()) {
    CHECK(request.body == "order");
    CHECK(request.header("Idempotency-Key") == "\"1\"");
  }
}

TEST_CASE("Transfers of libcurl's multi interface report the same, and leave their handles as they were") {
  tests::server server([](auto const&) { return tests::respond(429, "slow down", "Retry-After: 7\r\n"); });
  tests::server breaking([](auto const&) { return tests::break_off(200, "half"); });
  std::unique_ptr<CURLM, decltype(&curl_multi_cleanup)> const multi(curl_multi_init(), &curl_multi_cleanup);
  handle refused(server.url());
  refused.set(CURLOPT_FORBID_REUSE,
              1L);  // the multi handle keeps connections, but the server serves only one at a time
  handle broken(breaking.url());
  broken.post("order");
  {
    http::curl_transfer first(refused.get());
    http::curl_transfer second(broken.get(), true);
    std::vector<http::curl_response> ended(2);
    curl_multi_add_handle(multi.get(), refused.get());
    curl_multi_add_handle(multi.get(), broken.get());
    perform_all(multi.get(), [&](CURL* easy, CURLcode code) {
      if (easy == refused.get()) ended[0] = first.finish(code);
      if (easy == broken.get()) ended[1] = second.finish(code);
    });
    CHECK(ended[0].status == 429);
    CHECK(ended[0].body == "slow down");
    CHECK(ended[0].method == "GET");
    CHECK(http::header_of(ended[0], "retry-after") == "7");
    CHECK_FALSE(ended[0].has_idempotency_key);
    CHECK(http::error_of(ended[1]) == transport_error::interrupted);
    CHECK(ended[1].body == "half");
    CHECK(ended[1].method == "POST");
    CHECK(ended[1].has_idempotency_key);
  }
  SECTION("for the next attempt") {
    http::curl_transfer again(refused.get());
    http::curl_response r;
    curl_multi_add_handle(multi.get(), refused.get());
    perform_all(multi.get(), [&](CURL*, CURLcode code) { r = again.finish(code); });
    CHECK(r.body == "slow down");
    CHECK(r.headers.size() == 2);
  }
  SECTION("for others") {
    std::string body;
    refused.set(CURLOPT_WRITEFUNCTION, &append);
    refused.set(CURLOPT_WRITEDATA, &body);
    CHECK(curl_easy_perform(refused.get()) == CURLE_OK);
    CHECK(body == "slow down");
  }
}

TEST_CASE("A POST is retried if the caller says that it carries a key") {
  tests::server server([](auto const&) { return tests::respond(503); });
  handle easy(server.url());
  easy.post("order");
  tenax::testing::virtual_time clock;
  auto const policy = http::standard_retry().environment(std::ref(clock));
  CHECK(policy.try_call([&] { return http::perform(easy.get()); }).attempts == 1);
  CHECK(policy.try_call([&] { return http::perform(easy.get(), true); }).attempts == 3);
  easy.set(CURLOPT_CUSTOMREQUEST, "PUT");
  CHECK(policy.try_call([&] { return http::perform(easy.get()); }).attempts == 3);
}

TEST_CASE("The codes of libcurl are classified") {
  static_assert(http::classify(CURLE_OK) == transport_error::none);
  CHECK(http::classify(CURLE_HTTP_RETURNED_ERROR) == transport_error::none);
  for (auto const code :
       {CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_SSL_CONNECT_ERROR}) {
    CHECK(http::classify(code) == transport_error::unsent);
  }
  CHECK(http::classify(CURLE_OPERATION_TIMEDOUT) == transport_error::timed_out);
  for (auto const code : {CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE, CURLE_HTTP2,
                          CURLE_HTTP2_STREAM, CURLE_AGAIN}) {
    CHECK(http::classify(code) == transport_error::interrupted);
  }
  CHECK(http::classify(CURLE_ABORTED_BY_CALLBACK) == transport_error::cancelled);
  for (auto const code : {CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT, CURLE_PEER_FAILED_VERIFICATION,
                          CURLE_TOO_MANY_REDIRECTS, CURLE_LOGIN_DENIED, CURLE_OUT_OF_MEMORY, CURLE_WRITE_ERROR,
                          CURLE_SSL_CACERT_BADFILE, CURLE_BAD_CONTENT_ENCODING, CURLE_UNKNOWN_OPTION}) {
    CHECK(http::classify(code) == transport_error::permanent);
  }
#if LIBCURL_VERSION_NUM >= 0x074500
  CHECK(http::classify(CURLE_QUIC_CONNECT_ERROR) == transport_error::unsent);
  CHECK(http::classify(CURLE_HTTP3) == transport_error::interrupted);
#endif
}

TEST_CASE("A plain CURLcode is a result") {
  tenax::testing::virtual_time clock;
  auto const attempts = [&](CURLcode code) {
    return tenax::retrying{}.environment(std::ref(clock)).try_call([code] { return code; }).attempts;
  };
  CHECK(attempts(CURLE_OK) == 1);
  CHECK(attempts(CURLE_COULDNT_CONNECT) == 3);
  CHECK(attempts(CURLE_OPERATION_TIMEDOUT) == 3);
  CHECK(attempts(CURLE_URL_MALFORMAT) == 1);
  CHECK(attempts(CURLE_ABORTED_BY_CALLBACK) == 1);
}
