// SPDX-License-Identifier: MIT
// prometheus.cpp: the text of a page of metrics. tests/end_to_end/promtool.sh has a real one read.
#include <tenax/telemetry/prometheus.hpp>

#include <stdexcept>
#include <string>

#include "catch.hpp"

using namespace std::chrono_literals;

namespace {

/// The lines of a page that contain a text.
std::string lines_with(std::string const& page, std::string const& text) {
  std::string found;
  for (std::size_t start = 0; start < page.size();) {
    auto const end = page.find('\n', start);
    REQUIRE(end != std::string::npos);
    auto const line = page.substr(start, end - start + 1);
    if (line.find(text) != std::string::npos) found += line;
    start = end + 1;
  }
  return found;
}

}  // namespace

TEST_CASE("A page has one family after the other, each with its help and type") {
  tenax::counters catalogue("catalogue"), orders("orders");
  catalogue.after_attempt({});
  catalogue.before_sleep({.upcoming_wait = 1500ms});
  catalogue.on_success({});
  orders.on_give_up({}, tenax::stop_reason::deadline);
  tenax::prometheus_page page;
  page.add(catalogue);
  page.add(orders);
  auto const text = page.text();
  CHECK(lines_with(text, "tenax_client_attempts_total") ==
        "# HELP tenax_client_attempts_total Attempts made.\n"
        "# TYPE tenax_client_attempts_total counter\n"
        "tenax_client_attempts_total{call=\"catalogue\"} 1\n"
        "tenax_client_attempts_total{call=\"orders\"} 0\n");
  CHECK(lines_with(text, "waiting_seconds_total{call=\"catalogue\"}") ==
        "tenax_client_waiting_seconds_total{call=\"catalogue\"} 1.5\n"
        "tenax_client_gate_waiting_seconds_total{call=\"catalogue\"} 0\n");
  CHECK(lines_with(text, "reason=\"deadline\"") ==
        "tenax_client_calls_total{call=\"catalogue\",reason=\"deadline\"} 0\n"
        "tenax_client_calls_total{call=\"orders\",reason=\"deadline\"} 1\n");
  CHECK(lines_with(text, "call_retries").empty());
}

TEST_CASE("Histograms are cumulative and end with all values") {
  tenax::call_metrics metrics("catalogue");
  metrics.on_success({.number = 1});
  metrics.on_success({.number = 2, .waited = 20ms});
  metrics.on_success({.number = 9, .waited = 200s + 1ns});
  tenax::prometheus_page page;
  page.add(metrics);
  auto const text = page.text();
  CHECK(lines_with(text, "tenax_client_call_retries") ==
        "# HELP tenax_client_call_retries Retries of a call, for calls with any.\n"
        "# TYPE tenax_client_call_retries histogram\n"
        "tenax_client_call_retries_bucket{call=\"catalogue\",le=\"1\"} 1\n"
        "tenax_client_call_retries_bucket{call=\"catalogue\",le=\"2\"} 1\n"
        "tenax_client_call_retries_bucket{call=\"catalogue\",le=\"3\"} 1\n"
        "tenax_client_call_retries_bucket{call=\"catalogue\",le=\"4\"} 1\n"
        "tenax_client_call_retries_bucket{call=\"catalogue\",le=\"5\"} 1\n"
        "tenax_client_call_retries_bucket{call=\"catalogue\",le=\"+Inf\"} 2\n"
        "tenax_client_call_retries_sum{call=\"catalogue\"} 9\n"
        "tenax_client_call_retries_count{call=\"catalogue\"} 2\n");
  CHECK(lines_with(text, "delay_seconds_bucket{call=\"catalogue\",le=\"0.016\"} 0\n").empty() == false);
  CHECK(lines_with(text, "delay_seconds_bucket{call=\"catalogue\",le=\"0.00001\"} 0\n").empty() == false);
  CHECK(lines_with(text, "delay_seconds_bucket{call=\"catalogue\",le=\"0.02\"} 1\n").empty() == false);
  CHECK(lines_with(text, "delay_seconds_bucket{call=\"catalogue\",le=\"+Inf\"} 2\n").empty() == false);
  CHECK(lines_with(text, "delay_seconds_sum") ==
        "tenax_client_call_retry_delay_seconds_sum{call=\"catalogue\"} 200.020000001\n");
}

TEST_CASE("A name cannot forge a line or a label, and stands on a page once") {
  tenax::prometheus_page page;
  page.add("a\"b\\c\nd\xff", tenax::counters_reading{});
  CHECK(lines_with(page.text(), "attempts_total{") == "tenax_client_attempts_total{call=\"a\\\"b\\\\c d?\"} 0\n");
  page.add("orders", tenax::counters_reading{});
  page.add("orders", tenax::call_metrics_snapshot{});
  CHECK_THROWS_WITH(page.add("orders", tenax::counters_reading{}),
                    "tenax: prometheus_page: two counters have the name \"orders\"; give each a name of its own");
  CHECK_THROWS_AS(page.add("orders", tenax::call_metrics_snapshot{}), std::invalid_argument);
}

TEST_CASE("A page has the counts of hedged calls") {
  tenax::hedge_counts const reads{.calls = 40, .hedges = 3, .won = 2, .lost = 1};
  tenax::prometheus_page page;
  page.add("read \"page\"", reads);
  auto const text = page.text();
  CHECK(lines_with(text, "call=\"read") ==
        "tenax_client_hedgeable_calls_total{call=\"read \\\"page\\\"\"} 40\n"
        "tenax_client_hedges_total{call=\"read \\\"page\\\"\"} 3\n"
        "tenax_client_hedges_won_total{call=\"read \\\"page\\\"\"} 2\n"
        "tenax_client_hedges_lost_total{call=\"read \\\"page\\\"\"} 1\n");
  CHECK_THROWS_AS(page.add("read \"page\"", reads), std::invalid_argument);
}

TEST_CASE("A page has the histogram of hedges") {
  tenax::hedge_metrics_snapshot const reads({.calls = 40, .hedges = 9, .won = 2, .lost = 1}, {.calls_with = {3, 0, 2}});
  tenax::prometheus_page page;
  page.add("read", reads);
  auto const text = page.text();
  CHECK(lines_with(text, "tenax_client_call_hedges") ==
        "# HELP tenax_client_call_hedges Hedges of a call, for calls with any.\n"
        "# TYPE tenax_client_call_hedges histogram\n"
        "tenax_client_call_hedges_bucket{call=\"read\",le=\"1\"} 3\n"
        "tenax_client_call_hedges_bucket{call=\"read\",le=\"2\"} 3\n"
        "tenax_client_call_hedges_bucket{call=\"read\",le=\"3\"} 5\n"
        "tenax_client_call_hedges_bucket{call=\"read\",le=\"4\"} 5\n"
        "tenax_client_call_hedges_bucket{call=\"read\",le=\"5\"} 5\n"
        "tenax_client_call_hedges_bucket{call=\"read\",le=\"+Inf\"} 5\n"
        "tenax_client_call_hedges_sum{call=\"read\"} 9\n"
        "tenax_client_call_hedges_count{call=\"read\"} 5\n");
  CHECK(lines_with(text, "tenax_client_hedges_total{") == "tenax_client_hedges_total{call=\"read\"} 9\n");
  CHECK_THROWS_AS(page.add("read", reads), std::invalid_argument);
}
