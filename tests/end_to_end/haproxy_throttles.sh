#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# haproxy_throttles.sh: everything is fetched from a haproxy that counts requests in a stick table and refuses those
# above a rate. No client comes back earlier than the server asked, and each keeps its connection.
. "$(dirname "$0")/servers.bash"
haproxy=$(find_server haproxy haproxy)
begin haproxy_throttles

# The table counts by the client in the path. The log contains the client's port, to identify the connection.
configure() {
  cat <<CONF
global
  log stdout format raw local0
  maxconn 100
defaults
  mode http
  log global
  timeout client 10s
  timeout server 10s
  timeout connect 1s
  timeout http-keep-alive 10s
  log-format "%ST %HU %[date(0,ms)] 0 %cp 1"
frontend api
  bind 127.0.0.1:$1
  stick-table type string len 16 size 100 expire 10s store http_req_rate(1s)
  http-request track-sc0 path,field(3,/)
  http-request deny deny_status 429 hdr Retry-After 1 if { sc_http_req_rate(0) gt 5 }
  http-request return status 200 content-type text/plain string "an item"
CONF
}
start haproxy configure "$haproxy" -db -f haproxy.conf

threads=2 count=14 tested=0
for client in fetch_httplib fetch_curl; do
  [ -x "$CLIENTS/$client" ] || continue
  tested=1
  sleep 1.1   # the rate goes down
  before=$(wc -l <haproxy.log)
  timeout 30 "$CLIENTS/$client" --url "http://127.0.0.1:$port" --threads $threads --count $count >"$client.log" 2>&1 ||
    fail "$client ended with $?"
  settle
  tail -n "+$((before + 1))" haproxy.log | awk '$2 ~ /^\/items/ { $3 = sprintf("%.3f", $3 / 1000); print }' >access.log
  each_fetched_once access.log $threads $count
  [ "$(count_status access.log 429)" -gt 0 ] || fail 'haproxy never said 429: the test tests nothing'
  nobody_early access.log
  [ "$(count_connections access.log)" -eq $threads ] || fail "$client did not keep its connections"
  printf '%s: %s; %s times 429\n' "$client" "$(cat "$client.log")" "$(count_status access.log 429)"
done
[ $tested = 1 ] || need "$CLIENTS/fetch_httplib"
