#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# run_time.sh: instructions of a call with the library and of the same loop written by hand, at -O2 (valgrind counts
# them, so the figures repeat), and nanoseconds for information. Fails if a call that succeeds in the first attempt
# costs more than the loop, or a retried call more than 1.05 times as much.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/needs.bash"
need g++-12 clang++-19 valgrind
include=$here/../../include
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

instructions() {  # program, case, failures
  valgrind --tool=callgrind --callgrind-out-file=/dev/null "--toggle-collect=measured_$2" "$1" "$2" "$3" 1000 2>&1 |
    awk '/Collected/ { printf "%.1f", $NF / 1000 }'
}

nanoseconds() {  # program, case, failures: the best of five
  [ -z "$by_ctest" ] || { echo -; return; }
  for _ in 1 2 3 4 5; do "$1" "$2" "$3" "$4"; done | sort -n | head -1
}

failed=0
printf '%-11s %-10s %8s  %12s %12s %6s  %9s %9s\n' compiler case failures 'by hand' library ratio 'ns hand' 'ns tenax'
for compiler in g++-12 clang++-19; do
  flags=(-std=c++20 -O2 "-I$include")
  "$compiler" "${flags[@]}" -c "$here/cases/operation.cpp" -o "$work/operation.o"
  "$compiler" "${flags[@]}" "$here/cases/call.cpp" "$work/operation.o" -o "$work/hand"
  "$compiler" "${flags[@]}" -DLIBRARY "$here/cases/call.cpp" "$work/operation.o" -o "$work/library"
  for case in value exception; do
    for failures in 0 3; do
      count=1000000
      [ "$case$failures" != exception3 ] || count=20000
      hand=$(instructions "$work/hand" "$case" "$failures")
      library=$(instructions "$work/library" "$case" "$failures")
      bar=1.05
      [ "$failures" != 0 ] || bar=1.00
      ratio=$(awk -v a="$library" -v b="$hand" 'BEGIN { printf "%.3f", a / b }')
      printf '%-11s %-10s %8s  %12s %12s %6s  %9s %9s\n' "$compiler" "$case" "$failures" "$hand" "$library" "$ratio" \
        "$(nanoseconds "$work/hand" "$case" "$failures" $count)" "$(nanoseconds "$work/library" "$case" "$failures" $count)"
      if awk -v r="$ratio" -v bar="$bar" 'BEGIN { exit !(r > bar) }'; then
        echo "  above the bar of $bar"
        failed=1
      fi
    done
  done
done
exit $failed
