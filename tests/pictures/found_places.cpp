// SPDX-License-Identifier: MIT
// found_places.cpp: simulates a server with 16 workers, of which 4 work for a minute, and a client with more requests
// than it can serve: through a bulkhead with 64 places, and through a concurrency limiter. Draws the attempts at once
// and the mean round trip of each second as an SVG.
//
//   found_places                     writes to the standard output
//   found_places found_places.svg    writes to a file
#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <tenax/fmt.hpp>
#include <tenax/gate/bulkhead.hpp>
#include <tenax/gate/concurrency_limiter.hpp>

#include "../simulation/pools.hpp"
#include "svg.hpp"

using namespace std::chrono_literals;

namespace {

constexpr std::size_t seconds_in_all = 180;

constexpr int workers_at(double t) { return t >= 60 && t < 120 ? 4 : 16; }

struct course {
  std::vector<std::int64_t> at_once = std::vector<std::int64_t>(seconds_in_all);
  std::vector<std::int64_t> round_trip = std::vector<std::int64_t>(seconds_in_all);  ///< in milliseconds
  std::int64_t served = 0;
};

/// As many requests as the gate admits. `places()`: the attempts that it allows at once.
template <class Gate>
course run(Gate& gate, std::function<std::int64_t()> const& places) {
  simulation::world w;
  simulation::pool_server server(w);
  auto& pool = server.add(workers_at, [&w] { return simulation::between(w, 8ms, 12ms); });
  course seen;
  std::vector<std::int64_t> ended(seconds_in_all);
  std::vector<tenax::duration> took(seconds_in_all);
  std::function<void()> const fill = [&] {
    for (;;) {
      auto held = std::make_shared<typename Gate::ticket>();
      if (!gate.admit(*held, {}, w.now()).admitted()) return;
      pool.serve([&, held, began = w.now()] {
        gate.record(*held, {}, w.now());
        if (auto const second = static_cast<std::size_t>(w.seconds()); second < seconds_in_all) {
          ++ended[second];
          took[second] += w.now() - began;
        }
        fill();
      });
    }
  };
  fill();
  for (std::size_t i = 0; i < seconds_in_all; ++i) {
    w.run_for(1s);
    seen.at_once[i] = places();
    seen.served += ended[i];
    if (ended[i] != 0) seen.round_trip[i] = took[i] / ended[i] / 1ms;
  }
  return seen;
}

// --- the picture -----------------------------------------------------------------------------------------------------

constexpr std::int64_t width = 420, height = 220;

std::int64_t x_of(std::size_t t) { return static_cast<std::int64_t>(t * width / seconds_in_all); }

template <class Series>
std::string line_of(Series const& value, std::int64_t highest) {
  std::string path;
  for (std::size_t t = 0; t < seconds_in_all; ++t) {
    auto const y = height - std::min<std::int64_t>(value(t), highest) * height / highest;
    fmt::format_to(std::back_inserter(path), "{}{} {}H{}", t == 0 ? "M" : "L", x_of(t), y, x_of(t + 1));
  }
  return path;
}

void begin_panel(picture& out, std::int64_t left, std::string_view title, std::int64_t highest, std::int64_t step) {
  out.add(R"~(<g transform="translate({} 70)">)~", left);
  out.add(R"(<text class="column" x="0" y="-14">{}</text>)", title);
  for (std::int64_t n = 0; n <= highest; n += step) {
    auto const y = height - n * height / highest;
    out.add(R"(<line class="{}" x1="0" x2="{}" y1="{}" y2="{}"/>)", n == 0 ? "axis" : "grid", width, y, y);
    out.add(R"(<text class="tick end" x="-7" y="{}" dy="3.5">{}</text>)", y, n);
  }
  for (std::size_t t = 0; t <= seconds_in_all; t += 30) {
    out.add(R"(<text class="tick middle" x="{}" y="{}">{} s</text>)", x_of(t), height + 16, t);
  }
}

}  // namespace

int main(int argc, char** argv) {
  tenax::bulkhead fixed({.at_once = 64, .queue = 0});
  auto const by_hand = run(fixed, [] { return 64; });
  tenax::concurrency_limiter limiter({.start = 4, .queue = 0});
  auto const found = run(limiter, [&] { return std::int64_t{limiter.state().limit}; });

  picture out(1016, 360,
              "Attempts at once and round trips, while a server loses twelve of its sixteen workers for a minute",
              R"(.fixed { fill: none; stroke: #be185d; stroke-width: 1.6 }
.found { fill: none; stroke: #0f766e; stroke-width: 2 }
.workers { fill: none; stroke: #94a3b8; stroke-width: 1.6; stroke-dasharray: 4 3 }
)");
  out.add(R"(<text class="heading" x="54" y="34">A server with 16 workers, and with 4 for a minute</text>)");
  begin_panel(out, 54, "attempts at once", 70, 10);
  out.add(R"(<path class="workers" d="{}"/>)",
          line_of([](std::size_t t) { return workers_at(static_cast<double>(t)); }, 70));
  out.add(R"(<path class="fixed" d="{}"/>)", line_of([&](std::size_t t) { return by_hand.at_once[t]; }, 70));
  out.add(R"(<path class="found" d="{}"/>)", line_of([&](std::size_t t) { return found.at_once[t]; }, 70));
  out.add("</g>");
  begin_panel(out, 560, "mean round trip, ms", 180, 20);
  out.add(R"(<path class="fixed" d="{}"/>)", line_of([&](std::size_t t) { return by_hand.round_trip[t]; }, 180));
  out.add(R"(<path class="found" d="{}"/>)", line_of([&](std::size_t t) { return found.round_trip[t]; }, 180));
  out.add("</g>");
  out.add(R"(<path class="fixed" d="M54 338h22"/><text class="note" x="82" y="342">a bulkhead with 64 places: {} )"
          R"(requests served</text>)",
          by_hand.served);
  out.add(
      R"(<path class="found" d="M440 338h22"/><text class="note" x="468" y="342">concurrency_limiter: {} served</text>)",
      found.served);
  out.add(R"(<path class="workers" d="M780 338h22"/><text class="note" x="808" y="342">workers</text>)");
  return out.write(argc, argv);
}
