#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# limiter.sh: prints how the adaptive limiter does in the simulated world, and fails below the recorded figures.
set -euo pipefail
exec "$BENCHMARKS/limiter"
