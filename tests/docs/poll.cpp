// SPDX-License-Identifier: MIT
// poll.cpp: the snippets about polling something that is not HTTP.
#include "docs.hpp"

namespace {

struct job {
  std::string state;  // "running", "done" or "failed"
  int percent = 0;
};

/// A queue whose answers are a script.
struct queue {
  script<job> answers{};
  job ask(std::string const&) { return answers(); }
};

}  // namespace

TEST_CASE("poll: a job") {
  queue client;
  std::string const id = "7";
  int shown = 0;
  auto const show = [&shown](int percent) { shown = percent; };
  // [job]
  auto const running = [](job const& j) { return j.state == "running"; };

  auto const until_ready =
      tenax::retrying{}
          .when(tenax::when::result(running) || tenax::when::exception<network_error>)
          .wait(tenax::wait::constant(5s))
          .stop(tenax::stop::after_attempts(4) || tenax::stop::deadline(1h))
          .reset_on_progress()
          .read_hints_with([](tenax::attempt<job> const& a) {
            return tenax::hint{.progress = a.result.has_value()};
          })
          .before_sleep([&](tenax::attempt<job> const& a) {
            if (a.result.has_value()) show(a.result.value().percent);
          });
  // [/job]
  virtual_time clock;
  auto const in_time = until_ready.environment(std::ref(clock));
  auto const polled = [&] { return in_time.try_call([&] { return client.ask(id); }); };

  for (int i = 1; i <= 60; ++i) {
    client.answers.returns(job{"running", i});
    client.answers.throws(network_error("no answer")).throws(network_error("no answer"));
  }
  client.answers.returns(job{"done", 100});
  auto const done = polled();
  CHECK(done.succeeded());
  CHECK(done.attempts == 181);
  CHECK(shown == 60);

  client.answers.returns(job{"running", 10});
  for (int i = 0; i < 3; ++i) client.answers.throws(network_error("no answer"));
  auto const lost = polled();
  CHECK(lost.reason == tenax::stop_reason::attempts);
  CHECK(!lost.has_value());
  CHECK(lost.attempts == 4);

  client.answers.returns(job{"failed", 40});
  auto const failed = polled();
  CHECK(failed.succeeded());
  CHECK(failed.value().state == "failed");

  client.answers.returns(job{"running", 50}).repeats_last();
  auto const started = clock.now();
  auto const late = polled();
  CHECK(late.reason == tenax::stop_reason::deadline);
  CHECK(late.value().state == "running");
  CHECK(clock.now() - started < 1h);
  CHECK(clock.now() - started >= 1h - 5s);
  CHECK(in_time([&] { return client.ask(id); }).state == "running");

  auto const ask = [&] { return client.ask(id); };
  std::string said;
  // [report]
  auto const report = in_time.try_call(ask);
  if (report.succeeded()) {
    said = report.value().state;  // "done" or "failed"
  } else if (report.has_value()) {
    said = "still running";  // the hour is over
  } else {
    said = "no answer";  // the last attempt failed; std::move(report).get() throws its exception
  }
  // [/report]
  CHECK(said == "still running");
}
