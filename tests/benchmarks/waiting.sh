#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# waiting.sh: a bulkhead with callers that wait. The instructions of a question from a short and a long queue; with
# --times, on a machine that does nothing else, the throughput beside std::counting_semaphore (32 threads, 8 places),
# and the time from a free place to the thread that runs beside a condition variable by hand. Fails below the bars.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/needs.bash"
need g++-12 valgrind
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
g++-12 -std=c++20 -O2 -pthread -I"$here/../../include" "$here/cases/waiting.cpp" -o "$work/waiting"
failed=0

count() {
  valgrind --tool=callgrind --callgrind-out-file=/dev/null '--toggle-collect=*measured_asks*' "$work/waiting" asks "$1" 2>&1 |
    awk '/Collected/ { printf "%d", $NF / 1000 }'
}
short=$(count 10) long=$(count 10000)
printf 'a question, instructions: %d from a queue of 10, %d from a queue of 10,000\n' "$short" "$long"
[ "$long" -le "$short" ] || { echo '  dearer from the long queue'; failed=1; }

if [ "${1-}" = --times ]; then
  printf '%-10s %10s %14s %8s\n' attempt semaphore call_through policy
  for us in 200 1000 5000; do
    # The best of three, so that a moment in which the machine was busy does not count.
    best=$(for _ in 1 2 3; do "$work/waiting" throughput "$us"; done |
      awk '{ a = $2 / $1; b = $3 / $1; if (b > best) { best = b; line = sprintf("%d %.3f %.3f", $1, a, b) } } END { print line }')
    read -r semaphore alone policy <<<"$best"
    printf '%-10s %10s %14s %8s\n' "$us us" "$semaphore" "$alone" "$policy"
    awk -v r="$policy" 'BEGIN { exit !(r < 0.98) }' && failed=1 && echo '  below 0.98'
  done

  read -r hand woken <<<"$("$work/waiting" wake)"
  printf '\nfrom a free place to the thread that runs, median: %d ns by hand, %d ns at a bulkhead\n' "$hand" "$woken"
  [ "$woken" -le 100000 ] && [ "$woken" -le $((hand * 3 / 2)) ] || { echo '  above 1.5 of a condition variable, or 100 us'; failed=1; }
fi
exit $failed
