// SPDX-License-Identifier: MIT
// telemetry/prometheus.hpp: `prometheus_page`: counters, metrics and gates as the text that Prometheus reads.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenax/detail/foreign_text.hpp>
#include <tenax/detail/reject.hpp>
#include <tenax/observe/counters.hpp>
#include <tenax/observe/hedge_counts.hpp>
#include <tenax/telemetry/call_metrics.hpp>
#include <tenax/telemetry/gate_metrics.hpp>
#include <tenax/telemetry/hedge_metrics.hpp>
#include <tenax/telemetry/metrics.hpp>

namespace tenax {

/// A page of metrics in Prometheus' text format, version 0.0.4, for the answer to `GET /metrics` with the type
/// `prometheus_page::content_type`:
/// ```
/// tenax::prometheus_page page;
/// page.add(catalogue_counters);
/// page.add(order_counters);
/// answer(page.text());
/// ```
/// The names are those of `tenax::metrics`, as OpenTelemetry's rules make them: `tenax_client_attempts_total`,
/// `tenax_client_call_retry_delay_seconds_bucket`. The label `call` is the name of the counters; gates have a label
/// `gate`. No locale changes the text.
///
/// Thread safety: distinct objects safe; a shared object unsafe. Counters may be in use while they are added.
class prometheus_page {
 public:
  static constexpr char const* content_type = "text/plain; version=0.0.4; charset=utf-8";

  /// Adds the numbers of `counters`. Throws `std::invalid_argument` if counters with this name were added before.
  void add(counters const& c) { add(c.name(), c.read()); }
  void add(std::string_view call, counters_reading const& c) {
    auto const label = labelled(counted_, "counters", call);
    for (unsigned i = 0; i < stop_reason_count; ++i) {
      sample(calls_, label + ",reason=\"" + to_string(static_cast<stop_reason>(i)) + "\"",
             std::to_string(c.by_reason[i]));
    }
    sample(attempts_, label, std::to_string(c.attempts));
    sample(scheduled_retries_, label, std::to_string(c.retries));
    sample(waiting_, label, seconds(c.waiting));
    sample(gate_waiting_, label, seconds(c.gate_waiting));
  }

  /// Adds histograms. Throws `std::invalid_argument` if metrics with this name were added before.
  void add(call_metrics const& m) { add(m.name(), m.read()); }
  void add(std::string_view call, call_metrics_snapshot const& m) {
    auto const label = labelled(measured_, "metrics", call);
    histogram(retries_, label, m.retry_histogram(), std::to_string(m.retries));
    histogram(retry_delay_, label, m.delay_histogram(), seconds(m.delay));
  }

  /// Adds the numbers of a `hedging`: `page.add("read page", reads.counts())`. Throws `std::invalid_argument` if those
  /// of a hedging with this name were added before.
  void add(std::string_view call, hedge_counts const& c) {
    auto const label = labelled(hedged_, "hedgings", call);
    sample(hedgeable_calls_, label, std::to_string(c.calls));
    sample(hedges_, label, std::to_string(c.hedges));
    sample(hedges_won_, label, std::to_string(c.won));
    sample(hedges_lost_, label, std::to_string(c.lost));
  }
  /// The same with a histogram of the hedges that calls had: `page.add("read page", hedge_metrics_snapshot(reads))`.
  void add(std::string_view call, hedge_metrics_snapshot const& m) {
    add(call, m.counts);
    histogram(call_hedges_, labelled(hedged_calls_, "hedgings", call), m.hedge_histogram(), std::to_string(m.hedges));
  }

  /// Adds the numbers of a gate: `page.add("payments", breaker)`. Throws `std::invalid_argument` if a gate of the same
  /// kind with this name was added before. `environment`: that of the calls which pass the gate.
  template <measured_gate Gate, environment Env = real_time>
  void add(std::string_view name, Gate& gate, Env&& environment = {}) {
    gate_numbers numbers{label_of("gate", name)};
    visit_gate_metrics(gate, numbers, environment);
    for (auto const& n : numbers.all) require_new(n);
    for (auto const& n : numbers.all) sample(family_of(n.what), n.labels, n.value);
  }

  /// The page: all that was added, one family of metrics after the other.
  [[nodiscard]] std::string text() const {
    std::string page;
    for (auto const* const f : {&calls_, &attempts_, &scheduled_retries_, &waiting_, &gate_waiting_, &hedgeable_calls_,
                                &hedges_, &hedges_won_, &hedges_lost_, &call_hedges_, &retries_, &retry_delay_}) {
      write(page, *f);
    }
    for (auto const& f : of_gates_) write(page, f);
    return page;
  }

 private:
  struct family {
    /// OpenTelemetry's rules: points become underscores, seconds and ratios are named, and counters end in `_total`.
    explicit family(metric const& m) : description(m.description), kind(m.kind) {
      for (auto const* c = m.name; *c != '\0'; ++c) name += *c == '.' ? '_' : *c;
      auto const unit = std::string_view(m.unit);
      if (unit == "s") name += "_seconds";
      if (unit == "1") name += "_ratio";
      if (unit.ends_with("/s")) name += "_per_second";
      if (m.kind == instrument::counter) name += "_total";
    }
    std::string name{};
    char const* description;
    instrument kind;
    std::string samples{};
  };

  struct gate_number {
    metric what;
    std::string labels;
    std::string value;
  };
  /// Collects the numbers of one gate.
  struct gate_numbers {
    std::string label;
    std::vector<gate_number> all{};

    void gauge(metric const& m, double value) { all.push_back({m, label, number(value)}); }
    void gauge(metric const& m, double value, circuit_state s) {
      all.push_back({m, label + ",state=\"" + to_string(s) + "\"", number(value)});
    }
    void counter(metric const& m, std::uint64_t value) { all.push_back({m, label, std::to_string(value)}); }
  };

  family& family_of(metric const& m) {
    family described(m);
    for (auto& f : of_gates_) {
      if (f.name == described.name) return f;
    }
    return of_gates_.emplace_back(std::move(described));
  }

  void require_new(gate_number const& n) {
    auto const& f = family_of(n.what);
    auto const line = f.name + "{" + n.labels + "}";
    if (f.samples.find(line + " ") == std::string::npos) return;
    detail::raise(std::invalid_argument("tenax: prometheus_page: two gates have the same name: " + line +
                                        " is there already; give each gate a name of its own"));
  }

  static void write(std::string& page, family const& f) {
    if (f.samples.empty()) return;
    char const* const kind = f.kind == instrument::counter ? " counter\n"
                             : f.kind == instrument::gauge ? " gauge\n"
                                                           : " histogram\n";
    page.append("# HELP ").append(f.name).append(" ").append(f.description).append("\n# TYPE ").append(f.name);
    page.append(kind).append(f.samples);
  }

  static std::string labelled(std::vector<std::string>& names, char const* what, std::string_view call) {
    for (auto const& n : names) {
      if (n == call) {
        detail::raise(std::invalid_argument("tenax: prometheus_page: two " + std::string(what) + " have the name \"" +
                                            n + "\"; give each a name of its own"));
      }
    }
    names.emplace_back(call);
    return label_of("call", call);
  }

  static std::string label_of(char const* key, std::string_view name) {
    auto label = key + std::string("=\"");
    for (auto rest = name; !rest.empty();) {
      auto const c = detail::take_safe(rest);
      if (c == "\"" || c == "\\") label += '\\';
      label += c;
    }
    return label + "\"";
  }

  static void sample(family& f, std::string const& labels, std::string const& value, char const* suffix = "") {
    f.samples.append(f.name).append(suffix).append("{").append(labels).append("} ").append(value).append("\n");
  }

  static void histogram(family& f, std::string const& label, histogram_view const& h, std::string const& sum) {
    std::uint64_t below = 0;
    for (unsigned i = 0; i < h.buckets; ++i) {
      below += h.counts[i];
      auto labels = label + ",le=\"";
      labels += i + 1 < h.buckets ? seconds(duration(static_cast<duration::rep>(h.bounds[i] * 1e9 + 0.5))) : "+Inf";
      labels += '"';
      sample(f, labels, std::to_string(below), "_bucket");
    }
    sample(f, label, sum, "_sum");
    sample(f, label, std::to_string(below), "_count");
  }

  /// With nine digits after the point.
  static std::string number(double value) {
    if (!(value < 9e9)) return std::to_string(static_cast<std::uint64_t>(value < 1e19 ? value : 1e19));
    return seconds(duration(static_cast<duration::rep>(value * 1e9 + 0.5)));
  }

  /// Exact, without zeros at the end.
  static std::string seconds(duration d) {
    constexpr duration::rep second = 1'000'000'000;
    auto text = std::to_string(d.count() / second);
    auto rest = d.count() % second;
    if (rest == 0) return text;
    text += '.';
    for (auto place = second / 10; rest != 0; place /= 10) {
      text += static_cast<char>('0' + rest / place);
      rest %= place;
    }
    return text;
  }

  family calls_{metrics::calls};
  family attempts_{metrics::attempts};
  family scheduled_retries_{metrics::scheduled_retries};
  family waiting_{metrics::waiting};
  family gate_waiting_{metrics::gate_waiting};
  family hedgeable_calls_{metrics::hedgeable_calls};
  family hedges_{metrics::hedges};
  family hedges_won_{metrics::hedges_won};
  family hedges_lost_{metrics::hedges_lost};
  family call_hedges_{metrics::call_hedges};
  family retries_{metrics::retries};
  family retry_delay_{metrics::retry_delay};
  std::vector<std::string> counted_;
  std::vector<std::string> measured_;
  std::vector<std::string> hedged_;
  std::vector<std::string> hedged_calls_;
  std::vector<family> of_gates_;
};

}  // namespace tenax
