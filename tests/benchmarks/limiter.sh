#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# limiter.sh: prints how the adaptive limiter performs in simulation, and fails below the recorded figures.
set -euo pipefail
exec "$BENCHMARKS/limiter"
