// SPDX-License-Identifier: MIT
// outage.cpp: simulates a thousand clients and a server that is down for a minute: which requests are sent, and which
// are answered in time, with and without a retry budget. Draws the result as an SVG. Backoff alone only postpones the
// retry storm; a budget prevents it.
//
//   outage              writes to the standard output
//   outage outage.svg   writes to a file
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <tenax/fmt.hpp>
#include <tenax/gate/retry_budget.hpp>
#include <tenax/tenax.hpp>

#include "../simulation/outage.hpp"
#include "svg.hpp"

using namespace std::chrono_literals;

constexpr simulation::outage minute{};

// [policy]
auto const persistent = tenax::retrying{}
                            .when(tenax::when::any_error)
                            .wait(tenax::wait::exponential({.base = 100ms, .max = 10s}).full())
                            .stop(tenax::stop::after_attempts(10));
// [/policy]

// --- the picture -----------------------------------------------------------------------------------------------------

constexpr std::int64_t width = 420, height = 260, highest = 1200;

std::int64_t x_of(std::size_t t) { return static_cast<std::int64_t>(t) * width / (minute.whole / 1s); }
std::int64_t y_of(std::int64_t n) { return height - std::min(n, highest) * height / highest; }

std::string line_of(std::vector<std::int64_t> const& series) {
  std::string path;
  for (std::size_t t = 0; t < series.size(); ++t) {
    fmt::format_to(std::back_inserter(path), "{}{} {}", t == 0 ? "M" : "L", x_of(t), y_of(series[t]));
  }
  return path;
}

void draw_panel(picture& out, std::int64_t left, std::string_view title, simulation::course const& seen) {
  out.add(R"~(<g transform="translate({} 70)">)~", left);
  out.add(R"(<text class="column" x="0" y="-14">{}</text>)", title);
  out.add(R"(<rect x="{}" y="0" width="{}" height="{}" fill="#fee2e2"/>)", x_of(60), x_of(120) - x_of(60), height);
  out.add(R"(<text class="note" x="{}" y="14">outage</text>)", x_of(60) + 6);
  for (std::int64_t n = 0; n <= highest; n += 200) {
    out.add(R"(<line class="{}" x1="0" x2="{}" y1="{}" y2="{}"/>)", n == 0 ? "axis" : "grid", width, y_of(n), y_of(n));
    out.add(R"(<text class="tick end" x="-7" y="{}" dy="3.5">{}</text>)", y_of(n), n);
  }
  for (std::size_t t = 0; t <= 300; t += 60) {
    out.add(R"(<text class="tick middle" x="{}" y="{}">{} s</text>)", x_of(t), height + 16, t);
  }
  out.add(R"(<path class="offered" d="{}"/>)", line_of(seen.offered));
  out.add(R"(<path class="good" d="{}"/>)", line_of(seen.good));
  out.add("</g>");
}

picture draw(simulation::course const& without, simulation::course const& with) {
  picture out(1016, 400, "Requests and answers per second around an outage, without and with a retry budget",
              R"(.offered { fill: none; stroke: #be185d; stroke-width: 1.6 }
.good { fill: none; stroke: #0f766e; stroke-width: 2 }
)");
  out.add(R"(<text class="heading" x="54" y="34">A minute's outage, and what comes after</text>)");
  draw_panel(out, 54, "no budget", without);
  draw_panel(out, 560, "retry_budget, one for each client", with);
  out.add(R"(<path class="offered" d="M54 378h22"/><text class="note" x="82" y="382">requests per second</text>)");
  out.add(R"(<path class="good" d="M244 378h22"/><text class="note" x="272" y="382">answered in time</text>)");
  out.add(R"(<text class="note" x="420" y="382">{} clients want {} answers per second; the server can give {}</text>)",
          minute.clients, static_cast<int>(minute.demand()), static_cast<int>(minute.capacity));
  return out;
}

int main(int argc, char** argv) {
  auto const without = simulation::run(minute, [](int) { return persistent; });
  // [budget]
  std::deque<tenax::retry_budget> budgets;
  auto const with = simulation::run(minute, [&](int) {
    return persistent.through(std::ref(budgets.emplace_back(tenax::retry_budget_options{.tokens = 10, .ratio = 0.1})));
  });
  // [/budget]
  return draw(without, with).write(argc, argv);
}
