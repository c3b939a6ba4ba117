// SPDX-License-Identifier: MIT
// telemetry/hedge_metrics.hpp: the metrics of hedged calls: how many hedges there were, and how many a call had.
#pragma once

#include <cstdint>

#include <tenax/observe/hedge_counts.hpp>
#include <tenax/telemetry/metrics.hpp>

namespace tenax {

/// All numbers of a `hedging` together: `hedge_metrics_snapshot const now(reads);`.
///
/// Each number is exact; numbers that are read together may come from different moments.
struct hedge_metrics_snapshot {
  hedge_counts counts{};
  std::uint64_t hedges = 0;                                     ///< hedges of the calls that are in the histogram
  std::uint64_t calls_with_hedges[detail::retry_buckets] = {};  ///< calls with hedges, by bucket

  constexpr hedge_metrics_snapshot() noexcept = default;
  constexpr hedge_metrics_snapshot(hedge_counts const& c, hedges_per_call const& per_call) noexcept : counts(c) {
    for (unsigned i = 0; i < hedges_per_call::most; ++i) {
      calls_with_hedges[detail::bucket_of(detail::retry_bounds, i + 1)] += per_call.calls_with[i];
      hedges += per_call.calls_with[i] * (i + 1);
    }
  }
  /// Reads the numbers of a `hedging` of any type.
  template <class Hedging>
    requires requires(Hedging const& h) { hedge_metrics_snapshot(h.counts(), h.per_call()); }
  explicit hedge_metrics_snapshot(Hedging const& h) noexcept : hedge_metrics_snapshot(h.counts(), h.per_call()) {}

  /// Calls without a hedge are not in it, as gRFC A96 says.
  [[nodiscard]] constexpr histogram_view hedge_histogram() const noexcept {
    std::uint64_t calls = 0;
    for (auto const n : calls_with_hedges) calls += n;
    return {detail::retry_bounds, calls_with_hedges, detail::retry_buckets, calls, static_cast<double>(hedges)};
  }

  /// Passes all values on to an exporter: calls `v.counter(metric, value)` and `v.histogram(metric, histogram_view)`.
  /// gRPC has the histogram only.
  template <class Visitor>
  constexpr void visit(Visitor&& v, metric_names names = metric_names::tenax) const {
    if (names == metric_names::grpc) return v.histogram(metrics::grpc_hedges, hedge_histogram());
    v.counter(metrics::hedgeable_calls, counts.calls);
    v.counter(metrics::hedges, counts.hedges);
    v.counter(metrics::hedges_won, counts.won);
    v.counter(metrics::hedges_lost, counts.lost);
    v.histogram(metrics::call_hedges, hedge_histogram());
  }
};

}  // namespace tenax
