// SPDX-License-Identifier: MIT
// limiter_curves.cpp: draws how an adaptive_rate_limiter follows a limit that changes, and how much of a shared limit
// threads use, compared with the naive way of 15_threads_share_a_limit.cpp. Simulated, with the library's own engine.
//
//   limiter_curves              writes to the standard output
//   limiter_curves curves.svg   writes to a file
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <tenax/fmt.hpp>
#include <tenax/gate/adaptive_rate_limiter.hpp>
#include <tenax/tenax.hpp>

#include "../simulation/workers.hpp"
#include "svg.hpp"

using namespace std::chrono_literals;

/// A rate that all threads share: each thread gets the time when it may send, sleeps until then, and sends. Half as
/// fast after a refusal, a little faster after each success.
class shared_interval {
 public:
  struct ticket {
    bool waits = false;
  };

  explicit shared_interval(double fastest) : shortest_(1e9 / fastest), interval_(shortest_) {}

  tenax::admission admit(ticket& t, tenax::attempt_info const&, tenax::time_point now) {
    if (std::exchange(t.waits, true)) return tenax::admission::go();
    next_ = std::max(next_ + tenax::duration(static_cast<std::int64_t>(interval_)), now);
    return tenax::admission::wait(next_ - now);
  }

  void record(ticket& t, tenax::feedback const& f, tenax::time_point) {
    t = {};
    interval_ =
        f.how == tenax::feedback::kind::throttled ? std::min(2 * interval_, 1e9) : std::max(0.9 * interval_, shortest_);
  }

 private:
  double shortest_, interval_;  // in nanoseconds
  tenax::time_point next_{};
};

/// A value for each second.
using series = std::vector<double>;

struct measured {
  series accepted, refused;
  series rate;                   // the limiter's rate
  std::vector<double> refusals;  // times of refusals

  explicit measured(std::size_t seconds) : accepted(seconds), refused(seconds), rate(seconds) {}

  void count(double t, bool good) {
    auto const second = std::min(static_cast<std::size_t>(t), accepted.size() - 1);
    ++(good ? accepted : refused)[second];
    if (!good) refusals.push_back(t);
  }

  static double sum(series const& s) {
    double n = 0;
    for (auto const x : s) n += x;
    return n;
  }
};

// --- the limit that changes ------------------------------------------------------------------------------------------

double true_limit(double t) { return t >= 300 && t < 600 ? 5 : 10; }

measured follow_a_limit() {
  measured seen(900);
  tenax::adaptive_rate_limiter limiter({.start = tenax::per_second(13)});
  simulation::strict_interval server(true_limit, simulation::tells::nothing);
  simulation::run_workers(limiter, server, {.workers = 8, .time = 900s}, [&](double t, bool good) {
    seen.count(t, good);
    seen.rate[std::min(static_cast<std::size_t>(t), seen.rate.size() - 1)] = limiter.state().rate;
  });
  return seen;
}

// --- threads that share a limit --------------------------------------------------------------------------------------

constexpr double advertised = 130, allowed = 100;
constexpr int threads = 32;

template <class Gate>
measured share(Gate& gate) {
  measured seen(60);
  simulation::strict_interval server([](double) { return allowed; }, simulation::tells::nothing);
  simulation::run_workers(gate, server, {.workers = threads, .time = 60s},
                          [&](double t, bool good) { seen.count(t, good); });
  return seen;
}

// --- the picture -----------------------------------------------------------------------------------------------------

constexpr int width = 900;

struct panel {
  int top, height;
  double most;     // the largest value
  double seconds;  // the length of the time axis

  [[nodiscard]] int x(double t) const { return static_cast<int>(std::lround(t * width / seconds)); }
  [[nodiscard]] int y(double value) const {
    return height - static_cast<int>(std::lround(std::min(value, most) * height / most));
  }

  /// One value for each second.
  [[nodiscard]] std::string line_of(series const& values) const {
    std::string path;
    for (std::size_t t = 0; t < values.size(); ++t) {
      auto const at = static_cast<double>(t);
      fmt::format_to(std::back_inserter(path), "{}{} {}H{}", t == 0 ? "M" : "L", x(at), y(values[t]), x(at + 1));
    }
    return path;
  }

  void begin(picture& out, std::string_view title, double step, double time_step) const {
    out.add(R"~(<g transform="translate(54 {})">)~", top);
    out.add(R"(<text class="column" x="0" y="-14">{}</text>)", title);
    for (double value = 0; value <= most; value += step) {
      out.add(R"(<line class="{}" x1="0" x2="{}" y1="{}" y2="{}"/>)", value == 0 ? "axis" : "grid", width, y(value),
              y(value));
      out.add(R"(<text class="tick end" x="-7" y="{}" dy="3.5">{}</text>)", y(value), value);
    }
    for (double t = 0; t <= seconds; t += time_step) {
      out.add(R"(<text class="tick middle" x="{}" y="{}">{} s</text>)", x(t), height + 22, t);
    }
  }
};

void draw_changing_limit(picture& out) {
  constexpr panel p{.top = 92, .height = 168, .most = 14, .seconds = 900};
  auto const seen = follow_a_limit();
  p.begin(out, "8 threads, and a limit that halves and recovers: requests per second", 2, 150);
  series limit(seen.rate.size());
  for (std::size_t t = 0; t < limit.size(); ++t) limit[t] = true_limit(static_cast<double>(t));
  std::string marks;
  for (auto const t : seen.refusals) {
    fmt::format_to(std::back_inserter(marks), "M{} {}v7", p.x(t), p.height + 2);
  }
  out.add(R"(<path class="limit" d="{}"/>)", p.line_of(limit));
  out.add(R"(<path class="adaptive" d="{}"/>)", p.line_of(seen.rate));
  out.add(R"(<path class="refused" d="{}"/>)", marks);
  double possible = 0;
  for (auto const n : limit) possible += n;
  out.add("</g>");
  out.add(R"(<path class="limit" d="M54 300h22"/><text class="note" x="82" y="304">the limit</text>)");
  out.add(R"(<path class="adaptive" d="M154 300h22"/><text class="note" x="182" y="304">adaptive_rate_limiter</text>)");
  out.add(R"(<path class="refused" d="M326 296v7"/><text class="note" x="334" y="304">a refusal</text>)");
  out.add(R"(<text class="note end" x="954" y="304">{:.0f} % of the limit used, {} of {} requests refused</text>)",
          100 * measured::sum(seen.accepted) / possible, seen.refusals.size(),
          measured::sum(seen.accepted) + measured::sum(seen.refused));
}

void draw_sharing(picture& out) {
  constexpr panel p{.top = 360, .height = 168, .most = 120, .seconds = 60};
  shared_interval pace(advertised);
  tenax::adaptive_rate_limiter limiter({.start = {.permits = 130, .per = 1s}});
  auto const naive = share(pace);
  auto const adaptive = share(limiter);
  p.begin(out, "32 threads share a limit of 100 requests per second, announced as 130: accepted per second", 20, 10);
  out.add(R"(<path class="limit" d="M0 {}H{}"/>)", p.y(allowed), width);
  out.add(R"(<path class="naive" d="{}"/>)", p.line_of(naive.accepted));
  out.add(R"(<path class="adaptive" d="{}"/>)", p.line_of(adaptive.accepted));
  out.add("</g>");
  int x = 54;
  for (auto const& [name, style, seen] : {std::tuple{"a shared interval, x2 and x0.9", "naive", &naive},
                                          std::tuple{"adaptive_rate_limiter", "adaptive", &adaptive}}) {
    out.add(R"(<path class="{}" d="M{} 568h22"/>)", style, x);
    out.add(R"(<text class="note" x="{}" y="572">{}: {:.0f} % used, {} refused</text>)", x + 28, name,
            100 * measured::sum(seen->accepted) / (allowed * 60), seen->refusals.size());
    x += 420;
  }
}

int main(int argc, char** argv) {
  picture out(1016, 596, "What an adaptive rate limiter makes of a limit that changes and of threads that share one",
              R"(.limit { fill: none; stroke: #64748b; stroke-dasharray: 4 3 }
.adaptive { fill: none; stroke: #0f766e; stroke-width: 1.8 }
.naive { fill: none; stroke: #be185d; stroke-width: 1.6 }
.refused { stroke: #be185d; stroke-width: 1.4 }
)");
  out.add(R"(<text class="heading" x="54" y="38">Following an unannounced limit</text>)");
  draw_changing_limit(out);
  draw_sharing(out);
  return out.write(argc, argv);
}
