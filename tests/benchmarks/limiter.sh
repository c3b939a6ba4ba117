#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# limiter.sh: prints how the adaptive limiter performs in simulation, and fails below the recorded figures. CTest
# gives it the program, in the folder $BENCHMARKS; run by hand, it compiles it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/needs.bash"
if [ -n "${BENCHMARKS-}" ]; then
  exec "$BENCHMARKS/limiter"
fi
compiler=${CXX-g++}
need "$compiler"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$compiler" -std=c++20 -O2 -pthread "-I$here/../../include" "$here/limiter.cpp" -o "$work/limiter"
"$work/limiter"
