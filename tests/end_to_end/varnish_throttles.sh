#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# varnish_throttles.sh: a Varnish that limits its clients with vsthrottle. Everything is fetched from it while it blocks
# its clients and says for how long: no client comes back earlier, and each keeps its connection. An adaptive limiter
# finds a limit without a block and without a `Retry-After`. Two other clients show which of them stays blocked.
. "$(dirname "$0")/servers.bash"
need "$CLIENTS/fetch_adaptive"
varnishd=$(find_server varnishd 'varnish varnish-modules')
varnishncsa=$(find_server varnishncsa varnish)
begin varnish_throttles

# Varnish's own answers contain `Retry-After: 5`, unless `vcl_synth` is replaced.
configure() {
  cat <<'CONF'
vcl 4.1;
import vsthrottle;
backend unused none;
sub vcl_recv {
  if (req.url ~ "^/items/" && vsthrottle.is_denied("all", 8, 1s, 1s)) { return (synth(429)); }
  if (req.url ~ "^/limit/" && vsthrottle.is_denied(req.url, 20, 1s)) { return (synth(429)); }
  if (req.url ~ "^/block/" && vsthrottle.is_denied(req.url, 2, 1s, 1s)) { return (synth(429)); }
  return (synth(200));
}
sub vcl_synth {
  if (resp.status == 429 && req.url ~ "^/items/") {
    set resp.http.Retry-After = vsthrottle.blocked("all", 8, 1s, 1s);
  }
  set resp.body = "an item";
  return (deliver);
}
CONF
}
varnish() { exec "$varnishd" -F -j none -n "$PWD/varnish" -a "127.0.0.1:$port" -s default,1m -f "$PWD/varnish.conf"; }
start varnish configure varnish

# ask PATH: prints the status
ask() {
  local version status
  exec 3<>"/dev/tcp/127.0.0.1/$port"
  printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$1" >&3
  read -r version status <&3
  exec 3<&-
  printf '%s\n' "${status%% *}"
}
# ask_often PATH TIMES PAUSE: uses up the limit, asks again and again, and writes the answers into a file
ask_often() {
  local i
  for ((i = 0; i < 3; ++i)); do ask "$1"; done >/dev/null
  for ((i = 0; i < $2; ++i)); do sleep "$3" && ask "$1"; done >"${1##*/}.answers"
}

# In the background: they wait most of the time.
"$CLIENTS/fetch_adaptive" --url "http://127.0.0.1:$port/limit/unknown" --rate 20 --start 4 --seconds 5 \
  >adaptive.log 2>&1 &
adaptive=$!
ask_often /block/seldom 4 0.6 &
seldom=$!
ask_often /block/often 24 0.1 &
often=$!

# The log that Varnish keeps in memory.
seen() {
  "$varnishncsa" -n "$PWD/varnish" -d -F '%s %U %{usec}t %D %{VSL:ReqStart[2]}x %{Retry-After}o' |
    awk '$2 ~ /^\/items\// { $3 = sprintf("%.6f", ($3 + $4) / 1e6); $4 /= 1e6; print }'
}
threads=2 count=10 tested=0
for client in fetch_httplib fetch_curl; do
  [ -x "$CLIENTS/$client" ] || continue
  tested=1
  sleep 1.1   # the bucket fills
  before=$(seen | wc -l)
  timeout 30 "$CLIENTS/$client" --url "http://127.0.0.1:$port" --threads $threads --count $count >"$client.log" 2>&1 ||
    fail "$client ended with $?"
  settle
  seen | tail -n "+$((before + 1))" >access.log
  each_fetched_once access.log $threads $count
  [ "$(count_status access.log 429)" -gt 0 ] || fail 'Varnish never said 429: the test tests nothing'
  nobody_early access.log
  [ "$(count_connections access.log)" -eq $threads ] || fail "$client did not keep its connections"
  printf '%s: %s; %s times 429\n' "$client" "$(cat "$client.log")" "$(count_status access.log 429)"
done
[ $tested = 1 ] || need "$CLIENTS/fetch_httplib"

wait $seldom $often
grep -q 200 seldom.answers || fail 'a client that asks less often than the limit allows stays blocked'
! grep -q 200 often.answers || fail 'a client that asks more often than the limit allows is not blocked any more'

wait $adaptive || fail "fetch_adaptive ended with $?"
cat adaptive.log
awk '$1 != "share" || $2 <= 0.5 { exit 1 }' adaptive.log || fail 'too little of the limit was used'
grep -q ' failed 0 stale 0 ' adaptive.log || fail 'requests failed or were stale'
