// SPDX-License-Identifier: MIT
// telemetry.cpp: the snippets of docs/reference/telemetry.md and docs/how-to/metrics.md.
#include <tenax/telemetry.hpp>

#include <map>

#include <tenax/gate/adaptive_rate_limiter.hpp>
#include <tenax/gate/bulkhead.hpp>
#include <tenax/gate/circuit_breaker.hpp>
#include <tenax/gate/windowed_retry_budget.hpp>
#include <tenax/hedging.hpp>
#include <tenax/http/attempt_headers.hpp>
#include <tenax/telemetry/hedge_metrics.hpp>

#include "docs.hpp"

namespace {

// [exporter]
/// Takes the values of metrics, as an exporter does.
struct exporter {
  std::map<std::string, double> values;

  void counter(tenax::metric const& m, std::uint64_t value) { values[m.name] += double(value); }
  void counter(tenax::metric const& m, std::uint64_t value, tenax::stop_reason) {
    values[m.name] += double(value);
  }
  void histogram(tenax::metric const& m, tenax::histogram_view const& h) { values[m.name] = h.sum; }
  void gauge(tenax::metric const& m, double value) { values[m.name] = value; }
  void gauge(tenax::metric const& m, double value, tenax::circuit_state s) {
    values[m.name + std::string(".") + to_string(s)] = value;
  }
};
// [/exporter]

}  // namespace

TEST_CASE("telemetry: metrics") {
  virtual_time clock;
  // [call_metrics]
  tenax::counters catalogue("catalogue");
  tenax::call_metrics catalogue_metrics("catalogue");
  auto const policy = tenax::retrying{}
                          .named("catalogue")
                          .observe(std::ref(catalogue))
                          .observe(std::ref(catalogue_metrics));
  // [/call_metrics]
  script<int> lines;
  lines.throws(network_error("reset")).throws(network_error("reset")).returns(7);
  CHECK(policy.environment(std::ref(clock))(std::ref(lines)) == 7);

  // [visit]
  exporter out;
  catalogue_metrics.read().visit(out, tenax::metric_names::grpc);
  CHECK(out.values["grpc.client.attempt.started"] == 3);
  CHECK(out.values["grpc.client.call.retries"] == 2);
  // [/visit]

  // [prometheus]
  tenax::prometheus_page page;
  page.add(catalogue);
  page.add(catalogue_metrics);
  auto const text = page.text();
  // [/prometheus]
  CHECK(text.find("tenax_client_attempts_total{call=\"catalogue\"} 3\n") != std::string::npos);
}

TEST_CASE("telemetry: hedges") {
  exporter out;
  tenax::windowed_retry_budget budget;
  tenax::hedging reads(budget, {.after = 5ms});
  // [hedges]
  tenax::hedge_metrics_snapshot const now(reads);
  now.visit(out, tenax::metric_names::grpc);
  CHECK(out.values.contains("grpc.client.call.hedges"));
  // [/hedges]
}

TEST_CASE("telemetry: gates") {
  exporter out;
  tenax::circuit_breaker breaker;
  tenax::bulkhead slots({.at_once = 8});
  tenax::adaptive_rate_limiter limiter;
  // [gates]
  tenax::prometheus_page page;
  page.add("payments", breaker);
  page.add("payments", slots);
  page.add("catalogue", limiter);
  // [/gates]
  CHECK(page.text().find("tenax_gate_circuit{gate=\"payments\",state=\"closed\"} 1\n") !=
        std::string::npos);

  // [visit_gate]
  tenax::visit_gate_metrics(breaker, out);
  CHECK(out.values["tenax.gate.circuit.open"] == 0);
  // [/visit_gate]
}

TEST_CASE("telemetry: headers") {
  std::vector<std::string> sent;
  auto const send = [&](tenax::http::attempt_header const& h) {
    sent.push_back(h.name() + std::string(": ") + h.c_str());
  };
  int requests = 0;
  auto const policy = tenax::retrying{}.wait(tenax::wait::none);
  // [headers]
  policy([&](tenax::attempt_info const& info) {
    send(tenax::http::amz_sdk_request(info, {.max = 3}));
    if (auto const h = tenax::http::resend_baggage(info)) send(h);
    if (++requests == 1) throw network_error("reset");
  });
  CHECK(sent == std::vector<std::string>{"amz-sdk-request: attempt=1; max=3",
                                         "amz-sdk-request: attempt=2; max=3",
                                         "baggage: http.request.resend_count=1"});
  // [/headers]
}
