// SPDX-License-Identifier: MIT
// sequence.cpp: draws who asks whom in a call that succeeds, and in one that gives up: every arrow is an event of a
// real call, in virtual time.
//
//   sequence                 writes to the standard output
//   sequence sequence.svg    writes to a file
#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenax/fmt.hpp>
#include <tenax/gate/circuit_breaker.hpp>
#include <tenax/tenax.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "svg.hpp"

using namespace std::chrono_literals;

enum lane { caller, engine, gate, server };

struct event {
  tenax::time_point at;
  lane from, to;
  std::string text;
};

struct recorder {
  tenax::testing::virtual_time clock{};
  std::vector<event> events{};

  void add(lane from, lane to, std::string text) { events.push_back({clock.now(), from, to, std::move(text)}); }
};

/// A circuit breaker that records what it is asked.
class recorded_breaker {
 public:
  using ticket = tenax::circuit_breaker<>::ticket;
  explicit recorded_breaker(recorder& r) : recorder_(r), breaker_({.failures = 2, .open_for = 10s}) {}

  tenax::admission admit(ticket& t, tenax::attempt_info const& a, tenax::time_point now) {
    auto const answer = breaker_.admit(t, a, now);
    recorder_.add(engine, gate, "admit?");
    recorder_.add(gate, engine, answer.admitted() ? "go" : "refused");
    return answer;
  }
  tenax::admission would_admit(tenax::attempt_info const& a, tenax::time_point now, tenax::time_point then) const {
    auto const answer = breaker_.would_admit(a, now, then);
    recorder_.add(engine, gate, "would_admit a retry?");
    recorder_.add(gate, engine, answer.refused() ? std::string("refused: ") + answer.reason : "go");
    return answer;
  }
  void record(ticket& t, tenax::feedback const& f, tenax::time_point now) {
    recorder_.add(engine, gate, f.how == tenax::feedback::kind::success ? "record: success" : "record: failure");
    breaker_.record(t, f, now);
  }

 private:
  recorder& recorder_;
  tenax::circuit_breaker<> breaker_;
};

struct response {
  int status;
  tenax::optional_duration retry_after{};
};
template <>
struct tenax::result_traits<response> {
  static constexpr bool can_fail = true;
  static constexpr bool failed(response const& r) { return r.status >= 400; }
  static constexpr hint read_hint(response const& r) { return {.wait = r.retry_after}; }
};

std::vector<event> play(std::vector<response> const& answers) {
  recorder r;
  recorded_breaker breaker(r);
  auto const policy = tenax::retrying{}
                          .when(tenax::when::failed)
                          .wait(tenax::wait::exponential({.base = 200ms}))
                          .through(std::ref(breaker))
                          .before_sleep([&](tenax::attempt<response> const& a) {
                            auto const* const why =
                                a.source == tenax::wait_source::server ? "as the server asks" : "backoff";
                            r.add(engine, engine, fmt::format("sleep for {}: {}", tenax::human(a.upcoming_wait), why));
                          })
                          .environment(std::ref(r.clock));
  std::size_t next = 0;
  r.add(caller, engine, "policy.try_call(fetch)");
  auto const report = policy.try_call([&] {
    r.add(engine, server, fmt::format("attempt {}", next + 1));
    r.clock.advance(50ms);
    auto const answer = answers[next++];
    r.add(server, engine,
          answer.retry_after ? fmt::format("{}, Retry-After: {}", answer.status, *answer.retry_after / 1s)
                             : fmt::format("{}", answer.status));
    return answer;
  });
  r.add(engine, caller, fmt::format("{}, {}", report.result.value().status, to_string(report.reason)));
  return r.events;
}

constexpr int step = 30, top = 104, lane_width = 140;

void draw(picture& out, int left, std::string_view title, std::vector<event> const& events) {
  auto const x_of = [&](lane l) { return left + 84 + static_cast<int>(l) * lane_width; };
  out.add(R"(<text class="column" x="{}" y="60">{}</text>)", left, title);
  char const* const names[] = {"caller", "the policy", "gate", "server"};
  auto const bottom = top + step * static_cast<int>(events.size());
  for (int l = 0; l < 4; ++l) {
    auto const x = x_of(static_cast<lane>(l));
    out.add(R"(<text class="middle" x="{}" y="84">{}</text>)", x, names[l]);
    out.add(R"(<line class="axis" x1="{}" x2="{}" y1="92" y2="{}"/>)", x, x, bottom);
  }
  auto y = top + 12;
  tenax::time_point last{tenax::duration(-1)};
  for (auto const& e : events) {
    if (e.at != last) {
      out.add(R"(<text class="tick end" x="{}" y="{}">{}</text>)", left + 62, y + 4,
              tenax::human(e.at.time_since_epoch()));
    }
    last = e.at;
    auto const from = x_of(e.from), to = x_of(e.to);
    if (from == to) {
      out.add(R"(<rect class="sleep" x="{}" y="{}" width="12" height="{}"/>)", from - 6, y - 8, step - 8);
      out.add(R"(<text class="note" x="{}" y="{}">{}</text>)", from + 12, y + 6, e.text);
    } else {
      auto const back = to < from;
      out.add(R"~(<line class="{}" x1="{}" x2="{}" y1="{}" y2="{}" marker-end="url(#head)"/>)~",
              back ? "answer" : "ask", from, to + (back ? 2 : -2), y, y);
      out.add(R"(<text class="note middle" x="{}" y="{}">{}</text>)", (from + to) / 2, y - 4, e.text);
    }
    y += step;
  }
}

int main(int argc, char** argv) {
  auto const good = play({{503}, {200}});
  auto const bad = play({{429, 2s}, {503}});
  auto const rows = static_cast<int>(std::max(good.size(), bad.size()));
  picture out(1180, top + rows * step + 20, "A call that succeeds at its second attempt, and a call that gives up", R"(
.ask { stroke: #0f172a; stroke-width: 1.3 }
.answer { stroke: #0f172a; stroke-width: 1.3; stroke-dasharray: 5 3 }
.sleep { fill: #0f766e }
)");
  out.add(
      R"(<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#0f172a"/></marker></defs>)");
  out.add(R"(<text class="heading" x="24" y="34">A call through a circuit breaker</text>)");
  draw(out, 24, "It succeeds at the second attempt", good);
  draw(out, 604, "It gives up: two failures open the circuit", bad);
  return out.write(argc, argv);
}
