#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# nginx_throttles.sh: two clients with three threads each fetch everything from an nginx with a rate limit. No thread
# comes back earlier than the server asked, and each keeps its connection.
. "$(dirname "$0")/servers.bash"
nginx=$(find_server nginx nginx-light)
begin nginx_throttles
mkdir files
echo 'an item' >files/item

configure() {
  nginx_start nginx
  cat <<CONF
  access_log $PWD/access.log seen;
  root $PWD/files;
  limit_req_zone \$server_name zone=all:64k rate=10r/s;
  limit_req_status 429;
  server {
    listen 127.0.0.1:$1;
    server_name localhost;
    location /items/ {
      limit_req zone=all burst=9 nodelay;
      error_page 429 @later;
      try_files /item =404;
    }
    location @later {
      add_header Retry-After 1 always;
      return 429;
    }
  }
}
CONF
}
start_nginx nginx configure

threads=3 count=10 tested=0
for client in fetch_httplib fetch_curl; do
  [ -x "$CLIENTS/$client" ] || continue
  tested=1
  sleep 1.1   # the limit recovers
  : >access.log
  timeout 30 "$CLIENTS/$client" --url "http://127.0.0.1:$port" --threads $threads --count $count >"$client.log" 2>&1 ||
    fail "$client ended with $?"
  settle
  each_fetched_once access.log $threads $count
  [ "$(count_status access.log 429)" -gt 0 ] || fail 'nginx never said 429: the test tests nothing'
  nobody_early access.log
  [ "$(count_connections access.log)" -eq $threads ] || fail "$client did not keep its connections"
  printf '%s: %s' "$client" "$(cat "$client.log")"
  printf '; %s times 429\n' "$(count_status access.log 429)"
done
[ $tested = 1 ] || need "$CLIENTS/fetch_httplib"
