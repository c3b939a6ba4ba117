#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# gates.sh: instructions for passing a gate without contention, at -O2 (valgrind counts them, so the figures repeat),
# nanoseconds for information, and the throughput of threads that share a rate limiter; compared with a token bucket
# under a std::mutex. Fails if rate_limiter takes more instructions than that bucket, above the recorded ceilings, and
# if docs/reference/gates/costs.md has other numbers.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/needs.bash"
need g++-12 clang++-19 valgrind
include=$here/../../include
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
gates=(rate_limiter adaptive_rate_limiter circuit_breaker retry_budget windowed_retry_budget bulkhead concurrency_limiter
  in_flight_retry_budget retry_quota adaptive_throttle keyed)
declare -A most=([acquire]=240 [rate_limiter]=140 [adaptive_rate_limiter]=500 [circuit_breaker]=340 [retry_budget]=30
  [windowed_retry_budget]=210 [bulkhead]=350 [concurrency_limiter]=620 [in_flight_retry_budget]=40 [retry_quota]=30
  [adaptive_throttle]=350 [keyed]=490)

# documented COMPILER CASE: the number in the table of costs.md
documented() {
  local column=3 name=$2
  [ "$1" = g++-12 ] || column=4
  case $name in
    bucket) name='a token bucket' ;;
    limiter) name='`rate_limiter::try_acquire()`' ;;
    acquire) name='`rate_limiter::acquire()`' ;;
    clock) name='`steady_clock::now()`' ;;
    lock) name='a `std::mutex`' ;;
    *) name="\`$name\`" ;;
  esac
  awk -F' *[|] *' -v name="$name" -v column="$column" 'index($2, name) == 1 { print $column }' "$here/../../docs/reference/gates/costs.md"
}

instructions() {  # program, case: one pass is made before the thousand
  valgrind --tool=callgrind --callgrind-out-file=/dev/null "--toggle-collect=measured_$2" "$1" "$2" 1000 2>&1 |
    awk '/Collected/ { printf "%.0f", $NF / 1001 }'
}

nanoseconds() {  # program, case: the best of five
  [ -z "$by_ctest" ] || { echo -; return; }
  for _ in 1 2 3 4 5; do "$1" "$2" 1000000; done | sort -n | head -1
}

throughput() {  # program, case, threads: the best of three
  for _ in 1 2 3; do "$1" "$2" $((2000000 / $3)) "$3"; done | sort -n | tail -1
}

for compiler in g++-12 clang++-19; do
  "$compiler" -std=c++20 -O2 -pthread "-I$include" "$here/cases/gates.cpp" -o "$work/$compiler"
done

failed=0
row='%-11s %-22s %12s %8s %8s %8s %8s\n'
# shellcheck disable=SC2059
printf "$row" compiler case instructions ceiling ratio ns ratio
for compiler in g++-12 clang++-19; do
  bucket=$(instructions "$work/$compiler" bucket)
  bucket_ns=$(nanoseconds "$work/$compiler" bucket)
  most[limiter]=$bucket
  for case in bucket atomic clock lock limiter acquire "${gates[@]}"; do
    count=$(instructions "$work/$compiler" "$case")
    ns=$(nanoseconds "$work/$compiler" "$case")
    ceiling=${most[$case]-}
    # shellcheck disable=SC2059
    printf "$row" "$compiler" "$case" "$count" "${ceiling:--}" \
      "$(awk -v a="$count" -v b="$bucket" 'BEGIN { printf "%.2f", a / b }')" "$ns" \
      "$(awk -v a="$ns" -v b="$bucket_ns" 'BEGIN { print (b > 0 ? sprintf("%.2f", a / b) : "-") }')"
    if [ -n "$ceiling" ] && [ "$count" -gt "$ceiling" ]; then
      echo '  above the ceiling'
      failed=1
    fi
    told=$(documented "$compiler" "$case")
    if [ "$case" != atomic ] && ! awk -v a="$count" -v b="$told" 'BEGIN { d = a - b; exit !(b > 0 && d * d <= (3 + b / 50) ^ 2) }'; then
      echo "  docs/reference/gates/costs.md says ${told:-nothing}"
      failed=1
    fi
  done
done

[ -z "$by_ctest" ] || exit $failed
printf '\nmillion permits in a second (%s); atomic: an addition to one number, the most that is possible\n%-11s %8s %8s %8s %8s %8s\n' g++-12 threads bucket limiter ratio atomic ratio
for threads in 1 2 4 8; do
  bucket=$(throughput "$work/g++-12" bucket "$threads")
  limiter=$(throughput "$work/g++-12" limiter "$threads")
  atomic=$(throughput "$work/g++-12" atomic "$threads")
  printf '%-11s %8s %8s %8s %8s %8s\n' "$threads" "$bucket" "$limiter" \
    "$(awk -v a="$limiter" -v b="$bucket" 'BEGIN { printf "%.2f", a / b }')" "$atomic" \
    "$(awk -v a="$limiter" -v b="$atomic" 'BEGIN { printf "%.2f", a / b }')"
done
exit $failed
