// SPDX-License-Identifier: MIT
// wait_curves.cpp: draws the wait strategies with every kind of jitter, as an SVG. Every mark is a value of the real
// strategies; the seed makes the picture the same each time. The program writes the SVG as text, so that no plotting
// program has to be installed, whose output would change with its version.
//
//   wait_curves              writes to the standard output
//   wait_curves curves.svg   writes to a file
#include <chrono>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <tenax/fmt.hpp>
#include <tenax/tenax.hpp>

#include "svg.hpp"

using namespace std::chrono_literals;
using tenax::duration;

// A length in tenths of a pixel: whole numbers, so that the picture is the same on all machines.
struct tenths {
  std::int64_t n;
};

template <>
struct fmt::formatter<tenths> {
  static constexpr auto parse(fmt::format_parse_context& context) { return context.begin(); }
  static auto format(tenths t, fmt::format_context& context) {
    return fmt::format_to(context.out(), "{}.{}", t.n / 10, t.n % 10);
  }
};

struct colour {
  std::string_view strong;
  std::string_view pale;
};

constexpr colour teal{"#0f766e", "#cdebe5"}, amber{"#b45309", "#fbe6c6"}, indigo{"#4338ca", "#dfe0fb"},
    rose{"#be185d", "#fad9e7"};

// Sizes in tenths of a pixel.
constexpr std::int64_t margin_left = 620, margin_top = 1130, panel_width = 2120, panel_height = 1560, gap_x = 260,
                       gap_y = 560, slot = 198;
constexpr std::uint32_t attempts = 10;
constexpr int calls = 2000, shown = 16;
constexpr duration highest = 5500ms, cap = 5s;

constexpr tenths left_of(int column) { return {margin_left + column * (panel_width + gap_x)}; }
constexpr tenths top_of(int row) { return {margin_top + row * (panel_height + gap_y)}; }

// One panel, in its own coordinates.
constexpr tenths x_of(std::uint32_t attempt) { return {slot / 2 + 70 + (attempt - 1) * slot}; }
constexpr tenths y_of(duration d) { return {panel_height - d.count() * panel_height / highest.count()}; }

void draw_axes(picture& out, bool numbers_left, bool numbers_below) {
  for (auto second = 0s; second <= 5s; ++second) {
    auto const y = y_of(second);
    out.add(R"(<line class="{}" x1="0" x2="{}" y1="{}" y2="{}"/>)", second == 0s ? "axis" : "grid", tenths{panel_width},
            y, y);
    if (numbers_left) out.add(R"(<text class="tick end" x="-7" y="{}" dy="3.5">{}</text>)", y, tenax::human(second));
  }
  if (!numbers_below) return;
  auto const below = tenths{panel_height + 150};
  if (numbers_left) out.add(R"(<text class="tick end" x="-7" y="{}">attempt</text>)", below);
  for (std::uint32_t n = 1; n <= attempts; ++n) {
    out.add(R"(<text class="tick middle" x="{}" y="{}">{}</text>)", x_of(n), below, n);
  }
}

template <class Strategy>
void draw_panel(picture& out, Strategy const& strategy, colour paint, int row, int column) {
  out.add(R"~(<g transform="translate({} {})">)~", left_of(column), top_of(row));
  draw_axes(out, column == 0, row == 2);

  // The possible waits: the band of each attempt.
  tenax::wait::range_query query;
  std::string bands;
  for (std::uint32_t n = 1; n <= attempts; ++n) {
    query.number = n;
    auto const range = tenax::wait::bounds_of(strategy, query);
    query.least_previous = range.least;
    query.most_previous = range.most;
    auto const high = y_of(range.most), low = y_of(range.least);
    if (range.least == range.most) continue;
    fmt::format_to(std::back_inserter(bands), "M{} {}h13.0V{}h-13.0z", tenths{x_of(n).n - 65}, high, low);
  }
  if (!bands.empty()) out.add(R"(<path fill="{}" d="{}"/>)", paint.pale, bands);

  // The drawn waits: many calls that fail ten times, the first of them as dots.
  tenax::seeded_random random(2015), places(7);
  std::vector<duration> sums(attempts);
  std::string dots;
  for (int call = 0; call < calls; ++call) {
    tenax::attempt_info attempt{.random = &random};
    for (attempt.number = 1; attempt.number <= attempts; ++attempt.number) {
      auto const drawn = attempt.previous_wait = strategy(attempt);
      sums[attempt.number - 1] += drawn;
      if (call >= shown || bands.empty()) continue;
      auto const beside = static_cast<std::int64_t>(places() % 96) - 48;
      fmt::format_to(std::back_inserter(dots), "M{} {}h0", tenths{x_of(attempt.number).n + beside}, y_of(drawn));
    }
  }
  if (!dots.empty()) out.add(R"(<path class="dots" stroke="{}" d="{}"/>)", paint.strong, dots);

  // Mean waits.
  std::string line, marks;
  for (std::uint32_t n = 1; n <= attempts; ++n) {
    auto const y = y_of(sums[n - 1] / calls);
    fmt::format_to(std::back_inserter(line), "{}{} {}", n == 1 ? "M" : "L", x_of(n), y);
    fmt::format_to(std::back_inserter(marks), "M{} {}h13.0", tenths{x_of(n).n - 65}, y);
  }
  out.add(R"(<path class="line" stroke="{}" d="{}"/>)", paint.strong, line);
  out.add(R"(<path class="mean" stroke="{}" d="{}"/>)", paint.strong, marks);
  if (row != 0)
    out.add(R"(<line class="cap" x1="0" x2="{}" y1="{}" y2="{}"/>)", tenths{panel_width}, y_of(cap), y_of(cap));
  out.add("</g>");
}

// A strategy without jitter, and with each kind of jitter.
template <class Strategy>
void draw_row(picture& out, int row, std::string_view code, Strategy const& strategy, colour paint) {
  out.add(R"(<text class="code" style="fill: {}" x="{}" y="{}">{}</text>)", paint.strong, left_of(0),
          tenths{top_of(row).n - 120}, code);
  draw_panel(out, strategy, paint, row, 0);
  draw_panel(out, strategy.full(), paint, row, 1);
  draw_panel(out, strategy.equal(), paint, row, 2);
}

void draw_legend(picture& out) {
  out.add(R"~(<g transform="translate({} {})">)~", left_of(3), top_of(0));
  out.add(R"(<path fill="#e2e8f0" d="M0 2h13v56h-13z"/><text x="28" y="26">what may be drawn</text>)");
  out.add(R"(<text class="note" x="28" y="42">after each attempt</text>)");
  out.add(R"(<path class="dots" stroke="#475569" d="M2 88h0M6 96h0M10 83h0M8 102h0M4 79h0"/>)");
  out.add(R"(<text x="28" y="90">16 of {} calls</text>)", calls);
  out.add(R"(<text class="note" x="28" y="106">each wait a dot</text>)");
  out.add(R"(<path class="mean" stroke="#475569" d="M0 142h13"/><text x="28" y="146">mean of all {}</text>)", calls);
  out.add(R"(<path class="cap" d="M0 176h16"/><text x="28" y="180">the cap: .max = 5s</text>)");
  auto y = 222;
  for (auto const* sentence :
       {"Full jitter spreads most and", "halves the mean. Equal jitter keeps", "half of the wait. Both stay inside",
        "the cap and do not vanish there.", "", "Decorrelated draws up to three", "times the wait before."}) {
    out.add(R"(<text class="note" x="0" y="{}">{}</text>)", y, sentence);
    y += *sentence == '\0' ? 8 : 17;
  }
  out.add("</g>");
}

int main(int argc, char** argv) {
  picture out(1016, 732, "How long each wait strategy waits after attempts 1 to 10, with and without jitter",
              R"(.code { font: 600 12px ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace }
.cap { stroke: #64748b; stroke-dasharray: 4 3 }
.dots { stroke-width: 2.6; stroke-linecap: round; opacity: .5 }
.line { fill: none; stroke-width: 1; opacity: .45 }
.mean { stroke-width: 2.4 }
)");
  out.add(R"(<text class="heading" x="{}" y="38">The wait after each attempt</text>)", left_of(0));
  int column = 0;
  for (auto const* title : {"no jitter", ".full()", ".equal()"}) {
    out.add(R"(<text class="column" x="{}" y="68">{}</text>)", left_of(column++), title);
  }
  draw_row(out, 0, "wait::constant(2s)", tenax::wait::constant(2s), teal);
  draw_row(out, 1, "wait::fibonacci({.unit = 100ms, .max = 5s})", tenax::wait::fibonacci({.unit = 100ms, .max = cap}),
           amber);
  draw_row(out, 2, "wait::exponential({.base = 100ms, .max = 5s})",
           tenax::wait::exponential({.base = 100ms, .max = cap}), indigo);
  out.add(R"(<text class="code" style="fill: {}" x="{}" y="{}">wait::decorrelated({{.max = 5s}})</text>)", rose.strong,
          left_of(3), tenths{top_of(2).n - 120});
  draw_panel(out, tenax::wait::decorrelated({.base = 100ms, .max = cap}), rose, 2, 3);
  draw_legend(out);
  return out.write(argc, argv);
}
