// SPDX-License-Identifier: MIT
// retrying.cpp: the snippets of docs/reference/retrying.md, and its table of defaults.
#include <memory>
#include <type_traits>

#include <tenax/detail/duration_text.hpp>
#include <tenax/gate/rate_limiter.hpp>

#include "docs.hpp"

using tenax::stop_reason;

namespace {

response get(std::string const& path) { return {200, "contents of " + path}; }

struct client {
  response get(std::string const& path) const { return ::get(path); }
};

std::string written(tenax::duration d) { return tenax::detail::duration_text(d).c_str(); }

}  // namespace

TEST_CASE("retrying: The tables of defaults are those of the code") {
  constexpr tenax::retrying<> defaults;
  constexpr auto growth = defaults.strategy.strategy;
  static_assert(std::is_same_v<std::remove_const_t<decltype(defaults.strategy.jitter)>,
                               tenax::wait::full_jitter>);
  static_assert(std::is_same_v<std::remove_const_t<decltype(defaults.predicate)>,
                               tenax::when::failed_predicate>);
  CHECK(growth.factor == 2.0);
  CHECK(defaults.limits.server.action == tenax::too_long::give_up);
  std::vector<std::string> const rows{
      "| `.when` | `tenax::when::failed`: exceptions derived from `std::runtime_error`, and "
      "results that "
      "say they failed |",
      "| `.wait` | `tenax::wait::exponential({.base = " + written(growth.base) +
          ", .max = " + written(growth.max) + "}).full()` |",
      "| `.stop` | `tenax::stop::after_attempts(" + std::to_string(defaults.condition.attempts) +
          ")` |",
      "| `.max_server_wait` | " + written(defaults.limits.server.max) +
          "; above that, the call gives up |",
  };
  for (auto const* page : {"../../README.md", "../../docs/reference/retrying.md"}) {
    auto const text = docs::text(page);
    for (auto const& row : rows) {
      INFO(page << " must have the line\n" << row);
      CHECK(text.find("\n" + row + "\n") != text.npos);
    }
  }
}

namespace {

// [member]
class catalogue {
 public:
  response page(std::string const& path) const {
    return retry_([&] { return get(path); });
  }

 private:
  tenax::retrying<> retry_;
};
// [/member]

}  // namespace

TEST_CASE("retrying: member") { CHECK(catalogue().page("/a").body == "contents of /a"); }

TEST_CASE("retrying: setters") {
  // [setters]
  constexpr auto polite = tenax::retrying{}
                              .when(tenax::when::exception<network_error>)
                              .wait(tenax::wait::exponential({.base = 100ms, .max = 5s}).full())
                              .stop(tenax::stop::after_attempts(5) || tenax::stop::deadline(30s));
  constexpr auto hasty = polite.stop(tenax::stop::after_attempts(2));  // a changed copy
  // [/setters]
  CHECK(docs::waits(polite).size() == 4);
  CHECK(docs::waits(hasty).size() == 1);
}

TEST_CASE("retrying: call") {
  auto const polite = tenax::retrying{};
  client const spotify;
  // [call]
  response const page = polite(get, "/me");                     // a function and its arguments
  response const me = polite(&client::get, spotify, "/v1/me");  // a member function
  auto const size = polite([&] { return spotify.get("/v1/me").body.size(); });
  // [/call]
  CHECK(page.body == "contents of /me");
  CHECK(me.body == "contents of /v1/me");
  CHECK(size == me.body.size());
}

TEST_CASE("retrying: call with the attempt's numbers") {
  virtual_time clock;
  auto const polite = tenax::retrying{}.environment(std::ref(clock));
  std::string sent;
  // [info]
  auto const send = [&](tenax::attempt_info const& info, std::string const& message) {
    sent += message + " #" + std::to_string(info.number) + "; ";
    if (info.number < 3) throw network_error("reset");
  };
  polite(send, "hello");
  CHECK(sent == "hello #1; hello #2; hello #3; ");
  // [/info]
}

TEST_CASE("retrying: Arguments are passed again") {
  virtual_time clock;
  auto const polite = tenax::retrying{}.environment(std::ref(clock));
  // [arguments]
  std::vector<std::string> received;
  auto const store = [&](std::string text) {
    received.push_back(std::move(text));
    if (received.size() < 3) throw network_error("reset");
  };
  polite(store, std::string("the same every time"));
  CHECK(received == std::vector<std::string>(3, "the same every time"));
  // [/arguments]
}

TEST_CASE("retrying: try_call") {
  virtual_time clock;
  auto const polite =
      tenax::retrying{}.wait(tenax::wait::constant(2s)).environment(std::ref(clock));
  auto fetch = [n = 0]() mutable {
    if (++n < 2) throw network_error("reset");
    return 42;
  };
  // [try_call]
  auto const report = polite.try_call(fetch);
  if (report.succeeded()) std::printf("got %d\n", report.value());
  std::printf("%u attempts, stop reason: %s\n", report.attempts, to_string(report.reason));
  // [/try_call]
  CHECK(report.value() == 42);
  CHECK(report.attempts == 2);
  CHECK(report.elapsed == 2s);
  CHECK(report.waited == 2s);
}

TEST_CASE("retrying: wrap") {
  auto const polite = tenax::retrying{};
  client const spotify;
  // [wrap]
  auto const get = polite.wrap([&](std::string const& path) { return spotify.get(path); });
  response const track = get("/tracks/1");
  // [/wrap]
  CHECK(track.body == "contents of /tracks/1");
}

TEST_CASE("retrying: attempts") {
  virtual_time clock;
  auto const polite = tenax::retrying{}.environment(std::ref(clock));
  std::vector<std::string> sent;
  auto const send = [&](std::string const& text) {
    sent.push_back(text);
    if (sent.size() < 3) throw network_error("connection reset");
  };
  // [attempts]
  std::string const message = "hello";
  for (auto& attempt : polite.attempts()) {
    attempt([&] { send(message); });
  }
  // [/attempts]
  CHECK(sent == std::vector<std::string>(3, "hello"));
}

TEST_CASE("retrying: attempts: failures") {
  virtual_time clock;
  auto const polite = tenax::retrying{}.environment(std::ref(clock));
  unsigned tries = 0;
  CHECK_THROWS_AS(
      [&] {
        for (auto& attempt : polite.attempts()) {
          attempt([&](tenax::attempt_info const& info) {
            tries = info.number;
            throw network_error("down");
          });
        }
      }(),
      network_error);
  CHECK(tries == 3);
}

TEST_CASE("retrying: Results of every kind") {
  auto const policy = tenax::retrying{};
  // [results]
  int counter = 0;
  int& same = policy([&]() -> int& { return counter; });  // references stay references
  std::unique_ptr<int> owned =
      policy([] { return std::make_unique<int>(7); });  // moved, never copied
  policy([] {});                                        // void
  // [/results]
  CHECK(&same == &counter);
  CHECK(*owned == 7);
}

TEST_CASE("retrying: The last outcome passes through") {
  virtual_time clock;
  auto const policy = tenax::retrying{}.environment(std::ref(clock));
  // [pass_through]
  auto const always_busy = [] { return response{503, "try later"}; };
  auto const busy = tenax::when::result([](response const& r) { return r.status == 503; });
  CHECK(policy.when(busy)(always_busy).body == "try later");  // the last value, after 3 attempts
  // [/pass_through]
}

TEST_CASE("retrying: max_server_wait") {
  // [max_server_wait]
  constexpr auto policy = tenax::retrying{}.max_server_wait(30s);

  script<int> closed;
  closed.throws(tenax::retry_after(1h, network_error("closed for maintenance")));
  auto const report = policy.try_call(std::ref(closed));
  CHECK(report.reason == stop_reason::server_wait_too_long);
  CHECK(report.server_wait == 1h);
  // [/max_server_wait]
  auto const slept = [&closed](auto const& p) {
    closed.returns(7);
    virtual_time clock;
    script<int> again;
    again.throws(tenax::retry_after(1h, network_error("closed"))).returns(7);
    p.wait(tenax::wait::constant(1s)).environment(std::ref(clock))(std::ref(again));
    return clock.slept();
  };
  CHECK(slept(policy.max_server_wait(30s, tenax::too_long::clamp)) == 30s);
  CHECK(slept(policy.max_server_wait(30s, tenax::too_long::ignore)) == 1s);
}

TEST_CASE("retrying: max_gate_wait") {
  virtual_time clock;
  auto const polite = tenax::retrying{}.environment(std::ref(clock));
  auto const fetch = [] { return response{200, "fresh"}; };
  // [max_gate_wait]
  tenax::rate_limiter limiter(tenax::per_second(1));
  auto const impatient = polite.through(std::ref(limiter)).max_gate_wait(200ms);

  impatient(fetch);
  auto const report = impatient.try_call(fetch);  // the next permit comes in a second
  CHECK(report.reason == stop_reason::refused_by_gate);
  CHECK(report.retry_after == 1s);
  // [/max_gate_wait]
  CHECK(clock.slept() == 0s);
}

TEST_CASE("retrying: reset_on_progress") {
  virtual_time clock;
  int connections = 0;
  auto const read_stream = [&]() -> int {
    ++connections;
    if (connections % 2 == 0 && connections < 10)
      throw tenax::made_progress(network_error("lost after some data"));
    throw network_error("lost");
  };
  // [reset_on_progress]
  auto const patient = tenax::retrying{}.stop(tenax::stop::after_attempts(3)).reset_on_progress();
  auto const report = patient.environment(std::ref(clock)).try_call(read_stream);
  CHECK(report.attempts == 10);  // every second one made progress, until the eighth
  // [/reset_on_progress]
  CHECK(report.reason == tenax::stop_reason::attempts);
}

TEST_CASE("retrying: read_hints_with") {
  virtual_time clock;
  // [read_hints_with]
  auto const policy =
      tenax::retrying{}
          .when(tenax::when::result([](response const& r) { return r.status == 503; }))
          .read_hints_with([](tenax::attempt<response> const& a) -> tenax::hint {
            if (a.result.has_value() && a.result.value().body == "back in a minute")
              return {.wait = 1min};
            return {};
          });
  // [/read_hints_with]
  script<response> closed;
  closed.returns(response{503, "back in a minute"}).returns(response{200, "open"});
  CHECK(policy.environment(std::ref(clock))(std::ref(closed)).status == 200);
  CHECK(clock.slept() == 1min);
}
