// SPDX-License-Identifier: MIT
// shared_limit.cpp: simulates machines that join one after the other and call a server that allows 100 requests per
// second: which are accepted and refused, if each machine has a limiter of its own with the whole limit, and if they
// share one. Draws the result as an SVG.
//
//   shared_limit                     writes to the standard output
//   shared_limit shared_limit.svg    writes to a file
#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <tenax/fmt.hpp>

#include "../shared/machines.hpp"
#include "svg.hpp"

using namespace std::chrono_literals;

namespace {

constexpr std::size_t seconds_in_all = 60, machines = 5;
constexpr auto limit = tenax::per_second(100).with_burst(10);

struct course {
  std::vector<std::int64_t> accepted = std::vector<std::int64_t>(seconds_in_all);
  std::vector<std::int64_t> refused = std::vector<std::int64_t>(seconds_in_all);
};

/// A machine joins every ten seconds.
course run(bool shares) {
  course seen;
  tests::timeline time;
  auto const began = time.now;
  std::deque<tests::model_server> stores;
  std::deque<tests::wire> wires;
  std::deque<tenax::shared::rate_limiter> limiters;
  std::deque<tests::caller> callers;
  tenax::time_point arrival{};
  auto const on_request = [&](tenax::time_point now) {
    auto const second = static_cast<std::size_t>((now - began) / 1s);
    if (second >= seconds_in_all) return;
    constexpr auto interval = tenax::duration(10ms);
    auto const next = std::max(arrival, now) + interval;
    // A request is accepted up to the burst, and one more for delays.
    bool const accepted = next - now <= 11 * interval;
    if (accepted) arrival = next;
    ++(accepted ? seen.accepted : seen.refused)[second];
  };
  for (std::size_t i = 0; i < machines; ++i) {
    if (!shares || i == 0) stores.push_back(tests::model_server{time});
    auto& w = wires.emplace_back(tests::wire{time, stores.back()});
    w.delay = [] { return tenax::duration(500us); };
    auto& l = limiters.emplace_back(w, "picture", limit);
    for (int c = 0; c < 4; ++c) {
      auto& each = callers.emplace_back(time, l);
      each.on_go = on_request;
      time.after(i * 10s + c * 1ms, [&each] { each.start(); });
    }
  }
  time.run_for(60s);
  for (auto& c : callers) c.stop();
  time.run_for(1s);
  limiters.clear();
  time.run_for(1s);
  return seen;
}

// --- the picture -----------------------------------------------------------------------------------------------------

constexpr std::int64_t width = 420, height = 220, highest = 500;

std::int64_t x_of(std::size_t t) { return static_cast<std::int64_t>(t * width / seconds_in_all); }
std::int64_t y_of(std::int64_t n) { return height - std::min(n, highest) * height / highest; }

std::string line_of(std::vector<std::int64_t> const& series) {
  std::string path;
  for (std::size_t t = 0; t < series.size(); ++t) {
    fmt::format_to(std::back_inserter(path), "{}{} {}H{}", t == 0 ? "M" : "L", x_of(t), y_of(series[t]), x_of(t + 1));
  }
  return path;
}

void draw_panel(picture& out, std::int64_t left, std::string_view title, course const& seen) {
  out.add(R"~(<g transform="translate({} 70)">)~", left);
  out.add(R"(<text class="column" x="0" y="-14">{}</text>)", title);
  for (std::int64_t n = 0; n <= highest; n += 100) {
    out.add(R"(<line class="{}" x1="0" x2="{}" y1="{}" y2="{}"/>)", n == 0 ? "axis" : "grid", width, y_of(n), y_of(n));
    out.add(R"(<text class="tick end" x="-7" y="{}" dy="3.5">{}</text>)", y_of(n), n);
  }
  for (std::size_t i = 0; i < machines; ++i) {
    out.add(R"(<text class="tick middle" x="{}" y="{}">{} s: {}</text>)", x_of(i * 10), height + 16, i * 10, i + 1);
  }
  out.add(R"(<path class="refused" d="{}"/>)", line_of(seen.refused));
  out.add(R"(<path class="accepted" d="{}"/>)", line_of(seen.accepted));
  auto const sum = [](std::vector<std::int64_t> const& v) {
    std::int64_t all = 0;
    for (auto const n : v) all += n;
    return all;
  };
  out.add(R"(<text class="note" x="8" y="14">{} accepted, {} refused</text>)", sum(seen.accepted), sum(seen.refused));
  out.add("</g>");
}

}  // namespace

int main(int argc, char** argv) {
  picture out(1016, 360, "Requests accepted and refused per second while machines join",
              R"(.refused { fill: none; stroke: #be185d; stroke-width: 1.6 }
.accepted { fill: none; stroke: #0f766e; stroke-width: 2 }
)");
  out.add(
      R"(<text class="heading" x="54" y="34">Machines that join, and a server that allows 100 requests per second</text>)");
  draw_panel(out, 54, "a limiter of its own on each machine", run(false));
  draw_panel(out, 560, "one limiter for all machines", run(true));
  out.add(R"(<path class="accepted" d="M54 338h22"/><text class="note" x="82" y="342">accepted per second</text>)");
  out.add(R"(<path class="refused" d="M244 338h22"/><text class="note" x="272" y="342">refused per second</text>)");
  out.add(
      R"(<text class="note" x="420" y="342">below the axis: the time, and how many machines there are from then on</text>)");
  return out.write(argc, argv);
}
