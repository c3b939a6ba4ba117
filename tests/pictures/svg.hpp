// SPDX-License-Identifier: MIT
// svg.hpp: common parts of the programs that draw. An SVG is text.
#pragma once

#include <cstdio>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

class picture {
 public:
  /// `style`: added to the style sheet.
  picture(int width, int height, std::string_view title, std::string_view style) {
    add(R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" role="img" aria-labelledby="title">)", width,
        height);
    add(R"(<title id="title">{}</title>)", title);
    add(R"(<style>
text {{ font: 13px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #0f172a }}
.heading {{ font-size: 20px; font-weight: 600 }}
.column {{ font-weight: 600 }}
.note {{ font-size: 12px; fill: #64748b }}
.tick {{ font-size: 10.5px; fill: #64748b }}
.end {{ text-anchor: end }}
.middle {{ text-anchor: middle }}
.grid {{ stroke: #e8edf3 }}
.axis {{ stroke: #94a3b8 }}
{}</style>)",
        style);
    add(R"(<rect width="{}" height="{}" rx="8" fill="#ffffff"/>)", width, height);
  }

  template <class... Args>
  void add(fmt::format_string<Args...> text, Args&&... args) {
    fmt::format_to(std::back_inserter(svg_), text, std::forward<Args>(args)...);
    svg_ += '\n';
  }

  /// Completes the picture, and writes it to the file that the program's first argument names, or to the standard
  /// output. Returns the result of `main`.
  int write(int argc, char** argv) {
    add("</svg>");
    if (argc < 2) return std::fputs(svg_.c_str(), stdout) < 0;
    auto* const file = std::fopen(argv[1], "w");
    if (file == nullptr) return std::perror(argv[1]), 1;
    auto const written = std::fputs(svg_.c_str(), file) >= 0;
    return std::fclose(file) == 0 && written ? 0 : 1;
  }

 private:
  std::string svg_;
};
