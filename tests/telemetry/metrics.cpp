// SPDX-License-Identifier: MIT
// metrics.cpp: names, kinds, units and buckets are those of OpenTelemetry and gRPC.
#include <tenax/telemetry/metrics.hpp>

#include <string>
#include <vector>

#include <tenax/telemetry/call_metrics.hpp>

#include "catch.hpp"

namespace {

using tenax::instrument;

struct row {
  std::string name;
  instrument kind;
  std::string unit;

  friend bool operator==(row const&, row const&) = default;
};

std::ostream& operator<<(std::ostream& out, row const& r) {
  return out << r.name << " " << static_cast<int>(r.kind) << " " << r.unit;
}

struct names {
  std::vector<row> rows;

  void add(tenax::metric const& m) {
    row const r{m.name, m.kind, m.unit};
    if (rows.empty() || rows.back() != r) rows.push_back(r);
    CHECK(std::string(m.description).back() == '.');
  }
  void counter(tenax::metric const& m, std::uint64_t, tenax::stop_reason = {}) { add(m); }
  void histogram(tenax::metric const& m, tenax::histogram_view const&) { add(m); }
};

}  // namespace

TEST_CASE("Metrics for gRPC have the names, kinds and units of gRFC A66 and A96") {
  names seen;
  tenax::call_metrics_snapshot{}.visit(seen, tenax::metric_names::grpc);
  CHECK(seen.rows == std::vector<row>{{"grpc.client.attempt.started", instrument::counter, "{attempt}"},
                                      {"grpc.client.call.retries", instrument::histogram, "{retry}"},
                                      {"grpc.client.call.retry_delay", instrument::histogram, "s"}});
}

TEST_CASE("Other metrics have names of their own, with the same units") {
  names seen;
  tenax::call_metrics_snapshot{}.visit(seen);
  CHECK(seen.rows == std::vector<row>{{"tenax.client.calls", instrument::counter, "{call}"},
                                      {"tenax.client.attempts", instrument::counter, "{attempt}"},
                                      {"tenax.client.call.retries", instrument::histogram, "{retry}"},
                                      {"tenax.client.call.retry_delay", instrument::histogram, "s"}});
}

TEST_CASE("Buckets end where gRFC A66 and A96 say") {
  using tenax::detail::bucket_of;
  using tenax::detail::latency_bounds;
  using tenax::detail::retry_bounds;
  CHECK(std::vector<double>(std::begin(retry_bounds), std::end(retry_bounds)) == std::vector<double>{1, 2, 3, 4, 5});
  CHECK(std::vector<double>(std::begin(latency_bounds), std::end(latency_bounds)) ==
        std::vector<double>{0,     0.00001, 0.00005, 0.0001, 0.0003, 0.0006, 0.0008, 0.001, 0.002, 0.003, 0.004,
                            0.005, 0.006,   0.008,   0.01,   0.013,  0.016,  0.02,   0.025, 0.03,  0.04,  0.05,
                            0.065, 0.08,    0.1,     0.13,   0.16,   0.2,    0.25,   0.3,   0.4,   0.5,   0.65,
                            0.8,   1,       2,       5,      10,     20,     50,     100});
  CHECK(bucket_of(retry_bounds, 1) == 0);
  CHECK(bucket_of(retry_bounds, 2) == 1);
  CHECK(bucket_of(retry_bounds, 5) == 4);
  CHECK(bucket_of(retry_bounds, 6) == 5);
  for (unsigned i = 0; i < tenax::detail::latency_buckets - 1; ++i) {
    CHECK(bucket_of(latency_bounds, latency_bounds[i]) == i);
    CHECK(bucket_of(latency_bounds, latency_bounds[i] + 1e-9) == i + 1);
  }
}
