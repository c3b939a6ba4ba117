// SPDX-License-Identifier: MIT
// tasks.cpp: draws how often 500 tasks call a server that fails for five minutes, with different wait strategies:
// calls per second, with and without jitter. The tasks are coroutines in simulated time, with the library's own
// policies.
//
//   tasks             writes to the standard output
//   tasks tasks.svg   writes to a file
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <tenax/fmt.hpp>
#include <tenax/tenax.hpp>

#include "../simulation/tasks.hpp"
#include "svg.hpp"

using namespace std::chrono_literals;

constexpr int minutes = 5, seconds = 60 * minutes, settled = 60;

// Calls in each second, until the server recovers.
template <class Strategy>
std::vector<std::uint32_t> calls_per_second(Strategy const& strategy) {
  simulation::world world(2015);
  simulation::server server(world, [](double t) { return t >= seconds; });
  simulation::start_tasks(world, server, tenax::retrying{}.wait(strategy).stop(tenax::stop::never));
  world.run_for(10min);
  auto calls = server.calls();
  calls.resize(seconds);
  return calls;
}

constexpr int panel_width = 420, panel_height = 120, margin_left = 54, margin_top = 122, gap_x = 60, gap_y = 66;

// A square-root scale shows both a hundred calls and five.
int y_of(double calls) { return panel_height - static_cast<int>(std::lround(std::sqrt(calls / 1200) * panel_height)); }
constexpr int x_of(int second) { return second * panel_width / seconds; }

template <class Strategy>
void draw(picture& out, int row, int column, Strategy const& strategy, std::string_view paint) {
  auto const calls = calls_per_second(strategy);
  out.add(R"~(<g transform="translate({} {})">)~", margin_left + column * (panel_width + gap_x),
          margin_top + row * (panel_height + gap_y));
  for (int const value : {0, 10, 50, 100, 250, 500, 1000}) {
    out.add(R"(<line class="{}" x1="0" x2="{}" y1="{}" y2="{}"/>)", value == 0 ? "axis" : "grid", panel_width,
            y_of(value), y_of(value));
    if (column == 0) out.add(R"(<text class="tick end" x="-7" y="{}" dy="3.5">{}</text>)", y_of(value), value);
  }
  for (int minute = 0; minute <= minutes; ++minute) {
    out.add(R"(<text class="tick middle" x="{}" y="{}">{} min</text>)", x_of(60 * minute), panel_height + 16, minute);
  }
  std::string area;
  fmt::format_to(std::back_inserter(area), "M0 {}", panel_height);
  double all = 0, sum = 0, squares = 0;
  for (int t = 0; t < seconds; ++t) {
    auto const n = static_cast<double>(calls[static_cast<std::size_t>(t)]);
    all += n;
    if (t >= settled) sum += n, squares += n * n;
    fmt::format_to(std::back_inserter(area), "V{}H{}", y_of(n), x_of(t + 1));
  }
  out.add(R"(<path fill="{}" d="{}V{}z"/>)", paint, area, panel_height);
  auto const mean = sum / (seconds - settled);
  out.add(R"(<text class="note end" x="{}" y="-6">{} calls; variance/mean {:.1f}</text>)", panel_width, all,
          (squares / (seconds - settled) - mean * mean) / mean);
  out.add("</g>");
}

template <class Strategy>
void draw_row(picture& out, int row, std::string_view code, Strategy const& strategy, std::string_view paint) {
  out.add(R"(<text class="code" style="fill: {}" x="{}" y="{}">{}</text>)", paint, margin_left,
          margin_top + row * (panel_height + gap_y) - 22, code);
  draw(out, row, 0, strategy, paint);
  draw(out, row, 1, strategy.full(), paint);
}

int main(int argc, char** argv) {
  picture out(1000, 660, "Calls per second of 500 tasks that retry for five minutes, with and without jitter",
              R"(.code { font: 600 12px ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace }
)");
  out.add(R"(<text class="heading" x="{}" y="36">500 tasks retry: calls per second</text>)", margin_left);
  out.add(
      R"(<text class="note" x="{}" y="56">The server fails for five minutes. Heights are square roots; variance/mean is that of the seconds after the first minute.</text>)",
      margin_left);
  out.add(R"(<text class="column" x="{}" y="80">no jitter</text>)", margin_left);
  out.add(R"(<text class="column" x="{}" y="80">.full()</text>)", margin_left + panel_width + gap_x);
  draw_row(out, 0, "wait::constant(5s)", tenax::wait::constant(5s), "#0f766e");
  draw_row(out, 1, "wait::fibonacci({.unit = 1s, .max = 60s})", tenax::wait::fibonacci({.unit = 1s, .max = 60s}),
           "#b45309");
  draw_row(out, 2, "wait::exponential({.base = 1s, .max = 60s})", tenax::wait::exponential({.base = 1s, .max = 60s}),
           "#4338ca");
  return out.write(argc, argv);
}
