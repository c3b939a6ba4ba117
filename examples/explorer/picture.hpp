// SPDX-License-Identifier: MIT
// picture.hpp: the explorer's pictures as SVG: the waits of a policy, and what a crowd of clients does to a server.
#pragma once

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "crowd_result.hpp"

namespace explorer {

inline std::string text_of(tenax::duration d) { return tenax::detail::duration_text(d).c_str(); }

/// The same, to three digits, as pictures have it.
inline std::string short_text(std::int64_t ns) {
  std::int64_t unit = 1;
  while (ns / unit >= 1000 && ns < 60'000'000'000) unit *= 10;
  if (ns >= 60'000'000'000) unit = 1'000'000'000;
  return text_of(tenax::duration((ns + unit / 2) / unit * unit));
}

/// The least of 1, 2, 4, 6, 8 or 10 times a power of ten that is not below `x`: the end of an axis.
inline double nice(double x) {
  double power = 1;
  while (power * 10 <= x) power *= 10;
  while (power > x) power /= 10;
  for (auto const f : {1, 2, 4, 6, 8}) {
    if (f * power >= x) return f * power;
  }
  return 10 * power;
}
/// As `nice`, for times: whole minutes and hours where those are longer.
inline std::int64_t nice_time(std::int64_t ns) {
  double const unit = ns >= 7'200'000'000'000 ? 3600e9 : ns >= 120'000'000'000 ? 60e9 : 1;
  auto const end = nice(static_cast<double>(ns) / unit) * unit;
  return end < 9e18 ? static_cast<std::int64_t>(end) : ns;
}

/// A text that becomes an SVG picture. Its colours suit a light and a dark page.
class drawing {
 public:
  drawing(int width, int height, std::string_view title) {
    add("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" class=\"tenax\" role=\"img\"><title>", width,
        height);
    escaped(title);
    svg_ +=
        "</title>\n<style>.tenax{--i:#0f172a;--p:#fff;--m:#64748b;--g:#e2e8f0;--a:#0f766e;--b:#b91c1c;--c:#b45309;--l:"
        "#4338ca}"
        "@media(prefers-color-scheme:dark){.tenax{--i:#e2e8f0;--p:#161b22;--m:#94a3b8;--g:#334155;--a:#2dd4bf;--b:"
        "#f87171;--c:#fbbf24;--l:#a5b4fc}}"
        ".tenax text{font:13px system-ui,sans-serif;fill:var(--i)}.tenax .m{fill:var(--m);font-size:11px}"
        ".tenax .s{font-size:12px}.tenax .e{text-anchor:end}.tenax .h{font-weight:600}.tenax .g{stroke:var(--g)}.tenax "
        ".b{stroke:var(--b);"
        "stroke-dasharray:4 3}.tenax .t{stroke:var(--i);stroke-width:2}.tenax .r{fill:var(--g)}.tenax .f{fill:var(--a)}"
        ".tenax .n{fill:var(--c)}.tenax .x{fill:var(--b)}.tenax .o{fill:var(--b);fill-opacity:.12}.tenax .l{fill:none;"
        "stroke:var(--l);stroke-width:1.5}</style>\n";
    add("<rect width=\"%d\" height=\"%d\" rx=\"8\" fill=\"var(--p)\"/>\n", width, height);
  }

  [[gnu::format(printf, 2, 3)]] void add(char const* format, ...) {
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    svg_ += text;
  }
  void write(int x, int y, char const* style, std::string_view what) {
    add("<text x=\"%d\" y=\"%d\" class=\"%s\">", x, y, style);
    escaped(what);
    svg_ += "</text>\n";
  }
  void line(char const* style, double x1, double y1, double x2, double y2) {
    add("<path class=\"%s\" d=\"M%.1f %.1fL%.1f %.1f\"/>\n", style, x1, y1, x2, y2);
  }
  void box(char const* style, double x, double y, double width, double height, double opacity = 1) {
    add("<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"", style, x, y, width, height);
    if (opacity < 1) add(" opacity=\"%.2f\"", opacity);
    svg_ += "/>\n";
  }
  void escaped(std::string_view what) {
    for (char const c : what) {
      if (c == '<')
        svg_ += "&lt;";
      else if (c == '&')
        svg_ += "&amp;";
      else
        svg_ += c;
    }
  }
  void raw(std::string_view what) { svg_ += what; }
  [[nodiscard]] std::string done() { return std::move(svg_) + "</svg>\n"; }

 private:
  std::string svg_;
};

/// What 1001 simulated calls do whose attempts all fail at once.
struct failing_calls {
  static constexpr std::size_t calls = 1001, most_rows = 12;

  std::vector<std::vector<std::int64_t>> waits{};   ///< those after each attempt, sorted
  std::vector<std::vector<std::int64_t>> begins{};  ///< when the attempt after each wait begins, sorted
  std::vector<std::int64_t> ends{};                 ///< when calls end, sorted; empty if they go on
  std::vector<std::uint32_t> attempts{};            ///< of calls that end, sorted
  std::array<std::uint32_t, 9> reasons{};
};

template <bool Clips>
failing_calls fail_calls_with(settings const& s) {
  failing_calls out;
  auto const policy = s.policy<Clips>(tenax::detail::no_gates{});
  reply const failure{s.when.codes.empty() ? 0 : s.when.codes.front(), {}};
  for (std::size_t c = 0; c < failing_calls::calls; ++c) {
    tenax::seeded_random random(c + 1);
    tenax::time_point now{};
    tenax::retry_loop<decltype(policy) const&> loop(policy, now, &random);
    auto next = loop.start_attempt(now);
    std::size_t row = 0;
    while (next.starts() && row <= failing_calls::most_rows) {
      next = loop.finish_attempt(tenax::outcome<reply>(failure), now);
      if (!next.waits() || row == failing_calls::most_rows) break;
      auto const wait = next.delay;
      now = tenax::time_point(tenax::saturating_add(now.time_since_epoch(), wait));
      next = loop.start_attempt(now);
      if (!next.starts()) break;
      if (out.waits.size() == row) out.waits.emplace_back(), out.begins.emplace_back();
      out.waits[row].push_back(wait.count());
      out.begins[row].push_back(now.time_since_epoch().count());
      ++row;
    }
    if (!next.stops()) continue;
    out.ends.push_back(now.time_since_epoch().count());
    out.attempts.push_back(loop.attempts());
    ++out.reasons[static_cast<std::size_t>(next.reason) % out.reasons.size()];
  }
  for (auto* rows : {&out.waits, &out.begins}) {
    for (auto& row : *rows) std::sort(row.begin(), row.end());
  }
  std::sort(out.ends.begin(), out.ends.end());
  std::sort(out.attempts.begin(), out.attempts.end());
  return out;
}
inline failing_calls fail_calls(settings const& s) {
  return s.clips ? fail_calls_with<true>(s) : fail_calls_with<false>(s);
}

/// Where calls end and why, in a sentence.
inline std::string end_of(failing_calls const& f) {
  if (f.ends.empty()) return "Calls go on after " + std::to_string(f.waits.size()) + " waits.";
  auto const range = [](std::string const& low, std::string const& high) {
    return low == high ? low : low + " to " + high;
  };
  std::string out = "A call whose attempts all fail ends after " +
                    range(std::to_string(f.attempts.front()), std::to_string(f.attempts.back())) +
                    (f.attempts.back() == 1 ? " attempt and " : " attempts and ") +
                    range(short_text(f.ends.front()), short_text(f.ends.back())) + ": ";
  bool any = false;
  for (std::size_t i = 0; i < f.reasons.size(); ++i) {
    if (f.reasons[i] == 0) continue;
    auto const reason = static_cast<tenax::stop_reason>(i);
    if (any) out += ", or ";
    any = true;
    out += reason == tenax::stop_reason::attempts   ? "the attempts are used up"
           : reason == tenax::stop_reason::deadline ? "the next wait would pass the deadline"
                                                    : tenax::to_string(reason);
    if (f.reasons[i] < failing_calls::calls)
      out += " (" + std::to_string((f.reasons[i] * 100 + failing_calls::calls / 2) / failing_calls::calls) + " of 100)";
  }
  return out + ".";
}

/// A heading that fits into a picture.
inline std::string heading(std::string_view text) {
  constexpr std::size_t most = 88;
  if (text.size() <= most) return std::string(text);
  auto end = text.rfind(' ', most - 4);
  if (end == text.npos || end < most / 2) end = most - 4;
  while ((static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80) --end;  // not within a character
  return std::string(text.substr(0, end)) + " ...";
}

/// The waits: the range and distribution of each, when each attempt begins, and the deadline.
inline std::string picture_of_waits(settings const& s, std::string_view title) {
  auto const f = fail_calls(s);
  constexpr int left = 40, width = 330, gap = 60, top = 76, row = 24;
  auto const rows = static_cast<int>(f.waits.size());
  auto const bottom = top + row * (rows > 0 ? rows : 1);
  drawing out(800, bottom + 52, "Waits of the policy " + std::string(title));
  out.write(16, 26, "h", heading(title));
  std::int64_t deadline = s.deadline ? s.deadline->count() : 0;
  auto const panel = [&](int x0, char const* name, std::vector<std::vector<std::int64_t>> const& of,
                         std::int64_t mark) {
    std::int64_t most = mark > 0 ? mark : 1;
    for (auto const& r : of) most = std::max(most, r.back());
    most = nice_time(most);
    auto const x_of = [&](std::int64_t ns) {
      return x0 + static_cast<double>(ns) / static_cast<double>(most) * (width - 8);
    };
    out.write(x0, 52, "m", name);
    for (int i = 0; i <= 2; ++i) {
      auto const at = most / 2 * i;
      out.line("g", x_of(at), top - 8, x_of(at), bottom);
      out.write(static_cast<int>(x_of(at)), top - 10, i == 0 ? "m" : "m e", short_text(at));
    }
    for (int n = 0; n < rows; ++n) {
      auto const& all = of[static_cast<std::size_t>(n)];
      auto const y = top + row * n;
      auto const low = x_of(all.front()), high = x_of(all.back());
      out.add("<g><title>%d: %s to %s, median %s</title>\n", n + 1, short_text(all.front()).c_str(),
              short_text(all.back()).c_str(), short_text(all[all.size() / 2]).c_str());
      out.box("r", low - 1, y, high - low + 2, row - 6);
      // The distribution: the darker, the more likely.
      constexpr std::size_t bins = 16;
      std::array<std::uint32_t, bins> count{};
      auto const span = all.back() - all.front() + 1;
      for (auto const t : all)
        ++count[std::min<std::size_t>(bins - 1, static_cast<std::size_t>(static_cast<double>(t - all.front()) /
                                                                         static_cast<double>(span) * bins))];
      auto const fullest = *std::max_element(count.begin(), count.end());
      auto const step = (high - low) / bins;
      for (std::size_t b = 0; b < bins && high - low > 2; ++b) {
        if (count[b] != 0)
          out.box("f", low + static_cast<double>(b) * step, y, step, row - 6,
                  0.15 + 0.75 * static_cast<double>(count[b]) / fullest);
      }
      out.line("t", x_of(all[all.size() / 2]), y, x_of(all[all.size() / 2]), y + row - 6);
      out.raw("</g>\n");
    }
    if (mark > 0) out.line("b", x_of(mark), top - 8, x_of(mark), bottom);
  };
  if (rows == 0) out.write(left, top + 14, "m", "There is no wait.");
  panel(left, "Wait after each attempt: range, distribution, median", f.waits, 0);
  panel(left + width + gap, deadline > 0 ? "The next attempt begins; dashed: the deadline" : "The next attempt begins",
        f.begins, deadline);
  for (int n = 0; n < rows; ++n) out.write(left - 8, top + row * n + 13, "m e", std::to_string(n + 1));
  out.write(16, bottom + 30, "", end_of(f));
  return out.done();
}

/// The load of one or two policies over time, and what they do in numbers.
inline std::string picture_of_crowds(world const& w, std::vector<std::string_view> const& titles,
                                     std::vector<crowd_result> const& of) {
  constexpr int left = 56, width = 728, height = 130, top = 64, between = 226;
  drawing out(800, top - 32 + between * static_cast<int>(of.size()), "Requests per second of a crowd of clients");
  out.write(16, 24, "m",
            "Requests per second. Line: load. Areas: good answers (green), 429 (orange), other failures (red). Dashed: "
            "the capacity.");
  double most = 1;
  auto const rate = [&](crowd_result const& r, std::size_t i) {
    return r.by[crowd_result::load][i] * 1e9 / double(r.slot);
  };
  for (auto const& r : of) {
    for (std::size_t i = 0; i < crowd_result::slots; ++i) {
      double answers = 0;
      for (std::size_t k = 1; k < crowd_result::kinds; ++k) answers += r.by[k][i] * 1e9 / double(r.slot);
      most = std::max({most, rate(r, i), answers});
    }
  }
  most = nice(most);
  for (std::size_t n = 0; n < of.size(); ++n) {
    auto const& r = of[n];
    int const y0 = top + between * static_cast<int>(n);
    auto const length = static_cast<double>(w.length.count());
    auto const x_of = [&](double ns) { return left + std::min(1.0, ns / length) * width; };
    auto const y_of = [&](double per_second) { return y0 + height - per_second / most * height; };
    out.write(left, y0 - 8, "h", heading(titles[n]));
    if (w.outage_to.count() > w.outage_from.count()) {
      auto const from = x_of(double(w.outage_from.count()));
      out.box("o", from, y0, x_of(double(w.outage_to.count())) - from, height);
    }
    for (int i = 0; i <= 2; ++i) {
      out.line("g", left, y_of(most * i / 2), left + width, y_of(most * i / 2));
      char label[32];
      std::snprintf(label, sizeof label, "%.4g", most * i / 2);
      out.write(left - 6, static_cast<int>(y_of(most * i / 2)) + 4, "m e", label);
    }
    for (int i = 0; i <= 4; ++i)
      out.write(static_cast<int>(x_of(length * i / 4)), y0 + height + 15, i == 0 ? "m" : "m e",
                short_text(w.length.count() / 4 * i));
    if (w.capacity != 0 && double(w.capacity) < most)
      out.line("b", left, y_of(double(w.capacity)), left + width, y_of(double(w.capacity)));
    // Areas on top of each other.
    std::array<double, crowd_result::slots> base{};
    char const* const style[] = {"", "f", "n", "x"};
    for (std::size_t k = 1; k < crowd_result::kinds; ++k) {
      if (r.all[k] == 0) continue;
      std::string there, back;
      for (std::size_t i = 0; i < crowd_result::slots; ++i) {
        char text[64];
        auto const from = x_of(double(r.slot) * double(i)), to = x_of(double(r.slot) * double(i + 1));
        auto const above = base[i] + r.by[k][i] * 1e9 / double(r.slot);
        std::snprintf(text, sizeof text, "%c%.1f %.1fH%.1f", i == 0 ? 'M' : 'L', from, y_of(above), to);
        there += text;
        std::snprintf(text, sizeof text, "L%.1f %.1fH%.1f", to, y_of(base[i]), from);
        back.insert(0, text);
        base[i] = above;
      }
      out.add("<path class=\"%s\" d=\"", style[k]);
      out.raw(there), out.raw(back), out.raw("z\"/>\n");
    }
    out.raw("<path class=\"l\" d=\"");
    for (std::size_t i = 0; i < crowd_result::slots; ++i)
      out.add("%c%.1f %.1fH%.1f", i == 0 ? 'M' : 'L', x_of(double(r.slot) * double(i)), y_of(rate(r, i)),
              x_of(double(r.slot) * double(i + 1)));
    out.raw("\"/>\n");
    char text[240];
    std::snprintf(
        text, sizeof text, "%llu calls: %llu succeeded, %llu gave up. %llu attempts, %.3g for a call. 429: %llu.",
        static_cast<unsigned long long>(r.calls), static_cast<unsigned long long>(r.succeeded),
        static_cast<unsigned long long>(r.gave_up), static_cast<unsigned long long>(r.all[crowd_result::load]),
        r.amplification(), static_cast<unsigned long long>(r.all[crowd_result::throttled]));
    out.write(left, y0 + height + 34, "s", text);
    std::string more = "Goodput ";
    std::snprintf(text, sizeof text, "%.4g/s; ", double(r.all[crowd_result::good]) / (double(r.ended) / 1e9 + 1e-9));
    more += text;
    more += "a call takes " + short_text(r.median) + " (median), " + short_text(r.most_95) + " (95 of 100), " +
            short_text(r.longest) + " (longest).";
    if (w.outage_to.count() > 0 && w.calls == 0)
      more += r.recovery < 0    ? " No recovery is seen."
              : r.recovery == 0 ? " Recovered at once."
                                : " Recovered after " + short_text(r.recovery) + ".";
    if (w.calls != 0 && r.last_good >= 0) more += " Last good answer at " + short_text(r.last_good) + ".";
    out.write(left, y0 + height + 52, "s", more);
    if (r.full) out.write(left, y0 + 14, "h", "The simulation ended early, because it has too many steps.");
  }
  return out.done();
}

}  // namespace explorer
