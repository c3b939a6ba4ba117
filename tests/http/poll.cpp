// SPDX-License-Identifier: MIT
// poll.cpp: polling for the result of a task, in virtual time.
#include <tenax/http/poll.hpp>

#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <tenax/stop/after_attempts.hpp>
#include <tenax/tenax.hpp>
#include <tenax/testing/virtual_time.hpp>
#include <tenax/wait/exponential.hpp>

#include "../support.hpp"
#include "response.hpp"

using namespace std::chrono_literals;
namespace http = tenax::http;
using http::transport_error;
using tests::reply;
using durations = std::vector<tenax::duration>;
using names = std::vector<std::string>;

namespace {

/// A response to a request that cannot be made again.
struct spent_reply {
  int status = 0;
  std::vector<http::header> headers{};
};

/// A service with scripted answers, and its client.
struct service {
  tenax::testing::virtual_time clock{};
  std::vector<reply> answers{};
  names asked{};
  std::vector<tenax::duration> times{};

  reply answer(std::string url) {
    asked.push_back(std::move(url));
    times.push_back(clock.now().time_since_epoch());
    if (asked.size() > 1000) throw std::logic_error("asked without end");
    return answers.at(std::min(asked.size(), answers.size()) - 1);
  }
  auto start() {
    return [this] { return answer("start"); };
  }
  auto fetch() {
    return [this](http::location const& l) { return answer(l.url); };
  }
  auto policy() { return http::standard_poll().environment(std::ref(clock)); }
  reply poll(http::poll_options options = {}) { return http::poll(policy(), start(), fetch(), options); }
};

reply accepted(std::string_view where, std::string_view wait = "") {
  reply r{.status = 202};
  if (!where.empty()) r.headers.push_back({"Location", where});
  if (!wait.empty()) r.headers.push_back({"Retry-After", wait});
  return r;
}

reply moved(int status, std::string_view where) { return {.status = status, .headers = {{"Location", where}}}; }

reply const done{.status = 200, .body = "result"};

}  // namespace

template <>
struct tenax::http::response_traits<spent_reply> {
  static int status(spent_reply const& r) { return r.status; }
  static auto const& headers(spent_reply const& r) { return r.headers; }
  static bool may_be_sent_again(spent_reply const&) { return false; }
};

TEST_CASE("A task is polled until it is done, at the intervals that the server asks for") {
  service s;
  s.answers = {accepted("/jobs/1", "5"), accepted("", "7"), accepted("", "2"), done};
  CHECK(s.poll().body == "result");
  CHECK(s.asked == names{"start", "/jobs/1", "/jobs/1", "/jobs/1"});
  CHECK(s.clock.sleeps() == durations{5s, 7s, 2s});
  CHECK(s.times == durations{0s, 5s, 12s, 14s});
}

TEST_CASE("If the server names no wait, a task is polled every second; the minimum is 100 ms") {
  service s;
  s.answers = {accepted("/jobs/1"), accepted(""), accepted("", "0"), done};
  CHECK(s.poll().status == 200);
  CHECK(s.clock.sleeps() == durations{1s, 1s, 100ms});
}

TEST_CASE("A location may be relative or absolute, and may change during the task") {
  service s;
  s.answers = {accepted("exports/7"), accepted("https://jobs.example.org/a/b"), accepted("c?d"), accepted("/e"), done};
  CHECK(s.poll({.base = "http://example.org/v1/exports"}).status == 200);
  CHECK(s.asked == names{"start", "http://example.org/v1/exports/7", "https://jobs.example.org/a/b",
                         "https://jobs.example.org/a/c?d", "https://jobs.example.org/e"});
}

TEST_CASE("A location has a target, and can be compared with the origin of another URL") {
  http::location const l{"https://api.example.org/jobs/1?full#top"};
  CHECK(l.target() == "/jobs/1?full");
  CHECK(l.same_origin("https://api.example.org/"));
  CHECK(l.same_origin("HTTPS://API.example.org:443/x"));
  CHECK(l.same_origin("/x"));
  CHECK_FALSE(l.same_origin("http://api.example.org/"));
  CHECK_FALSE(l.same_origin("https://api.example.org:8443/"));
  CHECK_FALSE(l.same_origin("https://example.org/"));
  CHECK_FALSE(l.same_origin("//api.example.org/"));
  CHECK(http::location{"/jobs"}.same_origin("https://api.example.org"));
  CHECK(http::location{"http://h:80"}.same_origin("http://h"));
  CHECK_FALSE(http::location{"//evil.org/jobs"}.same_origin("https://api.example.org"));
}

TEST_CASE("A redirect to the result is followed immediately") {
  service s;
  s.answers = {accepted("/jobs/1", "3"), moved(303, "/results/1"), done};
  CHECK(s.poll().body == "result");
  CHECK(s.asked == names{"start", "/jobs/1", "/results/1"});
  CHECK(s.clock.sleeps() == durations{3s});
}

TEST_CASE("Every type of redirect of a status request is followed") {
  for (auto const status : {301, 302, 303, 307, 308}) {
    service s;
    s.answers = {accepted("/jobs/1"), moved(status, "/there"), done};
    CHECK(s.poll().status == 200);
    CHECK(s.asked.back() == "/there");
  }
  for (auto const status : {300, 304, 305}) {
    service s;
    s.answers = {accepted("/jobs/1"), moved(status, "/there"), done};
    CHECK(s.poll().status == status);
  }
}

TEST_CASE("A redirect of the start to the task is followed, unless the start is to be repeated there") {
  for (auto const status : {301, 302, 303}) {
    service s;
    s.answers = {moved(status, "/jobs/1"), done};
    CHECK(s.poll().status == 200);
    CHECK(s.asked == names{"start", "/jobs/1"});
  }
  for (auto const status : {307, 308}) {
    service s;
    s.answers = {moved(status, "/jobs/1"), done};
    CHECK(s.poll().status == status);
    CHECK(s.asked == names{"start"});
  }
}

TEST_CASE("A redirect that asks for a wait is followed after that wait") {
  service s;
  s.answers = {
      accepted("/jobs/1", "3"), {.status = 303, .headers = {{"Location", "/results/1"}, {"Retry-After", "4"}}}, done};
  CHECK(s.poll().status == 200);
  CHECK(s.clock.sleeps() == durations{3s, 4s});
}

TEST_CASE("A redirect that asks for no wait is followed without one") {
  service s;
  s.answers = {
      accepted("/jobs/1"), {.status = 303, .headers = {{"Location", "/results/1"}, {"Retry-After", "0"}}}, done};
  CHECK(s.poll().status == 200);
  CHECK(s.clock.sleeps() == durations{1s});
}

TEST_CASE("Circular redirects do not cause a loop without waits") {
  service s;
  s.answers = {accepted("/jobs/1"), moved(302, "/jobs/1")};
  CHECK(s.poll().status == 302);
  CHECK(s.times[6] == s.times[1]);
  CHECK(s.times[7] == s.times[6] + 1s);
  CHECK(s.times[8] == s.times[7] + 1s);
}

TEST_CASE("Redirects that are not consecutive are all followed immediately") {
  service s;
  s.answers = {accepted("/jobs/1")};
  for (int i = 0; i < 9; ++i) {
    s.answers.push_back(moved(302, "/jobs/2"));
    s.answers.push_back(accepted(""));
  }
  s.answers.push_back(done);
  CHECK(s.poll().status == 200);
  CHECK(s.clock.slept() == 10s);
}

TEST_CASE("A redirect without a location ends the polling") {
  service s;
  s.answers = {accepted("/jobs/1"), {.status = 303}, done};
  CHECK(s.poll().status == 303);
  service at_start;
  at_start.answers = {{.status = 303}, done};
  CHECK(at_start.poll().status == 303);
}

TEST_CASE("Failures of status requests are retried with the policy's waits, even after a redirect") {
  service s;
  s.answers = {accepted("/jobs/1", "3"),
               {.status = 503},
               moved(303, "/results/1"),
               {.status = 500},
               {.error = transport_error::interrupted},
               {.status = 429, .headers = {{"Retry-After", "20"}}},
               done};
  CHECK(s.poll().body == "result");
  CHECK(s.asked == names{"start", "/jobs/1", "/jobs/1", "/results/1", "/results/1", "/results/1", "/results/1"});
  CHECK(s.clock.sleeps() == durations{3s, 1s, 1s, 1s, 20s});
}

TEST_CASE("The policy's predicate decides which failures of status requests are retried") {
  service s;
  s.answers = {accepted("/jobs/1"), {.status = 404}, done};
  CHECK(s.poll().status == 404);
  service patient;
  patient.answers = s.answers;
  auto const r = http::poll(patient.policy().when(tenax::when::status(404)), patient.start(), patient.fetch());
  CHECK(r.status == 200);
}

TEST_CASE("A failure of the start is not retried") {
  for (auto const& first : {reply{.status = 503}, reply{.status = 404}, reply{.error = transport_error::unsent}}) {
    service s;
    s.answers = {first, done};
    CHECK(s.poll().status == first.status);
    CHECK(s.asked == names{"start"});
  }
  service s;
  s.answers = {{.status = 503}, done};
  auto const report = http::try_poll(s.policy(), s.start(), s.fetch());
  CHECK(report.reason == tenax::stop_reason::not_retryable);
  CHECK(std::string(report.refusal) == "the request may have started the task");
}

TEST_CASE("If the start is not answered by 202, its response is the result") {
  service s;
  s.answers = {done};
  CHECK(s.poll().body == "result");
  s.answers = {{.status = 201, .headers = {{"Location", "/things/1"}}}};
  s.asked.clear();
  CHECK(s.poll().status == 201);
  CHECK(s.asked == names{"start"});
}

TEST_CASE("If the start is answered by 202 without a location, its response is the result") {
  service s;
  s.answers = {accepted(""), done};
  CHECK(s.poll().status == 202);
  CHECK(s.asked == names{"start"});
}

TEST_CASE("If the deadline passes, the last response is returned") {
  service s;
  s.answers = {accepted("/jobs/1", "120"), accepted("", "120")};
  CHECK(s.poll().status == 202);
  CHECK(s.clock.slept() == 480s);
  CHECK(s.asked.size() == 5);
}

TEST_CASE("A report contains why the polling ended") {
  service s;
  s.answers = {accepted("/tasks/1"), accepted("", "40"), reply{.body = "done"}};
  auto const in_time = http::try_poll(s.policy(), s.start(), s.fetch());
  CHECK(in_time.succeeded());
  CHECK(in_time.value().body == "done");
  CHECK(in_time.attempts == 3);
  CHECK(in_time.waited == 41s);

  s.answers = {accepted("/tasks/2")};
  auto const too_late = http::try_poll(s.policy().stop(tenax::stop::deadline(1min)), s.start(), s.fetch());
  CHECK_FALSE(too_late.succeeded());
  CHECK(too_late.reason == tenax::stop_reason::deadline);
  CHECK(too_late.value().status == 202);
}

TEST_CASE("A report does not take an answer that is not the result, and names no location, for a success") {
  auto const ends = [](std::vector<reply> answers) {
    service s;
    s.answers = std::move(answers);
    return http::try_poll(s.policy(), s.start(), s.fetch()).reason;
  };
  auto const redirect = [](int status) { return reply{.status = status}; };
  CHECK(ends({accepted("")}) == tenax::stop_reason::not_retryable);
  CHECK(ends({accepted("/a"), redirect(303)}) == tenax::stop_reason::not_retryable);
  CHECK(ends({redirect(302)}) == tenax::stop_reason::not_retryable);
  CHECK(ends({reply{.status = 307, .headers = {{"Location", "/b"}}}}) == tenax::stop_reason::not_retryable);
  CHECK(ends({accepted("/a"), accepted(""), {.status = 200}}) == tenax::stop_reason::succeeded);
  CHECK(ends({accepted("/a"), {.status = 503}, {.status = 200}}) == tenax::stop_reason::succeeded);
  CHECK(ends({{.status = 200}}) == tenax::stop_reason::succeeded);

  service s;
  s.answers = {accepted("")};
  int heard = 0;
  auto const policy = s.policy().read_hints_with([&heard](auto const&) {
    ++heard;
    return tenax::hint{};
  });
  CHECK(http::try_poll(policy, s.start(), s.fetch()).reason == tenax::stop_reason::not_retryable);
  CHECK(heard == 1);
}

TEST_CASE("A wait of more than five minutes ends the polling") {
  service s;
  s.answers = {accepted("/jobs/1", "301"), done};
  CHECK(s.poll().status == 202);
  CHECK(s.clock.slept() == 0s);
}

TEST_CASE("The policy's limits, waits and observers apply to the whole task") {
  service s;
  s.answers = {accepted("/jobs/1"), accepted("")};
  int sleeps = 0;
  auto const policy = s.policy()
                          .wait(tenax::wait::exponential({.base = 1s, .max = 4s}))
                          .stop(tenax::stop::after_attempts(5))
                          .before_sleep([&](auto const&) { ++sleeps; });
  CHECK(http::poll(policy, s.start(), s.fetch()).status == 202);
  CHECK(s.asked.size() == 5);
  CHECK(s.clock.sleeps() == durations{1s, 2s, 4s, 4s});
  CHECK(sleeps == 4);
}

TEST_CASE("A service can mark an unfinished task in another way than by 202") {
  service s;
  reply const created{.status = 201, .headers = {{"Operation-Location", "/operations/1"}}, .body = "running"};
  s.answers = {created, {.status = 200, .body = "running"}, {.status = 200, .body = "succeeded"}};
  auto const running = [](reply const& r) { return r.body == "running"; };
  auto const r = http::poll(s.policy(), s.start(), s.fetch(), {.header = "Operation-Location"}, running);
  CHECK(r.body == "succeeded");
  CHECK(s.asked == names{"start", "/operations/1", "/operations/1"});
}

TEST_CASE("A 202 is an unfinished task, whatever `pending` says of it") {
  service s;
  s.answers = {accepted("/jobs/1"), {.status = 200, .body = "running"}, accepted(""), done};
  auto const running = [](reply const& r) { return r.body == "running"; };
  auto const r = http::try_poll(s.policy(), s.start(), s.fetch(), {}, running);
  CHECK(r.succeeded());
  CHECK(r.value().body == "result");
  CHECK(s.asked == names{"start", "/jobs/1", "/jobs/1", "/jobs/1"});
}

TEST_CASE("A 202 to the start without the header that names the task is not a result, whatever `pending` says of it") {
  service s;
  s.answers = {accepted("/jobs/1"), done};
  auto const never = [](reply const&) { return false; };
  auto const r = http::try_poll(s.policy(), s.start(), s.fetch(), {.header = "Operation-Location"}, never);
  CHECK(r.reason == tenax::stop_reason::not_retryable);
  CHECK(r.value().status == 202);
  CHECK(s.asked == names{"start"});
}

TEST_CASE("The address to poll can come from another header; a redirect still uses Location") {
  service s;
  s.answers = {{.status = 202, .headers = {{"Location", "/things/1"}, {"operation-location", "/operations/1"}}},
               {.status = 303, .headers = {{"Location", "/things/1"}, {"operation-location", "/operations/1"}}},
               done};
  CHECK(s.poll({.header = "Operation-Location"}).status == 200);
  CHECK(s.asked == names{"start", "/operations/1", "/things/1"});
}

TEST_CASE("An exception of the start passes through, and the policy handles one of a status request") {
  service s;
  s.answers = {accepted("/jobs/1"), done};
  int thrown = 0;
  auto const stumbling = [&](http::location const& l) {
    if (thrown++ == 0) throw std::runtime_error("lost");
    return s.answer(l.url);
  };
  auto const patient = s.policy().when(tenax::when::transient || tenax::when::exception<std::runtime_error>);
  CHECK(http::poll(patient, s.start(), stumbling).body == "result");
  CHECK(s.clock.sleeps() == durations{1s, 1s});

  thrown = 0;
  s.asked.clear();
  CHECK_THROWS_AS(http::poll(s.policy(), s.start(), stumbling), std::runtime_error);

  int started = 0;
  auto const broken = [&]() -> reply {
    ++started;
    throw std::runtime_error("lost");
  };
  CHECK_THROWS_AS(http::poll(patient, broken, s.fetch()), std::runtime_error);
  CHECK(started == 1);
}

TEST_CASE("An exception after a redirection is followed by the policy's wait") {
  service s;
  s.answers = {accepted("/jobs/1"), moved(303, "/results/1"), done};
  int calls = 0;
  auto const stumbling = [&](http::location const& l) {
    if (++calls == 2) throw std::runtime_error("lost");
    return s.answer(l.url);
  };
  CHECK(http::poll(s.policy().when(tenax::when::exception<std::runtime_error>), s.start(), stumbling).status == 200);
  CHECK(s.clock.sleeps() == durations{1s, 1s});
}

TEST_CASE("One policy can poll several tasks") {
  service s;
  s.answers = {accepted("/jobs/1"), done};
  auto const policy = s.policy();
  CHECK(http::poll(policy, s.start(), s.fetch()).status == 200);
  s.asked.clear();
  CHECK(http::poll(policy, s.start(), s.fetch()).status == 200);
  CHECK(s.asked == names{"start", "/jobs/1"});
}

TEST_CASE("The start may return a type that converts to the response") {
  service s;
  s.answers = {done};
  auto const r = http::poll(s.policy(), [&]() -> std::reference_wrapper<reply> { return s.answers[0]; }, s.fetch());
  CHECK(r.body == "result");
}

TEST_CASE("A start that cannot be repeated is followed, and a status request that cannot be repeated is not") {
  tenax::testing::virtual_time clock;
  names asked;
  auto const result = http::poll(
      http::standard_poll().environment(std::ref(clock)),
      [&] {
        asked.push_back("start");
        return spent_reply{202, {{"Location", "/task"}}};
      },
      [&](http::location const& l) {
        asked.push_back(l.url);
        return spent_reply{202};
      });
  CHECK(result.status == 202);
  CHECK(asked == names{"start", "/task"});
  auto const again = tenax::retrying{}.when(tenax::when::status(503)).try_call([] { return spent_reply{503}; });
  CHECK(std::string(again.refusal) == "the body of the request cannot be sent again");
}
