// SPDX-License-Identifier: MIT
// http.cpp: the snippets about HTTP with any client, and the table of the standard policy.
#include <charconv>
#include <map>
#include <optional>
#include <utility>

#include <tenax/detail/duration_text.hpp>
#include <tenax/gate/adaptive_rate_limiter.hpp>
#include <tenax/http.hpp>
#include <tenax/settings/text.hpp>

#include "docs.hpp"

// [traits]
struct answer {  // the response of some client
  int code;      // 0: no response arrived
  std::vector<std::pair<std::string, std::string>> fields;
  std::string text;
};

template <>
struct tenax::http::response_traits<answer> {
  static int status(answer const& r) { return r.code; }
  static auto const& headers(answer const& r) { return r.fields; }
  static std::string_view body(answer const& r) { return r.text; }
};
// [/traits]

namespace http = tenax::http;

/// The parts of cpr that a call needs, with the names of cpr.
namespace cpr {

enum class ErrorCode { OK, CONNECTION_FAILURE, HOST_RESOLUTION_FAILURE, OPERATION_TIMEDOUT };
struct Error {
  ErrorCode code = ErrorCode::OK;
  std::string message;
};
struct Response {
  long status_code = 0;
  std::string text;
  std::map<std::string, std::string> header;
  Error error;
  long redirect_count = 0;
};
struct Url {
  std::string text;
};

int gets = 0;

Response Get(Url const&) {
  ++gets;
  if (gets == 1) return {0, "", {}, {ErrorCode::CONNECTION_FAILURE, "connection refused"}, 0};
  return {200, "Debut", {}, {}, 0};
}

}  // namespace cpr

namespace {

/// A response without headers.
answer with_status(int code) { return {code, {}, {}}; }

/// How many attempts a policy makes for a response that never changes.
template <class Policy>
std::uint32_t attempts_at(Policy const& policy, answer const& r) {
  script<answer> lines;
  lines.returns(r).repeats_last();
  return docs::play(policy, lines).attempts;
}

std::string written(tenax::duration d) { return tenax::detail::duration_text(d).c_str(); }

}  // namespace

TEST_CASE("http: The table of the standard policy is that of the code") {
  constexpr auto policy = http::standard_retry("GET");
  std::string statuses;
  for (int code = 100; code < 600; ++code) {
    bool const retried = attempts_at(policy, with_status(code)) > 1;
    CHECK(retried == http::is_transient_status(code));
    if (retried) statuses += (statuses.empty() ? "" : ", ") + std::to_string(code);
  }
  std::string methods;
  for (auto const* method : {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "POST", "PATCH"}) {
    bool const retried = attempts_at(http::standard_retry(method), with_status(503)) > 1;
    CHECK(retried == http::is_idempotent_method(method));
    if (retried) methods += std::string(methods.empty() ? "" : ", ") + method;
  }
  auto const worst = tenax::worst_case(policy);
  std::vector<std::string> const rows{
      "| statuses | " + statuses + " |",
      "| requests | " + methods +
          "; any request with an idempotency key; any request that the server has provably not "
          "acted on |",
      "| attempts | " + std::to_string(attempts_at(policy, with_status(503))) + " |",
      "| deadline | " + written(worst.total_wait) + " |",
      "| longest server wait | " + written(policy.limits.server.max) +
          ", and not past the deadline; above that, the call gives up |",
  };
  auto const text = docs::text("../../docs/reference/http.md");
  for (auto const& row : rows) {
    INFO("http.md must have the line\n" << row);
    CHECK(text.find("\n" + row + "\n") != text.npos);
  }
}

TEST_CASE("http: standard_retry") {
  script<answer> lines;
  lines.returns(with_status(503)).returns(with_status(200));
  auto const get = [&](std::string const&) { return lines(); };
  // [standard_retry]
  auto const song = http::standard_retry("GET")([&] { return get("/tracks/1"); });
  // [/standard_retry]
  CHECK(song.code == 200);
  CHECK(lines.calls() == 2);
}

TEST_CASE("http: predicates") {
  {
    // [transient]
    auto const policy = tenax::retrying{}.when(tenax::when::transient);
    // [/transient]
    CHECK(attempts_at(policy.wait(tenax::wait::none), with_status(503)) == 3);
    CHECK(attempts_at(policy.wait(tenax::wait::none), with_status(501)) == 1);
  }
  {
    // [status]
    auto const policy = tenax::retrying{}.when(tenax::when::status(409, 503));
    // [/status]
    CHECK(attempts_at(policy.wait(tenax::wait::none), with_status(409)) == 3);
    CHECK(attempts_at(policy.wait(tenax::wait::none), with_status(429)) == 1);
  }
  {
    // [transport_error]
    auto const reconnecting = tenax::wait::only_if(tenax::when::transport_error, tenax::wait::none);
    auto const policy = tenax::retrying{}
                            .when(tenax::when::transient)
                            .wait(tenax::wait::first_of(reconnecting, tenax::wait::exponential()));
    // [/transport_error]
    CHECK(attempts_at(policy, with_status(0)) == 3);
  }
  {
    // [throttled]
    auto const policy =
        tenax::retrying{}.when(tenax::when::throttled).wait(tenax::wait::exponential({.base = 1s}));
    // [/throttled]
    CHECK(attempts_at(policy.wait(tenax::wait::none), with_status(429)) == 3);
    CHECK(attempts_at(policy.wait(tenax::wait::none), with_status(503)) == 1);
  }
  {
    // [idempotent_only]
    auto const post =
        tenax::retrying{}.when(tenax::when::transient && http::idempotent_only("POST"));
    CHECK(attempts_at(post, answer{503, {}, {}}) == 1);  // the server may have acted on it
    CHECK(attempts_at(post, answer{408, {}, {}}) == 3);  // it has not: the request was not whole
    // [/idempotent_only]
  }
  {
    // [with_key]
    auto const post = http::standard_retry({.method = "POST", .idempotency_key = true});
    CHECK(attempts_at(post, answer{503, {}, {}}) == 3);
    // [/with_key]
  }
}

TEST_CASE("http: a service that does no work before it answers 429") {
  auto const post = tenax::retrying{}
                        .when((tenax::when::transient && http::idempotent_only("POST")) ||
                              tenax::when::status(429))
                        .wait(tenax::wait::none);
  CHECK(attempts_at(post, with_status(429)) == 3);
  CHECK(attempts_at(post, with_status(503)) == 1);
}

TEST_CASE("http: keys") {
  // [keys]
  auto const key = http::make_idempotency_key();  // "8e03978e-40d5-43dd-bc93-6894a57f9324", quoted
  auto const plain = http::make_idempotency_key(http::key_format::plain);
  // [/keys]
  CHECK(key.size() == 38);
  CHECK(plain.size() == 36);
}

// [body]
/// {"retry_after": 3} in seconds
std::optional<std::chrono::seconds> retry_after_seconds(std::string_view body) {
  constexpr std::string_view name = "\"retry_after\": ";
  auto const at = body.find(name);
  if (at == body.npos) return {};
  unsigned seconds = 0;
  auto const* const end = body.data() + body.size();
  if (std::from_chars(body.data() + at + name.size(), end, seconds).ec != std::errc()) return {};
  return std::chrono::seconds(seconds);
}
// [/body]

TEST_CASE("http: retry_after_from_body") {
  // [read_hints_with]
  auto const policy =
      http::standard_retry("GET").read_hints_with(http::retry_after_from_body(retry_after_seconds));
  // [/read_hints_with]
  script<answer> lines;
  lines.returns(answer{429, {}, R"({"retry_after": 3})"}).returns(with_status(200));
  virtual_time clock;
  policy.environment(std::ref(clock))(std::ref(lines));
  CHECK(clock.slept() >= 3s);
}

TEST_CASE("http: hint_reader") {
  auto const skewed_clock = [] { return std::chrono::system_clock::now(); };
  // [hint_reader]
  auto const strict = http::standard_retry("GET").read_hints_with(
      http::hint_reader{}.headers(http::profile::strict).clock(skewed_clock));
  // [/hint_reader]
  script<answer> lines;
  lines.returns(answer{429, {{"retry-after-ms", "9000"}}, {}}).returns(with_status(200));
  virtual_time clock;
  strict.environment(std::ref(clock))(std::ref(lines));
  CHECK(clock.slept() < 9s);
}

TEST_CASE("http: functions that read a response") {
  answer const r{429, {{"Retry-After", "2"}, {"RateLimit-Remaining", "0"}}, {}};
  // [questions]
  auto const now = std::chrono::system_clock::now();
  CHECK(http::status_of(r) == 429);
  CHECK(http::header_of(r, "retry-after") == "2");
  CHECK(http::failed(r));
  CHECK(http::is_transient(r));
  CHECK(http::delay_of(r, now).delay == 2s);
  CHECK(http::quota_of(r, now)->remaining == 0U);
  // [/questions]
}

TEST_CASE("http: logs") {
  script<answer> lines;
  lines.returns(answer{429, {{"Retry-After", "2"}}, {}}).returns(with_status(200));
  std::string said;
  virtual_time clock;
  auto const retried =
      tenax::retrying{}
          .wait(tenax::wait::none)
          .environment(std::ref(clock))
          .before_sleep(tenax::log_to([&](std::string_view line) { said = line; }));
  retried(std::ref(lines));
  CHECK(said == docs::text("text/http_log.txt"));
}

TEST_CASE("http: poll") {
  script<answer> lines;
  lines.returns(answer{202, {{"Location", "exports/7"}, {"Retry-After", "2"}}, {}})
      .returns(answer{202, {}, {}})
      .returns(answer{303, {{"Location", "7/result"}}, {}})
      .returns(answer{200, {}, "17 lines"});
  std::vector<std::string> asked;
  struct {
    script<answer>& lines;
    std::vector<std::string>& asked;
    answer post(std::string const& path) {
      asked.push_back(path);
      return lines();
    }
    answer get(std::string const& path) { return post(path); }
  } client{lines, asked};
  virtual_time clock;
  auto const policy = http::standard_poll().environment(std::ref(clock));
  // [poll]
  answer const result = http::poll(
      policy, [&] { return client.post("/v1/exports"); },
      [&](http::location const& l) { return client.get(l.target()); }, {.base = "/v1/exports"});
  CHECK(result.text == "17 lines");
  // [/poll]
  CHECK(asked == std::vector<std::string>{"/v1/exports", "/v1/exports/7", "/v1/exports/7",
                                          "/v1/exports/7/result"});
  CHECK(clock.slept() == 3s);
}

TEST_CASE("http: settings") {
  auto const get = [](int status) { return answer{status, {{"Retry-After", "2"}}, {}}; };
  // [settings]
  tenax::retry_settings const defaults{.deadline = 30s};  // else those of standard_retry()
  auto const settings = tenax::settings_from_text("attempts=5 deadline=20s", defaults);

  auto const server = tenax::wait::retry_after + tenax::wait::uniform(0ms, 250ms);
  auto const own = tenax::wait::configured_strategy(settings.wait);
  auto const polite = settings.policy(tenax::when::transient && http::idempotent_only("GET"))
                          .wait(tenax::wait::max_of(server, own));
  // [/settings]
  virtual_time clock;
  auto const report = polite.environment(std::ref(clock)).try_call([&] { return get(503); });
  CHECK(report.attempts == 5);
  CHECK(report.waited >= 8s);
  CHECK(report.waited < 8s + 4 * 250ms);
  // The defaults are those of the standard policy.
  auto const waits = tenax::wait::max_of(server, tenax::wait::configured_strategy(defaults.wait));
  auto const plain = tenax::worst_case(defaults.policy().wait(waits));
  auto const standard = tenax::worst_case(http::standard_retry("GET"));
  CHECK(plain.attempts == standard.attempts);
  CHECK(plain.own_wait == standard.own_wait);
  CHECK(plain.total_wait == standard.total_wait);
}

TEST_CASE("http: poll by body") {
  script<answer> lines;
  lines.returns(answer{202, {{"Operation-Location", "/tasks/7"}}, {}})
      .returns(answer{200, {}, "running"})
      .returns(answer{200, {}, "done"});
  auto const start = [&] { return lines(); };
  auto const fetch = [&](http::location const&) { return lines(); };
  virtual_time clock;
  auto const policy = http::standard_poll().environment(std::ref(clock));
  // [poll_by_body]
  auto const running = [](answer const& r) { return r.text == "running"; };
  auto const result = http::poll(policy, start, fetch, {.header = "Operation-Location"}, running);
  CHECK(result.text == "done");
  // [/poll_by_body]
}

TEST_CASE("http: resolve") {
  // [resolve]
  CHECK(http::resolve("http://api.example.org/v1/exports", "exports/7") ==
        "http://api.example.org/v1/exports/7");
  CHECK(http::resolve("/v1/exports?all=1", "../tasks/7") == "/tasks/7");
  CHECK(http::uri_parts("http://api.example.org/v1/tasks?state=new").target() ==
        "/v1/tasks?state=new");
  // [/resolve]
}

TEST_CASE("http: same_origin") {
  // [same_origin]
  http::location const elsewhere{"http://files.example.org/7"};
  CHECK(!elsewhere.same_origin("http://api.example.org/v1"));  // do not send it your token
  // [/same_origin]
}

TEST_CASE("http: a server that throttles with 503 and no Retry-After") {
  virtual_time clock;
  tenax::adaptive_rate_limiter limiter;
  auto const base =
      http::standard_retry("GET").environment(std::ref(clock)).wait(tenax::wait::none);
  // [bare_503]
  auto const a_503_means_too_fast = http::hint_reader{}.throttled(503);
  auto const polite = base.read_hints_with(a_503_means_too_fast).through(std::ref(limiter));
  // [/bare_503]
  script<answer> service;
  service.returns(with_status(503)).returns(with_status(200));
  CHECK(polite(std::ref(service)).code == 200);
  CHECK(limiter.state().throttled == 1);

  // Other hints are still read.
  service.returns({503, {{"Retry-After", "7"}}, {}})
      .returns(with_status(429))
      .returns(with_status(200));
  auto const before = clock.now();
  CHECK(polite(std::ref(service)).code == 200);
  CHECK(clock.now() - before >= 7s);
  CHECK(limiter.state().throttled == 3);
  service.throws(network_error("down")).returns(with_status(200));
  CHECK_THROWS_AS(polite(std::ref(service)), network_error);

  tenax::adaptive_rate_limiter untold;
  service.returns(with_status(503)).returns(with_status(200));
  CHECK(base.through(std::ref(untold))(std::ref(service)).code == 200);
  CHECK(untold.state().throttled == 0);
}

TEST_CASE("http: cpr") {
  cpr::gets = 0;
  // [cpr]
  auto const album = http::standard_retry("GET")(
      [] { return cpr::Get(cpr::Url{"https://api.example.org/v1/albums/1"}); });
  if (album.status_code == 200) std::printf("%s\n", album.text.c_str());
  // [/cpr]
  CHECK(album.text == "Debut");
  CHECK(cpr::gets == 2);
}
