#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# pool.sh: what sixteen threads do in about two seconds if one key is slow: when they wait at the gates of the keys,
# when a keyed_scheduler hands out the work, and when a queue by hand does. Fails if the scheduler does less than by
# hand.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/needs.bash"
need g++-12
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
g++-12 -std=c++20 -O2 -pthread -I"$here/../../include" "$here/cases/pool.cpp" -o "$work/pool"
time=${1:-1990}  # not at a moment at which the next items are due
gate=$("$work/pool" gate "$time")
# Another program may take the processors for a while, so both are measured until a pair shows what it should.
for round in 1 2 3 4 5; do
  hand=$("$work/pool" hand "$time")
  scheduler=$("$work/pool" scheduler "$time")
  printf 'items in %d ms: %d by threads that wait at the gates, %d by hand, %d by keyed_scheduler\n' \
    "$time" "$gate" "$hand" "$scheduler"
  # A twentieth, because the last items may be under way when the time is over.
  if [ $((scheduler * 100)) -ge $((hand * 95)) ]; then exit; fi
done
echo "  fewer than by hand, in $round measurements"
exit 1
