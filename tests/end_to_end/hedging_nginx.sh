#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# hedging_nginx.sh: hedged reads from a real nginx that is slow for some of its requests: how much the slowest reads
# gain, and what that costs the server.
. "$(dirname "$0")/servers.bash"
reader=$CLIENTS/hedged_reads
need "$reader"
nginx=$(find_server nginx nginx-light)
begin hedging

# A page of 1100 bytes at 1000 bytes a second takes a second.
mkdir -p files
head -c 1100 /dev/zero | tr '\0' x >files/page
cp files/page files/tenth
cp files/page files/few

configure() {
  nginx_start nginx
  cat <<CONF
  log_format reads '\$request_uri \$request_time';
  access_log $PWD/access.log reads;
  root $PWD/files;
  split_clients "\$request_id" \$slow_tenth { 10% 1000; * 0; }
  split_clients "\$request_id" \$slow_few { 4% 1000; * 0; }
  server {
    listen 127.0.0.1:$1 backlog=1024;
    location /tenth { limit_rate \$slow_tenth; }
    location /few { limit_rate \$slow_few; }
  }
}
CONF
}
start_nginx nginx configure

# at_least VALUE LEAST WORDS, at_most VALUE MOST WORDS: add to `wrong`
at_least() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a >= b) }' || wrong="$wrong$3: $1, and not at least $2. "; }
at_most() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a <= b) }' || wrong="$wrong$3: $1, and not at most $2. "; }
value() { sed -nE "s/.*(^|[ ])$1=([0-9.]+).*/\2/p" hedged.log | tail -1; }

# read_pages PATH READS PERCENTILE AT-MOST MOST-EXTRA-PERCENT. Other programs may take the processors for a while, so it
# is measured until the machine has time.
read_pages() {
  local try
  for ((try = 1; try <= 4; ++try)); do
    : >access.log
    timeout 100 "$reader" "$port" "$1" "$2" "$3" "$4" >hedged.log 2>&1 || fail "the reader ended with $?"
    settle
    printf '%s, %d reads, percentile %s, at most %d attempts\n' "$1" "$2" "$3" "$4"
    cat hedged.log
    [ "$(grep -c plain access.log)" -eq "$2" ] || fail 'nginx did not log every read'
    wrong=
    at_least "$(value cut)" 5 'the 99th percentile was cut by a factor'
    at_most "$(value extra_percent)" "$5" 'percent of additional requests'
    at_most "$(sed -nE 's/^cancelled p50=([0-9.]+).*/\1/p' hedged.log)" 1 \
      'milliseconds from the first result to the end of the call'
    [ -n "$wrong" ] || return 0
  done
  fail "$wrong"
}
# One hedge in ten is slow as well: with two attempts, one read in a hundred would be slow.
read_pages /tenth 1600 0 3 14
read_pages /few 1600 0.95 2 7
