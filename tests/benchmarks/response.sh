#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# response.sh: instructions, at -O2, for everything that a policy with a gate does with a response: it reads the hint,
# calls the predicate, and tells the gate what happened and what is left of the quota (valgrind counts them, so the
# figures repeat); nanoseconds for information. Fails above the ceilings, and if memory is allocated.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/needs.bash"
need g++-12 clang++-19 valgrind
include=$here/../../include
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
declare -A most=([ok]=300 [throttled]=2500 [quota]=7400)

failed=0
printf '%-11s %-10s %12s %10s %10s %12s\n' compiler case instructions ceiling ns allocations
for compiler in g++-12 clang++-19; do
  "$compiler" -std=c++20 -O2 "-I$include" "$here/cases/response.cpp" -o "$work/program"
  for case in ok quota throttled; do
    count=$(valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect=measured_finish \
      "$work/program" $case 1000 2>&1 | awk '/Collected/ { printf "%.0f", $NF / 1000 }')
    read -r ns allocations <<<"$("$work/program" $case 100000)"
    printf '%-11s %-10s %12s %10s %10s %12s\n' "$compiler" $case "$count" "${most[$case]}" "$ns" "$allocations"
    if [ "$count" -gt "${most[$case]}" ] || [ "$allocations" -ne 0 ]; then
      echo '  above the ceiling'
      failed=1
    fi
  done
done
exit $failed
