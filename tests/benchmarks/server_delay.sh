#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# server_delay.sh: instructions for reading how long a response asks the client to wait, at -O2 (valgrind counts them,
# so the figures repeat), compared with a hand-written version and, for the date alone, with libcurl; nanoseconds for
# information. Fails above the recorded ceilings, and if memory is allocated.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/needs.bash"
need g++-12 clang++-19 valgrind
include=$here/../../include
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
declare -A most=([delay]=2100 [nothing]=220 [date]=370)

instructions() {  # program, case
  valgrind --tool=callgrind --callgrind-out-file=/dev/null "--toggle-collect=measured_$2" "$1" "$2" 1000 2>&1 |
    awk '/Collected/ { printf "%.0f", $NF / 1000 }'
}

nanoseconds() {  # program, case: the best of five
  for _ in 1 2 3 4 5; do "$1" "$2" 100000; done | sort -n | head -1
}

curl=()
if echo '#include <curl/curl.h>' | g++-12 -E -x c++ - >"$work/curl.txt" 2>&1; then
  curl=(-DWITH_CURL -lcurl)
else
  echo 'libcurl is missing: no figures of it'
fi

failed=0
printf '%-11s %-10s %12s %10s %10s %12s\n' compiler case instructions ceiling ns allocations
for compiler in g++-12 clang++-19; do
  "$compiler" -std=c++20 -O2 "-I$include" "$here/cases/server_delay.cpp" -o "$work/program" "${curl[@]}"
  for case in delay nothing by_hand date curl; do
    [ $case != curl ] || [ ${#curl[@]} -gt 0 ] || continue
    count=$(instructions "$work/program" $case)
    read -r ns allocations <<<"$(nanoseconds "$work/program" $case)"
    ceiling=${most[$case]-}
    printf '%-11s %-10s %12s %10s %10s %12s\n' "$compiler" $case "$count" "${ceiling:--}" "$ns" "$allocations"
    [ -n "$ceiling" ] || continue
    if [ "$count" -gt "$ceiling" ] || [ "$allocations" -ne 0 ]; then
      echo '  above the ceiling'
      failed=1
    fi
  done
done
exit $failed
