// SPDX-License-Identifier: MIT
// curl_transfer.cpp: which transfers of libcurl may be repeated, and where their data goes.
#include <tenax/http/curl_transfer.hpp>

#include <atomic>
#include <cstdio>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <tenax/http/curl.hpp>
#include <tenax/http/standard_retry.hpp>
#include <tenax/testing/virtual_time.hpp>
#include <tenax/wait/constant.hpp>
#include <tenax/when/result.hpp>

#include "../catch.hpp"
#include "server.hpp"

using namespace std::chrono_literals;
namespace http = tenax::http;
using http::transport_error;
using tenax::stop_reason;

namespace {

class handle {
 public:
  explicit handle(std::string const& url) : easy_(curl_easy_init()) {
    set(CURLOPT_URL, url.c_str());
    set(CURLOPT_NOPROXY, "*");
  }
  handle(handle const&) = delete;
  handle& operator=(handle const&) = delete;
  ~handle() { curl_easy_cleanup(easy_); }

  template <class T>
  void set(CURLoption option, T value) {
    REQUIRE(curl_easy_setopt(easy_, option, value) == CURLE_OK);
  }
  CURL* get() { return easy_; }

 private:
  CURL* easy_;
};

/// A request body that can be read only once.
struct one_shot {
  std::string text;
  std::size_t at = 0;
  int reads = 0;

  static std::size_t read(char* data, std::size_t size, std::size_t count, void* self) {
    auto& me = *static_cast<one_shot*>(self);
    ++me.reads;
    auto const n = me.text.copy(data, size * count, me.at);
    me.at += n;
    return n;
  }
};

/// The standard policy with virtual waits.
auto at_once(tenax::testing::virtual_time& clock) {
  return http::standard_retry().wait(tenax::wait::none).environment(std::ref(clock));
}

/// A server for one connection with another protocol than HTTP: sends a greeting, and answers lines.
class line_server {
 public:
  using script = std::function<std::string(std::string const& line)>;  ///< an empty answer ends the connection

  line_server(std::string greeting, script s) : greeting_(std::move(greeting)), script_(std::move(s)) {
    if (::listen(listening_.get(), 8) != 0 || ::pipe(wake_) != 0) throw std::runtime_error("cannot listen");
    thread_ = std::thread([this] { run(); });
  }
  line_server(line_server const&) = delete;
  line_server& operator=(line_server const&) = delete;
  ~line_server() {
    ::close(wake_[1]);
    thread_.join();
    ::close(wake_[0]);
  }
  [[nodiscard]] int port() const { return listening_.port(); }
  [[nodiscard]] int connections() const { return connections_; }

 private:
  [[nodiscard]] bool readable(int socket) const {
    ::pollfd both[] = {{socket, POLLIN, 0}, {wake_[0], POLLIN, 0}};
    return ::poll(both, 2, -1) > 0 && both[1].revents == 0;
  }
  void run() {
    while (readable(listening_.get())) {
      int const connection = ::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC);
      if (connection < 0) return;
      ++connections_;
      serve(connection);
      ::close(connection);
    }
  }
  void serve(int connection) {
    if (!greeting_.empty()) ::send(connection, greeting_.data(), greeting_.size(), MSG_NOSIGNAL);
    std::string buffer;
    for (;;) {
      auto const end = buffer.find('\n');
      if (end == buffer.npos) {
        char bytes[4096];
        auto const n = readable(connection) ? ::recv(connection, bytes, sizeof bytes, 0) : 0;
        if (n <= 0) return;
        buffer.append(bytes, static_cast<std::size_t>(n));
        continue;
      }
      auto const answer = script_(buffer.substr(0, end + 1));
      buffer.erase(0, end + 1);
      if (answer.empty()) return;
      if (answer != "-") ::send(connection, answer.data(), answer.size(), MSG_NOSIGNAL);
    }
  }

  tests::bound_socket listening_{};
  int wake_[2] = {-1, -1};
  std::string greeting_;
  script script_;
  std::atomic<int> connections_ = 0;
  std::thread thread_{};
};

}  // namespace

TEST_CASE("A POST that was redirected to a host that is down is not sent again") {
  auto const down = "http://127.0.0.1:" + std::to_string(tests::closed_port());
  tests::server answering([](auto const& r) { return tests::respond(r.target == "/408" ? 408 : 425); });
  for (auto const status : {301, 302, 303, 307, 308}) {
    for (auto const& to : {down + "/", answering.url("/408"), answering.url("/425")}) {
      tests::server server([&](auto const&) { return tests::respond(status, "", "Location: " + to + "\r\n"); });
      handle easy(server.url("/orders"));
      easy.set(CURLOPT_POSTFIELDS, "item=7");
      easy.set(CURLOPT_FOLLOWLOCATION, 1L);
      easy.set(CURLOPT_FORBID_REUSE, 1L);
      tenax::testing::virtual_time clock;
      auto const report = at_once(clock).try_call([&] { return http::perform(easy.get()); });
      CHECK(report.attempts == 1);
      CHECK(report.reason == stop_reason::not_retryable);
      CHECK(report.value().method == "POST");
      CHECK(report.value().several_requests);
      CHECK(server.requests().size() == 1);
    }
  }
}

TEST_CASE("A GET redirected to a host that is down is sent again, and so is a POST to a host that is down") {
  auto const down = "http://127.0.0.1:" + std::to_string(tests::closed_port()) + "/";
  tests::server server([&](auto const&) { return tests::respond(302, "", "Location: " + down + "\r\n"); });
  tenax::testing::virtual_time clock;
  handle get(server.url());
  get.set(CURLOPT_FOLLOWLOCATION, 1L);
  CHECK(at_once(clock).try_call([&] { return http::perform(get.get()); }).attempts == 3);
  handle post(down);
  post.set(CURLOPT_POSTFIELDS, "item=7");
  CHECK(at_once(clock).try_call([&] { return http::perform(post.get()); }).attempts == 3);
}

TEST_CASE("libcurl does not repeat a POST when a kept connection breaks after the request") {
  for (bool const key : {false, true}) {
    std::atomic<int> orders = 0;
    tests::server server([&](tests::received const& r) -> tests::answer {
      if (r.method == "GET") return tests::respond(200);
      return ++orders == 1 ? tests::answer{"", tests::answer::then::close} : tests::respond(200, "placed");
    });
    handle easy(server.url());
    REQUIRE(http::perform(easy.get()).status == 200);
    easy.set(CURLOPT_POSTFIELDS, "item=7");
    auto const r = http::perform(easy.get(), key);
    CHECK(orders == (key ? 2 : 1));
    CHECK(r.status == (key ? 200 : 0));
    CHECK(http::error_of(r) == (key ? transport_error::none : transport_error::interrupted));
    CHECK_FALSE(http::was_never_processed(r));
  }
}

TEST_CASE("A POST on a kept connection is not repeated when the server is gone after the request") {
  std::atomic<int> orders = 0;
  handle easy("http://127.0.0.1:1");
  {
    tests::server server([&](tests::received const& r) -> tests::answer {
      if (r.method == "GET") return tests::respond(200);
      ++orders;
      return {"", tests::answer::then::close};
    });
    easy.set(CURLOPT_URL, server.url().c_str());
    tenax::testing::virtual_time clock;
    REQUIRE(at_once(clock)([&] { return http::perform(easy.get()); }).status == 200);
    easy.set(CURLOPT_POSTFIELDS, "item=7");
    auto const report = at_once(clock).try_call([&] { return http::perform(easy.get()); });
    CHECK(report.attempts == 1);
    CHECK(orders == 1);
  }
  http::close_connections();
}

TEST_CASE("libcurl still repeats a GET on a kept connection that breaks") {
  std::atomic<int> calls = 0;
  tests::server server(
      [&](auto const&) { return ++calls == 2 ? tests::answer{"", tests::answer::then::close} : tests::respond(200); });
  handle easy(server.url());
  CHECK(http::perform(easy.get()).status == 200);
  CHECK(http::perform(easy.get()).status == 200);
  CHECK(calls == 3);
}

TEST_CASE("A handle's own CURLOPT_PREREQFUNCTION can be kept") {
  tests::server server([](auto const&) { return tests::respond(200); });
  handle easy(server.url());
  http::curl_options options;
  int calls = 0;
  options.prereq = [](void* n, char*, char*, int, int) { return ++*static_cast<int*>(n) > 1 ? 1 : 0; };
  options.prereq_data = &calls;
  CHECK(http::perform(easy.get(), options).status == 200);
  CHECK(http::error_of(http::perform(easy.get(), options)) == transport_error::cancelled);
  CHECK(calls == 2);
}

TEST_CASE("A body that can be read only once is not sent again, even after a success") {
  if (!http::detail::can_copy_any_handle) return;
  tests::server server([](auto const&) { return tests::respond(202, "busy"); });
  one_shot body{.text = "a whole file"};
  handle easy(server.url("/file"));
  easy.set(CURLOPT_UPLOAD, 1L);
  easy.set(CURLOPT_READFUNCTION, &one_shot::read);
  easy.set(CURLOPT_READDATA, &body);
  tenax::testing::virtual_time clock;
  auto const policy = at_once(clock);
  auto const put = [&] { return http::perform(easy.get()); };
  auto const busy = [](http::curl_response const& r) { return r.body == "busy"; };
  SECTION("a predicate for statuses") { CHECK(policy.when(tenax::when::status(202))(put).status == 202); }
  SECTION("a predicate for bodies") { CHECK(policy.when(tenax::when::result(busy))(put).status == 202); }
  CHECK(server.requests().size() == 1);
}

TEST_CASE("A request is repeated after a success if its body is in memory or can be rewound") {
  tests::server server([](auto const&) { return tests::respond(202, "busy"); });
  one_shot body{.text = "a whole file"};
  handle easy(server.url("/file"));
  easy.set(CURLOPT_CUSTOMREQUEST, "PUT");
  http::curl_options options;
  SECTION("fields") { easy.set(CURLOPT_POSTFIELDS, "a whole file"); }
  SECTION("a body that is rewound") {
    easy.set(CURLOPT_UPLOAD, 1L);
    easy.set(CURLOPT_INFILESIZE, 12L);
    easy.set(CURLOPT_READFUNCTION, &one_shot::read);
    easy.set(CURLOPT_READDATA, &body);
    options.rewind = [&] { return body.at = 0, true; };
  }
  tenax::testing::virtual_time clock;
  auto const policy = at_once(clock).when(tenax::when::status(202));
  CHECK(policy([&] { return http::perform(easy.get(), options); }).status == 202);
  REQUIRE(server.requests().size() == 3);
  CHECK(server.requests()[2].body == "a whole file");
}

TEST_CASE("Finding out where a body comes from sends no request to the server") {
  tests::server server([](auto const&) {
    auto a = tests::respond(503, "", "Connection: close\r\n");
    a.after = tests::answer::then::close;
    return a;
  });
  auto const port = std::to_string(server.port());
  handle easy("http://api.example.test/order");
  std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> const there(
      curl_slist_append(nullptr, ("::127.0.0.1:" + port).c_str()), curl_slist_free_all);
  easy.set(CURLOPT_CONNECT_TO, there.get());
  easy.set(CURLOPT_CUSTOMREQUEST, "PUT");
  easy.set(CURLOPT_POSTFIELDS, "one");
  tenax::testing::virtual_time clock;
  CHECK(at_once(clock).try_call([&] { return http::perform(easy.get()); }).attempts == 3);
  CHECK(server.requests().size() == 3);
  CHECK(server.connections() == 3);
}

TEST_CASE("A body that can be read only once is not sent again as an empty body") {
  std::atomic<int> calls = 0;
  tests::server server([&](auto const&) { return ++calls == 1 ? tests::respond(503) : tests::respond(200); });
  one_shot body{.text = "a whole file"};
  handle easy(server.url("/file"));
  easy.set(CURLOPT_READFUNCTION, &one_shot::read);
  easy.set(CURLOPT_READDATA, &body);
  bool key = false;
  SECTION("PUT with a length") {
    easy.set(CURLOPT_UPLOAD, 1L);
    easy.set(CURLOPT_INFILESIZE, 12L);
  }
  SECTION("PUT in chunks") { easy.set(CURLOPT_UPLOAD, 1L); }
  SECTION("POST with a length and a key") {
    easy.set(CURLOPT_POST, 1L);
    easy.set(CURLOPT_POSTFIELDSIZE, 12L);
    key = true;
  }
  SECTION("POST in chunks with a key") {
    easy.set(CURLOPT_POST, 1L);
    key = true;
  }
  tenax::testing::virtual_time clock;
  auto const report = at_once(clock).try_call([&] { return http::perform(easy.get(), key); });
  CHECK(report.attempts == 1);
  CHECK(report.reason == stop_reason::not_retryable);
  CHECK(report.value().status == 503);
  CHECK(server.requests().size() == 1);
  // No policy repeats it, even with a hint to retry.
  body.at = 0;
  calls = 0;
  CHECK(tenax::retrying{}
            .environment(std::ref(clock))
            .try_call([&] { return http::perform(easy.get(), key); })
            .attempts == 1);
}

TEST_CASE("A body that can be rewound is completely sent again") {
  std::atomic<int> calls = 0;
  tests::server server([&](auto const&) { return ++calls < 3 ? tests::respond(503) : tests::respond(200); });
  one_shot body{.text = "a whole file"};
  handle easy(server.url("/file"));
  easy.set(CURLOPT_UPLOAD, 1L);
  easy.set(CURLOPT_INFILESIZE, 12L);
  easy.set(CURLOPT_READFUNCTION, &one_shot::read);
  easy.set(CURLOPT_READDATA, &body);
  tenax::testing::virtual_time clock;
  bool can = true;
  http::curl_options const options{.rewind = [&] {
    if (can) body.at = 0;
    return can;
  }};
  auto const report = at_once(clock).try_call([&] { return http::perform(easy.get(), options); });
  CHECK(report.attempts == 3);
  CHECK(report.value().status == 200);
  for (auto const& r : server.requests()) CHECK(r.body == "a whole file");
  can = false;
  auto const refused = at_once(clock).try_call([&] { return http::perform(easy.get(), options); });
  CHECK(refused.attempts == 1);
  CHECK(refused.value().code == CURLE_SEND_FAIL_REWIND);
  CHECK(server.requests().size() == 3);
}

TEST_CASE("A body that can be read only once is sent by a later attempt if there was no connection") {
  one_shot body{.text = "a whole file"};
  handle easy("http://127.0.0.1:" + std::to_string(tests::closed_port()));
  easy.set(CURLOPT_UPLOAD, 1L);
  easy.set(CURLOPT_READFUNCTION, &one_shot::read);
  easy.set(CURLOPT_READDATA, &body);
  tenax::testing::virtual_time clock;
  CHECK(at_once(clock).try_call([&] { return http::perform(easy.get()); }).attempts == 3);
  CHECK(body.reads == 0);
}

TEST_CASE("Bodies in memory are sent again: fields, copied fields, forms, and none") {
  std::atomic<int> calls = 0;
  tests::server server([&](auto const&) { return ++calls < 3 ? tests::respond(503) : tests::respond(200); });
  tenax::testing::virtual_time clock;
  handle easy(server.url());
  curl_mime* form = nullptr;
  std::string body;
  SECTION("fields") {
    body = "item=7";
    easy.set(CURLOPT_POSTFIELDS, body.c_str());
  }
  SECTION("long fields") {
    body.assign(2'000'000, 'x');
    easy.set(CURLOPT_POSTFIELDSIZE, 2'000'000L);
    easy.set(CURLOPT_POSTFIELDS, body.c_str());
  }
  SECTION("copied fields") {
    body = "item=7";
    easy.set(CURLOPT_COPYPOSTFIELDS, body.c_str());
  }
  SECTION("no body") { easy.set(CURLOPT_POSTFIELDS, ""); }
  SECTION("a PUT of fields") {
    body = "item=7";
    easy.set(CURLOPT_POSTFIELDS, body.c_str());
    easy.set(CURLOPT_CUSTOMREQUEST, "PUT");
  }
  SECTION("a form") {
    form = curl_mime_init(easy.get());
    auto* const part = curl_mime_addpart(form);
    curl_mime_name(part, "item");
    curl_mime_data(part, "7", CURL_ZERO_TERMINATED);
    easy.set(CURLOPT_MIMEPOST, form);
  }
  auto const report = at_once(clock).try_call([&] { return http::perform(easy.get(), true); });
  CHECK(report.attempts == 3);
  CHECK(report.value().status == 200);
  auto const requests = server.requests();
  REQUIRE(requests.size() == 3);
  if (form == nullptr) {
    for (auto const& r : requests) CHECK(r.body == body);
  } else {
    for (auto const& r : requests) CHECK(r.body.size() > 50);
  }
  curl_mime_free(form);
}

TEST_CASE("A form with a part that can be read only once is not sent again with an empty part") {
  std::atomic<int> calls = 0;
  tests::server server([&](auto const&) { return ++calls == 1 ? tests::respond(503) : tests::respond(200); });
  handle easy(server.url());
  one_shot body{.text = "a whole file"};
  auto* const form = curl_mime_init(easy.get());
  auto* const part = curl_mime_addpart(form);
  curl_mime_name(part, "file");
  curl_mime_data_cb(part, 12, &one_shot::read, nullptr, nullptr, &body);
  easy.set(CURLOPT_MIMEPOST, form);
  tenax::testing::virtual_time clock;
  auto const r = at_once(clock)([&] { return http::perform(easy.get(), true); });
  CHECK(r.status != 200);
  CHECK(server.requests().size() == 1);
  curl_mime_free(form);
}

TEST_CASE("A sink gets the body of a success, and only of a success") {
  std::atomic<int> calls = 0;
  tests::server server([&](auto const&) {
    return ++calls == 1 ? tests::respond(503, "busy") : tests::respond(200, "data", "X-Name: a\r\n");
  });
  handle easy(server.url());
  std::string got;
  tenax::testing::virtual_time clock;
  http::curl_options const options{.sink = [&](http::curl_response const& head, std::string_view data) {
    CHECK(head.status == 200);
    CHECK(http::header_of(head, "x-name") == "a");
    got += data;
  }};
  auto const report = at_once(clock).try_call([&] { return http::perform(easy.get(), options); });
  CHECK(report.attempts == 2);
  CHECK(got == "data");
  CHECK(report.value().body.empty());
}

TEST_CASE("A sink never gets parts of two responses, unless it can be restarted") {
  std::atomic<int> calls = 0;
  tests::server server(
      [&](auto const&) { return ++calls == 1 ? tests::break_off(200, "da") : tests::respond(200, "data"); });
  handle easy(server.url());
  std::string got;
  tenax::testing::virtual_time clock;
  http::curl_options options{.sink = [&](std::string_view data) { got += data; }};
  SECTION("it cannot") {
    auto const report = at_once(clock).try_call([&] { return http::perform(easy.get(), options); });
    CHECK(report.attempts == 1);
    CHECK(report.reason == stop_reason::not_retryable);
    CHECK(std::string(report.refusal) == "the sink has received data; see .restart");
    CHECK(got == "da");
  }
  SECTION("it can") {
    options.restart = [&] {
      got.clear();
      return true;
    };
    auto const report = at_once(clock).try_call([&] { return http::perform(easy.get(), options); });
    CHECK(report.attempts == 2);
    CHECK(got == "data");
  }
}

TEST_CASE("A sink may end the transfer, and its exceptions reach the caller") {
  std::atomic<int> calls = 0;
  tests::server server([&](auto const&) {
    ++calls;
    return tests::respond(200, "data");
  });
  handle easy(server.url());
  tenax::testing::virtual_time clock;
  auto const no = at_once(clock).try_call(
      [&] { return http::perform(easy.get(), {.sink = [](std::string_view) { return false; }}); });
  CHECK(no.attempts == 1);
  CHECK(no.value().code == CURLE_WRITE_ERROR);
  CHECK_THROWS_AS(at_once(clock)([&] {
                    return http::perform(easy.get(),
                                         {.sink = [](std::string_view) { throw std::runtime_error("full"); }});
                  }),
                  std::runtime_error);
  CHECK(calls == 2);
  CHECK(http::perform(easy.get()).body == "data");
}

TEST_CASE("If a proxy refuses the tunnel and answers in place of the server, nothing was sent") {
  struct expected {
    int status;
    unsigned attempts;
  };
  for (auto const e : {expected{502, 3}, expected{503, 3}, expected{504, 3}, expected{407, 1}, expected{403, 1}}) {
    tests::server proxy([&](auto const&) {
      auto a = tests::respond(e.status);
      a.after = tests::answer::then::close;
      return a;
    });
    handle easy("http://orders.example/");
    easy.set(CURLOPT_NOPROXY, "");
    easy.set(CURLOPT_PROXY, proxy.url().c_str());
    easy.set(CURLOPT_HTTPPROXYTUNNEL, 1L);
    easy.set(CURLOPT_POSTFIELDS, "item=7");
    tenax::testing::virtual_time clock;
    auto const report = at_once(clock).try_call([&] { return http::perform(easy.get()); });
    INFO(e.status << " " << curl_easy_strerror(report.value().code));
    CHECK(report.attempts == e.attempts);
    CHECK(http::status_of(report.value()) == 0);
  }
}

TEST_CASE("A temporary failure of a SOCKS proxy is transient, and its refusal is permanent") {
  for (int const reply : {1, 2, 3, 4, 5, 6, 7, 8}) {
    tests::bound_socket listening;
    REQUIRE(::listen(listening.get(), 8) == 0);
    std::atomic<int> connections = 0;
    std::thread proxy([&] {
      for (;;) {
        int const c = ::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC);
        if (c < 0) return;
        ++connections;
        char bytes[300];
        if (::recv(c, bytes, sizeof bytes, 0) > 0) {
          ::send(c, "\x05\x00", 2, MSG_NOSIGNAL);
          if (::recv(c, bytes, sizeof bytes, 0) > 0) {
            char const answer[10] = {5, static_cast<char>(reply), 0, 1, 0, 0, 0, 0, 0, 0};
            ::send(c, answer, sizeof answer, MSG_NOSIGNAL);
          }
        }
        ::close(c);
      }
    });
    handle easy("http://127.0.0.1:9/");
    easy.set(CURLOPT_NOPROXY, "");
    easy.set(CURLOPT_PROXY, ("socks5://127.0.0.1:" + std::to_string(listening.port())).c_str());
    easy.set(CURLOPT_POSTFIELDS, "item=7");
    tenax::testing::virtual_time clock;
    auto const report = at_once(clock).try_call([&] { return http::perform(easy.get()); });
    ::shutdown(listening.get(), SHUT_RDWR);
    proxy.join();
    INFO(reply);
    CHECK(report.value().code == CURLE_PROXY);
    bool const passes = reply == 1 || (reply >= 3 && reply <= 6);
    CHECK(report.attempts == (passes ? 3U : 1U));
    CHECK(http::error_of(report.value()) == (passes ? transport_error::unsent : transport_error::permanent));
  }
}

TEST_CASE("Mail is sent only once, whatever the server answers") {
  for (auto const* last : {"250 taken\r\n", "", "451 later\r\n", "550 no\r\n"}) {
    std::atomic<int> mails = 0;
    bool data = false;
    line_server server("220 hello\r\n", [&](std::string const& line) -> std::string {
      if (data && line == ".\r\n") {
        ++mails;
        data = false;
        return last;
      }
      if (data) return "-";
      if (line.substr(0, 4) == "DATA") {
        data = true;
        return "354 go on\r\n";
      }
      return "250 ok\r\n";
    });
    handle easy("smtp://127.0.0.1:" + std::to_string(server.port()));
    one_shot mail{.text = "Subject: hello\r\n\r\nhello\r\n"};
    curl_slist* const to = curl_slist_append(nullptr, "<ann@example.org>");
    easy.set(CURLOPT_MAIL_FROM, "<bob@example.org>");
    easy.set(CURLOPT_MAIL_RCPT, to);
    easy.set(CURLOPT_UPLOAD, 1L);
    easy.set(CURLOPT_READFUNCTION, &one_shot::read);
    easy.set(CURLOPT_READDATA, &mail);
    tenax::testing::virtual_time clock;
    http::curl_options const options{.rewind = [&] {
      mail.at = 0;
      return true;
    }};
    auto const report = at_once(clock).try_call([&] { return http::perform(easy.get(), options); });
    INFO(last);
    CHECK(mails == 1);
    CHECK(report.attempts == 1);
    CHECK(report.value().method.empty());
    CHECK_FALSE(report.value().is_http);
    // In the mail protocol, the server's replies 4xx are transient.
    CHECK((report.value().code != CURLE_OK && report.value().status / 100 == 4) ==
          (std::string_view(last) == "451 later\r\n"));
    curl_slist_free_all(to);
  }
}

TEST_CASE("If HTTP/2 fails before anything was sent, the error is unsent") {
  using r = http::curl_response;
  CHECK(http::error_of(r{.code = CURLE_HTTP2, .connected = false}) == transport_error::unsent);
  CHECK(http::error_of(r{.code = CURLE_HTTP2, .connected = true}) == transport_error::interrupted);
  CHECK(http::error_of(r{.code = CURLE_HTTP2, .connected = false, .several_requests = true}) ==
        transport_error::interrupted);
  CHECK(http::error_of(r{.code = CURLE_PEER_FAILED_VERIFICATION, .connected = false}) == transport_error::permanent);
}

TEST_CASE("The response after interim ones (1xx) is the result of libcurl's transfer") {
  tests::server server([](auto const&) -> tests::answer {
    return {
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nRetry-After: 60\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
        "HTTP/1.1 503 Wait\r\nX-Last: yes\r\nContent-Length: 4\r\n\r\nbusy"};
  });
  handle easy(server.url());
  auto const r = http::perform(easy.get());
  CHECK(r.status == 503);
  CHECK(r.headers == std::vector<std::pair<std::string, std::string>>{{"X-Last", "yes"}, {"Content-Length", "4"}});
  CHECK(r.body == "busy");
}
