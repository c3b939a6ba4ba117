// SPDX-License-Identifier: MIT
// tutorial.cpp: the six steps of docs/tutorial.md.
#include <tenax/testing/no_waits.hpp>

#include "docs.hpp"

using tenax::stop_reason;

namespace {

// [server]
struct http_error : std::runtime_error {
  http_error(int s, std::string const& text) : runtime_error(text), status(s) {}
  int status;
};

class client {
 public:
  explicit client(script<response>& answers) : answers_(answers) {}

  std::string get(std::string const& path) {
    response const r = answers_();  // may throw network_error
    if (r.status != 200) throw http_error(r.status, std::to_string(r.status) + " for " + path);
    return r.body;
  }

 private:
  script<response>& answers_;
};
// [/server]

response const ok{200, "a song"};
response const unavailable{503, ""};
response const missing{404, ""};

}  // namespace

TEST_CASE("tutorial: Step 1: a bare call") {
  script<response> answers;
  answers.throws(network_error("connection reset")).returns(ok);
  client spotify(answers);
  tenax::testing::no_waits const quick;
  // [step1]
  std::string const song = tenax::retrying{}(&client::get, spotify, "/tracks/1");
  // [/step1]
  CHECK(song == "a song");
  CHECK(answers.calls() == 2);
}

TEST_CASE("tutorial: Step 2: which failures to retry") {
  // [step2]
  auto const temporary = [](http_error const& e) { return e.status == 429 || e.status >= 500; };
  auto const careful = tenax::retrying{}.when(tenax::when::exception<network_error> ||
                                              tenax::when::exception<http_error>.where(temporary));
  // [/step2]
  script<std::string> lines;
  lines.throws(http_error(503, "busy")).throws(http_error(404, "no such track"));
  CHECK(docs::play(careful, lines) == docs::run{2, stop_reason::not_retryable});
}

TEST_CASE("tutorial: Steps 3 to 6") {
  auto const temporary = [](http_error const& e) { return e.status == 429 || e.status >= 500; };
  auto const careful = tenax::retrying{}.when(tenax::when::exception<network_error> ||
                                              tenax::when::exception<http_error>.where(temporary));
  // [step3]
  auto const spread = careful.wait(tenax::wait::exponential({.base = 200ms, .max = 10s}).full());
  // [/step3]
  // [step4]
  auto const bounded = spread.stop(tenax::stop::after_attempts(5) || tenax::stop::deadline(20s));
  // [/step4]
  CHECK(tenax::worst_case(bounded).total_wait == 20s);
  CHECK(tenax::worst_case(bounded).own_wait <= 3s);
  CHECK(tenax::worst_case(bounded).own_wait > 2999ms);
  CHECK(tenax::worst_case(tenax::retrying{}).attempts == 3);
  CHECK_FALSE(
      tenax::worst_case(tenax::retrying{}.stop(tenax::stop::deadline(20s))).attempts_bounded);

  int attempt = 0;
  // [step5_throw]
  auto const fetch = [&](std::string const& path) -> std::string {
    if (++attempt == 1) {  // the answer was 429 with the header "Retry-After: 2"
      throw tenax::retry_after(2s, http_error(429, "429 for " + path));
    }
    return "a song";
  };
  // [/step5_throw]
  // [step5]
  auto const polite =
      bounded
          .wait(tenax::wait::first_of(tenax::wait::retry_after + tenax::wait::uniform(0s, 500ms),
                                      tenax::wait::exponential({.base = 200ms, .max = 10s}).full()))
          .max_server_wait(15s);
  // [/step5]
  virtual_time clock;
  CHECK(polite.environment(std::ref(clock))(fetch, "/tracks/1") == "a song");
  CHECK(clock.slept() >= 2s);
  CHECK(clock.slept() < 2500ms);

  script<response> answers;
  answers.returns(unavailable).throws(network_error("connection reset")).returns(ok);
  client spotify(answers);
  // [step6]
  auto const logged = polite.before_sleep(tenax::log_to(stderr));
  auto get = logged.wrap([&](std::string const& path) { return spotify.get(path); });

  std::string const song = get("/tracks/1");  // looks like spotify.get("/tracks/1")
  // [/step6]
  CHECK(song == "a song");
  CHECK(answers.calls() == 3);
}

TEST_CASE("tutorial: The policy of the tutorial, in a test") {
  auto const temporary = [](http_error const& e) { return e.status == 429 || e.status >= 500; };
  auto const polite = tenax::retrying{}
                          .when(tenax::when::exception<network_error> ||
                                tenax::when::exception<http_error>.where(temporary))
                          .stop(tenax::stop::after_attempts(5) || tenax::stop::deadline(20s));
  // [test]
  script<std::string> answers;
  answers.throws(http_error(503, "busy")).returns("a song");

  virtual_time clock;  // no real time passes
  CHECK(polite.environment(std::ref(clock))(std::ref(answers)) == "a song");
  CHECK(answers.calls() == 2);
  // [/test]
}
