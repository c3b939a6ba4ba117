// SPDX-License-Identifier: MIT
// telemetry/metrics.hpp: names, units and buckets of metrics, as OpenTelemetry and gRPC have them.
#pragma once

#include <cstdint>

#include <tenax/platform/cplusplus.hpp>

namespace tenax {

/// The kinds of instruments, as OpenTelemetry names them.
enum class instrument : unsigned char {
  counter,    ///< a sum that only grows
  histogram,  ///< the number of values in each bucket, and their sum
  gauge       ///< the present value
};

/// A metric as an exporter describes it to its backend.
struct metric {
  char const* name;         ///< as in OpenTelemetry: parts with points between them
  instrument kind;          ///< how values are added up
  char const* unit;         ///< as in UCUM: `s`, or what is counted in braces, such as `{retry}`
  char const* description;  ///< one sentence
};

/// The metrics that this library reports. Names that begin with `grpc.` are those of gRPC: source: gRFC A66 and A96.
/// There is no general convention of OpenTelemetry for retries, so the others begin with `tenax.`.
namespace metrics {

inline constexpr metric grpc_attempts{"grpc.client.attempt.started", instrument::counter, "{attempt}",
                                      "Number of client call attempts started."};
inline constexpr metric grpc_retries{"grpc.client.call.retries", instrument::histogram, "{retry}",
                                     "Number of retries during the client call."};
inline constexpr metric grpc_hedges{"grpc.client.call.hedges", instrument::histogram, "{hedge}",
                                    "Number of hedges during the client call."};
inline constexpr metric grpc_retry_delay{"grpc.client.call.retry_delay", instrument::histogram, "s",
                                         "Time without an active attempt during the client call."};

inline constexpr metric calls{"tenax.client.calls", instrument::counter, "{call}", "Calls that ended, by reason."};
inline constexpr metric attempts{"tenax.client.attempts", instrument::counter, "{attempt}", "Attempts made."};
inline constexpr metric scheduled_retries{"tenax.client.retries", instrument::counter, "{retry}", "Retries scheduled."};
inline constexpr metric waiting{"tenax.client.waiting", instrument::counter, "s",
                                "Sum of the scheduled waits between attempts."};
inline constexpr metric gate_waiting{"tenax.client.gate_waiting", instrument::counter, "s",
                                     "Sum of the scheduled waits at gates."};
inline constexpr metric hedgeable_calls{"tenax.client.hedgeable_calls", instrument::counter, "{call}",
                                        "Calls that a hedging has made."};
inline constexpr metric hedges{"tenax.client.hedges", instrument::counter, "{attempt}",
                               "Attempts started beside a slow one."};
inline constexpr metric hedges_won{"tenax.client.hedges_won", instrument::counter, "{attempt}",
                                   "Hedges whose result became that of the call."};
inline constexpr metric hedges_lost{"tenax.client.hedges_lost", instrument::counter, "{attempt}",
                                    "Hedges that ended without deciding the call."};
inline constexpr metric call_hedges{"tenax.client.call.hedges", instrument::histogram, "{hedge}",
                                    "Hedges of a call, for calls with any."};
inline constexpr metric retries{"tenax.client.call.retries", instrument::histogram, "{retry}",
                                "Retries of a call, for calls with any."};
inline constexpr metric retry_delay{"tenax.client.call.retry_delay", instrument::histogram, "s",
                                    "Time in which a call waited, for calls that did."};

inline constexpr metric gate_circuit{"tenax.gate.circuit", instrument::gauge, "{circuit}",
                                     "1 for the present state of the circuit, 0 for the others."};
inline constexpr metric gate_in_flight{"tenax.gate.in_flight", instrument::gauge, "{attempt}",
                                       "Attempts that hold a place now."};
inline constexpr metric gate_retries{"tenax.gate.retries", instrument::gauge, "{attempt}",
                                     "Those of the attempts in flight that are retries."};
inline constexpr metric gate_queue{"tenax.gate.queue", instrument::gauge, "{attempt}",
                                   "Attempts that wait for the gate."};
inline constexpr metric gate_limit{"tenax.gate.limit", instrument::gauge, "{attempt}", "Places at present."};
inline constexpr metric gate_rate{"tenax.gate.rate", instrument::gauge, "{attempt}/s",
                                  "The rate that this process may use now."};
inline constexpr metric gate_wait{"tenax.gate.wait", instrument::gauge, "s",
                                  "Time for which another attempt would wait now."};
inline constexpr metric gate_tokens{"tenax.gate.tokens", instrument::gauge, "{token}", "Tokens that are left."};
inline constexpr metric gate_refusal_probability{"tenax.gate.refusal_probability", instrument::gauge, "1",
                                                 "The probability with which an attempt is refused now."};
inline constexpr metric gate_store_up{"tenax.gate.store_up", instrument::gauge, "{store}",
                                      "1 if the store of a shared limit has answered the last question, 0 if not."};
inline constexpr metric gate_admitted{"tenax.gate.admitted", instrument::counter, "{attempt}",
                                      "Attempts that the gate has admitted."};
inline constexpr metric gate_refused{"tenax.gate.refused", instrument::counter, "{attempt}",
                                     "Attempts that the gate has refused."};
inline constexpr metric gate_throttled{"tenax.gate.throttled", instrument::counter, "{attempt}",
                                       "Attempts that the server has throttled."};

}  // namespace metrics

/// Whose names a visitor of metrics gets.
enum class metric_names : unsigned char {
  tenax,  ///< `tenax.client.call.retries`
  grpc    ///< `grpc.client.call.retries`, for calls of gRPC
};

namespace detail {

/// Upper ends of the buckets for numbers of retries, and of hedges. Source: gRFC A96.
inline constexpr double retry_bounds[] = {1, 2, 3, 4, 5};

/// Upper ends of the buckets for times, in seconds. Source: gRFC A66.
inline constexpr double latency_bounds[] = {
    0,    0.00001, 0.00005, 0.0001, 0.0003, 0.0006, 0.0008, 0.001, 0.002, 0.003, 0.004, 0.005, 0.006, 0.008,
    0.01, 0.013,   0.016,   0.02,   0.025,  0.03,   0.04,   0.05,  0.065, 0.08,  0.1,   0.13,  0.16,  0.2,
    0.25, 0.3,     0.4,     0.5,    0.65,   0.8,    1,      2,     5,     10,    20,    50,    100};

template <unsigned Size>
constexpr unsigned size_of(double const (&)[Size]) noexcept {
  return Size;
}
inline constexpr unsigned retry_buckets = size_of(retry_bounds) + 1;
inline constexpr unsigned latency_buckets = size_of(latency_bounds) + 1;

/// The first bucket whose upper end is at least `value`.
template <unsigned Size>
constexpr unsigned bucket_of(double const (&bounds)[Size], double value) noexcept {
  unsigned low = 0, high = Size;
  while (low < high) {
    auto const middle = (low + high) / 2;
    if (bounds[middle] < value) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

}  // namespace detail

/// The values of a histogram, as an exporter takes them.
struct histogram_view {
  double const* bounds;         ///< upper ends of the buckets, without that of the last one, which is infinite
  std::uint64_t const* counts;  ///< the number of values in each bucket, not cumulative
  unsigned buckets;             ///< the number of counts; there is one bound less
  std::uint64_t count;          ///< all values
  double sum;                   ///< of all values
};

}  // namespace tenax
