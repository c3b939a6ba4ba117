#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# limiter_nginx.sh: four threads find the unannounced limit of an nginx, use most of it, and send no request by a
# schedule that is older than a refusal. limiter.bash measures it for longer.
. "$(dirname "$0")/servers.bash"
. "$(dirname "$0")/limits.bash"
need "$CLIENTS/fetch_adaptive"
nginx=$(find_server nginx nginx-light)
burst=0
limits=(10:4 100:4)
begin limiter_nginx
start_nginx nginx configure_limits
# Other programs may take the processors for a while, so it is measured until the machine has time. A limiter that does
# not find the limit never does.
for ((round = 1;; ++round)); do
  ask_all 5 8
  little=
  for limit in "${limits[@]}"; do
    printf '%s a second: %s\n' "${limit%:*}" "$(cat "client_$limit.log")"
    awk '$1 != "share" || $2 <= 0.8 { exit 1 }' "client_$limit.log" || little=$limit
    grep -q ' failed 0 stale 0 ' "client_$limit.log" || fail 'requests failed or were stale'
  done
  [ -n "$little" ] || break
  [ $round -lt 4 ] || fail "too little of the limit was used: $little"
done
