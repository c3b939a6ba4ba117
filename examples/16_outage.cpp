// SPDX-License-Identifier: MIT
// 16_outage.cpp: a thousand clients and a server that is down for a minute, in a simulated world: what they send, and what is
// answered in time, with and without a retry budget. Draws it as an SVG. Backing off only postpones the storm; a budget ends it.
//
//   16_outage              writes to the standard output
//   16_outage outage.svg   writes to a file
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <tenax/fmt.hpp>
#include <tenax/gate/retry_budget.hpp>
#include <tenax/tenax.hpp>

#include "simulation/outage.hpp"

namespace when = tenax::when;
namespace wait = tenax::wait;
namespace stop = tenax::stop;
using namespace std::chrono_literals;

constexpr simulation::outage minute{};

// [policy]
auto const persistent = tenax::retrying{}
                            .when(when::any_error)
                            .wait(wait::exponential({.base = 100ms, .max = 10s}).full())
                            .stop(stop::after_attempts(10));
// [/policy]

// --- the picture ------------------------------------------------------------------------------------------------------

constexpr std::int64_t width = 420, height = 260, highest = 1200;

template <class... Args>
void add(std::string& svg, fmt::format_string<Args...> text, Args&&... args) {
  fmt::format_to(std::back_inserter(svg), text, std::forward<Args>(args)...);
  svg += '\n';
}

std::int64_t x_of(std::size_t t) { return static_cast<std::int64_t>(t) * width / (minute.whole / 1s); }
std::int64_t y_of(std::int64_t n) { return height - std::min(n, highest) * height / highest; }

std::string line_of(std::vector<std::int64_t> const& series) {
  std::string path;
  for (std::size_t t = 0; t < series.size(); ++t) {
    fmt::format_to(std::back_inserter(path), "{}{} {}", t == 0 ? "M" : "L", x_of(t), y_of(series[t]));
  }
  return path;
}

void draw_panel(std::string& svg, std::int64_t left, std::string_view title, simulation::course const& seen) {
  add(svg, R"~(<g transform="translate({} 70)">)~", left);
  add(svg, R"(<text class="column" x="0" y="-14">{}</text>)", title);
  add(svg, R"(<rect x="{}" y="0" width="{}" height="{}" fill="#fee2e2"/>)", x_of(60), x_of(120) - x_of(60), height);
  add(svg, R"(<text class="note" x="{}" y="14">outage</text>)", x_of(60) + 6);
  for (std::int64_t n = 0; n <= highest; n += 200) {
    add(svg, R"(<line class="{}" x1="0" x2="{}" y1="{}" y2="{}"/>)", n == 0 ? "axis" : "grid", width, y_of(n), y_of(n));
    add(svg, R"(<text class="tick end" x="-7" y="{}" dy="3.5">{}</text>)", y_of(n), n);
  }
  for (std::size_t t = 0; t <= 300; t += 60) {
    add(svg, R"(<text class="tick middle" x="{}" y="{}">{} s</text>)", x_of(t), height + 16, t);
  }
  add(svg, R"(<path class="offered" d="{}"/>)", line_of(seen.offered));
  add(svg, R"(<path class="good" d="{}"/>)", line_of(seen.good));
  add(svg, "</g>");
}

std::string draw(simulation::course const& without, simulation::course const& with) {
  std::string svg;
  add(svg, R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1016 400" role="img" aria-labelledby="title">)");
  add(svg,
      R"(<title id="title">Requests and answers per second around an outage, without and with a retry budget</title>)");
  add(svg, R"(<style>
text {{ font: 13px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #0f172a }}
.heading {{ font-size: 20px; font-weight: 600 }}
.column {{ font-weight: 600 }}
.note {{ font-size: 12px; fill: #64748b }}
.tick {{ font-size: 10.5px; fill: #64748b }}
.end {{ text-anchor: end }}
.middle {{ text-anchor: middle }}
.grid {{ stroke: #e8edf3 }}
.axis {{ stroke: #94a3b8 }}
.offered {{ fill: none; stroke: #be185d; stroke-width: 1.6 }}
.good {{ fill: none; stroke: #0f766e; stroke-width: 2 }}
</style>)");
  add(svg, R"(<rect width="1016" height="400" rx="8" fill="#ffffff"/>)");
  add(svg, R"(<text class="heading" x="54" y="34">A minute's outage, and what comes after</text>)");
  draw_panel(svg, 54, "no budget", without);
  draw_panel(svg, 560, "retry_budget, one for each client", with);
  add(svg, R"(<path class="offered" d="M54 378h22"/><text class="note" x="82" y="382">requests per second</text>)");
  add(svg, R"(<path class="good" d="M244 378h22"/><text class="note" x="272" y="382">answered in time</text>)");
  add(svg, R"(<text class="note" x="420" y="382">{} clients want {} answers per second; the server can give {}</text>)",
      minute.clients, static_cast<int>(minute.demand()), static_cast<int>(minute.capacity));
  add(svg, "</svg>");
  return svg;
}

int main(int argc, char** argv) {
  auto const without = simulation::run(minute, [](int) { return persistent; });
  // [budget]
  std::deque<tenax::retry_budget> budgets;
  auto const with = simulation::run(minute, [&](int) {
    return persistent.through(std::ref(budgets.emplace_back(tenax::retry_budget_options{.tokens = 10, .ratio = 0.1})));
  });
  // [/budget]
  auto const svg = draw(without, with);
  std::FILE* const out = argc > 1 ? std::fopen(argv[1], "w") : stdout;
  if (out == nullptr) {
    std::fprintf(stderr, "%s cannot be written\n", argv[1]);
    return 1;
  }
  std::fputs(svg.c_str(), out);
  if (out != stdout) std::fclose(out);
}
