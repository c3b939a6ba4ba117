// SPDX-License-Identifier: MIT
// telemetry/call_metrics.hpp: `call_metrics`: histograms of retries and delays of all calls that share them.
#pragma once

#include <atomic>
#include <cstdint>

#include <tenax/gate/gate.hpp>
#include <tenax/report.hpp>
#include <tenax/telemetry/metrics.hpp>

namespace tenax {

/// All numbers of `call_metrics` together.
struct call_metrics_snapshot {
  std::uint64_t by_reason[stop_reason_count] = {};           ///< calls that ended, in the order of `stop_reason`
  std::uint64_t attempts = 0;                                ///< attempts of those calls
  std::uint64_t retries = 0;                                 ///< retries of those calls
  std::uint64_t retry_counts[detail::retry_buckets] = {};    ///< calls with retries, by bucket
  std::uint64_t delay_counts[detail::latency_buckets] = {};  ///< calls that waited, by bucket
  duration delay{};                                          ///< the sum of their waits

  /// The number of calls that ended for this reason.
  [[nodiscard]] constexpr std::uint64_t ended(stop_reason reason) const noexcept {
    return by_reason[static_cast<unsigned>(reason)];
  }

  [[nodiscard]] constexpr histogram_view retry_histogram() const noexcept {
    return {detail::retry_bounds, retry_counts, detail::retry_buckets, total(retry_counts),
            static_cast<double>(retries)};
  }
  [[nodiscard]] constexpr histogram_view delay_histogram() const noexcept {
    return {detail::latency_bounds, delay_counts, detail::latency_buckets, total(delay_counts),
            static_cast<double>(delay.count()) / 1e9};
  }

  /// Passes all values on to an exporter: calls `v.counter(metric, value)`, `v.counter(metric, value, reason)` for
  /// calls that ended, and `v.histogram(metric, histogram_view)`.
  template <class Visitor>
  constexpr void visit(Visitor&& v, metric_names names = metric_names::tenax) const {
    bool const grpc = names == metric_names::grpc;
    for (unsigned i = 0; i < stop_reason_count; ++i) {
      if (!grpc) v.counter(metrics::calls, by_reason[i], static_cast<stop_reason>(i));
    }
    v.counter(grpc ? metrics::grpc_attempts : metrics::attempts, attempts);
    v.histogram(grpc ? metrics::grpc_retries : metrics::retries, retry_histogram());
    v.histogram(grpc ? metrics::grpc_retry_delay : metrics::retry_delay, delay_histogram());
  }

 private:
  template <unsigned Size>
  static constexpr std::uint64_t total(std::uint64_t const (&counts)[Size]) noexcept {
    std::uint64_t sum = 0;
    for (auto const n : counts) sum += n;
    return sum;
  }
};

/// Counts, for all calls that share this object, why they ended, how often they were retried, and how long they waited:
/// `retrying{}.observe(std::ref(metrics))`. Numbers are added when a call ends. A call without a retry is one addition,
/// and is not in the histograms, as gRFC A96 says. For numbers of calls that run, use `counters`.
///
/// Does not read the clock and does not allocate. Thread safety: safe. Each number is exact; numbers that are read
/// together may come from different moments.
class call_metrics {
 public:
  static constexpr bool uses_time = false;

  constexpr call_metrics() noexcept = default;
  /// With the name of the calls. It is not copied: it outlives this object, as a literal does.
  constexpr explicit call_metrics(char const* name) noexcept : name_(name) {}

  /// The name that was given, or an empty text.
  [[nodiscard]] char const* name() const noexcept { return name_; }

  [[nodiscard]] call_metrics_snapshot read() const noexcept {
    call_metrics_snapshot s{};
    for (unsigned i = 0; i < stop_reason_count; ++i) s.attempts += s.by_reason[i] = load(ended_[i]);
    for (unsigned i = 0; i < detail::retry_buckets; ++i) s.retry_counts[i] = load(retry_counts_[i]);
    for (unsigned i = 0; i < detail::latency_buckets; ++i) s.delay_counts[i] = load(delay_counts_[i]);
    s.retries = load(retries_);
    s.delay = duration(delay_.load(std::memory_order_relaxed));
    auto const unstarted = load(unstarted_);
    s.attempts -= unstarted < s.attempts ? unstarted : s.attempts;
    s.attempts += s.retries;
    return s;
  }

  void on_success(attempt_info const& a) noexcept { end(a, stop_reason::succeeded); }
  void on_give_up(attempt_info const& a, stop_reason reason) noexcept { end(a, reason); }

 private:
  using number = std::atomic<std::uint64_t>;

  static void add(number& n, std::uint64_t by) noexcept { n.fetch_add(by, std::memory_order_relaxed); }
  static std::uint64_t load(number const& n) noexcept { return n.load(std::memory_order_relaxed); }

  void end(attempt_info const& a, stop_reason reason) noexcept {
    add(ended_[static_cast<unsigned>(reason)], 1);
    if (a.number != 1) end_rarely(a);
    if (a.waited.count() > 0) add_delay(a.waited);
  }

  void end_rarely(attempt_info const& a) noexcept {
    if (a.number == 0) return add(unstarted_, 1);
    add(retries_, a.number - 1);
    add(retry_counts_[detail::bucket_of(detail::retry_bounds, a.number - 1)], 1);
  }

  void add_delay(duration waited) noexcept {
    add(delay_counts_[detail::bucket_of(detail::latency_bounds, static_cast<double>(waited.count()) / 1e9)], 1);
    auto before = delay_.load(std::memory_order_relaxed);
    while (!delay_.compare_exchange_weak(before, saturating_add(duration(before), waited).count(),
                                         std::memory_order_relaxed)) {
    }
  }

  number ended_[stop_reason_count]{};
  number unstarted_{};
  number retries_{};
  number retry_counts_[detail::retry_buckets]{};
  number delay_counts_[detail::latency_buckets]{};
  std::atomic<duration::rep> delay_{};
  char const* name_ = "";
};

}  // namespace tenax
