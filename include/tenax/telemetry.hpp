// SPDX-License-Identifier: MIT
// telemetry.hpp: metrics of calls, with the names of OpenTelemetry and gRPC, and a page for Prometheus.
#pragma once

#include <tenax/observe/counters.hpp>
#include <tenax/telemetry/call_metrics.hpp>
#include <tenax/telemetry/gate_metrics.hpp>
#include <tenax/telemetry/hedge_metrics.hpp>
#include <tenax/telemetry/metrics.hpp>
#include <tenax/telemetry/prometheus.hpp>
