#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# shared_limits.sh: ten processes with four threads each share a limit on a redis-server: tenax beside a plain
# implementation with one EVALSHA for each permit. With a number of seconds for each line, prints the whole table;
# without, checks that a question to the server is worth as many permits as it should.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/needs.bash"
compiler=${CXX-g++}
need "$compiler" redis-server
need_header "$compiler" hiredis/hiredis.h libhiredis-dev
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$compiler" -std=c++20 -O2 -I"$here/../../include" "$here/cases/shared_limits.cpp" -o "$work/shared_limits" -lhiredis -pthread
if [ $# -gt 0 ]; then
  echo '| | limit | used | permits for each question | most in 10 ms / 100 ms / 1 s | allowed | CPU of the server | wait, p50 / p99 | most / least of the processes |'
  echo '|---|---|---|---|---|---|---|---|---|'
  for limit in '10 1' '1000 50' '20000 500'; do
    for who in plain tenax; do timeout 60 "$work/shared_limits" $who $limit 10 4 "$1"; done
  done
  exit
fi
failed=0
while read -r rate burst floor; do
  line=$(timeout 60 "$work/shared_limits" tenax "$rate" "$burst" 10 4 3)
  echo "$line"
  permits=$(awk -F'|' '{ print int($5) }' <<<"$line")
  [ "$permits" -ge "$floor" ] || { echo "a question is worth $permits permits at $rate/s; at least $floor are needed" >&2; failed=1; }
done <<'LIMITS'
1000 50 15
20000 500 50
LIMITS
exit $failed
