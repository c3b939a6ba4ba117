// SPDX-License-Identifier: MIT
// hedge_metrics.cpp: how many hedges calls had, by the names and buckets of gRFC A96.
#include <tenax/telemetry/hedge_metrics.hpp>

#include <map>
#include <string>
#include <vector>

#include <tenax/async/detail/hedge_loop.hpp>
#include <tenax/async/hedging.hpp>
#include <tenax/gate/retry_budget.hpp>

#include "catch.hpp"

using namespace std::chrono_literals;
using numbers = std::vector<std::uint64_t>;

namespace {

struct exporter {
  std::map<std::string, std::uint64_t> counters{};
  std::map<std::string, numbers> histograms{};
  std::map<std::string, double> sums{};

  void counter(tenax::metric const& m, std::uint64_t value) { counters[m.name] = value; }
  void histogram(tenax::metric const& m, tenax::histogram_view const& h) {
    histograms[m.name] = numbers(h.counts, h.counts + h.buckets);
    sums[m.name] = h.sum;
    CHECK(m.unit == std::string("{hedge}"));
  }
};

tenax::time_point at(tenax::duration d) { return tenax::time_point(1h + d); }

}  // namespace

TEST_CASE("A hedging counts the hedges of each call from the start of the hedge on") {
  struct generous {
    struct ticket {};
    tenax::admission admit(ticket&, tenax::attempt_info const&, tenax::time_point) const { return {}; }
    void record(ticket&, tenax::feedback const&, tenax::time_point) const {}
  } budget;
  tenax::hedging reads(budget, {.after = 50ms, .at_most = 8});
  auto const call = [&](int attempts) {
    tenax::detail::hedge_loop<int, decltype(reads)> loop(reads, {});
    for (int i = 0; i < attempts; ++i) static_cast<void>(loop.next(at(i * 50ms)));
    CHECK(loop.started() == static_cast<std::size_t>(attempts));
    static_cast<void>(loop.ended(0, 1, at(1s)));
  };
  CHECK(reads.per_call() == tenax::hedges_per_call{});
  for (int const attempts : {1, 2, 1, 8, 2, 4}) call(attempts);
  CHECK(reads.per_call() == tenax::hedges_per_call{.calls_with = {2, 0, 1, 0, 0, 0, 1}});
  CHECK(reads.hedged() == 12);
  CHECK(reads.counts().calls == 6);

  exporter out;
  tenax::hedge_metrics_snapshot const now(reads);
  now.visit(out);
  CHECK(out.counters["tenax.client.hedgeable_calls"] == 6);
  CHECK(out.counters["tenax.client.hedges"] == 12);
  CHECK(out.histograms["tenax.client.call.hedges"] == numbers{2, 0, 1, 0, 0, 1});
  CHECK(out.sums["tenax.client.call.hedges"] == 12);
  exporter grpc;
  now.visit(grpc, tenax::metric_names::grpc);
  CHECK(grpc.counters.empty());
  CHECK(grpc.histograms == std::map<std::string, numbers>{{"grpc.client.call.hedges", {2, 0, 1, 0, 0, 1}}});
}
